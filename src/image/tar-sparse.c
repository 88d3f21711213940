// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tar-sparse.h"

#include "tar-header.h"

#include <string.h>

/* GNU tar manual, "Storing Sparse Files"; the old format in its "Basic Tar Format": pairs of 12 byte numbers, in the
 * header from byte 386, four of them, then a flag; in following blocks 21 of them, then a flag. */
enum {
    GNU_HEADER_PAIRS_AT = 386,
    GNU_HEADER_PAIRS = 4,
    GNU_HEADER_MORE_AT = 482,
    GNU_HEADER_REAL_SIZE_AT = 483,
    GNU_BLOCK_PAIRS = 21,
    GNU_BLOCK_MORE_AT = 504,
    GNU_PAIR_SIZE = 24,
};

SparseMap *sparse_map_new(void)
{
    SparseMap *map = g_new0(SparseMap, 1);

    map->segments = g_array_new(FALSE, FALSE, sizeof(SparseSegment));
    return map;
}

void sparse_map_free(SparseMap *map)
{
    if (!map)
        return;
    g_array_unref(map->segments);
    g_free(map);
}

gboolean sparse_map_add(SparseMap *map, guint64 offset, guint64 length, GError **error)
{
    SparseSegment segment = {offset, length};
    guint64 end = 0;

    if (map->segments->len > 0) {
        const SparseSegment *last = &g_array_index(map->segments, SparseSegment, map->segments->len - 1);

        end = last->offset + last->length;
    }
    if (offset < end || length > G_MAXINT64 || offset > G_MAXINT64 - length)
        return gourd_error_set(error, GOURD_ERROR_INPUT, "sparse map: segments overlap or are out of order");
    if (length == 0)
        return TRUE;
    if (map->segments->len >= SPARSE_SEGMENTS_MAX)
        return gourd_error_set(error, GOURD_ERROR_LIMIT, "sparse map: more than %d segments", SPARSE_SEGMENTS_MAX);
    g_array_append_val(map->segments, segment);
    return TRUE;
}

gboolean sparse_map_check(const SparseMap *map, guint64 file_size, guint64 data_size, GError **error)
{
    guint64 sum = 0, end = 0;

    for (guint i = 0; i < map->segments->len; i++) {
        const SparseSegment *segment = &g_array_index(map->segments, SparseSegment, i);

        sum += segment->length; /* in order and apart, so the sum is below the last end */
        end = segment->offset + segment->length;
    }
    if (end > file_size)
        return gourd_error_set(error, GOURD_ERROR_INPUT, "sparse map: a segment lies behind the end of the file");
    if (sum != data_size)
        return gourd_error_set(error, GOURD_ERROR_INPUT,
                               "sparse map: segments of %" G_GUINT64_FORMAT " bytes, but %" G_GUINT64_FORMAT
                               " bytes of data",
                               sum, data_size);
    return TRUE;
}

/* A decimal number that ends before one of the bytes in `ends`; *text moves behind that byte. */
static gboolean take_decimal(const char **text, const char *ends, guint64 *ret_value)
{
    char *end;

    if (!g_ascii_isdigit(**text))
        return FALSE;
    *ret_value = g_ascii_strtoull(*text, &end, 10);
    if (*ret_value > G_MAXINT64 || (*end != '\0' && !strchr(ends, *end)))
        return FALSE;
    *text = *end == '\0' ? end : end + 1;
    return TRUE;
}

SparseMap *sparse_map_parse_list(const char *text, GError **error)
{
    g_autoptr(SparseMap) map = sparse_map_new();

    while (*text != '\0') {
        guint64 offset, length;

        if (!take_decimal(&text, ",", &offset) || !take_decimal(&text, ",", &length)) {
            gourd_error_set(error, GOURD_ERROR_INPUT, "sparse map: not pairs of decimal numbers");
            return NULL;
        }
        if (!sparse_map_add(map, offset, length, error))
            return NULL;
    }
    return g_steal_pointer(&map);
}

/* Lines of numbers out of 512 byte blocks. */
typedef struct {
    ByteStream *source;
    guint64 blocks_left;
    char block[TAR_BLOCK_SIZE];
    gsize at;
} NumberLines;

