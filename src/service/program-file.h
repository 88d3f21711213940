// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

/* What a program file needs to be executed, by its first bytes: a script's first line, a binary's header (execve(2), elf(5)). */

#include <glib.h>

#define PROGRAM_FILE_START (64 * 1024) /* bytes that are looked at; linkers put what is needed into the first page */

typedef enum {
    PROGRAM_FILE_OTHER,
    PROGRAM_FILE_SCRIPT,
    PROGRAM_FILE_ELF,
} ProgramFileKind;

typedef struct {
    ProgramFileKind kind;
    char *interpreter;   /* of a script, or the dynamic loader of a binary; NULL: none, or not to be seen */
    guint16 elf_machine; /* e_machine */
} ProgramFile;

/* Fuzzed: takes any bytes. */
void program_file_parse(const guint8 *bytes, gsize size, ProgramFile *ret_file);
void program_file_clear(ProgramFile *file);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(ProgramFile, program_file_clear)

/* Says that what loads it, or runs it, is not there: NO_PROGRAM. Linux says of the program itself that there is "no such file". The file
 * has an interpreter; `what` is in front: "program". Always FALSE. */
gboolean program_file_fail_interpreter(const ProgramFile *file, const char *what, const char *path, GError **error);

/* "amd64", "arm64" …, as images call it; NULL for one that is not known. */
const char *program_file_architecture(guint16 elf_machine);
/* Whether a processor can run it, "x86_64" … as uname(2) calls it. TRUE where either is not known. */
gboolean program_file_runs_on(const ProgramFile *file, const char *machine);
