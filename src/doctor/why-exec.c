// SPDX-License-Identifier: LGPL-2.1-or-later
#include "why-private.h"

#include <string.h>
#include <sys/utsname.h>

/* 203/EXEC: a program that cannot be started. Linux says "no such file" of a script without its interpreter too, and nothing of it
 * is in the journal where the root has no journal socket; so the file is looked at. */

/* Of a service with gourd-init the program behind "--". */
static char *pass_init(char *program, char *const *argv)
{
    for (guint i = 0; argv && strcmp(program, PATH_INIT_INSIDE) == 0 && argv[i]; i++)
        if (strcmp(argv[i], "--") == 0 && argv[i + 1]) {
            g_free(program);
            return g_strdup(argv[i + 1]);
        }
    return program;
}

/* A name without a slash is looked for where systemd does, in the root (systemd.service(5), "COMMAND LINES"). */
static char *search(const WhyFacts *facts, char *program)
{
    static const char *const folders[] = {"/usr/local/sbin", "/usr/local/bin", "/usr/sbin",
                                          "/usr/bin",        "/sbin",          "/bin"};

    for (guint i = 0; i < G_N_ELEMENTS(folders) && !strchr(program, '/'); i++) {
        g_autofree char *path = g_build_filename(folders[i], program, NULL);
        g_auto(InsideNode) node = {0};

        if (why_look(facts, path, &node) && node.found) {
            g_free(program);
            return g_steal_pointer(&path);
        }
    }
    return program;
}

/* The program of the command that failed, with its setting. */
static char *find_program(const WhyFacts *facts, WhySetting *ret_setting)
{
    const char *key = facts->failure.command ? facts->failure.command : "ExecStart";
    g_autoptr(GArray) settings = why_settings(facts, key);
    const HostEntry *entry = why_find_message(facts, "Failed at step EXEC spawning");
    char *found = NULL;

    for (guint i = 0; i < settings->len && !found; i++) {
        const WhySetting *setting = &g_array_index(settings, WhySetting, i);
        g_auto(GStrv) argv = NULL;
        g_autofree char *program = NULL;
        UnitExecFlags flags;

        if (!unit_unquote_exec(setting->value, &program, &argv, &flags, NULL)) {
            const char *start = setting->value + strspn(setting->value, "@-:+!");

            program = g_strndup(start, strcspn(start, " \t"));
        }
        if (entry && entry->executable && strcmp(entry->executable, program) != 0 && settings->len > 1)
            continue;
        found = search(facts, pass_init(g_steal_pointer(&program), argv));
        *ret_setting = *setting;
    }
    return found;
}

static void explain_missing(const WhyFacts *facts, const WhySetting *setting, const char *shown, GPtrArray *findings)
{
    g_autofree char *root = why_name_root(facts);

    why_add(findings, "program-missing", setting, g_strdup_printf("%s has no program '%s'", root, shown),
            facts->root_kind == WHY_ROOT_HOST
                ? g_strdup("install what it belongs to, or write its right path into the setting")
                : g_strdup("write its right path into the setting: the root's files count, not those of the host"));
}

