// SPDX-License-Identifier: LGPL-2.1-or-later
#include "image/image.h"

#include <string.h>

gboolean entry_reader_next(EntryReader *reader, const Entry **ret_entry, GError **error)
{
    return reader->next(reader, ret_entry, error);
}

gboolean entry_reader_data(EntryReader *reader, const guint8 **ret_bytes, gsize *ret_size, GError **error)
{
    return reader->data(reader, ret_bytes, ret_size, error);
}

static gboolean fail_size(const Entry *entry, const char *what, guint64 size, GError **error)
{
    g_autofree char *shown = text_escape(entry->path);

    return gourd_error_set(error, GOURD_ERROR_LIMIT, "'%s' has %s %" G_GUINT64_FORMAT " bytes", shown, what, size);
}

gboolean entry_reader_load(EntryReader *reader, const Entry *entry, gsize size_max, GBytes **ret_content,
                           GError **error)
{
    const guint64 whole = entry->size;
    const guint8 *bytes;
    gsize at = 0, size;

    if (whole > size_max)
        return fail_size(entry, "over", size_max, error);
    g_autofree guint8 *content = g_malloc0((gsize)whole + 1);
    do {
        if (!reader->data(reader, &bytes, &size, error))
            return FALSE;
        if (size > whole - at)
            return fail_size(entry, "more than its", whole, error);
        if (bytes)
            memcpy(content + at, bytes, size);
        at += size;
    } while (size > 0);
    *ret_content = g_bytes_new_take(g_steal_pointer(&content), at);
    return TRUE;
}

guint64 entry_reader_position(const EntryReader *reader)
{
    return reader->position(reader);
}

void entry_reader_free(EntryReader *reader)
{
    if (reader)
        reader->free(reader);
}
