// SPDX-License-Identifier: LGPL-2.1-or-later
/* BLAKE3 ("BLAKE3: one function, fast everywhere", 2.1 to 2.6), hash mode, 32 bytes of output.
 *
 * A message is cut into chunks of 1 KiB, the leaves of a binary tree; each parent hashes the values of its two children.
 * Nodes do not depend on their neighbours, so LANES of them are computed side by side, one in each lane of a vector: all chunks
 * of all messages, then the parents of all of them, level by level. Paired from the left, with an odd one rising as it is, they
 * form the tree that the paper describes. A lane whose node ends takes the next one. */

#include "content-digest.h"

#include <string.h>

#define LANES 16 /* 32-bit words of an AVX-512 register; with narrower ones the compiler makes do */
#define WORDS 8  /* of a value */
#define BLOCK_WORDS 16
#define BLOCK_SIZE 64u
#define CHUNK_SIZE 1024u
#define VALUE_SIZE (WORDS * 4u)

enum { CHUNK_START = 1, CHUNK_END = 2, PARENT = 4, ROOT = 8 };

/* Aligned as other variables are: the address sanitizer's stack frames have no more (GCC's bug 110027), and it is no slower. */
typedef guint32 Lanes __attribute__((vector_size(LANES * 4), aligned(16)));

static const guint32 initial[WORDS] = {
    0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
};

/* Which word of the block is mixed in when, in each of seven rounds. */
static const guint8 schedule[7][BLOCK_WORDS] = {
    {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15}, {2, 6, 3, 10, 7, 0, 4, 13, 1, 11, 12, 5, 9, 14, 15, 8},
    {3, 4, 10, 12, 13, 2, 7, 14, 6, 5, 9, 0, 11, 15, 8, 1}, {10, 7, 12, 9, 14, 3, 13, 15, 4, 0, 11, 2, 5, 8, 1, 6},
    {12, 13, 9, 11, 15, 10, 14, 8, 7, 2, 5, 3, 0, 1, 6, 4}, {9, 14, 11, 5, 8, 12, 15, 1, 13, 3, 0, 10, 2, 6, 4, 7},
    {11, 15, 5, 0, 1, 9, 8, 6, 14, 10, 2, 12, 3, 4, 7, 13},
};

/* One block of each lane. */
typedef struct {
    Lanes value[WORDS]; /* of the node so far */
    Lanes counter_low, counter_high, length, flags;
    const guint8 *bytes[LANES]; /* BLOCK_SIZE each */
} Step;

/* What runs on vectors must be one piece of code, in which they stay in registers. */
#define INLINE inline __attribute__((always_inline))
#ifdef __clang__
#define UNROLL
#else
#define UNROLL _Pragma("GCC unroll 16")
#endif

#define ROTATE(x, n) ((x) >> (n) | (x) << (32 - (n)))

static INLINE void mix(Lanes *v, guint a, guint b, guint c, guint d, const Lanes *x, const Lanes *y)
{
    v[a] += v[b] + *x;
    v[d] = ROTATE(v[d] ^ v[a], 16);
    v[c] += v[d];
    v[b] = ROTATE(v[b] ^ v[c], 12);
    v[a] += v[b] + *y;
    v[d] = ROTATE(v[d] ^ v[a], 8);
    v[c] += v[d];
    v[b] = ROTATE(v[b] ^ v[c], 7);
}

static INLINE void mix_round(Lanes *v, const Lanes *m, const guint8 *s)
{
    mix(v, 0, 4, 8, 12, &m[s[0]], &m[s[1]]);
    mix(v, 1, 5, 9, 13, &m[s[2]], &m[s[3]]);
    mix(v, 2, 6, 10, 14, &m[s[4]], &m[s[5]]);
    mix(v, 3, 7, 11, 15, &m[s[6]], &m[s[7]]);
    mix(v, 0, 5, 10, 15, &m[s[8]], &m[s[9]]);
    mix(v, 1, 6, 11, 12, &m[s[10]], &m[s[11]]);
    mix(v, 2, 7, 8, 13, &m[s[12]], &m[s[13]]);
    mix(v, 3, 4, 9, 14, &m[s[14]], &m[s[15]]);
}

#define SHUFFLE(a, b, ...) __builtin_shufflevector(a, b, __VA_ARGS__)

