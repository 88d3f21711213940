// SPDX-License-Identifier: LGPL-2.1-or-later
#include "pack.h"

void pack_options_init(PackOptions *ret_options)
{
    *ret_options = (PackOptions){
        .codec = CODEC_ZSTD,
        .level = CODEC_LEVEL_DEFAULT,
        .block_size = PACK_BLOCK_SIZE_DEFAULT,
        .verify = PACK_VERIFY_QUICK,
    };
    image_limits_init(&ret_options->limits);
}

void pack_result_free(PackResult *result)
{
    if (!result)
        return;
    g_free(result->output);
    g_free(result->name);
    g_free(result->version);
    notes_free(result->notes);
    g_free(result);
}
