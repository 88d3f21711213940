// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

/* Descriptors and files: whole reads and writes, unlinked scratch files, and outputs that appear whole or not at all. */

#include <glib.h>
#include <sys/types.h>

/* Closes *fd if it is open, keeps errno and sets *fd to -1. */
void fd_close(int *fd);
/* A descriptor closed at the end of its scope. Initialise with a descriptor or -1; hand on with fd_steal(). */
#define autofd __attribute__((cleanup(fd_close))) int

static inline int fd_steal(int *fd)
{
    int stolen = *fd;

    *fd = -1;
    return stolen;
}

/* Reads from offset until size bytes or the end; *ret_got says how many. `name` is for messages, shown escaped. */
gboolean fd_pread(int fd, const char *name, void *bytes, gsize size, guint64 offset, gsize *ret_got, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;
/* Like fd_pread(); the end of the file before size bytes is an INPUT error. */
gboolean fd_pread_exactly(int fd, const char *name, void *bytes, gsize size, guint64 offset, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;
gboolean fd_pwrite(int fd, const char *name, const void *bytes, gsize size, guint64 offset, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;
/* Copies inside the kernel where it can (copy_file_range), else through a buffer. */
gboolean fd_copy(int from, guint64 from_offset, int to, guint64 to_offset, guint64 size, const char *name,
                 GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* A nameless file for reading and writing in a folder (O_TMPFILE, or created and unlinked): gone when closed, however
 * the process ends. */
gboolean scratch_open(const char *folder, int *ret_fd, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* What such a file is called in messages: a full disk is looked for by its folder. The caller frees. */
char *scratch_describe(const char *folder);

/* A file that will get its name only when it is complete. */
typedef struct OutputFile OutputFile;

/* Begins an output at path. Without replace, an existing path is an EXISTS error already here, before any work. */
OutputFile *output_file_new(const char *path, gboolean replace, GError **error) G_GNUC_WARN_UNUSED_RESULT;
int output_file_fd(const OutputFile *output);
/* fsync, then the name appears (replacing atomically if asked), then the folder is synced. */
gboolean output_file_commit(OutputFile *output, mode_t mode, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Forgets what was not committed. */
void output_file_free(OutputFile *output);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(OutputFile, output_file_free)
