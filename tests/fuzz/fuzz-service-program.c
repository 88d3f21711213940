// SPDX-License-Identifier: LGPL-2.1-or-later
#include "service/program-file.h"

#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_auto(ProgramFile) file = {0};

    program_file_parse(data, size, &file);
    if (file.kind == PROGRAM_FILE_OTHER)
        g_assert_null(file.interpreter);
    if (file.interpreter)
        g_assert_cmpuint(strlen(file.interpreter), <=, size);
    if (file.kind == PROGRAM_FILE_ELF)
        program_file_architecture(file.elf_machine);
    return 0;
}
