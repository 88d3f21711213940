// SPDX-License-Identifier: LGPL-2.1-or-later
#include "image-fixture.h"
#include "image/archive.h"
#include "image/name.h"

static Archive *list(const GByteArray *tar)
{
    g_autoptr(GError) error = NULL;
    Archive *archive = archive_new_memory(tar->data, tar->len, &error);

    g_assert_no_error(error);
    return archive;
}

static void assert_found(const Archive *archive, const GByteArray *tar, const char *path, const char *content)
{
    g_autoptr(GError) error = NULL;
    guint64 offset, size;

    g_assert_true(archive_find(archive, path, &offset, &size, &error));
    g_assert_cmpmem(tar->data + offset, size, content, strlen(content));
}

static void members_are_found_by_any_spelling(Fixture *fixture, gconstpointer data)
{
    g_autoptr(GByteArray) tar = g_byte_array_new();

    tar_add(tar, "./", '5', NULL, NULL, 0);
    tar_add(tar, "./a/", '5', NULL, NULL, 0);
    tar_add(tar, "./a//b", '0', NULL, "one", 3);
    tar_add(tar, "/c/../d", '0', NULL, "two", 3);
    tar_add(tar, "../out", '0', NULL, "never", 5);
    tar_add(tar, "empty", '0', NULL, NULL, 0);
    tar_end(tar);
    g_autoptr(Archive) archive = list(tar);
    assert_found(archive, tar, "a/b", "one");
    assert_found(archive, tar, "a/./b", "one");
    assert_found(archive, tar, "d", "two");
    assert_found(archive, tar, "empty", "");
    g_assert_true(archive_has(archive, "a"));
    g_assert_false(archive_has(archive, "out"));
}

static void long_names_and_pax_records_count(Fixture *fixture, gconstpointer data)
{
    g_autofree char *long_name = g_strnfill(150, 'n'), *pax_name = g_strnfill(150, 'p');
    g_autofree char *path_record = g_strdup_printf("160 path=%s\n", pax_name);
    g_autoptr(GByteArray) tar = g_byte_array_new();

    tar_add(tar, "pax_global_header", 'g', NULL, "19 comment=nothing\n", 19);
    tar_add(tar, "././@LongLink", 'L', NULL, long_name, 151);
    tar_add(tar, "short", '0', NULL, "gnu", 3);
    g_assert_cmpuint(strlen(path_record), ==, 160);
    tar_add(tar, "x", 'x', NULL, path_record, 160);
    tar_add(tar, "short2", '0', NULL, "pax", 3);
    tar_add(tar, "x", 'x', NULL, "10 size=4\n", 10);
    tar_add(tar, "sized", '0', NULL, "four", 4);
    tar_add(tar, "././@LongLink", 'K', NULL, long_name, 151);
    tar_add(tar, "link", '2', "short", NULL, 0);
    tar_end(tar);
    g_autoptr(Archive) archive = list(tar);
    assert_found(archive, tar, long_name, "gnu");
    assert_found(archive, tar, pax_name, "pax");
    assert_found(archive, tar, "sized", "four");
    assert_found(archive, tar, "link", "gnu");
}

static void broken_archives_are_errors(Fixture *fixture, gconstpointer data)
{
    g_autoptr(GByteArray) tar = g_byte_array_new();
    g_autoptr(GError) error = NULL;

    tar_add(tar, "a", '0', NULL, "x", 1);
    tar->data[0] = 'b';
    g_assert_null(archive_new_memory(tar->data, tar->len, &error));
    g_assert_error(error, GOURD_ERROR, GOURD_ERROR_INPUT);
    g_assert_nonnull(strstr(error->message, "member at byte 0"));
    g_clear_error(&error);
    tar->data[0] = 'a';
    g_assert_null(archive_new_memory(tar->data, 511, &error));
    g_assert_error(error, GOURD_ERROR, GOURD_ERROR_INPUT);
    g_assert_nonnull(strstr(error->message, "truncated"));
}

static ArchiveContent guess(const char *first, const char *second)
{
    g_autoptr(GByteArray) tar = g_byte_array_new();

    tar_add(tar, first, '0', NULL, "x", 1);
    if (second)
        tar_add(tar, second, '0', NULL, "x", 1);
    return archive_content_guess(tar->data, tar->len);
}

static void first_members_tell_what_an_archive_holds(Fixture *fixture, gconstpointer data)
{
    g_assert_cmpint(guess("./bin/sh", NULL), ==, ARCHIVE_CONTENT_ROOTFS);
    g_assert_cmpint(guess(".dockerenv", NULL), ==, ARCHIVE_CONTENT_ROOTFS);
    g_assert_cmpint(guess("manifest.json", NULL), ==, ARCHIVE_CONTENT_IMAGES);
    g_assert_cmpint(guess("oci-layout", NULL), ==, ARCHIVE_CONTENT_IMAGES);
    g_assert_cmpint(guess("blobs/sha256/00", "manifest.json"), ==, ARCHIVE_CONTENT_IMAGES);
    g_assert_cmpint(guess("app/main", "binary"), ==, ARCHIVE_CONTENT_UNKNOWN);
    g_assert_cmpint(archive_content_guess((const guint8 *)"", 0), ==, ARCHIVE_CONTENT_NO_TAR);
    static const guint8 zeros[1024];
    g_assert_cmpint(archive_content_guess(zeros, sizeof zeros), ==, ARCHIVE_CONTENT_UNKNOWN);
}

static void names_match_in_short_and_full_form(Fixture *fixture, gconstpointer data)
{
    g_assert_cmpint(image_name_match("nginx", "docker.io/library/nginx:latest"), ==, NAME_MATCH_FULL);
    g_assert_cmpint(image_name_match("docker.io/library/nginx:1", "nginx:1"), ==, NAME_MATCH_FULL);
    g_assert_cmpint(image_name_match("web:1", "localhost/web:1"), ==, NAME_MATCH_FULL);
    g_assert_cmpint(image_name_match("1.0", "1.0"), ==, NAME_MATCH_FULL);
    g_assert_cmpint(image_name_match("1.0", "web:1.0"), ==, NAME_MATCH_TAG);
    g_assert_cmpint(image_name_match("a:5000/web", "a:5000/web:latest"), ==, NAME_MATCH_FULL);
    g_assert_cmpint(image_name_match("web", "other/web:latest"), ==, NAME_MATCH_NONE);
    g_assert_cmpint(image_name_match("web:1", "web:2"), ==, NAME_MATCH_NONE);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    TEST(members_are_found_by_any_spelling);
    TEST(long_names_and_pax_records_count);
    TEST(broken_archives_are_errors);
    TEST(first_members_tell_what_an_archive_holds);
    TEST(names_match_in_short_and_full_form);
    return g_test_run();
}
