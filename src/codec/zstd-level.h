// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

/* What each level of zstd means for blocks of a size. Private to codec. */

#include "zstd-parser.h"

#define ZSTD_LEVEL_LOWEST 1
#define ZSTD_LEVEL_HIGHEST 19
#define ZSTD_LEVEL_NORMAL 7

typedef struct {
    guint8 chain_log;
    guint8 hash_log;
    guint8 search_log;
    guint8 match_min;
    guint16 target_length;
    guint8 strategy; /* ZSTD_strategy */
} ZstdRow;

/* The row for a block of size bytes. The window is always the whole block. */
const ZstdRow *zstd_level_row(int level, gsize size);
/* How hard our own parser tries at that level; NULL where libzstd's are as good. */
const ZstdEffort *zstd_level_effort(int level);
