// SPDX-License-Identifier: LGPL-2.1-or-later
#include "program-file.h"

#include "base/base.h"

#include <elf.h>
#include <string.h>

#define INTERPRETER_LENGTH_MAX 255 /* bytes of "#!" lines that Linux reads */
#define PROGRAM_HEADERS_MAX 64     /* real binaries have a dozen */

static char *script_interpreter(const char *text, gsize size)
{
    g_autofree char *line = g_strndup(text + 2, MIN(size - 2, INTERPRETER_LENGTH_MAX));
    const char *start = line + strspn(line, " \t");

    return g_strndup(start, strcspn(start, " \t\n"));
}

static guint64 read_number(gboolean big_endian, const guint8 *bytes, guint size)
{
    guint64 number = 0;

    for (guint i = 0; i < size; i++)
        number |= (guint64)bytes[big_endian ? size - 1 - i : i] << (8 * i);
    return number;
}

/* The text at offset, NULL unless all of it is among the bytes. */
static char *text_at(const guint8 *bytes, gsize size, guint64 offset, guint64 length)
{
    if (length == 0 || offset >= size || length > size - offset)
        return NULL;
    return g_strndup((const char *)bytes + offset, length);
}

#define ELF_FIELD(BYTES, TYPE, MEMBER) \
    read_number(big_endian, (BYTES) + G_STRUCT_OFFSET(TYPE, MEMBER), sizeof(((TYPE *)NULL)->MEMBER))

static char *elf_interpreter(const guint8 *bytes, gsize size)
{
    gboolean wide = bytes[EI_CLASS] == ELFCLASS64, big_endian = bytes[EI_DATA] == ELFDATA2MSB;
    guint64 headers = wide ? ELF_FIELD(bytes, Elf64_Ehdr, e_phoff) : ELF_FIELD(bytes, Elf32_Ehdr, e_phoff);
    guint64 count = wide ? ELF_FIELD(bytes, Elf64_Ehdr, e_phnum) : ELF_FIELD(bytes, Elf32_Ehdr, e_phnum);
    gsize entry = wide ? sizeof(Elf64_Phdr) : sizeof(Elf32_Phdr);

    for (guint64 i = 0; i < MIN(count, PROGRAM_HEADERS_MAX); i++) {
        if (headers > size || (i + 1) * entry > size - headers)
            return NULL;
        const guint8 *header = bytes + headers + i * entry;
        if (ELF_FIELD(header, Elf32_Phdr, p_type) != PT_INTERP)
            continue;
        return wide ? text_at(bytes, size, ELF_FIELD(header, Elf64_Phdr, p_offset),
                              ELF_FIELD(header, Elf64_Phdr, p_filesz))
                    : text_at(bytes, size, ELF_FIELD(header, Elf32_Phdr, p_offset),
                              ELF_FIELD(header, Elf32_Phdr, p_filesz));
    }
    return NULL;
}

void program_file_parse(const guint8 *bytes, gsize size, ProgramFile *ret_file)
{
    *ret_file = (ProgramFile){0};
    if (size > 2 && memcmp(bytes, "#!", 2) == 0) {
        ret_file->kind = PROGRAM_FILE_SCRIPT;
        ret_file->interpreter = script_interpreter((const char *)bytes, size);
    } else if (size >= sizeof(Elf64_Ehdr) && memcmp(bytes, ELFMAG, SELFMAG) == 0) {
        gboolean big_endian = bytes[EI_DATA] == ELFDATA2MSB;

        ret_file->kind = PROGRAM_FILE_ELF;
        ret_file->elf_machine = (guint16)ELF_FIELD(bytes, Elf64_Ehdr, e_machine);
        ret_file->interpreter = elf_interpreter(bytes, size);
    }
}

void program_file_clear(ProgramFile *file)
{
    g_clear_pointer(&file->interpreter, g_free);
}

gboolean program_file_fail_interpreter(const ProgramFile *file, const char *what, const char *path, GError **error)
{
    g_autofree char *shown = text_escape(path), *shown_interpreter = text_escape(file->interpreter);

    if (file->kind == PROGRAM_FILE_ELF) {
        gourd_error_set(error, GOURD_ERROR_NO_PROGRAM, "%s '%s' needs '%s' to be loaded, which the image lacks", what,
                        shown, shown_interpreter);
        return gourd_error_hint(error,
                                "it was built for another system, or another C library: build it in the image, or "
                                "link it statically");
    }
    gourd_error_set(error, GOURD_ERROR_NO_PROGRAM, "%s '%s' is a script for '%s', which the image lacks", what, shown,
                    shown_interpreter);
    if (g_str_has_suffix(file->interpreter, "\r"))
        return gourd_error_hint(error, "its lines end as on Windows: convert it, and build the image again");
    return FALSE;
}

const char *program_file_architecture(guint16 elf_machine)
{
    static const struct {
        guint16 machine;
        const char *name;
    } names[] = {
        {EM_X86_64, "amd64"},  {EM_AARCH64, "arm64"}, {EM_ARM, "arm"},       {EM_386, "386"},
        {EM_PPC64, "ppc64le"}, {EM_S390, "s390x"},    {EM_RISCV, "riscv64"}, {EM_LOONGARCH, "loong64"},
    };

    for (gsize i = 0; i < G_N_ELEMENTS(names); i++)
        if (names[i].machine == elf_machine)
            return names[i].name;
    return NULL;
}

gboolean program_file_runs_on(const ProgramFile *file, const char *machine)
{
    static const struct {
        const char *machine;
        const char *runs[2];
    } machines[] = {
        {"x86_64", {"amd64", "386"}},       {"aarch64", {"arm64", "arm"}}, {"armv7l", {"arm", NULL}},
        {"ppc64le", {"ppc64le", NULL}},     {"s390x", {"s390x", NULL}},    {"riscv64", {"riscv64", NULL}},
        {"loongarch64", {"loong64", NULL}}, {"i686", {"386", NULL}},
    };
    const char *architecture = program_file_architecture(file->elf_machine);

    if (file->kind != PROGRAM_FILE_ELF || !architecture)
        return TRUE;
    for (gsize i = 0; i < G_N_ELEMENTS(machines); i++)
        if (strcmp(machines[i].machine, machine) == 0)
            return strcmp(machines[i].runs[0], architecture) == 0 || g_strcmp0(machines[i].runs[1], architecture) == 0;
    return TRUE;
}
