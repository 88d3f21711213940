// SPDX-License-Identifier: LGPL-2.1-or-later
#include "losses.h"

#include "writer.h"

#include <string.h>

#define DEVICE_MAJOR_MAX 0xfffu   /* SquashFS has 32 bits for a device number: 12 for the major part */
#define DEVICE_MINOR_MAX 0xfffffu /* and 20 for the minor */

gboolean squash_can_hold_xattr(const char *name)
{
    static const char *const prefixes[] = {"user.", "trusted.", "security."};

    for (gsize i = 0; i < G_N_ELEMENTS(prefixes); i++)
        if (g_str_has_prefix(name, prefixes[i]))
            return name[strlen(prefixes[i])] != '\0'; /* nor can Linux set one without a name of its own */
    return FALSE;
}

static void note_xattrs(const Entry *entry, const char *path, Notes *notes)
{
    for (gsize i = 0; i < xattrs_count(entry->xattrs); i++) {
        const char *name = xattrs_get(entry->xattrs, i)->name;

        if (g_str_has_prefix(name, "system.posix_acl_"))
            notes_add(notes, "acl-dropped", "POSIX ACLs were left out: SquashFS cannot hold them", path);
        else if (!squash_can_hold_xattr(name))
            notes_add(
                notes, "xattr-dropped",
                "extended attributes other than user, trusted and security were left out: SquashFS cannot hold them",
                path);
    }
}

static gboolean note_node(TreeNode *node, gpointer user_data, GError **error)
{
    const Entry *entry = node->inode->entry;
    gboolean device = entry->type == ENTRY_CHAR_DEVICE || entry->type == ENTRY_BLOCK_DEVICE;
    gboolean out_of_range = entry->mtime < 0 || entry->mtime > G_MAXUINT32;

    if (node->inode->implied || (!device && !out_of_range && entry->mtime_nsec == 0 && !entry->xattrs))
        return TRUE;
    g_autofree char *path = tree_node_path(node);
    if (device && (entry->device_major > DEVICE_MAJOR_MAX || entry->device_minor > DEVICE_MINOR_MAX)) {
        g_autofree char *shown = text_escape(path);

        return gourd_error_set(error, GOURD_ERROR_UNSUPPORTED, "'%s': device number %u:%u does not fit SquashFS", shown,
                               entry->device_major, entry->device_minor);
    }
    if (out_of_range)
        notes_add(user_data, "time-clamped",
                  "modification times outside 1970 to 2106 were moved to the nearest that SquashFS can hold", path);
    else if (entry->mtime_nsec != 0)
        notes_add(user_data, "time-rounded",
                  "modification times lost what is below a second: SquashFS keeps whole seconds", path);
    note_xattrs(entry, path, user_data);
    return TRUE;
}

gboolean squash_note_losses(Tree *tree, Notes *notes, GError **error)
{
    return tree_walk(tree_root(tree), note_node, notes, error);
}
