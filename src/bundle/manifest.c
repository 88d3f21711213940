// SPDX-License-Identifier: LGPL-2.1-or-later
#include "manifest.h"

#include <string.h>

const char *manifest_type_name(EntryType type)
{
    static const char *const names[] = {
        [ENTRY_FILE] = "file",        [ENTRY_DIRECTORY] = "directory", [ENTRY_SYMLINK] = "symlink",
        [ENTRY_CHAR_DEVICE] = "char", [ENTRY_BLOCK_DEVICE] = "block",  [ENTRY_FIFO] = "fifo",
        [ENTRY_SOCKET] = "socket",    [ENTRY_HARD_LINK] = "hardlink",
    };

    return names[type];
}

static void set_base64(Json *object, const char *key, const void *bytes, gsize size)
{
    g_autofree char *text = g_base64_encode(bytes, size);

    json_object_set_new(object, key, json_string(text));
}

static void set_bytes(Json *object, const char *key, const char *base64_key, const char *bytes)
{
    json_object_set_new(object, key, json_text_lossless(bytes));
    if (!g_utf8_validate(bytes, -1, NULL))
        set_base64(object, base64_key, bytes, strlen(bytes));
}

static void set_number(Json *object, const char *key, guint64 value)
{
    json_object_set_new(object, key, json_integer((json_int_t)value));
}

static Json *make_xattrs(const Xattrs *xattrs)
{
    Json *object = json_object();

    for (gsize i = 0; i < xattrs_count(xattrs); i++) {
        const Xattr *xattr = xattrs_get(xattrs, i);
        g_autofree char *name = text_escape(xattr->name);

        set_base64(object, g_utf8_validate(xattr->name, -1, NULL) ? xattr->name : name, xattr->value, xattr->size);
    }
    return object;
}

Json *manifest_entry(const SquashNode *node, const Xattrs *xattrs, const Digest *digest)
{
    Json *object = json_object();
    g_autofree char *path = g_strconcat("/", node->path, NULL);
    g_autofree char *mode = g_strdup_printf("%04o", node->mode);

    set_bytes(object, "path", "path_base64", path);
    json_object_set_new(object, "type", json_string(manifest_type_name(node->type)));
    json_object_set_new(object, "mode", json_string(mode));
    set_number(object, "uid", node->uid);
    set_number(object, "gid", node->gid);
    set_number(object, "mtime", (guint64)node->mtime);
    set_number(object, "inode", node->inode);
    set_number(object, "links", node->n_links);
    if (node->type == ENTRY_FILE)
        set_number(object, "size", node->size);
    if (node->type == ENTRY_CHAR_DEVICE || node->type == ENTRY_BLOCK_DEVICE) {
        set_number(object, "major", node->device_major);
        set_number(object, "minor", node->device_minor);
    }
    if (digest) {
        g_autofree char *text = digest_to_text(digest);

        json_object_set_new(object, "digest", json_string(text));
    }
    if (node->target)
        set_bytes(object, "target", "target_base64", node->target);
    if (xattrs_count(xattrs) > 0)
        json_object_set_new(object, "xattrs", make_xattrs(xattrs));
    return object;
}
