// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

/* Goes over the members of a tar archive by their headers alone, jumping over the data: what the archive of an image
 * holds and where. Layers themselves are read by tar_reader_new(). */

#include "image.h"

typedef enum {
    MEMBER_FILE,
    MEMBER_DIRECTORY,
    MEMBER_SYMLINK,
    MEMBER_HARD_LINK,
    MEMBER_OTHER, /* devices, sparse files and whatever holds no plain data */
} MemberType;

typedef struct {
    MemberType type;
    char *path;     /* as written */
    char *target;   /* of links, else NULL */
    guint64 offset; /* of the data in the archive */
    guint64 size;
} Member;

void member_clear(Member *member);

/* Reads up to size bytes at an offset; fewer only at the end of the archive. */
typedef gboolean (*MemberRead)(void *data, guint64 offset, void *bytes, gsize size, gsize *ret_got, GError **error);

typedef struct {
    MemberRead read;
    void *data;
    guint64 position; /* of the next header; starts at 0 */
} MemberScan;

/* The next member. *ret_more is FALSE at the end mark or, on a header's border, at the end of the archive. Broken and
 * truncated headers are INPUT errors naming the byte; whether the data of the last member are all there shows only when
 * they are read. */
gboolean member_scan_next(MemberScan *scan, Member *ret_member, gboolean *ret_more, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;
