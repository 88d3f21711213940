/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The SquashFS reader, on images that other tools made (they are the fuzzer's corpus), sound and damaged. */

#include "bundle/bundle.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

static const char *const images[] = {
    "mksquashfs-zstd", "mksquashfs-gzip", "mksquashfs-xz", "mksquashfs-lz4", "mksquashfs-plain", "tar2sqfs",
};

static char *image_path(const char *name)
{
    return g_test_build_filename(G_TEST_DIST, "fuzz", "corpus", "squash-reader", name, NULL);
}

static Bundle *open_image(const char *name)
{
    g_autofree char *path = image_path(name);
    g_autoptr(GError) error = NULL;
    Bundle *bundle = bundle_open(path, &error);

    g_assert_no_error(error);
    return bundle;
}

static gboolean append_path(const SquashNode *node, gpointer data, GError **error)
{
    g_string_append_printf(data, "/%s\n", node->path);
    return TRUE;
}

static void a_walk_is_in_canonical_order(void)
{
    static const char want[] = "/\n/bin\n/bin/a\n/bin/b\n/bin/hole\n/deep\n/deep/null\n/deep/er\n/deep/er/fifo\n"
                               "/etc\n/etc/hard\n/etc/link\n/etc/passwd\n";

    for (gsize i = 0; i < G_N_ELEMENTS(images); i++) {
        g_autoptr(Bundle) bundle = open_image(images[i]);
        g_autoptr(GString) paths = g_string_new(NULL);
        g_autoptr(GError) error = NULL;
        SquashWalk walk = {.visit = append_path, .data = paths, .depth = G_MAXUINT};

        g_assert_true(squash_reader_walk(bundle_image(bundle), "", &walk, &error));
        g_assert_cmpstr(paths->str, ==, want);
    }
}

static void a_walk_stops_at_its_depth(void)
{
    g_autoptr(Bundle) bundle = open_image(images[0]);
    g_autoptr(GString) paths = g_string_new(NULL);
    SquashWalk walk = {.visit = append_path, .data = paths, .depth = 1};

    g_assert_true(squash_reader_walk(bundle_image(bundle), "/deep/", &walk, NULL));
    g_assert_cmpstr(paths->str, ==, "/deep\n/deep/null\n/deep/er\n");
    g_string_truncate(paths, 0);
    walk.depth = 0;
    g_assert_true(squash_reader_walk(bundle_image(bundle), "deep//er/./fifo", &walk, NULL));
    g_assert_cmpstr(paths->str, ==, "/deep/er/fifo\n");
}

static gboolean check_node(const SquashNode *node, gpointer data, GError **error)
{
    g_autoptr(Xattrs) xattrs = NULL;

    g_assert_true(squash_reader_read_xattrs(data, node->xattrs, &xattrs, error));
    if (g_str_equal(node->path, "deep/null")) {
        g_assert_cmpint(node->type, ==, ENTRY_CHAR_DEVICE);
        g_assert_cmpuint(node->device_major, ==, 1);
        g_assert_cmpuint(node->device_minor, ==, 3);
    } else if (g_str_equal(node->path, "etc/link")) {
        g_assert_cmpstr(node->target, ==, "passwd");
    } else if (g_str_equal(node->path, "etc/passwd") || g_str_equal(node->path, "etc/hard")) {
        g_assert_cmpuint(node->n_links, ==, 2);
        g_assert_cmpuint(node->size, ==, 5);
    } else if (g_str_equal(node->path, "bin/hole")) {
        g_assert_cmpuint(node->size, ==, 20000);
    }
    if (g_str_equal(node->path, "bin/a") || g_str_equal(node->path, "bin/b")) {
        g_assert_cmpuint(xattrs_count(xattrs), ==, 1);
        g_assert_cmpstr(xattrs_get(xattrs, 0)->name, ==, "user.long");
        g_assert_cmpuint(xattrs_get(xattrs, 0)->size, ==, 200);
    }
    return TRUE;
}

static void inodes_say_what_was_packed(void)
{
    for (gsize i = 0; i < G_N_ELEMENTS(images); i++) {
        g_autoptr(Bundle) bundle = open_image(images[i]);
        SquashWalk walk = {.visit = check_node, .data = bundle_image(bundle), .depth = G_MAXUINT};

        g_assert_true(squash_reader_walk(bundle_image(bundle), "", &walk, NULL));
    }
}

static void files_are_loaded_by_path(void)
{
    g_autoptr(Bundle) bundle = open_image(images[0]);
    g_autoptr(GError) error = NULL;
    g_autoptr(GBytes) passwd = squash_reader_load(bundle_image(bundle), "/etc/passwd", 5, &error);

    g_assert_no_error(error);
    g_assert_cmpmem(g_bytes_get_data(passwd, NULL), g_bytes_get_size(passwd), "root\n", 5);
    g_assert_null(squash_reader_load(bundle_image(bundle), "/etc/passwd", 4, &error));
    g_assert_error(error, GOURD_ERROR, GOURD_ERROR_LIMIT);
    g_clear_error(&error);
    g_assert_null(squash_reader_load(bundle_image(bundle), "/etc/shadow", 5, &error));
    g_assert_error(error, GOURD_ERROR, GOURD_ERROR_NOT_FOUND);
    g_clear_error(&error);
    g_assert_null(squash_reader_load(bundle_image(bundle), "/etc", 5, &error));
    g_assert_error(error, GOURD_ERROR, GOURD_ERROR_NOT_FOUND);
}

static guint count_findings(Bundle *bundle, BundleVerifyMode mode, guint jobs)
{
    g_autoptr(GPtrArray) findings = g_ptr_array_new_with_free_func((GDestroyNotify)bundle_finding_free);
    g_autoptr(GError) error = NULL;
    BundleVerifyReport report;

    g_assert_true(bundle_verify(bundle, mode, jobs, NULL, NULL, findings, &report, &error));
    g_assert_no_error(error);
    return findings->len;
}

static void sound_images_have_no_findings(void)
{
    for (gsize i = 0; i < G_N_ELEMENTS(images); i++) {
        g_autoptr(Bundle) bundle = open_image(images[i]);

        g_assert_null(bundle_index(bundle));
        g_assert_cmpuint(count_findings(bundle, BUNDLE_VERIFY_QUICK, 1), ==, 0);
        g_assert_cmpuint(count_findings(bundle, BUNDLE_VERIFY_FULL, 3), ==, 0);
    }
    g_autoptr(Bundle) bundle = open_image("gourd");
    g_assert_nonnull(bundle_index(bundle));
    g_assert_cmpuint(count_findings(bundle, BUNDLE_VERIFY_FULL, 2), ==, 0);
}

/* Nothing may crash, hang or read what is not there: the sanitizers watch. */
static void no_flipped_bit_does_harm(void)
{
    static const char *const victims[] = {"mksquashfs-plain", "gourd"};

    for (gsize i = 0; i < G_N_ELEMENTS(victims); i++) {
        g_autofree char *path = image_path(victims[i]);
        g_autofree char *bytes = NULL;
        gsize size;

        g_assert_true(g_file_get_contents(path, &bytes, &size, NULL));
        autofd fd = memfd_create("image", MFD_CLOEXEC);
        g_assert_cmpint(write(fd, bytes, size), ==, (gssize)size);
        for (gsize at = 0; at < size; at += 13) {
            char flipped = (char)(bytes[at] ^ 1 << at % 8);

            g_assert_cmpint(pwrite(fd, &flipped, 1, (off_t)at), ==, 1);
            g_autoptr(Bundle) bundle = bundle_open_fd(fd, "image", NULL);
            if (bundle)
                count_findings(bundle, BUNDLE_VERIFY_FULL, 1);
            g_assert_cmpint(pwrite(fd, &bytes[at], 1, (off_t)at), ==, 1);
        }
    }
}

static void what_is_no_image_is_refused(void)
{
    autofd fd = memfd_create("junk", MFD_CLOEXEC);
    g_autoptr(GError) error = NULL;

    g_assert_null(bundle_open_fd(fd, "junk", &error));
    g_assert_error(error, GOURD_ERROR, GOURD_ERROR_INPUT);
    g_clear_error(&error);
    g_assert_cmpint(write(fd, "hsqs", 4), ==, 4);
    g_assert_null(bundle_open_fd(fd, "junk", &error));
    g_assert_error(error, GOURD_ERROR, GOURD_ERROR_INPUT);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
#define TEST(name) g_test_add_func("/squash/reader/" #name, name)
    TEST(a_walk_is_in_canonical_order);
    TEST(a_walk_stops_at_its_depth);
    TEST(inodes_say_what_was_packed);
    TEST(files_are_loaded_by_path);
    TEST(sound_images_have_no_findings);
    TEST(no_flipped_bit_does_harm);
    TEST(what_is_no_image_is_refused);
    return g_test_run();
}
