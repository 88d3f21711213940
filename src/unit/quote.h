// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

/* Values as each kind of setting reads them. systemd has not one quoting but several:
 *
 *   kind       read with                                      settings
 *   command    words with C escapes, "$" and "%"              ExecStart=, ExecStop=, ExecReload=, …
 *   words      words with C escapes, "%"                      Environment=, Symlinks=, …
 *   paths      words where a backslash takes the next byte    ReadWritePaths=, BindPaths=, TemporaryFileSystem=, …
 *              as it is, "%"
 *   one path   the whole value, "%"                           RootImage=, WorkingDirectory=, EnvironmentFile=
 *   text       the whole value, "%"                           Description=, SyslogIdentifier=
 *   data       the whole value with C escapes                 SetCredential=
 *
 * So what can be said differs: bytes that are not UTF-8 can stand in a command and in a credential, and nowhere else. All
 * results are fit for unit_file_add(); the caller frees them. Errors are INPUT, and say what cannot be written. */

#include "base/base.h"

/* The prefixes of a command (systemd.service(5), "COMMAND LINES"). */
typedef enum {
    UNIT_EXEC_IGNORE_FAILURE = 1 << 1,  /* "-" */
    UNIT_EXEC_NO_ENVIRONMENT = 1 << 2,  /* ":": "$" means itself */
    UNIT_EXEC_FULL_PRIVILEGES = 1 << 3, /* "+" */
    UNIT_EXEC_NO_SETUID = 1 << 4,       /* "!" */
    UNIT_EXEC_AMBIENT = 1 << 5,         /* "!!" */
} UnitExecFlags;

/* A command: the program, and an argv of at least one string. The program is an absolute path or a bare file name; systemd
 * refuses quotes, backslashes and control characters in it. Where argv[0] is not the program, "@" is used. Each byte of
 * each argument arrives as it is: nothing is taken for a variable, a specifier or a separator. */
char *unit_quote_exec(const char *program, const char *const *argv, UnitExecFlags flags, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;

/* One word for settings that are lists of words with C escapes. */
char *unit_quote_word(const char *text);

/* NAME=VALUE as one word of Environment=. systemd takes only letters, digits and "_" in the name and UTF-8 in the value;
 * line breaks are kept. "$" means itself here. */
char *unit_quote_environment(const char *name, const char *value, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Whether Environment= can say it: for callers that have another way. */
gboolean unit_environment_is_valid(const char *name, const char *value);

/* One element of a list of paths. The path is absolute, without "..", UTF-8, without line breaks. prefix is "", "-"
 * (may be missing), "+" (below RootDirectory=) or "-+". */
char *unit_quote_path(const char *prefix, const char *path, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* SOURCE:DESTINATION[:OPTIONS] for BindPaths= and BindReadOnlyPaths=. One to an assignment: elements after a blank are
 * read wrongly by systemd. options may be NULL. */
char *unit_quote_bind(const char *prefix, const char *source, const char *destination, const char *options,
                      GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* PATH[:OPTIONS] for TemporaryFileSystem=; options may be NULL. */
char *unit_quote_tmpfs(const char *path, const char *options, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* A path that is the whole value; prefix is "" or "-". */
char *unit_quote_single_path(const char *prefix, const char *path, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Free text for people: never fails; line breaks and control characters become blanks, bytes that are not UTF-8 U+FFFD. */
char *unit_quote_text(const char *text);

/* NAME:DATA for SetCredential=; any bytes. The name is a file name of at most 255 bytes without ":". */
char *unit_quote_credential(const char *name, const void *data, gsize size, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* "%" doubled, nothing else. */
char *unit_quote_percent(const char *text);

/* The reverse, for values that gourd or an admin wrote. All of them INPUT errors: an open quote, an unknown escape, a
 * specifier (whose meaning only the running systemd knows), and in commands a variable or a second command. */
gboolean unit_unquote_exec(const char *value, char **ret_program, char ***ret_argv, UnitExecFlags *ret_flags,
                           GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Words with C escapes; "%%" becomes "%". For Environment= each is NAME=VALUE. */
gboolean unit_unquote_words(const char *value, char ***ret_words, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* A list of paths; prefixes stay. */
gboolean unit_unquote_paths(const char *value, char ***ret_paths, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* SOURCE[:DESTINATION[:OPTIONS]]: two or three strings; the destination of one without is its source. The prefix stays. */
gboolean unit_unquote_bind(const char *value, char ***ret_parts, GError **error) G_GNUC_WARN_UNUSED_RESULT;
