// SPDX-License-Identifier: LGPL-2.1-or-later
/* Sparse files in all four formats that GNU tar has had. A hole is shown as [N]. */

#include "tar-fixture.h"

/* Adds a sparse file whose pax records are "KEY VALUE KEY VALUE …"; data are what stands in the archive. */
static void add_pax_sparse(GByteArray *tar, const char *records, const void *data, gsize size)
{
    g_autoptr(GByteArray) bytes = g_byte_array_new();
    g_auto(GStrv) words = g_strsplit(records, " ", -1);

    for (guint i = 0; words[i] && words[i + 1]; i += 2)
        pax_add(bytes, words[i], words[i + 1], strlen(words[i + 1]));
    TAR_ADD(tar, .name = "x", .type = 'x', .data = bytes->data, .data_size = bytes->len);
    TAR_ADD(tar, .name = "GNUSparseFile.1/a", .data = data, .data_size = size);
}

static void format_0_0_is_read(void)
{
    g_autoptr(GByteArray) tar = g_byte_array_new();

    add_pax_sparse(tar,
                   "GNU.sparse.size 20 GNU.sparse.numblocks 2 GNU.sparse.offset 2 GNU.sparse.numbytes 3 "
                   "GNU.sparse.offset 10 GNU.sparse.numbytes 4",
                   "abcdefg", 7);
    TAR_ADD(tar, .name = "b");
    expect_tar(tar, "f GNUSparseFile.1/a 644 0:0 @0 [2] \"abc\" [5] \"defg\" [6]\nf b 644 0:0 @0\n");
}

static void format_0_1_is_read(void)
{
    g_autoptr(GByteArray) tar = g_byte_array_new();

    add_pax_sparse(tar, "GNU.sparse.size 8 GNU.sparse.numblocks 2 GNU.sparse.name real GNU.sparse.map 0,3,5,3",
                   "abcdef", 6);
    TAR_ADD(tar, .name = "b");
    expect_tar(tar, "f real 644 0:0 @0 \"abc\" [2] \"def\"\nf b 644 0:0 @0\n");
}

static void format_1_0_is_read(void)
{
    g_autoptr(GByteArray) tar = g_byte_array_new(), data = g_byte_array_new();

    g_byte_array_append(data, (const guint8 *)"2\n1\n2\n6\n1\n", 10);
    tar_pad(data);
    g_byte_array_append(data, (const guint8 *)"abc", 3);
    add_pax_sparse(tar, "GNU.sparse.major 1 GNU.sparse.minor 0 GNU.sparse.name real GNU.sparse.realsize 9", data->data,
                   data->len);
    TAR_ADD(tar, .name = "b");
    expect_tar(tar, "f real 644 0:0 @0 [1] \"ab\" [3] \"c\" [2]\nf b 644 0:0 @0\n");
}

/* GNU tar writes a last segment of no bytes where a file ends in a hole. */
static void a_file_of_one_hole_is_read(void)
{
    g_autoptr(GByteArray) tar = g_byte_array_new(), data = g_byte_array_new();

    g_byte_array_append(data, (const guint8 *)"1\n5000000000\n0\n", 15);
    tar_pad(data);
    add_pax_sparse(tar, "GNU.sparse.major 1 GNU.sparse.minor 0 GNU.sparse.name real GNU.sparse.realsize 5000000000",
                   data->data, data->len);
    expect_tar(tar, "f real 644 0:0 @0 [5000000000]\n");
}

static void a_map_that_fills_several_blocks_is_read(void)
{
    g_autoptr(GByteArray) tar = g_byte_array_new(), data = g_byte_array_new();
    g_autoptr(GString) map = g_string_new("300\n"), want = g_string_new("f real 644 0:0 @0");

    for (guint i = 0; i < 300; i++) {
        g_string_append_printf(map, "%u\n1\n", 2 * i + 1);
        g_string_append(want, " [1] \"x\"");
    }
    g_string_append_c(want, '\n');
    g_byte_array_append(data, (const guint8 *)map->str, (guint)map->len);
    tar_pad(data);
    for (guint i = 0; i < 300; i++)
        g_byte_array_append(data, (const guint8 *)"x", 1);
    add_pax_sparse(tar, "GNU.sparse.major 1 GNU.sparse.minor 0 GNU.sparse.name real GNU.sparse.realsize 600",
                   data->data, data->len);
    expect_tar(tar, want->str);
}

