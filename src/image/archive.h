// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

/* What a tar archive of images holds: its members by path, and where their bytes are. The archive is a file that can be
 * read at any place, and is never unpacked. */

#include "member-scan.h"

typedef struct Archive Archive;

/* Lists the archive in the first size bytes of fd, which must outlive it. `name` is for messages. Members of an archive
 * are few (ARCHIVE_MEMBERS_MAX); more are a LIMIT error. */
Archive *archive_new(int fd, const char *name, guint64 size, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* The same from memory that stays the caller's. Fuzzed: takes any bytes. */
Archive *archive_new_memory(const void *bytes, gsize size, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void archive_free(Archive *archive);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Archive, archive_free)

#define ARCHIVE_MEMBERS_MAX \
    (128 * 1024) /* docker save writes some 400 for the largest image; files of a rootfs are more */

/* TRUE if there is a member of that path (without "./" and the like), whatever it is. */
gboolean archive_has(const Archive *archive, const char *path);

/* Finds the bytes of a file. Symbolic and hard links between members are followed, as docker save writes them for layers
 * that several images share; one that leads out of the archive, in circles or to something that holds no plain bytes is
 * an INPUT error, one that leads nowhere is NOT_FOUND. A path that occurs several times is an INPUT error too: two
 * readers could see two. The file lies inside of the archive as long as the size that archive_new() was told. */
gboolean archive_find(const Archive *archive, const char *path, guint64 *ret_offset, guint64 *ret_size, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;

typedef enum {
    ARCHIVE_CONTENT_UNKNOWN,
    ARCHIVE_CONTENT_ROOTFS, /* certainly the files of a system */
    ARCHIVE_CONTENT_IMAGES, /* certainly an archive of images */
    ARCHIVE_CONTENT_NO_TAR, /* certainly something else */
} ArchiveContent;

/* Says what an archive holds by its first bytes, as far as they tell. */
ArchiveContent archive_content_guess(const guint8 *bytes, gsize size);
