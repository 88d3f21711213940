/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The index: what the builder writes, the reader reads; what is broken, it refuses. */

#include "bundle/bundle.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define BLOCK_SIZE 4096u
#define SQUASHFS_SIZE 20000u
#define DATA_START 96u
#define ALIGNED_SIZE 20480u /* SQUASHFS_SIZE in pages */

static const IndexParameters parameters = {"zstd", 3, BLOCK_SIZE, "zstd 1.5.4", "0.1.0"};

static Digest digest_of_text(const char *text)
{
    Digest digest;

    content_digest(text, strlen(text), &digest);
    return digest;
}

static void assert_digests(const Digest *a, const Digest *b)
{
    g_assert_cmpmem(a->bytes, DIGEST_SIZE, b->bytes, DIGEST_SIZE);
}

static void add_blocks(IndexBuilder *builder)
{
    index_builder_add_block(builder, &(IndexBlock){4096, 4096, FALSE, BLOCK_OF_FILE, digest_of_text("block 0")});
    index_builder_add_block(builder, &(IndexBlock){100, 4096, TRUE, BLOCK_OF_FILE, digest_of_text("block 1")});
    index_builder_add_block(builder, &(IndexBlock){50, 700, TRUE, BLOCK_OF_FILE, digest_of_text("block 2")});
    index_builder_add_block(builder, &(IndexBlock){80, 1900, TRUE, BLOCK_OF_PACK, {{0}}});
    index_builder_add_block(builder, &(IndexBlock){4096, 4096, FALSE, BLOCK_OF_FILE, digest_of_text("block 4")});
}

/* Canonical order: files of a folder before its subfolders. */
static const IndexFile files[] = {
    {.path = "zero", .size = 0, .layer = 1, .entry = 1},
    {.path = "bin/big", .size = 2 * 4096 + 700, .first_block = 0, .n_blocks = 3, .layer = 2, .entry = 0},
    {.path = "bin/copy", .size = 2 * 4096 + 700, .first_block = 0, .n_blocks = 3, .layer = 1, .entry = 3},
    {.path = "etc/passwd", .size = 1000, .packed = TRUE, .pack = 3, .pack_offset = 0, .layer = 1, .entry = 4},
    {.path = "etc/x/y/deep",
     .size = 4096 + 900,
     .first_block = 4,
     .n_blocks = 1,
     .packed = TRUE,
     .pack = 3,
     .pack_offset = 1000,
     .layer = 2,
     .entry = 1},
    {.path = "etc/x/y/same", .size = 1000, .packed = TRUE, .pack = 3, .pack_offset = 0},
    {.path = "etc-2/sparse",
     .size = 4 * 4096,
     .first_block = 4,
     .n_blocks = 4,
     .sizes = (const guint32[]){0, 0, 4096, 0}},
};

static void add_files(IndexBuilder *builder)
{
    for (gsize i = 0; i < G_N_ELEMENTS(files); i++) {
        IndexFile file = files[i];

        file.piece = digest_of_text(file.path);
        index_builder_add_file(builder, &file);
    }
}

static void add_entry(IndexLayer *layer, guint64 number, EntryType type, const char *path, guint64 size,
                      const char *target)
{
    Entry entry = {.type = type,
                   .path = (char *)path,
                   .target = (char *)target,
                   .mode = 0644,
                   .uid = number > 2 ? 3000000000u : 0};

    entry.mtime = -5 + (gint64)number * 1000;
    entry.mtime_nsec = 999999999;
    entry.size = size;
    if (number == 0) {
        entry.xattrs = xattrs_new();
        xattrs_set(entry.xattrs, "security.capability", "\1\0\0\2", 4);
        xattrs_set(entry.xattrs, "user.empty", "", 0);
    }
    if (type == ENTRY_CHAR_DEVICE) {
        entry.device_major = 4095;
        entry.device_minor = 1048575;
    }
    g_assert_cmpuint(index_layer_add_entry(layer, &entry), ==, number);
    xattrs_unref(entry.xattrs);
}