/* --- the old GNU format -------------------------------------------------------------------------------------------- */

static void append_pair(GString *map, guint64 offset, guint64 length)
{
    g_string_append_printf(map, "%011" G_GINT64_MODIFIER "o", offset);
    g_string_append_c(map, '\0');
    g_string_append_printf(map, "%011" G_GINT64_MODIFIER "o", length);
    g_string_append_c(map, '\0');
}

static void append_zeros(GString *map, gsize length)
{
    while (map->len < length)
        g_string_append_c(map, '\0');
}

static void the_old_gnu_format_is_read(void)
{
    g_autoptr(GByteArray) tar = g_byte_array_new();
    g_autoptr(GString) map = g_string_new(NULL);

    append_pair(map, 512, 3);
    append_pair(map, 1024, 0);
    append_zeros(map, 97);
    g_string_append(map, "00000002000");
    TAR_ADD(tar, .name = "a", .type = 'S', .magic = MAGIC_GNU, .data = "abc", .sparse = map->str,
            .sparse_size = map->len);
    TAR_ADD(tar, .name = "b", .magic = MAGIC_GNU);
    expect_tar(tar, "f a 644 0:0 @0 [512] \"abc\" [509]\nf b 644 0:0 @0\n");
}

static void the_old_gnu_format_with_further_blocks_is_read(void)
{
    g_autoptr(GByteArray) tar = g_byte_array_new();
    g_autoptr(GString) map = g_string_new(NULL), more = g_string_new(NULL);
    g_autoptr(GString) want = g_string_new("f a 644 0:0 @0");

    for (guint i = 0; i < 4; i++)
        append_pair(map, 2 * i + 1, 1);
    g_string_append_c(map, 1);
    g_string_append(map, "00000000062"); /* 50 bytes */
    for (guint i = 4; i < 25; i++)
        append_pair(more, 2 * i + 1, 1);
    append_zeros(more, TAR_BLOCK_SIZE);
    for (guint i = 0; i < 25; i++)
        g_string_append(want, " [1] \"x\"");
    g_string_append(want, "\nf b 644 0:0 @0\n");
    TAR_ADD(tar, .name = "a", .type = 'S', .magic = MAGIC_GNU, .size = "00000000031", .sparse = map->str,
            .sparse_size = map->len);
    g_byte_array_append(tar, (const guint8 *)more->str, (guint)more->len);
    g_byte_array_append(tar, (const guint8 *)"xxxxxxxxxxxxxxxxxxxxxxxxx", 25);
    tar_pad(tar);
    TAR_ADD(tar, .name = "b", .magic = MAGIC_GNU);
    expect_tar(tar, want->str);
}

/* --- broken maps --------------------------------------------------------------------------------------------------- */

typedef struct {
    const char *name;
    const char *records;
    const char *data;
    const char *want;
} BrokenCase;

