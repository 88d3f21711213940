// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

/* Programs of the host: package managers, tar. */

#include "base/base.h"

typedef struct {
    const char *const *argv; /* found in PATH */
    const char *folder;      /* to be started in; or NULL */
    int in, out;             /* standard input and output; -1: nothing */
} Program;

/* Runs it to its end, in the locale C. NOT_FOUND: it is not there; FAILED: it says why, with the last line that it printed as error. */
gboolean program_run(const Program *program, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* The same without input; what it prints, as text that the caller frees. LIMIT: more than size_max bytes. */
gboolean program_read(const char *const *argv, gsize size_max, char **ret_text, gsize *ret_size, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;
/* Runs it likewise, for who judges himself: what it prints as errors goes to `said`, and how it ended (waitpid(2)) is told. */
gboolean program_wait(const Program *program, int said, int *ret_status, GError **error) G_GNUC_WARN_UNUSED_RESULT;
