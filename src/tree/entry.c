// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tree.h"

#include <sys/stat.h>

EntryType entry_type_of_mode(mode_t mode)
{
    switch (mode & S_IFMT) {
    case S_IFDIR:
        return ENTRY_DIRECTORY;
    case S_IFLNK:
        return ENTRY_SYMLINK;
    case S_IFCHR:
        return ENTRY_CHAR_DEVICE;
    case S_IFBLK:
        return ENTRY_BLOCK_DEVICE;
    case S_IFIFO:
        return ENTRY_FIFO;
    case S_IFSOCK:
        return ENTRY_SOCKET;
    default:
        return ENTRY_FILE;
    }
}

void entry_init(Entry *entry)
{
    *entry = (Entry){0};
}

void entry_clear(Entry *entry)
{
    g_free(entry->path);
    g_free(entry->target);
    xattrs_unref(entry->xattrs);
    entry_init(entry);
}

void entry_copy(const Entry *entry, Entry *ret_entry)
{
    *ret_entry = *entry;
    ret_entry->path = g_strdup(entry->path);
    ret_entry->target = g_strdup(entry->target);
    ret_entry->xattrs = entry->xattrs ? xattrs_ref(entry->xattrs) : NULL;
}
