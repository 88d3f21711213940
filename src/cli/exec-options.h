// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

/* What `gourd exec` and `gourd shell` have in common: a process where a service is. */

#include "session.h"

#include "run/run.h"

typedef struct {
    CommonOptions common;
    GPtrArray *environment;
    char *user, *working_dir;
    gint64 index;
    gboolean root, tools, nspawn, interactive, terminal;
} ExecOptions;

#define EXEC_AT(member) .offset = offsetof(ExecOptions, member)

/* Rows for both. */
#define EXEC_ROWS                                                                                  \
    {"env",                                                                                        \
     'e',                                                                                          \
     OPTION_STRINGS,                                                                               \
     EXEC_AT(environment),                                                                         \
     "NAME[=VALUE]",                                                                               \
     "Set a variable besides those of the service; a NAME alone takes the value that it has here", \
     .details = "One that is not set here is taken away, if the service has it."},                 \
        {"workdir",                                                                                \
         'w',                                                                                      \
         OPTION_STRING,                                                                            \
         EXEC_AT(working_dir),                                                                     \
         "PATH",                                                                                   \
         "Run it in this folder",                                                                  \
         .shown_default = "the service's"},                                                        \
        {"user",                                                                                   \
         'u',                                                                                      \
         OPTION_STRING,                                                                            \
         EXEC_AT(user),                                                                            \
         "USER[:GROUP]",                                                                           \
         "Run it as this user of the image",                                                       \
         .shown_default = "the service's"},                                                        \
        {"index",                                                                                  \
         0,                                                                                        \
         OPTION_INT,                                                                               \
         EXEC_AT(index),                                                                           \
         "NUMBER",                                                                                 \
         "Of several replicas, the one with this number",                                          \
         .shown_default = "the first",                                                             \
         .min = 1,                                                                                 \
         .max = G_MAXINT32},                                                                       \
    {                                                                                              \
        "root", 0, OPTION_FLAG, EXEC_AT(root),                                                     \
            .help = "Run it as root, with all that the service's namespaces let root do"           \
    }

/* command NULL: a shell. */
gboolean exec_in_service(const Call *call, char *const *command, int *ret_status, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;
