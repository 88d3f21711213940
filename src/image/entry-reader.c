// SPDX-License-Identifier: LGPL-2.1-or-later
#include "image/image.h"

gboolean entry_reader_next(EntryReader *reader, const Entry **ret_entry, GError **error)
{
    return reader->next(reader, ret_entry, error);
}

gboolean entry_reader_data(EntryReader *reader, const guint8 **ret_bytes, gsize *ret_size, GError **error)
{
    return reader->data(reader, ret_bytes, ret_size, error);
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
