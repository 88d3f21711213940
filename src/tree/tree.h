// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

/* The merged tree: what layers say, applied in order exactly as an OCI unpacker would (OCI image-spec 1.1, layer.md), but
 * in memory and without any file system. */

#include "base/base.h"

/* --- entries ----------------------------------------------------------------------------------------------------- */

typedef enum {
    ENTRY_FILE,
    ENTRY_DIRECTORY,
    ENTRY_SYMLINK,
    ENTRY_CHAR_DEVICE,
    ENTRY_BLOCK_DEVICE,
    ENTRY_FIFO,
    ENTRY_SOCKET,
    ENTRY_HARD_LINK, /* another name of an earlier path, `target` */
} EntryType;

/* Extended attributes, sorted by name, immutable, counted. */
typedef struct {
    char *name; /* "security.capability" */
    guint8 *value;
    gsize size;
} Xattr;

typedef struct Xattrs Xattrs;

Xattrs *xattrs_new(void);
Xattrs *xattrs_ref(Xattrs *xattrs);
void xattrs_unref(Xattrs *xattrs); /* NULL is fine */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Xattrs, xattrs_unref)
/* Adds or replaces; only while the caller is the only holder. */
void xattrs_set(Xattrs *xattrs, const char *name, const void *value, gsize size);
gsize xattrs_count(const Xattrs *xattrs); /* 0 for NULL */
const Xattr *xattrs_get(const Xattrs *xattrs, gsize index);

/* What a layer says of one path: one tar entry, or one inode of a folder. Paths are bytes without NUL. */
typedef struct {
    EntryType type;
    char *path;   /* as it stands in the layer, not normalised: "./usr//bin/../sh" */
    char *target; /* symbolic link: its text; hard link: the path it names; else NULL */
    guint16 mode; /* the permission bits, 07777 */
    guint32 uid, gid;
    guint32 device_major, device_minor; /* devices only */
    gint64 mtime; /* seconds since 1970, may be negative */
    guint32 mtime_nsec;
    guint64 size;   /* files: bytes of content, holes included */
    Xattrs *xattrs; /* or NULL */
} Entry;

void entry_init(Entry *entry); /* all zero */
void entry_clear(Entry *entry);
void entry_copy(const Entry *entry, Entry *ret_entry);