/* Swaps columns and rows: the lanes' words become the words of all lanes. Four steps, each with what one instruction can do. */
static INLINE void transpose(Lanes *m)
{
    Lanes a, b;

    UNROLL
    for (guint i = 0; i < LANES; i += 2) { /* words of two rows in turn */
        a = m[i], b = m[i + 1];
        m[i] = SHUFFLE(a, b, 0, 16, 1, 17, 4, 20, 5, 21, 8, 24, 9, 25, 12, 28, 13, 29);
        m[i + 1] = SHUFFLE(a, b, 2, 18, 3, 19, 6, 22, 7, 23, 10, 26, 11, 27, 14, 30, 15, 31);
    }
    UNROLL
    for (guint k = 0; k < LANES / 2; k++) { /* pairs of them */
        guint i = k / 2 * 4 + k % 2;

        a = m[i], b = m[i + 2];
        m[i] = SHUFFLE(a, b, 0, 1, 16, 17, 4, 5, 20, 21, 8, 9, 24, 25, 12, 13, 28, 29);
        m[i + 2] = SHUFFLE(a, b, 2, 3, 18, 19, 6, 7, 22, 23, 10, 11, 26, 27, 14, 15, 30, 31);
    }
    UNROLL
    for (guint k = 0; k < LANES / 2; k++) { /* fours */
        guint i = k / 4 * 8 + k % 4;

        a = m[i], b = m[i + 4];
        m[i] = SHUFFLE(a, b, 0, 1, 2, 3, 16, 17, 18, 19, 8, 9, 10, 11, 24, 25, 26, 27);
        m[i + 4] = SHUFFLE(a, b, 4, 5, 6, 7, 20, 21, 22, 23, 12, 13, 14, 15, 28, 29, 30, 31);
    }
    UNROLL
    for (guint i = 0; i < LANES / 2; i++) { /* eights */
        a = m[i], b = m[i + 8];
        m[i] = SHUFFLE(a, b, 0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23);
        m[i + 8] = SHUFFLE(a, b, 8, 9, 10, 11, 12, 13, 14, 15, 24, 25, 26, 27, 28, 29, 30, 31);
    }
    UNROLL
    for (guint i = 1; i < LANES; i += 4) { /* the first two steps leave the second and third of four swapped */
        a = m[i];
        m[i] = m[i + 1];
        m[i + 1] = a;
    }
}

static INLINE void compress(Step *step)
{
    Lanes m[BLOCK_WORDS], v[2 * WORDS], zero = {0};

    UNROLL
    for (guint i = 0; i < LANES; i++)
        memcpy(&m[i], step->bytes[i], BLOCK_SIZE);
    transpose(m);
    if (G_BYTE_ORDER == G_BIG_ENDIAN) {
        UNROLL
        for (guint i = 0; i < BLOCK_WORDS; i++)
            m[i] = m[i] << 24 | (m[i] & 0xff00) << 8 | (m[i] >> 8 & 0xff00) | m[i] >> 24;
    }
    UNROLL
    for (guint i = 0; i < WORDS; i++)
        v[i] = step->value[i];
    UNROLL
    for (guint i = 0; i < 4; i++)
        v[WORDS + i] = zero + initial[i];
    v[12] = step->counter_low;
    v[13] = step->counter_high;
    v[14] = step->length;
    v[15] = step->flags;
    UNROLL
    for (guint i = 0; i < G_N_ELEMENTS(schedule); i++)
        mix_round(v, m, schedule[i]);
    UNROLL
    for (guint i = 0; i < WORDS; i++)
        step->value[i] = v[i] ^ v[i + WORDS];
}

typedef void (*CompressFunc)(Step *step);

static void compress_plain(Step *step)
{
    compress(step);
}

#ifdef __x86_64__
static __attribute__((target("avx2"))) void compress_avx2(Step *step)
{
    compress(step);
}

static __attribute__((target("avx512f"))) void compress_avx512(Step *step)
{
    compress(step);
}
#endif

static CompressFunc find_compress(DigestVectors vectors)
{
#ifdef __x86_64__
    if (vectors >= DIGEST_VECTORS_AVX512 && __builtin_cpu_supports("avx512f"))
        return compress_avx512;
    if (vectors >= DIGEST_VECTORS_AVX2 && __builtin_cpu_supports("avx2"))
        return compress_avx2;
#endif
    return compress_plain;
}

static DigestVectors vectors_allowed = DIGEST_VECTORS_AVX512;

void content_digest_allow(DigestVectors vectors)
{
    vectors_allowed = vectors;
}

/* A chunk or a parent. */
typedef struct {
    const guint8 *bytes;
    gsize size;
    guint64 counter;
    guint32 first, all, last; /* flags of its blocks */
    guint8 *ret_value;
} Node;

/* What is left of the node in a lane. */
typedef struct {
    Node node;
    gboolean busy;
    guint8 padded[BLOCK_SIZE]; /* its last block, if it is shorter than one */
} Lane;

static void begin_node(Step *step, Lane *lane, guint i, const Node *node)
{
    lane->node = *node;
    lane->node.first |= node->all;
    lane->busy = TRUE;
    for (guint k = 0; k < WORDS; k++)
        step->value[k][i] = initial[k];
    step->counter_low[i] = (guint32)node->counter;
    step->counter_high[i] = (guint32)(node->counter >> 32);
}