static gboolean take_byte(NumberLines *lines, char *ret_byte, GError **error)
{
    if (lines->at == TAR_BLOCK_SIZE) {
        const guint8 *bytes;
        gsize available;

        if (lines->blocks_left == 0)
            return gourd_error_set(error, GOURD_ERROR_INPUT, "sparse map: longer than the entry");
        if (!byte_stream_peek(lines->source, TAR_BLOCK_SIZE, &bytes, &available, error))
            return FALSE;
        if (available < TAR_BLOCK_SIZE)
            return gourd_error_set(error, GOURD_ERROR_INPUT, "sparse map: the archive ends within it");
        memcpy(lines->block, bytes, TAR_BLOCK_SIZE);
        byte_stream_advance(lines->source, TAR_BLOCK_SIZE);
        lines->blocks_left--;
        lines->at = 0;
    }
    *ret_byte = lines->block[lines->at++];
    return TRUE;
}

static gboolean take_line(NumberLines *lines, guint64 *ret_value, GError **error)
{
    guint64 value = 0;
    guint digits = 0;
    char byte = 0;

    for (;;) {
        if (!take_byte(lines, &byte, error))
            return FALSE;
        if (byte == '\n' && digits > 0)
            break;
        if (!g_ascii_isdigit(byte) || ++digits > 18)
            return gourd_error_set(error, GOURD_ERROR_INPUT, "sparse map: not lines of decimal numbers");
        value = value * 10 + (guint64)(byte - '0');
    }
    *ret_value = value;
    return TRUE;
}

SparseMap *sparse_map_read_pax(ByteStream *source, guint64 data_size, GError **error)
{
    g_autoptr(SparseMap) map = sparse_map_new();
    NumberLines lines = {.source = source, .blocks_left = data_size / TAR_BLOCK_SIZE, .at = TAR_BLOCK_SIZE};
    guint64 count, offset, length;

    if (!take_line(&lines, &count, error))
        return NULL;
    for (guint64 i = 0; i < count; i++)
        if (!take_line(&lines, &offset, error) || !take_line(&lines, &length, error) ||
            !sparse_map_add(map, offset, length, error))
            return NULL;
    return g_steal_pointer(&map);
}

static gboolean add_gnu_pairs(SparseMap *map, const guint8 *pairs, guint count, GError **error)
{
    for (guint i = 0; i < count; i++, pairs += GNU_PAIR_SIZE) {
        gint64 offset, length;

        if (pairs[12] == '\0') /* an unused pair */
            break;
        if (!tar_number_parse(pairs, 12, "sparse offset", &offset, error) ||
            !tar_number_parse(pairs + 12, 12, "sparse length", &length, error))
            return FALSE;
        if (offset < 0 || length < 0)
            return gourd_error_set(error, GOURD_ERROR_INPUT, "sparse map: negative number");
        if (!sparse_map_add(map, (guint64)offset, (guint64)length, error))
            return FALSE;
    }
    return TRUE;
}

SparseMap *sparse_map_read_gnu(ByteStream *source, const guint8 *header_block, guint64 *ret_file_size, GError **error)
{
    g_autoptr(SparseMap) map = sparse_map_new();
    gboolean more = header_block[GNU_HEADER_MORE_AT] != 0;
    gint64 file_size;

    if (!tar_number_parse(header_block + GNU_HEADER_REAL_SIZE_AT, 12, "real size", &file_size, error) ||
        !add_gnu_pairs(map, header_block + GNU_HEADER_PAIRS_AT, GNU_HEADER_PAIRS, error))
        return NULL;
    if (file_size < 0) {
        gourd_error_set(error, GOURD_ERROR_INPUT, "real size is negative");
        return NULL;
    }
    for (guint blocks = 0; more; blocks++) {
        const guint8 *bytes;
        gsize available;

        if (!byte_stream_peek(source, TAR_BLOCK_SIZE, &bytes, &available, error))
            return NULL;
        if (available < TAR_BLOCK_SIZE || blocks > SPARSE_SEGMENTS_MAX / GNU_BLOCK_PAIRS) {
            gourd_error_set(error, GOURD_ERROR_INPUT, "sparse map: the archive ends within it");
            return NULL;
        }
        if (!add_gnu_pairs(map, bytes, GNU_BLOCK_PAIRS, error))
            return NULL;
        more = bytes[GNU_BLOCK_MORE_AT] != 0;
        byte_stream_advance(source, TAR_BLOCK_SIZE);
    }
    *ret_file_size = (guint64)file_size;
    return g_steal_pointer(&map);
}
