// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tar-header.h"

#include "image.h"

#include <string.h>

enum {
    NAME_AT = 0,
    MODE_AT = 100,
    UID_AT = 108,
    GID_AT = 116,
    SIZE_AT = 124,
    MTIME_AT = 136,
    CHECKSUM_AT = 148,
    TYPE_AT = 156,
    LINKNAME_AT = 157,
    MAGIC_AT = 257,
    DEVMAJOR_AT = 329,
    DEVMINOR_AT = 337,
    PREFIX_AT = 345,
};

gboolean tar_block_is_zero(const guint8 *block)
{
    return block[0] == 0 && memcmp(block, block + 1, TAR_BLOCK_SIZE - 1) == 0;
}

static gboolean parse_base256(const guint8 *bytes, gsize length, const char *field, gint64 *ret_value, GError **error)
{
    gboolean negative = (bytes[0] & 0x40) != 0;
    guint64 value = negative ? G_MAXUINT64 : 0;
    guint8 fill = negative ? 0xff : 0;

    for (gsize i = 0; i < length; i++) {
        guint8 byte = i > 0 ? bytes[i] : (guint8)((bytes[0] & 0x7f) | (negative ? 0x80 : 0));

        if ((guint8)(value >> 56) != fill)
            return gourd_error_set(error, GOURD_ERROR_INPUT, "%s does not fit 64 bits", field);
        value = value << 8 | byte;
    }
    if (((gint64)value < 0) != negative)
        return gourd_error_set(error, GOURD_ERROR_INPUT, "%s does not fit 64 bits", field);
    *ret_value = (gint64)value;
    return TRUE;
}

gboolean tar_number_parse(const guint8 *bytes, gsize length, const char *field, gint64 *ret_value, GError **error)
{
    guint64 value = 0;
    gsize at = 0;

    if (length > 0 && (bytes[0] & 0x80) != 0)
        return parse_base256(bytes, length, field, ret_value, error);
    while (at < length && bytes[at] == ' ')
        at++;
    for (; at < length && bytes[at] >= '0' && bytes[at] <= '7'; at++)
        value = value << 3 | (guint64)(bytes[at] - '0'); /* 12 digits are 36 bits: no overflow */
    while (at < length && (bytes[at] == ' ' || bytes[at] == '\0'))
        at++;
    if (at < length) {
        g_autofree char *shown = bytes_escape(bytes, length);

        return gourd_error_set(error, GOURD_ERROR_INPUT, "%s '%s' is not octal", field, shown);
    }
    *ret_value = (gint64)value;
    return TRUE;
}

static gboolean check_sum(const guint8 *block, GError **error)
{
    gint64 stored, unsigned_sum = 0, signed_sum = 0;

    if (!tar_number_parse(block + CHECKSUM_AT, 8, "checksum", &stored, NULL))
        return gourd_error_set(error, GOURD_ERROR_INPUT, "not a tar header: it has no checksum");
    for (gsize i = 0; i < TAR_BLOCK_SIZE; i++) {
        guint8 byte = i >= CHECKSUM_AT && i < CHECKSUM_AT + 8 ? ' ' : block[i];

        unsigned_sum += byte;
        signed_sum += (gint8)byte;
    }
    if (stored != unsigned_sum && stored != signed_sum)
        return gourd_error_set(error, GOURD_ERROR_INPUT, "not a tar header: its checksum does not match");
    return TRUE;
}

static gboolean parse_ranged(const guint8 *block, gsize at, gsize length, const char *field, gint64 highest,
                             gint64 *ret_value, GError **error)
{
    if (!tar_number_parse(block + at, length, field, ret_value, error))
        return FALSE;
    if (*ret_value < 0 || *ret_value > highest)
        return gourd_error_set(error, GOURD_ERROR_INPUT, "%s %" G_GINT64_FORMAT " is out of range", field, *ret_value);
    return TRUE;
}

static gsize append_field(char *to, const guint8 *field, gsize room)
{
    gsize length = strnlen((const char *)field, room);

    memcpy(to, field, length);
    to[length] = '\0';
    return length;
}

static void join_name(const guint8 *block, TarHeader *header)
{
    char *to = header->name;

    if (header->format == TAR_FORMAT_USTAR && block[PREFIX_AT] != '\0') {
        to += append_field(to, block + PREFIX_AT, 155);
        *to++ = '/';
    }
    append_field(to, block + NAME_AT, 100);
    append_field(header->linkname, block + LINKNAME_AT, 100);
}