static void add_layers(IndexBuilder *builder)
{
    g_autoptr(GError) error = NULL;
    Digest diff_id = digest_of_text("layer 1");
    IndexLayer *upper = index_builder_begin_layer(builder, 2, NULL, &error);
    g_assert_no_error(error);
    IndexLayer *lower = index_builder_begin_layer(builder, 1, &diff_id, &error);
    g_assert_no_error(error);

    add_entry(lower, 0, ENTRY_DIRECTORY, "./bin/", 0, NULL);
    add_entry(upper, 0, ENTRY_FILE, "bin/big", 2 * 4096 + 700, NULL);
    add_entry(lower, 1, ENTRY_FILE, "./zero", 0, NULL);
    add_entry(lower, 2, ENTRY_FILE, "./bin/big", 123456789, NULL);
    add_entry(upper, 1, ENTRY_FILE, "etc/x/y/deep", 4096 + 900, NULL);
    add_entry(lower, 3, ENTRY_FILE, "./bin/copy", 2 * 4096 + 700, NULL);
    add_entry(lower, 4, ENTRY_FILE, "./etc/passwd", 1000, NULL);
    add_entry(lower, 5, ENTRY_SYMLINK, "./etc/link", 0, "passwd");
    add_entry(upper, 2, ENTRY_FILE, "etc/.wh.link", 0, NULL);
    add_entry(upper, 3, ENTRY_CHAR_DEVICE, "dev/console", 0, NULL);
    add_entry(upper, 4, ENTRY_HARD_LINK, "etc/other", 0, "etc/passwd");
    index_layer_end(lower);
}

/* An image of zeros but for its first and last byte. */
static void add_tables(IndexBuilder *builder)
{
    g_autoptr(GError) error = NULL;
    autofd fd = memfd_create("image", MFD_CLOEXEC);

    g_assert_cmpint(fd, >=, 0);
    g_assert_cmpint(pwrite(fd, "h", 1, 0), ==, 1);
    g_assert_cmpint(pwrite(fd, "t", 1, SQUASHFS_SIZE - 1), ==, 1);
    g_assert_true(index_builder_add_tables(builder, fd, "image", SQUASHFS_SIZE, DATA_START, &error));
    g_assert_no_error(error);
}

static GBytes *build_trailer(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(IndexBuilder) builder = index_builder_new(&parameters, &error);
    g_autoptr(GBytes) metadata = g_bytes_new_static("{\"format\":1}", 12);
    GBytes *trailer = NULL;

    g_assert_no_error(error);
    add_blocks(builder);
    add_files(builder);
    add_layers(builder);
    add_tables(builder);
    g_assert_true(index_builder_finish(builder, SQUASHFS_SIZE, DATA_START, metadata, &trailer, &error));
    g_assert_no_error(error);
    return trailer;
}

/* Reads a trailer as if it lay behind an image of ALIGNED_SIZE bytes. */
static BundleIndex *parse_trailer(const guint8 *bytes, gsize size, GError **error)
{
    BundleFooter footer;

    if (size < BUNDLE_FOOTER_BYTES ||
        !bundle_footer_parse(bytes + size - BUNDLE_FOOTER_BYTES, ALIGNED_SIZE + size, &footer, error))
        return NULL;
    g_autoptr(GBytes) index = g_bytes_new(bytes, footer.index_size);
    return bundle_index_parse(index, &footer, error);
}

/* The test vector of docs/format.md: what version 2.0 wrote must be read for ever. */
static GBytes *load_vector(void)
{
    g_autofree char *path = g_test_build_filename(G_TEST_DIST, "golden", "index", "small.trailer", NULL);
    g_autoptr(GError) error = NULL;
    char *bytes;
    gsize size;

    g_file_get_contents(path, &bytes, &size, &error);
    g_assert_no_error(error);
    return g_bytes_new_take(bytes, size);
}

/* source: "built", what the builder makes now, or "vector". */
static BundleIndex *parse_source(gconstpointer source)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GBytes) trailer = strcmp(source, "vector") == 0 ? load_vector() : build_trailer();
    gsize size;
    const guint8 *bytes = g_bytes_get_data(trailer, &size);
    BundleIndex *index = parse_trailer(bytes, size, &error);

    g_assert_no_error(error);
    g_assert_cmpuint(size % 4096, ==, 0);
    return index;
}

