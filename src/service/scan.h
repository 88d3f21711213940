// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

/* What an image does not say of itself, but what can be seen by looking at its files. Each looks at the image alone, so that services
 * of one image need it once. */

#include "inside.h"
#include "program-file.h"

typedef struct {
    guint32 uid;
    char *path;
} PrivatePath;

typedef struct {
    gboolean
        opens_output; /* files in it name /dev/stdout or /dev/stderr as what a program opens, which a socket does not allow */
    char *jit;        /* path of a compiler at run time, or NULL */
    GPtrArray *
        private_paths; /* PrivatePath: files and folders that only their user may use, in canonical order; what is in a folder
                                 of the same user that is there itself is not */
} ImageScan;

gboolean image_scan(SquashReader *image, ImageScan *ret_scan, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void image_scan_clear(ImageScan *scan);

/* A program, by its first bytes. */
typedef struct {
    ProgramFile file;      /* PROGRAM_FILE_OTHER too if there is none */
    gboolean opens_output; /* as above */
    char *switcher;        /* "/entrypoint.sh: gosu", by what it becomes another user; or NULL */
} ProgramScan;

/* Links are followed. Never NULL; what cannot be read looks empty. */
ProgramScan *program_scan_new(SquashReader *image, const char *path);
void program_scan_free(ProgramScan *scan);

/* Whether any of the words or variables names the output as a file; NULL: there are none. */
gboolean scan_names_output(char *const *texts);
/* The word of a command line that starts a program which becomes another user: `gosu postgres postgres`, `nginx -g …`; or NULL.
 * Borrowed. */
const char *scan_find_switcher(char *const *argv);
