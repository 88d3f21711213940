// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tree.h"

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
