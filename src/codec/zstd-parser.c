// SPDX-License-Identifier: LGPL-2.1-or-later
/* Lazy parsing: at each place the match that saves most is looked for; before it is taken, the next places may have a
 * better one.
 *
 * Where matches come from, in this order:
 *
 *     the last three distances   3 bytes or more; they cost least to encode, so all are looked at everywhere
 *     rows of ROW_SIZE places    4 bytes or more; a hash of 4 bytes chooses the row, 8 more bits of it are kept as tags
 *                                of the places, so that one comparison finds the few candidates of a row (the idea of
 *                                libzstd's row-based match finder)
 *     the last place that has    3 bytes; only where nothing else was found
 *     the same 3 bytes
 *
 * Tables are not cleared for each block: what they hold counts from `base`, which jumps with each run, and anything
 * below is of another block. */

#include "zstd-parser.h"

#include <string.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

#define ROW_SIZE 16
#define ROWS_LOG_SMALL 12 /* 64 Ki places: 320 KiB, which stay in the second-level cache; for blocks up to 128 KiB */
#define ROWS_LOG_LARGE 13
#define TRIPLES_LOG 14
#define SIZE_LIMIT (1u << 20) /* the largest block of SquashFS */
#define CUT_SIZE (32 * 1024)  /* statistics of zstd blocks: shorter ones fit better, longer ones cost less */
#define PREFETCH 8            /* places ahead; a row's first touch is slow */
#define TAIL 16               /* the last bytes of a zstd block are not searched: reads go that far ahead */
#define LONG_MATCH 400        /* of longer ones only the ends are entered into the tables */
#define LONG_MATCH_HEAD 96
#define LONG_MATCH_FOOT 32
#define STEP_SHIFT 8 /* without a match for 256 bytes, every second place is searched, and so on */
#define MATCH_MIN 3
#define REPEAT_STRONG 4 /* a match at one of the last distances is so cheap that another is seldom better … */
#define REPEAT_ENOUGH 8 /* … and with that length hardly ever one at the same place */

/* What a match saves, in tenths of a bit: found by trying on Debian's binaries. */
#define SAVED_PER_BYTE 50
#define COST_OF_REPEAT 20       /* the last distance again */
#define COST_OF_OTHER_REPEAT 30 /* the one before, or before that */
#define COST_OF_DISTANCE 30     /* any other, and for each bit of it: */
#define COST_OF_DISTANCE_BIT 10
#define GAIN_PER_PLACE 15 /* by which a match must be better for each place that it begins later */

typedef struct {
    guint32 places[ROW_SIZE] __attribute__((aligned(64)));
} Row;

typedef struct {
    guint8 bytes[ROW_SIZE] __attribute__((aligned(16)));
} Tags;

struct ZstdParser {
    guint rows_log;
    guint32 base;
    Row *rows; /* places, the newest at `newest`, older ones behind it, around the end */
    Tags *tags;
    guint8 *newest;
    guint32 *triples; /* by a hash of three bytes */
    ZSTD_Sequence *sequences;
    gsize sequences_max;
};

typedef struct {
    guint32 length; /* 0: none */
    guint32 distance;
    gint32 gain;
    gboolean repeat;
} Match;

/* A block being parsed. */
typedef struct {
    ZstdParser *parser;
    ZstdEffort effort;
    const guint8 *bytes;
    const guint8 *end; /* of the zstd block */
    guint32 repeats[3];
    guint hash_shift;
} Parse;

static inline guint32 read32(const guint8 *bytes)
{
    guint32 value;

    memcpy(&value, bytes, sizeof value);
    return GUINT32_FROM_LE(value);
}

static inline guint64 read64(const guint8 *bytes)
{
    guint64 value;

    memcpy(&value, bytes, sizeof value);
    return GUINT64_FROM_LE(value);
}

static inline guint32 hash_four(guint32 four, guint shift)
{
    return four * 2654435761u >> shift;
}

static inline guint32 hash_three(guint32 four)
{
    return (four << 8) * 506832829u >> (32 - TRIPLES_LOG);
}

