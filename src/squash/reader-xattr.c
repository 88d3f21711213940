// SPDX-License-Identifier: LGPL-2.1-or-later
#include "reader-private.h"

#include <endian.h>
#include <string.h>

#define NO_TABLE G_MAXUINT64
#define XATTR_ID_SIZE sizeof(sqfs_xattr_id_t)
#define IDS_PER_BLOCK (SQFS_META_BLOCK_SIZE / XATTR_ID_SIZE)

/* Layout: pairs │ ids │ header { u64 start of pairs, u32 count of ids, u32 } │ u64 position of each metadata block of ids. */
gboolean squash_read_xattr_header(SquashReader *reader, GError **error)
{
    const sqfs_super_t *super = &reader->super;
    sqfs_file_t *file = &reader->file.base;
    sqfs_xattr_id_table_t header;

    if (super->xattr_id_table_start == NO_TABLE || (super->flags & SQFS_FLAG_NO_XATTRS))
        return TRUE;
    int code = file->read_at(file, super->xattr_id_table_start, &header, sizeof header);
    if (code)
        return squash_fail(error, code, "cannot read the xattr table");
    reader->xattr_start = le64toh(header.xattr_table_start);
    reader->facts.xattr_id_count = le32toh(header.xattr_ids);
    guint64 n_blocks = reader->facts.xattr_id_count / IDS_PER_BLOCK + 1;

    if (reader->xattr_start < super->directory_table_start || reader->xattr_start > super->xattr_id_table_start ||
        n_blocks * sizeof(guint64) > super->bytes_used)
        return gourd_error_set(error, GOURD_ERROR_INPUT, "the xattr table's header is broken");
    reader->xattr_ids = sqfs_meta_reader_create(file, reader->compressor, reader->xattr_start,
                                                super->xattr_id_table_start);
    reader->xattr_pairs = sqfs_meta_reader_create(file, reader->compressor, reader->xattr_start,
                                                  super->xattr_id_table_start);
    if (!reader->xattr_ids || !reader->xattr_pairs)
        return squash_fail(error, SQFS_ERROR_ALLOC, "cannot open the xattr table");
    return TRUE;
}

static int find_set(SquashReader *reader, guint32 index, sqfs_xattr_id_t *ret_set)
{
    sqfs_file_t *file = &reader->file.base;
    guint64 slot = reader->super.xattr_id_table_start + sizeof(sqfs_xattr_id_table_t) +
                   index / IDS_PER_BLOCK * sizeof(guint64);
    guint64 location;
    int code = file->read_at(file, slot, &location, sizeof location);

    if (code == 0)
        code = sqfs_meta_reader_seek(reader->xattr_ids, le64toh(location), index % IDS_PER_BLOCK * XATTR_ID_SIZE);
    if (code == 0)
        code = sqfs_meta_reader_read(reader->xattr_ids, ret_set, sizeof *ret_set);
    ret_set->xattr = le64toh(ret_set->xattr);
    ret_set->count = le32toh(ret_set->count);
    return code;
}

static int seek_pair(SquashReader *reader, guint64 reference)
{
    return sqfs_meta_reader_seek(reader->xattr_pairs, reader->xattr_start + (reference >> 16), reference & 0xffff);
}

/* Reads a value at the place the pairs are at. */
static int read_value(SquashReader *reader, GByteArray *value)
{
    guint32 size;
    int code = sqfs_meta_reader_read(reader->xattr_pairs, &size, sizeof size);

    if (code)
        return code;
    size = le32toh(size);
    if (size > SQUASH_XATTR_VALUE_MAX)
        return SQFS_ERROR_CORRUPTED;
    g_byte_array_set_size(value, size);
    return size ? sqfs_meta_reader_read(reader->xattr_pairs, value->data, size) : 0;
}

/* A value kept elsewhere, because it is shared: its place is told instead. Comes back unless there is no next pair, for
 * then there may be nothing to come back to. */
static int read_distant_value(SquashReader *reader, GByteArray *value, gboolean last)
{
    guint32 size;
    guint64 reference, block;
    size_t offset;
    int code = sqfs_meta_reader_read(reader->xattr_pairs, &size, sizeof size);

    if (code == 0 && le32toh(size) != sizeof reference)
        return SQFS_ERROR_CORRUPTED;
    if (code == 0)
        code = sqfs_meta_reader_read(reader->xattr_pairs, &reference, sizeof reference);
    if (code)
        return code;
    sqfs_meta_reader_get_position(reader->xattr_pairs, &block, &offset);
    code = seek_pair(reader, le64toh(reference));
    if (code == 0)
        code = read_value(reader, value);
    return code || last ? code : sqfs_meta_reader_seek(reader->xattr_pairs, block, offset);
}

static int read_pair(SquashReader *reader, Xattrs *xattrs, gboolean last)
{
    g_autoptr(GByteArray) value = g_byte_array_new();
    struct {
        guint16 type, size;
    } head;
    int code = sqfs_meta_reader_read(reader->xattr_pairs, &head, sizeof head);

    if (code)
        return code;
    guint16 type = le16toh(head.type), size = le16toh(head.size);
    const char *prefix = sqfs_get_xattr_prefix(type & SQFS_XATTR_PREFIX_MASK);
    if (!prefix)
        return SQFS_ERROR_UNSUPPORTED;
    gsize start = strlen(prefix);
    g_autofree char *name = g_malloc0(start + size + 1);

    memcpy(name, prefix, start);
    if (size > 0)
        code = sqfs_meta_reader_read(reader->xattr_pairs, name + start, size);
    if (code)
        return code;
    if (size == 0 || strlen(name) != start + size)
        return SQFS_ERROR_CORRUPTED;
    code = type & SQFS_XATTR_FLAG_OOL ? read_distant_value(reader, value, last) : read_value(reader, value);
    if (code)
        return code;
    xattrs_set(xattrs, name, value->len ? value->data : (const guint8 *)"", value->len);
    return 0;
}

gboolean squash_reader_read_xattrs(SquashReader *reader, guint32 xattrs, Xattrs **ret_xattrs, GError **error)
{
    sqfs_xattr_id_t set = {0};

    if (xattrs == SQUASH_NO_XATTRS || !reader->xattr_ids) {
        *ret_xattrs = NULL;
        return TRUE;
    }
    if (xattrs >= reader->facts.xattr_id_count)
        return gourd_error_set(error, GOURD_ERROR_INPUT, "attribute set %u is not one of the %u of the image", xattrs,
                               reader->facts.xattr_id_count);
    int code = find_set(reader, xattrs, &set);
    if (code == 0 && (set.count == 0 || set.count > SQUASH_XATTRS_MAX))
        code = SQFS_ERROR_CORRUPTED;
    if (code == 0)
        code = seek_pair(reader, set.xattr);
    g_autoptr(Xattrs) found = xattrs_new();

    for (guint32 i = 0; code == 0 && i < set.count; i++)
        code = read_pair(reader, found, i + 1 == set.count);
    if (code)
        return squash_fail(error, code, "cannot read extended attributes");
    *ret_xattrs = g_steal_pointer(&found);
    return TRUE;
}