static void set_block(Step *step, Lane *lane, guint i)
{
    Node *node = &lane->node;
    guint32 size = (guint32)MIN(node->size, BLOCK_SIZE);

    step->bytes[i] = node->bytes;
    step->length[i] = size;
    step->flags[i] = node->first | (node->size <= BLOCK_SIZE ? node->last : 0);
    if (size < BLOCK_SIZE) {
        memset(lane->padded, 0, BLOCK_SIZE);
        if (size > 0)
            memcpy(lane->padded, node->bytes, size);
        step->bytes[i] = lane->padded;
    }
    node->first = node->all;
    node->bytes += size;
    node->size -= size;
}

static void end_node(const Step *step, Lane *lane, guint i)
{
    for (guint k = 0; k < WORDS; k++) {
        guint32 word = GUINT32_TO_LE(step->value[k][i]);

        memcpy(lane->node.ret_value + 4 * k, &word, sizeof word);
    }
    lane->busy = FALSE;
}

static void hash_nodes(const Node *nodes, gsize n)
{
    CompressFunc run = find_compress(vectors_allowed);
    Lane lanes[LANES];
    Step step;
    guint busy = 0;

    memset(&step, 0, sizeof step);
    memset(lanes, 0, sizeof lanes);
    for (guint i = 0; i < LANES; i++)
        step.bytes[i] = lanes[i].padded;
    for (gsize next = 0; next < n || busy > 0;) {
        for (guint i = 0; i < LANES; i++) {
            if (!lanes[i].busy && next < n) {
                begin_node(&step, &lanes[i], i, &nodes[next++]);
                busy++;
            }
            if (lanes[i].busy)
                set_block(&step, &lanes[i], i);
        }
        run(&step);
        for (guint i = 0; i < LANES; i++) {
            if (lanes[i].busy && lanes[i].node.size == 0) {
                end_node(&step, &lanes[i], i);
                busy--;
            }
        }
    }
}

/* A message whose tree is being built: `count` values of the level reached lie at `values`. */
typedef struct {
    guint8 *values;
    gsize count;
} Tree;

static gsize count_chunks(gsize size)
{
    return size == 0 ? 1 : (size - 1) / CHUNK_SIZE + 1;
}

static gsize add_chunks(const DigestTask *task, const Tree *tree, Node *ret_nodes)
{
    for (gsize i = 0; i < tree->count; i++)
        ret_nodes[i] = (Node){
            .bytes = (const guint8 *)task->bytes + i * CHUNK_SIZE,
            .size = MIN(task->size - i * CHUNK_SIZE, CHUNK_SIZE),
            .counter = i,
            .first = CHUNK_START,
            .last = tree->count == 1 ? CHUNK_END | ROOT : CHUNK_END,
            .ret_value = tree->values + i * VALUE_SIZE,
        };
    return tree->count;
}

/* A parent takes the place of an earlier value: which is needed no more, since nodes begin in their order. */
static gsize add_parents(Tree *tree, Node *ret_nodes)
{
    gsize pairs = tree->count / 2;

    for (gsize i = 0; i < pairs; i++)
        ret_nodes[i] = (Node){
            .bytes = tree->values + 2 * i * VALUE_SIZE,
            .size = BLOCK_SIZE,
            .all = tree->count == 2 ? PARENT | ROOT : PARENT,
            .ret_value = tree->values + i * VALUE_SIZE,
        };
    return pairs;
}

/* What has no partner rises as it is, once the parents are written. */
static void raise_odd(Tree *tree)
{
    gsize pairs = tree->count / 2;

    if (pairs > 0 && tree->count % 2 == 1)
        memcpy(tree->values + pairs * VALUE_SIZE, tree->values + 2 * pairs * VALUE_SIZE, VALUE_SIZE);
    tree->count = (tree->count + 1) / 2;
}

void content_digest_many(const DigestTask *tasks, gsize n)
{
    g_autofree Tree *trees = g_new(Tree, n);
    gsize chunks = 0, nodes_count = 0;

    for (gsize i = 0; i < n; i++)
        chunks += trees[i].count = count_chunks(tasks[i].size);
    g_autofree guint8 *values = g_malloc(chunks * VALUE_SIZE);
    g_autofree Node *nodes = g_new(Node, chunks);

    chunks = 0;
    for (gsize i = 0; i < n; i++) {
        trees[i].values = values + chunks * VALUE_SIZE;
        chunks += add_chunks(&tasks[i], &trees[i], nodes + chunks);
    }
    hash_nodes(nodes, chunks);
    do {
        nodes_count = 0;
        for (gsize i = 0; i < n; i++)
            nodes_count += add_parents(&trees[i], nodes + nodes_count);
        hash_nodes(nodes, nodes_count);
        for (gsize i = 0; i < n; i++)
            raise_odd(&trees[i]);
    } while (nodes_count > 0);
    for (gsize i = 0; i < n; i++)
        memcpy(tasks[i].ret_digest->bytes, trees[i].values, VALUE_SIZE);
}

void content_digest(const void *bytes, gsize size, Digest *ret_digest)
{
    content_digest_many(&(DigestTask){bytes, size, ret_digest}, 1);
}