/* How many bytes at a and b are equal, a not reaching end. */
static inline guint32 count_equal(const guint8 *a, const guint8 *b, const guint8 *end)
{
    const guint8 *start = a;

    for (; end - a >= 8; a += 8, b += 8) {
        guint64 difference = read64(a) ^ read64(b);

        if (difference)
            return (guint32)(a - start) + ((guint32)__builtin_ctzll(difference) >> 3);
    }
    while (a < end && *a == *b) {
        a++;
        b++;
    }
    return (guint32)(a - start);
}

static inline guint32 find_tag(const Tags *tags, guint8 tag)
{
#ifdef __SSE2__
    __m128i row = _mm_load_si128((const __m128i *)(const void *)tags->bytes);

    return (guint32)_mm_movemask_epi8(_mm_cmpeq_epi8(row, _mm_set1_epi8((char)tag)));
#else
    guint32 mask = 0;

    for (guint i = 0; i < ROW_SIZE; i++)
        mask |= (guint32)(tags->bytes[i] == tag) << i;
    return mask;
#endif
}

static inline void prefetch_row(const Parse *parse, const guint8 *at)
{
    guint32 row = hash_four(read32(at + PREFETCH), parse->hash_shift) >> 8;

    __builtin_prefetch(&parse->parser->tags[row], 1);
    __builtin_prefetch(&parse->parser->rows[row], 1);
}

/* Enters a place into its row, where it takes the slot of the oldest. */
static inline void enter_place(ZstdParser *parser, guint32 hash, guint32 place)
{
    guint32 row = hash >> 8;
    guint32 slot = (parser->newest[row] - 1u) % ROW_SIZE;

    parser->newest[row] = (guint8)slot;
    parser->rows[row].places[slot] = parser->base + place;
    parser->tags[row].bytes[slot] = (guint8)hash;
}

static inline void enter(Parse *parse, guint32 place)
{
    const guint8 *at = parse->bytes + place;

    prefetch_row(parse, at);
    enter_place(parse->parser, hash_four(read32(at), parse->hash_shift), place);
}

static inline gint32 cost_of_distance(guint32 distance)
{
    return COST_OF_DISTANCE + COST_OF_DISTANCE_BIT * (31 - __builtin_clz(distance + 3));
}

static inline void consider(Match *best, guint32 length, guint32 distance, gint32 cost, gboolean repeat)
{
    gint32 gain = (gint32)length * SAVED_PER_BYTE - cost;

    if (gain > best->gain)
        *best = (Match){length, distance, gain, repeat};
}

/* Compares at one of the last distances; difference is that of the first four bytes. */
static inline void consider_repeat(const Parse *parse, Match *best, const guint8 *at, guint which, guint32 difference)
{
    guint32 distance = parse->repeats[which], length = MATCH_MIN;

    if (difference << 8 != 0)
        return;
    if (difference == 0)
        length = 4 + count_equal(at + 4, at + 4 - distance, parse->end);
    consider(best, length, distance, which == 0 ? COST_OF_REPEAT : COST_OF_OTHER_REPEAT, TRUE);
}

/* Compares with the places of a row that have the same tag, newest first. TRUE if one has the same four bytes. */
static inline __attribute__((always_inline)) gboolean search_row(const Parse *parse, Match *best, const guint8 *at,
                                                                 guint32 row, guint32 candidates, guint32 newest)
{
    const guint32 base = parse->parser->base, *places = parse->parser->rows[row].places;
    guint32 four = read32(at);
    /* Shorter ones would not be better than what is there. */
    guint32 longest = (guint32)MAX(MATCH_MIN, (best->gain + COST_OF_DISTANCE) / SAVED_PER_BYTE);
    gboolean found = FALSE;

    if (at + longest >= parse->end)
        return FALSE;
    for (guint left = parse->effort.depth; candidates != 0 && left > 0; left--, candidates &= candidates - 1) {
        guint32 place = places[(newest + (guint32)__builtin_ctz(candidates)) % ROW_SIZE];

        if (place < base) /* of another block, and all behind it too */
            break;
        const guint8 *before = parse->bytes + (place - base);

        /* One branch for both: the processor guesses it better. */
        if ((read32(before + longest - 3) ^ read32(at + longest - 3)) | (read32(before) ^ four))
            continue;
        guint32 length = 4 + count_equal(at + 4, before + 4, parse->end);

        found = TRUE;
        if (length <= longest)
            continue;
        longest = length;
        consider(best, length, (guint32)(at - before), cost_of_distance((guint32)(at - before)), FALSE);
        if (at + length >= parse->end)
            break;
    }
    return found;
}