static void facts_and_blocks_come_back(gconstpointer source)
{
    g_autoptr(BundleIndex) index = parse_source(source);
    const IndexFacts *facts = bundle_index_facts(index);
    Digest pieces[] = {digest_of_text("etc/passwd"), digest_of_text("etc/x/y/deep")}, digest;
    IndexBlock block;
    guint64 offset;

    g_assert_cmpstr(facts->compressor, ==, "zstd");
    g_assert_cmpstr(facts->encoder, ==, "zstd 1.5.4");
    g_assert_cmpstr(facts->gourd_version, ==, "0.1.0");
    g_assert_cmpint(facts->level, ==, 3);
    g_assert_cmpuint(facts->squashfs_size, ==, SQUASHFS_SIZE);
    g_assert_cmpuint(facts->data_end, ==, DATA_START + 4096 + 100 + 50 + 80 + 4096);
    g_assert_cmpuint(facts->n_blocks, ==, 5);
    g_assert_cmpuint(facts->n_files, ==, G_N_ELEMENTS(files));
    g_assert_cmpuint(facts->n_layers, ==, 2);
    bundle_index_get_block(index, 3, &block, &offset);
    g_assert_cmpuint(offset, ==, DATA_START + 4096 + 100 + 50);
    g_assert_cmpuint(block.stored_size, ==, 80);
    g_assert_cmpuint(block.raw_size, ==, 1900);
    g_assert_true(block.compressed);
    g_assert_cmpint(block.kind, ==, BLOCK_OF_PACK);
    digest_of_bytes(pieces, sizeof pieces, &digest);
    assert_digests(&block.digest, &digest);
    g_assert_cmpuint(g_bytes_get_size(bundle_index_metadata(index)), ==, 12);
}

static void files_come_back(gconstpointer source)
{
    g_autoptr(BundleIndex) index = parse_source(source);

    for (gsize i = 0; i < G_N_ELEMENTS(files); i++) {
        g_autofree char *path = bundle_index_get_path(index, i);
        guint64 found;
        IndexedFile file;

        bundle_index_get_file(index, i, &file);
        g_assert_cmpstr(path, ==, files[i].path);
        g_assert_cmpuint(file.size, ==, files[i].size);
        g_assert_cmpuint(file.n_blocks, ==, files[i].n_blocks);
        g_assert_cmpuint(file.first_block, ==, files[i].first_block);
        g_assert_cmpint(file.packed, ==, files[i].packed);
        g_assert_cmpuint(file.pack, ==, files[i].pack);
        g_assert_cmpuint(file.pack_offset, ==, files[i].pack_offset);
        g_assert_cmpuint(file.layer, ==, files[i].layer);
        g_assert_cmpuint(file.entry, ==, files[i].entry);
        g_assert_true(bundle_index_find_file(index, path, &found));
        g_assert_cmpuint(found, ==, i);
    }
    g_assert_false(bundle_index_find_file(index, "etc", &(guint64){0}));
    g_assert_false(bundle_index_find_file(index, "etc/passwd/", &(guint64){0}));
}

static void digests_follow_from_blocks(gconstpointer source)
{
    g_autoptr(BundleIndex) index = parse_source(source);
    Digest empty = digest_of_text(""), packed = digest_of_text("etc/passwd");
    static const char *const texts[] = {"block 0", "block 1", "block 2"};
    static const guint8 zeros[4096];
    Digest parts[4], want, got;

    bundle_index_get_digest(index, 0, &got);
    assert_digests(&got, &empty);
    for (gsize i = 0; i < 3; i++)
        parts[i] = digest_of_text(texts[i]);
    digest_of_bytes(parts, 3 * sizeof(Digest), &want);
    bundle_index_get_digest(index, 1, &got);
    assert_digests(&got, &want);
    bundle_index_get_digest(index, 3, &got);
    assert_digests(&got, &packed);

    parts[0] = digest_of_text("block 4");
    parts[1] = digest_of_text("etc/x/y/deep");
    digest_of_bytes(parts, 2 * sizeof(Digest), &want);
    bundle_index_get_digest(index, 4, &got);
    assert_digests(&got, &want);
    bundle_index_get_digest(index, 5, &got);
    assert_digests(&got, &packed);

    content_digest(zeros, sizeof zeros, &parts[0]);
    parts[1] = parts[3] = parts[0];
    parts[2] = digest_of_text("block 4");
    digest_of_bytes(parts, sizeof parts, &want);
    bundle_index_get_digest(index, 6, &got);
    assert_digests(&got, &want);
}