/* The file is there, and is a program's. */
static void explain_content(const WhyFacts *facts, const WhySetting *setting, const char *path, const char *shown,
                            GPtrArray *findings)
{
    g_autoptr(GBytes) bytes = why_load(facts, path, PROGRAM_FILE_START);
    g_autofree char *root = why_name_root(facts);
    g_auto(ProgramFile) file = {0};
    g_auto(InsideNode) interpreter = {0};
    struct utsname kernel;
    gsize size = 0;
    const guint8 *start = bytes ? g_bytes_get_data(bytes, &size) : NULL;

    if (!start || uname(&kernel) != 0)
        return;
    program_file_parse(start, size, &file);
    g_autofree char *shown_interpreter = file.interpreter ? text_escape(file.interpreter) : NULL;
    if (file.kind == PROGRAM_FILE_OTHER)
        why_add(findings, "program-format", setting,
                g_strdup_printf("'%s' is neither a binary nor a script that names its interpreter", shown),
                g_strdup("begin the script with a line as '#!/bin/sh', or start it by its interpreter"));
    else if (!program_file_runs_on(&file, kernel.machine))
        why_add(
            findings, "program-architecture", setting,
            g_strdup_printf("'%s' is a program for %s, and this machine is %s", shown,
                            program_file_architecture(file.elf_machine), kernel.machine),
            g_strdup(
                "take the image for this architecture (gourd build --platform), or install an emulator (qemu-user-static)"));
    else if (file.interpreter && why_look(facts, file.interpreter, &interpreter) && !interpreter.found &&
             file.kind == PROGRAM_FILE_SCRIPT)
        why_add(findings, "interpreter-missing", setting,
                g_strdup_printf("'%s' is a script for '%s', which %s has not", shown, shown_interpreter, root),
                g_str_has_suffix(file.interpreter, "\r")
                    ? g_strdup("its lines end as on Windows: convert it (dos2unix), and build the image again")
                    : g_strdup(
                          "add the interpreter to the root, or name in the script's first line one that is there"));
    else if (file.interpreter && interpreter.path && !interpreter.found)
        why_add(
            findings, "loader-missing", setting,
            g_strdup_printf("'%s' needs '%s' to be loaded, which %s has not", shown, shown_interpreter, root),
            g_strdup(
                "it was built for another system or another C library: build it in the image, or link it statically"));
}

static void explain_denied(const WhyFacts *facts, const WhySetting *setting, const char *path, const char *shown,
                           GPtrArray *findings)
{
    g_auto(InsideNode) barrier = {0};
    WhySetting user = *setting;

    if (!why_find_barrier(facts, path, 1, &barrier))
        return;
    g_autofree char *shown_barrier = text_escape(barrier.path), *mode = why_describe_mode(&barrier);
    gboolean has_user = why_setting(facts, "User", &user);
    why_add(findings, "program-denied", has_user ? &user : setting,
            g_strdup_printf("the service's user (%u) may not use '%s': '%s' has %s", facts->uid, shown, shown_barrier,
                            mode),
            facts->ours ? g_strdup_printf("gourd upgrade … --user %u, or another mode in the image", barrier.uid)
                        : g_strdup("let another user run it, or change the mode"));
}

static void explain_noexec(const WhyFacts *facts, const char *path, const char *shown, GPtrArray *findings)
{
    g_autoptr(GArray) settings = why_settings(facts, "NoExecPaths");

    for (guint i = 0; i < settings->len; i++) {
        const WhySetting *setting = &g_array_index(settings, WhySetting, i);
        g_auto(GStrv) paths = NULL;

        if (!unit_unquote_paths(setting->value, &paths, NULL))
            continue;
        for (char **one = paths; *one; one++)
            if (inside_is_below(path, *one + strspn(*one, "-+"))) {
                why_add(findings, "program-noexec", setting,
                        g_strdup_printf("nothing below '%s' may be executed, and '%s' is", *one + strspn(*one, "-+"),
                                        shown),
                        g_strdup("add the program's folder and those of its libraries to ExecPaths="));
                return;
            }
    }
}

void why_explain_exec(const WhyFacts *facts, GPtrArray *findings)
{
    WhySetting setting;
    g_autofree char *program = find_program(facts, &setting);
    g_auto(InsideNode) node = {0};

    if (!program)
        return;
    g_autofree char *shown = text_escape(program);
    if (*program != '/') {
        explain_missing(facts, &setting, shown, findings);
        return;
    }
    if (!why_look(facts, program, &node))
        return;
    explain_denied(facts, &setting, program, shown, findings);
    if (findings->len > 0)
        return;
    if (!node.found)
        explain_missing(facts, &setting, shown, findings);
    else if (node.type == ENTRY_DIRECTORY)
        why_add(findings, "program-not-executable", &setting, g_strdup_printf("'%s' is a folder", shown),
                g_strdup("name the program in it"));
    else if (node.type != ENTRY_FILE || (node.mode & 0111) == 0)
        why_add(findings, "program-not-executable", &setting,
                g_strdup_printf("'%s' is not executable (mode %04o)", shown, node.mode),
                g_strdup("chmod +x it where the root is made, or start it by its interpreter"));
    else
        explain_content(facts, &setting, program, shown, findings);
    if (findings->len == 0)
        explain_noexec(facts, program, shown, findings);
}