/* The best match at a place that saves more than `floor`, and enters the place. */
static inline __attribute__((always_inline)) Match find_match(Parse *parse, guint32 place, gint32 floor)
{
    ZstdParser *parser = parse->parser;
    const guint8 *at = parse->bytes + place;
    Match best = {.gain = floor};
    guint32 four = read32(at), hash = hash_four(four, parse->hash_shift), row = hash >> 8;
    guint32 *triple = &parser->triples[hash_three(four)], before_triple = *triple;

    prefetch_row(parse, at);
    *triple = parser->base + place;
    guint32 difference0 = read32(at - parse->repeats[0]) ^ four, difference1 = read32(at - parse->repeats[1]) ^ four,
            difference2 = read32(at - parse->repeats[2]) ^ four;

    if ((difference0 << 8 == 0) | (difference1 << 8 == 0) | (difference2 << 8 == 0)) {
        consider_repeat(parse, &best, at, 0, difference0);
        consider_repeat(parse, &best, at, 1, difference1);
        consider_repeat(parse, &best, at, 2, difference2);
    }
    guint32 newest = parser->newest[row], candidates = find_tag(&parser->tags[row], (guint8)hash);

    candidates = (candidates | candidates << ROW_SIZE) >> newest &
                 0x7fff; /* newest first, without the oldest: it goes */
    enter_place(parser, hash, place);
    if (best.length >= REPEAT_ENOUGH)
        return best;
    gboolean found = search_row(parse, &best, at, row, candidates, newest);

    if (!found && best.length == 0 && before_triple >= parser->base) {
        const guint8 *before = parse->bytes + (before_triple - parser->base);
        guint32 difference = read32(before) ^ four, distance = (guint32)(at - before);

        if (difference << 8 == 0) {
            guint32 length = difference ? MATCH_MIN : 4 + count_equal(at + 4, before + 4, parse->end);

            consider(&best, length, distance, cost_of_distance(distance), FALSE);
        }
    }
    return best;
}

/* As the decoder does it (RFC 8878, 3.1.1.5, for distances that are known). */
static void use_distance(Parse *parse, guint32 distance)
{
    guint32 *repeats = parse->repeats;

    if (distance == repeats[0])
        return;
    if (distance != repeats[1])
        repeats[2] = repeats[1];
    repeats[1] = repeats[0];
    repeats[0] = distance;
}

/* Enters the places from `place` to `to`; of very long matches those of both ends. */
static void enter_match(Parse *parse, guint32 place, guint32 to, guint32 last)
{
    if (to > place + LONG_MATCH) {
        for (guint32 head = MIN(place + LONG_MATCH_HEAD, last); place < head; place++)
            enter(parse, place);
        place = to - LONG_MATCH_FOOT;
    }
    for (to = MIN(to, last); place < to; place++)
        enter(parse, place);
}

/* Whether to look for a better match close behind. */
static inline gboolean is_weak(const Match *match, guint enough)
{
    return match->length < (match->repeat ? REPEAT_STRONG : enough);
}

