// SPDX-License-Identifier: LGPL-2.1-or-later
#include "codec.h"

#include <string.h>

static const char *const names[] = {
    [CODEC_NONE] = "none", [CODEC_GZIP] = "gzip", [CODEC_ZSTD] = "zstd",   [CODEC_XZ] = "xz",
    [CODEC_LZ4] = "lz4",   [CODEC_LZMA] = "lzma", [CODEC_BZIP2] = "bzip2",
};

const char *codec_to_name(Codec codec)
{
    return names[codec];
}

static gboolean begins_with(const guint8 *bytes, gsize size, const char *magic, gsize magic_size)
{
    return size >= magic_size && memcmp(bytes, magic, magic_size) == 0;
}

#define BEGINS(magic) begins_with(bytes, size, magic, sizeof(magic) - 1)

Codec codec_detect(const guint8 *bytes, gsize size)
{
    if (BEGINS("\x1f\x8b\x08"))
        return CODEC_GZIP;
    if (BEGINS("\x28\xb5\x2f\xfd"))
        return CODEC_ZSTD;
    if (size >= 4 && (bytes[0] & 0xf0) == 0x50 && memcmp(bytes + 1, "\x2a\x4d\x18", 3) == 0) /* skippable frame */
        return CODEC_ZSTD;
    if (BEGINS("\xfd"
               "7zXZ\0"))
        return CODEC_XZ;
    if (BEGINS("\x04\x22\x4d\x18") || BEGINS("\x02\x21\x4c\x18"))
        return CODEC_LZ4;
    /* The first byte of the first block's or of the end's magic number follows the digit. */
    if (size >= 6 && BEGINS("BZh") && bytes[3] >= '1' && bytes[3] <= '9' &&
        (memcmp(bytes + 4, "\x31\x41", 2) == 0 || memcmp(bytes + 4, "\x17\x72", 2) == 0))
        return CODEC_BZIP2;
    /* Properties 0x5d, then a dictionary size that is a multiple of 64 KiB and not 0. */
    if (size >= 6 && BEGINS("\x5d\0\0") && (bytes[3] != 0 || bytes[4] != 0))
        return CODEC_LZMA;
    return CODEC_NONE;
}
