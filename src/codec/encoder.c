// SPDX-License-Identifier: LGPL-2.1-or-later
#include "codec.h"
#include "zstd-parser.h"

#include <libdeflate.h>
#include <lz4.h>
#include <lzma.h>

char *codec_encoder(Codec codec)
{
    switch (codec) {
    case CODEC_GZIP:
        return g_strdup("libdeflate " LIBDEFLATE_VERSION_STRING);
    case CODEC_ZSTD:
        return g_strdup_printf("zstd %s, parser %d", ZSTD_versionString(), ZSTD_PARSER_VERSION);
    case CODEC_XZ:
        return g_strdup_printf("liblzma %s", lzma_version_string());
    case CODEC_LZ4:
        return g_strdup_printf("lz4 %s", LZ4_versionString());
    case CODEC_NONE:
    case CODEC_LZMA:
    case CODEC_BZIP2:
    default:
        return g_strdup("none");
    }
}
