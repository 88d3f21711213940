// SPDX-License-Identifier: LGPL-2.1-or-later
#include "zstd-level.h"

/* Explicit, so that a new libzstd does not change what a level means. They are those of libzstd 1.5 for the size of the
 * source (lib/compress/clevels.h), but for those marked with *, which are smaller at the same speed: libzstd expects
 * long repetitions in larger sources and looks only for matches of five bytes, and up to level 13 never for three. */
enum { SIZE_16K, SIZE_128K, SIZE_256K, SIZE_1M, N_SIZES };

#define N_LEVELS (ZSTD_LEVEL_HIGHEST - ZSTD_LEVEL_LOWEST + 1)

/* chain, hash, search (all log 2), shortest match, target length, strategy */
static const ZstdRow rows[N_SIZES][N_LEVELS] = {
    [SIZE_16K] =
        {
            {14, 15, 1, 5, 0, ZSTD_fast},       {14, 15, 1, 4, 0, ZSTD_fast},       {14, 15, 2, 4, 0, ZSTD_dfast},
            {14, 14, 4, 4, 2, ZSTD_greedy},     {14, 14, 3, 4, 4, ZSTD_lazy},       {14, 14, 4, 4, 8, ZSTD_lazy2},
            {14, 14, 6, 4, 8, ZSTD_lazy2},      {14, 14, 8, 4, 8, ZSTD_lazy2},      {15, 14, 5, 4, 8, ZSTD_btlazy2},
            {15, 14, 9, 4, 8, ZSTD_btlazy2},    {15, 14, 3, 4, 12, ZSTD_btopt},     {15, 14, 4, 3, 24, ZSTD_btopt},
            {15, 14, 5, 3, 32, ZSTD_btultra},   {15, 15, 6, 3, 64, ZSTD_btultra},   {15, 15, 7, 3, 256, ZSTD_btultra},
            {15, 15, 5, 3, 48, ZSTD_btultra2},  {15, 15, 6, 3, 128, ZSTD_btultra2}, {15, 15, 7, 3, 256, ZSTD_btultra2},
            {15, 15, 8, 3, 256, ZSTD_btultra2},
        },
    [SIZE_128K] =
        {
            {12, 13, 1, 6, 0, ZSTD_fast},      {13, 15, 1, 5, 0, ZSTD_fast},       {15, 16, 2, 5, 0, ZSTD_dfast},
            {17, 17, 2, 4, 0, ZSTD_dfast},     {16, 17, 3, 4, 2, ZSTD_greedy},     {16, 17, 3, 4, 4, ZSTD_lazy},
            {16, 17, 3, 4, 4, ZSTD_lazy},      {16, 17, 4, 4, 8, ZSTD_lazy2},      {16, 17, 5, 4, 8, ZSTD_lazy2},
            {16, 17, 6, 4, 8, ZSTD_lazy2},     {17, 17, 5, 4, 8, ZSTD_btlazy2},    {18, 17, 7, 4, 12, ZSTD_btlazy2},
            {18, 17, 3, 3, 24, ZSTD_btopt}, /* * */
            {18, 17, 4, 3, 32, ZSTD_btopt},    {18, 17, 6, 3, 256, ZSTD_btopt},    {18, 17, 6, 3, 128, ZSTD_btultra},
            {18, 17, 8, 3, 256, ZSTD_btultra}, {18, 17, 10, 3, 512, ZSTD_btultra}, {18, 17, 5, 3, 256, ZSTD_btultra2},
        },
    [SIZE_256K] =
        {
            {13, 14, 1, 6, 0, ZSTD_fast},       {14, 14, 1, 5, 0, ZSTD_dfast},
            {16, 16, 1, 4, 0, ZSTD_dfast},      {16, 17, 3, 5, 2, ZSTD_greedy},
            {17, 18, 5, 5, 2, ZSTD_greedy},     {17, 18, 3, 4, 4, ZSTD_lazy}, /* * */
            {17, 18, 3, 4, 4, ZSTD_lazy},       /* * */ {18, 19, 4, 4, 8, ZSTD_lazy2},
            {18, 19, 5, 4, 8, ZSTD_lazy2},      {18, 19, 6, 4, 8, ZSTD_lazy2},
            {18, 19, 5, 4, 12, ZSTD_btlazy2},   {19, 19, 7, 4, 12, ZSTD_btlazy2},
            {18, 19, 3, 3, 24, ZSTD_btopt}, /* * */
            {18, 19, 4, 3, 32, ZSTD_btopt},     {18, 19, 6, 3, 128, ZSTD_btopt},
            {19, 19, 6, 3, 128, ZSTD_btultra},  {19, 19, 8, 3, 256, ZSTD_btultra},
            {19, 19, 6, 3, 128, ZSTD_btultra2}, {19, 19, 8, 3, 256, ZSTD_btultra2},
        },
    [SIZE_1M] =
        {
            {15, 16, 1, 6, 0, ZSTD_fast},   /* * */
            {16, 17, 1, 5, 0, ZSTD_fast},   /* * */
            {18, 18, 2, 5, 0, ZSTD_dfast},  /* * */
            {18, 18, 2, 4, 0, ZSTD_dfast},  /* * */
            {18, 19, 3, 4, 2, ZSTD_greedy}, /* * */
            {18, 19, 3, 4, 4, ZSTD_lazy},   /* * */
            {17, 18, 3, 4, 4, ZSTD_lazy},
            /* * */                            /* * */
            {18, 19, 4, 4, 8, ZSTD_lazy2},     /* * */
            {18, 20, 5, 4, 8, ZSTD_lazy2},     /* * */
            {18, 20, 6, 4, 8, ZSTD_lazy2},     /* * */
            {20, 20, 5, 4, 12, ZSTD_btlazy2},  /* * */
            {20, 20, 7, 4, 12, ZSTD_btlazy2},  /* * */
            {20, 20, 3, 3, 24, ZSTD_btopt},    /* * */
            {20, 20, 4, 3, 32, ZSTD_btopt},    /* * */
            {21, 20, 6, 3, 128, ZSTD_btopt},   /* * */
            {21, 20, 6, 3, 128, ZSTD_btultra}, /* * */
            {21, 20, 8, 3, 256, ZSTD_btultra}, /* * */
            {21, 21, 6, 3, 64, ZSTD_btultra2}, /* * */
            {21, 21, 7, 3, 256, ZSTD_btultra2},
        },
};

/* Below, libzstd's parsers for speed are better; above, its optimal ones know matches of three bytes too. */
#define OWN_LOWEST 6
#define OWN_HIGHEST 12

static const ZstdEffort efforts[OWN_HIGHEST - OWN_LOWEST + 1] = {
    {4, 1, 16}, {8, 1, 32}, {8, 2, 48}, {12, 2, 64}, {15, 2, 96}, {15, 2, 256}, {15, 2, 256},
};

const ZstdRow *zstd_level_row(int level, gsize size)
{
    guint class = SIZE_1M;

    if (size <= 16 * 1024)
        class = SIZE_16K;
    else if (size <= 128 * 1024)
        class = SIZE_128K;
    else if (size <= 256 * 1024)
        class = SIZE_256K;
    return &rows[class][level - ZSTD_LEVEL_LOWEST];
}

const ZstdEffort *zstd_level_effort(int level)
{
    return level >= OWN_LOWEST && level <= OWN_HIGHEST ? &efforts[level - OWN_LOWEST] : NULL;
}