static void holes_come_back_as_runs(gconstpointer source)
{
    g_autoptr(BundleIndex) index = parse_source(source);
    BlockRuns runs;
    gboolean hole;
    guint64 count;

    block_runs_init(&runs, index, 6);
    g_assert_true(block_runs_next(&runs, &hole, &count) && hole && count == 2);
    g_assert_true(block_runs_next(&runs, &hole, &count) && !hole && count == 1);
    g_assert_true(block_runs_next(&runs, &hole, &count) && hole && count == 1);
    g_assert_false(block_runs_next(&runs, &hole, &count));
}

static void layers_come_back(gconstpointer source)
{
    g_autoptr(BundleIndex) index = parse_source(source);
    g_autoptr(GError) error = NULL;
    Digest want = digest_of_text("layer 1"), got;
    guint64 file;

    g_assert_true(bundle_index_get_diff_id(index, 1, &got));
    assert_digests(&got, &want);
    g_assert_false(bundle_index_get_diff_id(index, 2, &got));
    g_assert_cmpuint(bundle_index_count_entries(index, 1), ==, 6);

    g_autoptr(IndexLayerReader) lower = bundle_index_read_layer(index, 1, &error);
    const Entry *entry = index_layer_reader_next(lower, &file);
    g_assert_cmpstr(entry->path, ==, "./bin/");
    g_assert_cmpuint(file, ==, INDEX_NO_FILE);
    g_assert_cmpuint(xattrs_count(entry->xattrs), ==, 2);
    g_assert_cmpstr(xattrs_get(entry->xattrs, 0)->name, ==, "security.capability");
    g_assert_cmpmem(xattrs_get(entry->xattrs, 0)->value, xattrs_get(entry->xattrs, 0)->size, "\1\0\0\2", 4);
    g_assert_cmpint(entry->mtime, ==, -5);
    g_assert_cmpuint(entry->mtime_nsec, ==, 999999999);
    static const guint64 owners[] = {0, INDEX_NO_FILE, 2, 3, INDEX_NO_FILE};
    for (gsize i = 0; i < G_N_ELEMENTS(owners); i++) {
        entry = index_layer_reader_next(lower, &file);
        g_assert_cmpuint(file, ==, owners[i]);
        g_assert_cmpuint(entry->uid, ==, i + 1 > 2 ? 3000000000u : 0);
    }
    g_assert_cmpint(entry->type, ==, ENTRY_SYMLINK);
    g_assert_cmpstr(entry->target, ==, "passwd");
    g_assert_null(index_layer_reader_next(lower, &file));

    g_autoptr(IndexLayerReader) upper = bundle_index_read_layer(index, 2, &error);
    for (guint i = 0; i < 4; i++)
        entry = index_layer_reader_next(upper, &file);
    g_assert_cmpuint(entry->device_major, ==, 4095);
    g_assert_cmpuint(entry->device_minor, ==, 1048575);
    entry = index_layer_reader_next(upper, &file);
    g_assert_cmpint(entry->type, ==, ENTRY_HARD_LINK);
    g_assert_cmpstr(entry->target, ==, "etc/passwd");
}

static void digests_of_tables_come_back(gconstpointer source)
{
    g_autoptr(BundleIndex) index = parse_source(source);
    g_autofree guint8 *image = g_malloc0(SQUASHFS_SIZE);
    guint64 data_end = bundle_index_facts(index)->data_end;
    Digest before, behind, want;

    image[0] = 'h';
    image[SQUASHFS_SIZE - 1] = 't';
    g_assert_true(bundle_index_get_table_digests(index, &before, &behind));
    digest_of_bytes(image, DATA_START, &want);
    assert_digests(&before, &want);
    digest_of_bytes(image + data_end, SQUASHFS_SIZE - data_end, &want);
    assert_digests(&behind, &want);
}