/* Parses [from, to), one zstd block, which may refer to all before; returns how many sequences were written. */
static gsize parse_cut(Parse *parse, guint32 from, guint32 to, ZSTD_Sequence *ret_sequences)
{
    const ZstdEffort effort = parse->effort;
    guint32 place = from, anchor = from, last = to - from > TAIL ? to - TAIL : from;
    gsize n = 0;

    parse->end = parse->bytes + to;
    for (; place < 8 && place < last; place++) /* the first repeats reach back that far */
        enter(parse, place);
    while (place < last) {
        Match best = find_match(parse, place, 0);

        if (best.length == 0) {
            place += 1 + ((place - anchor) >> STEP_SHIFT);
            continue;
        }
        guint32 start = place;

        for (guint i = 0; i < effort.lookout && is_weak(&best, effort.enough) && place + 1 < last; i++) {
            place++;
            Match later = find_match(parse, place, best.gain + GAIN_PER_PLACE * (gint32)(place - start));

            if (later.length > 0) {
                best = later;
                start = place;
                i = (guint)-1;
            }
        }
        while (!best.repeat && start > anchor && start > best.distance &&
               parse->bytes[start - 1] == parse->bytes[start - 1 - best.distance]) {
            start--;
            best.length++;
        }
        ret_sequences[n++] = (ZSTD_Sequence){best.distance, start - anchor, best.length, 0};
        use_distance(parse, best.distance);
        anchor = start + best.length;
        enter_match(parse, place + 1, anchor, last);
        place = anchor;
    }
    ret_sequences[n++] = (ZSTD_Sequence){0, to - anchor, 0, 0};
    return n;
}

gsize zstd_parser_run(ZstdParser *parser, const ZstdEffort *effort, const guint8 *bytes, gsize size,
                      const ZSTD_Sequence **ret_sequences)
{
    Parse parse = {
        .parser = parser,
        .effort = *effort,
        .bytes = bytes,
        .repeats = {1, 4, 8}, /* RFC 8878, 3.1.1.5 */
        .hash_shift = 32 - parser->rows_log - 8,
    };
    gsize n = 0;

    g_assert(effort->depth < ROW_SIZE &&
             effort->lookout < MATCH_MIN); /* a place is entered once, even if looked at twice */
    if (parser->base > G_MAXUINT32 - 2 * SIZE_LIMIT) {
        memset(parser->rows, 0, sizeof(Row) << parser->rows_log);
        memset(parser->triples, 0, sizeof(guint32) << TRIPLES_LOG);
        parser->base = 0;
    }
    parser->base += SIZE_LIMIT;
    for (guint32 from = 0; from < size;) {
        guint32 left = (guint32)size - from, cut = left < CUT_SIZE + CUT_SIZE / 2 ? left : CUT_SIZE;

        n += parse_cut(&parse, from, from + cut, parser->sequences + n);
        from += cut;
    }
    g_assert(n <= parser->sequences_max);
    *ret_sequences = parser->sequences;
    return n;
}

gboolean zstd_parser_suits(const guint8 *bytes, gsize size)
{
    gsize step = MAX(size / 4096, 1) | 1, sampled = 0, binary = 0;

    for (gsize i = 0; i < size; i += step) {
        guint8 byte = bytes[i];

        sampled++;
        binary += byte >= 0x80 || (byte < 0x20 && byte != '\n' && byte != '\t' && byte != '\r');
    }
    return binary * 8 > sampled;
}

ZstdParser *zstd_parser_new(gsize block_size)
{
    ZstdParser *parser = g_new0(ZstdParser, 1);

    g_assert(block_size <= SIZE_LIMIT);
    parser->rows_log = block_size > 128 * 1024 ? ROWS_LOG_LARGE : ROWS_LOG_SMALL;
    gsize n_rows = (gsize)1 << parser->rows_log;

    parser->rows = g_aligned_alloc0(n_rows, sizeof(Row), 64);
    parser->tags = g_aligned_alloc0(n_rows, sizeof(Tags), 64);
    parser->newest = g_new0(guint8, n_rows);
    parser->triples = g_new0(guint32, (gsize)1 << TRIPLES_LOG);
    parser->sequences_max = block_size / MATCH_MIN + block_size / CUT_SIZE + 2;
    parser->sequences = g_new(ZSTD_Sequence, parser->sequences_max);
    return parser;
}

void zstd_parser_free(ZstdParser *parser)
{
    if (!parser)
        return;
    g_aligned_free(parser->rows);
    g_aligned_free(parser->tags);
    g_free(parser->newest);
    g_free(parser->triples);
    g_free(parser->sequences);
    g_free(parser);
}
