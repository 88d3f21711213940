// SPDX-License-Identifier: LGPL-2.1-or-later
#include "reader-private.h"

void squash_table_init(MetadataTable *table, sqfs_file_t *file, sqfs_compressor_t *compressor, guint64 start,
                       guint64 limit)
{
    *table = (MetadataTable){.file = file, .compressor = compressor, .start = start, .limit = limit};
}

void squash_table_clear(MetadataTable *table)
{
    for (guint i = 0; i < TABLE_BLOCKS; i++)
        sqfs_destroy(table->readers[i]);
}

/* The reader that was last sent to the block, else the next in turn. */
static sqfs_meta_reader_t *choose_reader(MetadataTable *table, guint64 block)
{
    for (guint i = 0; i < TABLE_BLOCKS && table->readers[i]; i++)
        if (table->blocks[i] == block)
            return table->readers[i];
    guint next = table->next++ % TABLE_BLOCKS;
    if (!table->readers[next])
        table->readers[next] = sqfs_meta_reader_create(table->file, table->compressor, table->start, table->limit);
    table->blocks[next] = block;
    return table->readers[next];
}

int squash_table_seek(MetadataTable *table, guint64 reference)
{
    guint64 block = table->start + (reference >> 16);

    table->current = choose_reader(table, block);
    return table->current ? sqfs_meta_reader_seek(table->current, block, reference & 0xffff) : SQFS_ERROR_ALLOC;
}

int squash_table_read(MetadataTable *table, void *bytes, gsize size)
{
    return sqfs_meta_reader_read(table->current, bytes, size);
}