static void every_changed_byte_is_noticed(void)
{
    g_autoptr(GBytes) trailer = build_trailer();
    gsize size;
    const guint8 *good = g_bytes_get_data(trailer, &size);
    guint64 index_size;

    memcpy(&index_size, good + 24, sizeof index_size);
    for (gsize i = 0; i < size; i++) {
        gboolean is_padding = i >= GUINT64_FROM_LE(index_size) && i < size - BUNDLE_FOOTER_BYTES;
        gboolean is_minor = i >= size - BUNDLE_FOOTER_BYTES + 8 && i < size - BUNDLE_FOOTER_BYTES + 12;
        g_autofree guint8 *bytes = g_memdup2(good, size);
        g_autoptr(GError) error = NULL;

        bytes[i] ^= 1;
        g_autoptr(BundleIndex) index = parse_trailer(bytes, size, &error);
        if (is_padding)
            g_assert_no_error(error);
        else
            g_assert_null(index);
        g_assert_true(is_minor || is_padding || error);
    }
}

static void every_cut_is_noticed(void)
{
    g_autoptr(GBytes) trailer = build_trailer();
    gsize size;
    const guint8 *good = g_bytes_get_data(trailer, &size);

    for (gsize cut = 0; cut < size; cut += 61) {
        g_autofree guint8 *bytes = g_memdup2(good, MAX(cut, 1));
        g_autoptr(GError) error = NULL;
        g_autoptr(BundleIndex) index = parse_trailer(bytes, cut, &error);

        g_assert_null(index);
    }
}

static void another_major_version_is_unsupported(void)
{
    g_autoptr(GBytes) trailer = build_trailer();
    g_autoptr(GError) error = NULL;
    gsize size;
    const guint8 *good = g_bytes_get_data(trailer, &size);
    g_autofree guint8 *bytes = g_memdup2(good, size);
    BundleFooter footer;

    bytes[size - BUNDLE_FOOTER_BYTES + 8] = 1;
    g_assert_false(bundle_footer_parse(bytes + size - BUNDLE_FOOTER_BYTES, ALIGNED_SIZE + size, &footer, &error));
    g_assert_error(error, GOURD_ERROR, GOURD_ERROR_UNSUPPORTED);
}

/* GOURD_WRITE_GOLDEN=1 writes the vector anew: only for a new major version. */
static void the_same_input_makes_the_same_bytes(void)
{
    g_autofree char *path = g_test_build_filename(G_TEST_DIST, "golden", "index", "small.trailer", NULL);
    g_autoptr(GBytes) first = build_trailer(), second = build_trailer();

    if (g_getenv("GOURD_WRITE_GOLDEN"))
        g_assert_true(g_file_set_contents(path, g_bytes_get_data(first, NULL), (gssize)g_bytes_get_size(first), NULL));
    g_assert_true(g_bytes_equal(first, second));
}

static void canonical_order_puts_files_before_folders(void)
{
    static const char *const paths[] = {"zero", "bin/big", "bin/copy", "etc/passwd", "etc/x/y/deep", "etc-2/sparse"};

    for (gsize i = 0; i < G_N_ELEMENTS(paths); i++) {
        for (gsize j = 0; j < G_N_ELEMENTS(paths); j++) {
            int order = canonical_compare(paths[i], paths[j]);

            g_assert_cmpint((order > 0) - (order < 0), ==, (i > j) - (i < j));
        }
    }
}

static void many_files_make_many_chunks(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(IndexBuilder) builder = index_builder_new(&parameters, &error);
    g_autoptr(GBytes) trailer = NULL;
    const guint64 n_files = 200000;
    gsize size;

    for (guint64 i = 0; i < n_files; i++) {
        g_autofree char *path = g_strdup_printf("folder-%04" G_GINT64_MODIFIER "u/file-%06" G_GINT64_MODIFIER "u",
                                                i / 100, i);

        index_builder_add_file(builder, &(IndexFile){.path = path});
    }
    g_assert_true(index_builder_finish(builder, SQUASHFS_SIZE, DATA_START, NULL, &trailer, &error));
    const guint8 *bytes = g_bytes_get_data(trailer, &size);
    g_autoptr(BundleIndex) index = parse_trailer(bytes, size, &error);
    g_assert_no_error(error);
    g_assert_cmpuint(size, <, 1 << 20);
    g_autofree char *last = bundle_index_get_path(index, n_files - 1);
    g_assert_cmpstr(last, ==, "folder-1999/file-199999");
    g_assert_null(bundle_index_metadata(index));
}

