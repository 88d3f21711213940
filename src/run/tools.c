// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tools.h"

#include <elf.h>
#include <fcntl.h>
#include <string.h>

/* Whether an ELF file names no loader. */
static gboolean is_static(int fd, const char *path)
{
    Elf64_Ehdr header;
    Elf64_Phdr segment;
    gsize got = 0;

    if (!fd_pread_exactly(fd, path, &header, sizeof header, 0, NULL) || memcmp(header.e_ident, ELFMAG, SELFMAG) != 0 ||
        header.e_ident[EI_CLASS] != ELFCLASS64 || header.e_phentsize != sizeof segment)
        return FALSE;
    for (guint i = 0; i < header.e_phnum; i++) {
        if (!fd_pread(fd, path, &segment, sizeof segment, header.e_phoff + i * sizeof segment, &got, NULL) ||
            got != sizeof segment || segment.p_type == PT_INTERP)
            return FALSE;
    }
    return TRUE;
}

int tools_open(GError **error)
{
    static const char *const paths[] = {"/bin/busybox", "/usr/bin/busybox", "/usr/local/bin/busybox",
                                        "/bin/busybox.static"};

    for (gsize i = 0; i < G_N_ELEMENTS(paths); i++) {
        autofd fd = open(paths[i], O_RDONLY | O_CLOEXEC);

        if (fd >= 0 && is_static(fd, paths[i]))
            return fd_steal(&fd);
    }
    gourd_error_set(error, GOURD_ERROR_FAILED,
                    "--tools needs a busybox that is linked statically, which this host lacks");
    gourd_error_hint(error, "apt install busybox-static");
    return -1;
}
