/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* BLAKE3: the official test vectors, and whatever its many lanes do compared with one block at a time. */

#include "base/base.h"

#include <string.h>

#define CHUNK 1024u
#define LONGEST (40u * CHUNK)

/* From the vectors of the BLAKE3 project: of bytes that count from 0 to 250 again and again. */
static const struct {
    gsize size;
    const char *digest;
} vectors[] = {
    {0, "af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262"},
    {1, "2d3adedff11b61f14c886e35afa036736dcd87a74d27b5c1510225d0f592e213"},
    {1023, "10108970eeda3eb932baac1428c7a2163b0e924c9a9e25b35bba72b28f70bd11"},
    {1024, "42214739f095a406f3fc83deb889744ac00df831c10daa55189b5d121c855af7"},
    {1025, "d00278ae47eb27b34faecf67b4fe263f82d5412916c1ffd97c8cb7fb814b8444"},
    {2048, "e776b6028c7cd22a4d0ba182a8bf62205d2ef576467e838ed6f2529b85fba24a"},
    {2049, "5f4d72f40d7a5f82b15ca2b2e44b1de3c2ef86c426c95c1af0b6879522563030"},
    {3072, "b98cb0ff3623be03326b373de6b9095218513e64f1ee2edd2525c7ad1e5cffd2"},
    {3073, "7124b49501012f81cc7f11ca069ec9226cecb8a2c850cfe644e327d22d3e1cd3"},
    {4096, "015094013f57a5277b59d8475c0501042c0b642e531b0a1c8f58d2163229e969"},
    {4097, "9b4052b38f1c5fc8b1f9ff7ac7b27cd242487b3d890d15c96a1c25b8aa0fb995"},
    {5121, "628bd2cb2004694adaab7bbd778a25df25c47b9d4155a55f8fbd79f2fe154cff"},
    {6145, "f1323a8631446cc50536a9f705ee5cb619424d46887f3c376c695b70e0f0507f"},
    {7169, "a003fc7a51754a9b3c7fae0367ab3d782dccf28855a03d435f8cfe74605e7817"},
};

static guint8 *counting_bytes(gsize size)
{
    guint8 *bytes = g_malloc(size);

    for (gsize i = 0; i < size; i++)
        bytes[i] = (guint8)(i % 251);
    return bytes;
}

/* --- the plain reference ------------------------------------------------------------------------------------------ */

static const guint32 initial[8] = {
    0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
};

static guint32 rotate(guint32 x, guint n)
{
    return x >> n | x << (32 - n);
}

static void mix(guint32 *v, guint a, guint b, guint c, guint d, guint32 x, guint32 y)
{
    v[a] += v[b] + x;
    v[d] = rotate(v[d] ^ v[a], 16);
    v[c] += v[d];
    v[b] = rotate(v[b] ^ v[c], 12);
    v[a] += v[b] + y;
    v[d] = rotate(v[d] ^ v[a], 8);
    v[c] += v[d];
    v[b] = rotate(v[b] ^ v[c], 7);
}

static void compress(guint32 value[8], const guint8 *bytes, guint32 size, guint64 counter, guint32 flags)
{
    static const guint8 order[16] = {2, 6, 3, 10, 7, 0, 4, 13, 1, 11, 12, 5, 9, 14, 15, 8};
    guint32 m[16] = {0}, next[16], v[16];

    memcpy(m, bytes, size);
    memcpy(v, value, 32);
    memcpy(v + 8, initial, 16);
    v[12] = (guint32)counter;
    v[13] = (guint32)(counter >> 32);
    v[14] = size;
    v[15] = flags;
    for (guint i = 0; i < 16; i++)
        m[i] = GUINT32_FROM_LE(m[i]);
    for (guint round = 0; round < 7; round++) {
        for (guint i = 0; i < 4; i++)
            mix(v, i, 4 + i, 8 + i, 12 + i, m[2 * i], m[2 * i + 1]);
        for (guint i = 0; i < 4; i++)
            mix(v, i, 4 + (i + 1) % 4, 8 + (i + 2) % 4, 12 + (i + 3) % 4, m[8 + 2 * i], m[9 + 2 * i]);
        for (guint i = 0; i < 16; i++)
            next[i] = m[order[i]];
        memcpy(m, next, sizeof m);
    }
    for (guint i = 0; i < 8; i++)
        value[i] = v[i] ^ v[i + 8];
}