static BundleIndex *parse_packed(const IndexFile *packed, gsize n, GError **error)
{
    g_autoptr(IndexBuilder) builder = index_builder_new(&parameters, error);
    g_autoptr(GBytes) trailer = NULL;
    gsize size;

    for (guint i = 0; i < 2; i++)
        index_builder_add_block(builder, &(IndexBlock){80, 1900, TRUE, BLOCK_OF_PACK, {{0}}});
    for (gsize i = 0; i < n; i++)
        index_builder_add_file(builder, &packed[i]);
    g_assert_true(index_builder_finish(builder, SQUASHFS_SIZE, DATA_START, NULL, &trailer, error));
    const guint8 *bytes = g_bytes_get_data(trailer, &size);
    return parse_trailer(bytes, size, error);
}

static void pieces_must_fill_all_packs(void)
{
    static const IndexFile good[] = {
        {.path = "a", .size = 1900, .packed = TRUE, .pack = 0},
        {.path = "b", .size = 1000, .packed = TRUE, .pack = 1},
        {.path = "c", .size = 1900, .packed = TRUE, .pack = 0},
        {.path = "d", .size = 900, .packed = TRUE, .pack = 1, .pack_offset = 1000},
    };

    for (gsize skipped = 0; skipped <= G_N_ELEMENTS(good); skipped++) { /* one is left out, or none */
        g_autoptr(GError) error = NULL;
        IndexFile files_left[G_N_ELEMENTS(good)];
        gsize n = 0;

        if (skipped == 1) /* the builder itself does not make such */
            continue;
        for (gsize i = 0; i < G_N_ELEMENTS(good); i++)
            if (i != skipped)
                files_left[n++] = good[i];
        if (skipped == 0)
            n = 1; /* only b: the first pack has nothing */
        g_autoptr(BundleIndex) index = parse_packed(files_left, n, &error);
        if (skipped == 2 || skipped == 4)
            g_assert_no_error(error);
        else
            g_assert_error(error, GOURD_ERROR, GOURD_ERROR_INPUT);
    }
}

static void a_repeated_piece_is_all_of_an_earlier_one(void)
{
    IndexFile packed[] = {
        {.path = "a", .size = 1900, .packed = TRUE, .pack = 0},
        {.path = "b", .size = 1900, .packed = TRUE, .pack = 1},
        {.path = "c", .size = 1899, .packed = TRUE, .pack = 0},
    };
    g_autoptr(GError) error = NULL;

    g_assert_null(parse_packed(packed, 3, &error));
    g_assert_error(error, GOURD_ERROR, GOURD_ERROR_INPUT);
    g_clear_error(&error);
    packed[2].pack_offset = 1;
    g_assert_null(parse_packed(packed, 3, &error));
    g_assert_error(error, GOURD_ERROR, GOURD_ERROR_INPUT);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
#define TEST(name) g_test_add_func("/bundle/index/" #name, name)
#define TEST_BOTH(name)                                                \
    g_test_add_data_func("/bundle/index/built/" #name, "built", name); \
    g_test_add_data_func("/bundle/index/vector/" #name, "vector", name)
    TEST_BOTH(facts_and_blocks_come_back);
    TEST_BOTH(files_come_back);
    TEST_BOTH(digests_follow_from_blocks);
    TEST_BOTH(holes_come_back_as_runs);
    TEST_BOTH(layers_come_back);
    TEST_BOTH(digests_of_tables_come_back);
    TEST(every_changed_byte_is_noticed);
    TEST(every_cut_is_noticed);
    TEST(another_major_version_is_unsupported);
    TEST(the_same_input_makes_the_same_bytes);
    TEST(canonical_order_puts_files_before_folders);
    TEST(many_files_make_many_chunks);
    TEST(pieces_must_fill_all_packs);
    TEST(a_repeated_piece_is_all_of_an_earlier_one);
    return g_test_run();
}
