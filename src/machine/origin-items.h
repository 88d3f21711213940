// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

/* What a folder, a bundle or an exported machine has, item by item: read once to plan with, and once more to be written, so that no content is kept
 * in memory. All that comes from it is untrusted. */

#include "squash/squash.h"

typedef enum {
    ORIGIN_FOLDER,
    ORIGIN_BUNDLE,
    ORIGIN_EXPORT, /* the same machine from elsewhere */
} OriginKind;

typedef struct OriginSource OriginSource;

/* Valid while it is visited. */
typedef struct {
    guint64 number; /* from 1, the same when it is read again */
    OriginKind kind;
    EntryType type;
    const char *path; /* in the machine: "/etc/x"; NULL: the record of an export */
    guint16 mode;     /* 07777 */
    guint32 uid, gid; /* as they are inside */
    struct timespec mtime;
    guint64 size;
    const char *target;   /* of a link: its text; of a hard link: the path, which was an item before */
    OriginSource *source; /* private */
} OriginItem;

/* FALSE ends the walk. */
typedef gboolean (*OriginVisit)(const OriginItem *item, gpointer data, GError **error);

/* Visits all items but the top, folders before what is in them. notes (may be NULL) get what is odd. */
gboolean origin_walk(const char *path, gboolean is_folder, Notes *notes, OriginVisit visit, gpointer data,
                     GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Content of a file, piece by piece; NULL bytes are a hole. Once for each item. */
gboolean origin_item_read(const OriginItem *item, SquashPiece piece, gpointer data, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;
/* The whole content; LIMIT if it is over size_max. */
gboolean origin_item_load(const OriginItem *item, gsize size_max, GBytes **ret_content, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;
/* Its attributes as they are inside, those that a machine takes: of users, capabilities and ACLs; NULL: none. Others become a note (notes may be
 * NULL). The caller drops the reference. */
gboolean origin_item_xattrs(const OriginItem *item, Notes *notes, Xattrs **ret_xattrs, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;