static void to_bytes(const guint32 value[8], guint8 *ret_bytes)
{
    for (guint i = 0; i < 8; i++) {
        guint32 word = GUINT32_TO_LE(value[i]);

        memcpy(ret_bytes + 4 * i, &word, 4);
    }
}

/* The tree as the paper has it: the left half is the largest power of two of chunks that leaves something to the right. */
static void reference(const guint8 *bytes, gsize size, guint64 counter, guint32 root, guint8 *ret_bytes)
{
    guint32 value[8];
    guint8 children[64];
    gsize left = CHUNK, done = 0;

    memcpy(value, initial, sizeof value);
    if (size <= CHUNK) {
        do {
            guint32 part = (guint32)MIN(size - done, 64), flags = done == 0 ? 1 : 0;

            flags |= done + part == size ? 2 | root : 0;
            compress(value, bytes + done, part, counter, flags);
            done += part;
        } while (done < size);
    } else {
        while (2 * left < size)
            left *= 2;
        reference(bytes, left, counter, 0, children);
        reference(bytes + left, size - left, counter + left / CHUNK, 0, children + 32);
        compress(value, children, 64, 0, 4 | root);
    }
    to_bytes(value, ret_bytes);
}

/* --- tests -------------------------------------------------------------------------------------------------------- */

static void the_official_vectors_hold(void)
{
    g_autofree guint8 *bytes = counting_bytes(8192);

    for (gsize i = 0; i < G_N_ELEMENTS(vectors); i++) {
        Digest digest;

        content_digest(bytes, vectors[i].size, &digest);
        g_autofree char *text = digest_to_text(&digest);
        g_assert_cmpstr(strchr(text, ':') + 1, ==, vectors[i].digest);
    }
}

static void all_sizes_are_as_in_the_reference(void)
{
    g_autofree guint8 *bytes = counting_bytes(LONGEST);

    for (gsize size = 0; size <= LONGEST; size += size < 3 * CHUNK ? 1 : 509) {
        Digest got, want;

        reference(bytes, size, 0, 8, want.bytes);
        content_digest(bytes, size, &got);
        g_assert_cmpmem(got.bytes, DIGEST_SIZE, want.bytes, DIGEST_SIZE);
    }
}

static void pieces_side_by_side_do_not_disturb_each_other(void)
{
    g_autofree guint8 *bytes = counting_bytes(LONGEST);
    g_autoptr(GRand) random = g_rand_new_with_seed(1);

    for (guint turn = 0; turn < 200; turn++) {
        DigestTask tasks[40];
        Digest got[40], want;
        guint n = (guint)g_rand_int_range(random, 0, 41);

        for (guint i = 0; i < n; i++) {
            gsize size = (gsize)g_rand_int_range(random, 0, turn % 2 ? 300 : 9 * CHUNK);

            tasks[i] = (DigestTask){bytes + g_rand_int_range(random, 0, (gint32)(LONGEST - size)), size, &got[i]};
        }
        content_digest_many(tasks, n);
        for (guint i = 0; i < n; i++) {
            reference(tasks[i].bytes, tasks[i].size, 0, 8, want.bytes);
            g_assert_cmpmem(got[i].bytes, DIGEST_SIZE, want.bytes, DIGEST_SIZE);
        }
    }
}

static void narrower_vectors_do_the_same(void)
{
    content_digest_allow(DIGEST_VECTORS_AVX2);
    pieces_side_by_side_do_not_disturb_each_other();
    content_digest_allow(DIGEST_VECTORS_PLAIN);
    pieces_side_by_side_do_not_disturb_each_other();
    content_digest_allow(DIGEST_VECTORS_AVX512);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/content-digest/the_official_vectors_hold", the_official_vectors_hold);
    g_test_add_func("/content-digest/all_sizes_are_as_in_the_reference", all_sizes_are_as_in_the_reference);
    g_test_add_func("/content-digest/pieces_side_by_side_do_not_disturb_each_other",
                    pieces_side_by_side_do_not_disturb_each_other);
    g_test_add_func("/content-digest/narrower_vectors_do_the_same", narrower_vectors_do_the_same);
    return g_test_run();
}