gboolean tar_header_parse(const guint8 *block, TarHeader *ret_header, GError **error)
{
    TarHeader header = {.type = (char)block[TYPE_AT]};
    gint64 mode, uid, gid, size, major = 0, minor = 0;

    if (!check_sum(block, error))
        return FALSE;
    if (memcmp(block + MAGIC_AT, "ustar\0", 6) == 0)
        header.format = TAR_FORMAT_USTAR;
    else if (memcmp(block + MAGIC_AT, "ustar  ", 7) == 0)
        header.format = TAR_FORMAT_GNU;
    if (!parse_ranged(block, MODE_AT, 8, "mode", G_MAXINT64, &mode, error) ||
        !parse_ranged(block, UID_AT, 8, "user id", G_MAXUINT32, &uid, error) ||
        !parse_ranged(block, GID_AT, 8, "group id", G_MAXUINT32, &gid, error) ||
        !parse_ranged(block, SIZE_AT, 12, "size", G_MAXINT64, &size, error) ||
        !tar_number_parse(block + MTIME_AT, 12, "modification time", &header.mtime, error))
        return FALSE;
    /* Old writers leave bytes of any kind in the device fields of what is no device. */
    if ((header.type == '3' || header.type == '4') &&
        (!parse_ranged(block, DEVMAJOR_AT, 8, "device major number", G_MAXUINT32, &major, error) ||
         !parse_ranged(block, DEVMINOR_AT, 8, "device minor number", G_MAXUINT32, &minor, error)))
        return FALSE;
    header.mode = (guint16)(mode & 07777);
    header.uid = (guint32)uid;
    header.gid = (guint32)gid;
    header.size = (guint64)size;
    header.device_major = (guint32)major;
    header.device_minor = (guint32)minor;
    join_name(block, &header);
    *ret_header = header;
    return TRUE;
}

/* --- writing ------------------------------------------------------------------------------------------------------ */

/* Octal digits and a NUL, or base 256 where these do not suffice. */
static void format_number(guint64 value, gsize length, guint8 *bytes)
{
    if (value >> (3 * (length - 1)) == 0) {
        for (gsize at = length - 1; at-- > 0; value >>= 3)
            bytes[at] = (guint8)('0' + (value & 7));
        bytes[length - 1] = '\0';
        return;
    }
    for (gsize at = length; at-- > 0; value >>= 8)
        bytes[at] = (guint8)value;
    bytes[0] |= 0x80;
}

gboolean tar_header_format(const char *path, guint mode, guint64 size, gint64 mtime, guint8 ret_block[TAR_HEADER_SIZE],
                           GError **error)
{
    const char *slash = strlen(path) > MODE_AT ? strrchr(path, '/') : NULL, *name = slash ? slash + 1 : path;
    gsize prefix = slash ? (gsize)(slash - path) : 0;
    guint64 sum = 0;

    G_STATIC_ASSERT(TAR_HEADER_SIZE == TAR_BLOCK_SIZE);
    if (strlen(name) > MODE_AT || prefix > TAR_BLOCK_SIZE - 12 - PREFIX_AT)
        return gourd_error_set(error, GOURD_ERROR_LIMIT, "'%s' is too long a name for a member of a tar", path);
    memset(ret_block, 0, TAR_BLOCK_SIZE);
    memcpy(ret_block + NAME_AT, name, strlen(name));
    memcpy(ret_block + PREFIX_AT, path, prefix);
    format_number(mode, 8, ret_block + MODE_AT);
    format_number(0, 8, ret_block + UID_AT);
    format_number(0, 8, ret_block + GID_AT);
    format_number(size, 12, ret_block + SIZE_AT);
    format_number((guint64)MAX(mtime, 0), 12, ret_block + MTIME_AT);
    ret_block[TYPE_AT] = '0';
    memcpy(ret_block + MAGIC_AT, "ustar\00000", 8);
    memset(ret_block + CHECKSUM_AT, ' ', 8);
    for (gsize i = 0; i < TAR_BLOCK_SIZE; i++)
        sum += ret_block[i];
    format_number(sum, 7, ret_block + CHECKSUM_AT); /* six digits, a NUL, and the space that is there */
    return TRUE;
}
