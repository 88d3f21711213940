// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

/* What verbs that deal with a stack have in common: which Compose files are meant, and how they are read. */

#include "verb.h"

#include "compose/compose.h"

/* The first member of the options of each such verb. */
typedef struct {
    CommonOptions common;
    GPtrArray *files, *env_files, *profiles;
    char *project_name, *project_folder;
} StackOptions;

/* For the group {"Stack", stack_option_rows}. */
extern const Option stack_option_rows[];

/* Reads the Compose files that are meant; what is not given comes from the environment and the current folder. services: those that
 * the user names (NULL: none), whose profiles are active then; all others are read too. */
ComposeProject *stack_options_load(const StackOptions *options, const char *const *services, Notes *notes,
                                   GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* The same without replacing variables. */
ComposeProject *stack_options_load_raw(const StackOptions *options, const char *const *services, Notes *notes,
                                       GError **error) G_GNUC_WARN_UNUSED_RESULT;