static const BrokenCase broken_cases[] = {
    {"segments_that_overlap", "GNU.sparse.size 9 GNU.sparse.map 0,3,2,1", "abcd",
     "error: entry 1: pax header: GNU.sparse.map: sparse map: segments overlap or are out of order"},
    {"segments_out_of_order", "GNU.sparse.size 9 GNU.sparse.map 5,1,0,1", "ab",
     "error: entry 1: pax header: GNU.sparse.map: sparse map: segments overlap or are out of order"},
    {"a_segment_behind_the_end", "GNU.sparse.size 4 GNU.sparse.map 3,2", "ab",
     "error: entry 'GNUSparseFile.1/a': sparse map: a segment lies behind the end of the file"},
    {"too_little_data", "GNU.sparse.size 9 GNU.sparse.map 0,5", "abcd",
     "error: entry 'GNUSparseFile.1/a': sparse map: segments of 5 bytes, but 4 bytes of data"},
    {"too_much_data", "GNU.sparse.size 9 GNU.sparse.map 0,3", "abcd",
     "error: entry 'GNUSparseFile.1/a': sparse map: segments of 3 bytes, but 4 bytes of data"},
    {"half_a_pair", "GNU.sparse.size 9 GNU.sparse.map 0,3,5", "abcd",
     "error: entry 1: pax header: GNU.sparse.map: sparse map: not pairs of decimal numbers"},
    {"no_numbers", "GNU.sparse.size 9 GNU.sparse.map 0x1,3", "abc",
     "error: entry 1: pax header: GNU.sparse.map: sparse map: not pairs of decimal numbers"},
    {"an_offset_and_length_that_wrap_around",
     "GNU.sparse.size 9 GNU.sparse.map 9223372036854775807,9223372036854775807", "abc",
     "error: entry 1: pax header: GNU.sparse.map: sparse map: segments overlap or are out of order"},
    {"a_length_without_an_offset", "GNU.sparse.size 9 GNU.sparse.numbytes 3", "abc",
     "error: entry 1: pax header: GNU.sparse.numbytes: '3' makes no sense"},
    {"a_1_0_map_of_letters", "GNU.sparse.major 1 GNU.sparse.realsize 9", "many\n",
     "error: entry 'GNUSparseFile.1/a': sparse map: not lines of decimal numbers"},
    {"a_1_0_map_longer_than_the_entry", "GNU.sparse.major 1 GNU.sparse.realsize 9", "99\n",
     "error: entry 'GNUSparseFile.1/a': sparse map: not lines of decimal numbers"},
};

static void check_broken(gconstpointer data)
{
    const BrokenCase *test = data;
    g_autoptr(GByteArray) tar = g_byte_array_new(), bytes = g_byte_array_new();
    g_autofree char *want = g_strconcat(test->want, "\n", NULL);

    g_byte_array_append(bytes, (const guint8 *)test->data, (guint)strlen(test->data));
    if (strstr(test->records, "major 1"))
        tar_pad(bytes);
    add_pax_sparse(tar, test->records, bytes->data, bytes->len);
    expect_tar(tar, want);
}

static void a_1_0_map_that_is_not_there_is_an_error(void)
{
    g_autoptr(GByteArray) tar = g_byte_array_new();

    add_pax_sparse(tar, "GNU.sparse.major 1 GNU.sparse.realsize 9", NULL, 0);
    expect_tar(tar, "error: entry 'GNUSparseFile.1/a': sparse map: longer than the entry\n");
}

/* The hole is as large as the limit lets it; it costs nothing to read. */
static void a_sparse_bomb_is_stopped_by_its_size(void)
{
    g_autoptr(GByteArray) tar = g_byte_array_new();

    add_pax_sparse(tar, "GNU.sparse.size 9223372036854775807 GNU.sparse.map 0,1", "a", 1);
    expect_tar(tar, "error: entry 'GNUSparseFile.1/a': the files of the layer exceed 68719476736 bytes (limit "
                    "unpacked-size)\n");
}

#define ADD(name) g_test_add_func("/sparse/" #name, name)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (gsize i = 0; i < G_N_ELEMENTS(broken_cases); i++) {
        g_autofree char *path = g_strconcat("/sparse/refused/", broken_cases[i].name, NULL);

        g_test_add_data_func(path, &broken_cases[i], check_broken);
    }
    ADD(format_0_0_is_read);
    ADD(format_0_1_is_read);
    ADD(format_1_0_is_read);
    ADD(a_file_of_one_hole_is_read);
    ADD(a_map_that_fills_several_blocks_is_read);
    ADD(the_old_gnu_format_is_read);
    ADD(the_old_gnu_format_with_further_blocks_is_read);
    ADD(a_1_0_map_that_is_not_there_is_an_error);
    ADD(a_sparse_bomb_is_stopped_by_its_size);
    return g_test_run();
}
