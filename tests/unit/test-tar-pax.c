// SPDX-License-Identifier: LGPL-2.1-or-later
/* The tar reader: pax extended headers. */

#include "tar-fixture.h"

typedef struct {
    const char *name;
    const char *key, *value;
    const char *want; /* of an entry "a"; without the line's end */
} PaxCase;

static const PaxCase pax_cases[] = {
    {"path", "path", "b/c", "f b/c 644 0:0 @0"},
    {"an_empty_value_says_nothing", "path", "", "f a 644 0:0 @0"},
    {"an_attribute_may_be_empty", "SCHILY.xattr.user.k", "", "f a 644 0:0 @0 user.k="},
    {"unknown_keys_are_ignored", "VENDOR.key", "value", "f a 644 0:0 @0"},
    {"linkpath_of_a_file_is_ignored", "linkpath", "b", "f a 644 0:0 @0"},
    {"ids", "uid", "4294967294", "f a 644 4294967294:0 @0"},
    {"a_group", "gid", "2097153", "f a 644 0:2097153 @0"},
    {"an_id_over_32_bits_is_refused", "uid", "4294967296",
     "error: entry 1: pax header: uid: '4294967296' makes no sense"},
    {"a_negative_id_is_refused", "gid", "-1", "error: entry 1: pax header: gid: '-1' makes no sense"},
    {"a_time", "mtime", "1700000000", "f a 644 0:0 @1700000000"},
    {"a_time_below_a_second", "mtime", "1700000000.5", "f a 644 0:0 @1700000000.500000000"},
    {"a_time_of_nanoseconds", "mtime", "1.000000001", "f a 644 0:0 @1.000000001"},
    {"a_time_of_more_digits_is_cut", "mtime", "1.0000000019", "f a 644 0:0 @1.000000001"},
    {"a_time_before_1970", "mtime", "-1", "f a 644 0:0 @-1"},
    {"a_time_just_before_1970", "mtime", "-0.25", "f a 644 0:0 @-1.750000000"},
    {"a_time_before_1970_counts_up_from_the_second_below", "mtime", "-2.75", "f a 644 0:0 @-3.250000000"},
    {"a_time_with_a_dot_and_nothing", "mtime", "5.", "f a 644 0:0 @5"},
    {"a_time_of_no_number_is_refused", "mtime", "now", "error: entry 1: pax header: mtime: 'now' makes no sense"},
    {"a_time_with_two_dots_is_refused", "mtime", "1.2.3", "error: entry 1: pax header: mtime: '1.2.3' makes no sense"},
    {"a_time_with_two_signs_is_refused", "mtime", "--1", "error: entry 1: pax header: mtime: '--1' makes no sense"},
    {"a_size_of_no_number_is_refused", "size", "0x10", "error: entry 1: pax header: size: '0x10' makes no sense"},
    {"a_size_of_64_bits_is_refused", "size", "9223372036854775808",
     "error: entry 1: pax header: size: '9223372036854775808' makes no sense"},
    {"an_attribute", "SCHILY.xattr.user.k", "v", "f a 644 0:0 @0 user.k=v"},
    {"an_attribute_s_name_may_have_an_equals_sign_in_its_value", "SCHILY.xattr.user.k", "a=b",
     "f a 644 0:0 @0 user.k=a=b"},
    {"an_attribute_of_libarchive", "LIBARCHIVE.xattr.user.k%3d", "dmFsdWU", "f a 644 0:0 @0 user.k==value"},
    {"an_attribute_of_libarchive_without_padding", "LIBARCHIVE.xattr.user.k", "dmE", "f a 644 0:0 @0 user.k=va"},
    {"an_attribute_without_a_name_is_refused", "SCHILY.xattr.", "v",
     "error: entry 1: pax header: SCHILY.xattr.: an extended attribute without a name"},
    {"a_broken_name_of_libarchive_is_refused", "LIBARCHIVE.xattr.user.%zz", "dmE",
     "error: entry 1: pax header: LIBARCHIVE.xattr.user.%zz: an extended attribute that is not well encoded"},
    {"other_times_are_ignored", "atime", "nonsense", "f a 644 0:0 @0"},
};

static void check_pax(gconstpointer data)
{
    const PaxCase *test = data;
    g_autoptr(GByteArray) tar = g_byte_array_new();
    g_autofree char *want = g_strconcat(test->want, "\n", NULL);

    tar_add_pax(tar, test->key, test->value);
    TAR_ADD(tar, .name = "a");
    expect_tar(tar, want);
}

static void pax_records_hold_for_one_entry(void)
{
    g_autoptr(GByteArray) tar = g_byte_array_new(), records = g_byte_array_new();

    pax_add(records, "path", "long/a", 6);
    pax_add(records, "uid", "7", 1);
    pax_add(records, "size", "3", 1);
    pax_add(records, "SCHILY.xattr.user.k", "v\0w", 3);
    TAR_ADD(tar, .name = "x", .type = 'x', .data = records->data, .data_size = records->len);
    TAR_ADD(tar, .name = "a", .uid = "0000001", .size = "00000000000", .data = "abc");
    TAR_ADD(tar, .name = "b", .uid = "0000001");
    expect_tar(tar, "f long/a 644 7:0 @0 user.k=v\\x00w \"abc\"\nf b 644 1:0 @0\n");
}

static void a_later_pax_record_wins(void)
{
    g_autoptr(GByteArray) tar = g_byte_array_new();

    tar_add_pax(tar, "path", "b");
    tar_add_pax(tar, "path", "c");
    TAR_ADD(tar, .name = "a");
    expect_tar(tar, "f c 644 0:0 @0\n");
}

static void a_pax_linkpath_leads_links(void)
{
    g_autoptr(GByteArray) tar = g_byte_array_new();

    tar_add_pax(tar, "linkpath", "far/away");
    TAR_ADD(tar, .name = "a", .type = '2', .link = "near");
    tar_add_pax(tar, "linkpath", "far/away");
    TAR_ADD(tar, .name = "b", .type = '1', .link = "near");
    expect_tar(tar, "l a 644 0:0 @0 > far/away\nh b 644 0:0 @0 > far/away\n");
}

/* star writes device numbers that do not fit the header into pax records. */
static void a_pax_header_may_give_one_of_the_device_numbers(void)
{
    g_autoptr(GByteArray) tar = g_byte_array_new();

    tar_add_pax(tar, "SCHILY.devminor", "3000000");
    TAR_ADD(tar, .name = "a", .type = '3', .major = "0000010", .minor = "0000000");
    expect_tar(tar, "c a 644 0:0 @0 8,3000000\n");
}

static void global_headers_are_ignored_and_noted_unless_they_only_comment(void)
{
    g_autoptr(GByteArray) tar = g_byte_array_new(), records = g_byte_array_new();
    g_autoptr(Notes) notes = notes_new();
    ImageLimits limits;
    int code;

    image_limits_init(&limits);
    pax_add(records, "comment", "0123456789abcdef", 16);
    TAR_ADD(tar, .name = "pax_global_header", .type = 'g', .data = records->data, .data_size = records->len);
    TAR_ADD(tar, .name = "a");
    g_autofree char *quiet = tar_read_limited(tar, &limits, notes, &code);
    g_assert_cmpstr(quiet, ==, "f a 644 0:0 @0\n");
    g_assert_cmpuint(notes_list(notes)->len, ==, 0);
    pax_add(records, "uid", "5", 1);
    TAR_ADD(tar, .name = "pax_global_header", .type = 'g', .data = records->data, .data_size = records->len);
    TAR_ADD(tar, .name = "b");
    g_autofree char *text = tar_read_limited(tar, &limits, notes, &code);
    g_assert_cmpstr(text, ==, "f a 644 0:0 @0\nf b 644 0:0 @0\n");
    g_assert_cmpstr(((Note *)g_ptr_array_index(notes_list(notes), 0))->kind, ==, "pax-global-ignored");
}

static void acls_are_noted(void)
{
    g_autoptr(GByteArray) tar = g_byte_array_new();
    g_autoptr(Notes) notes = notes_new();
    ImageLimits limits;
    int code;

    image_limits_init(&limits);
    tar_add_pax(tar, "SCHILY.acl.access", "user::rw-,user:daemon:r--,group::r--,mask::r--,other::r--");
    TAR_ADD(tar, .name = "a");
    g_autofree char *text = tar_read_limited(tar, &limits, notes, &code);
    g_assert_cmpstr(text, ==, "f a 644 0:0 @0\n");
    g_assert_cmpstr(((Note *)g_ptr_array_index(notes_list(notes), 0))->kind, ==, "acl-dropped");
}

static void broken_pax_records_are_refused(void)
{
    static const char *const broken[] = {
        "path=a\n", "x path=a\n", "99 path=a\n", "9 path=a",         "8 path=a\n",
        "0 a=b\n",  "5 =b\n",     "8 nokey\n",   "9999999999 a=b\n", "4 =\n6 a=b\n",
    };

    for (gsize i = 0; i < G_N_ELEMENTS(broken); i++) {
        g_autoptr(GByteArray) tar = g_byte_array_new();

        TAR_ADD(tar, .name = "x", .type = 'x', .data = broken[i]);
        TAR_ADD(tar, .name = "a");
        g_test_message("%s", broken[i]);
        expect_tar(tar, "error: entry 1: pax header: a record is not well formed\n");
    }
}

static void a_nul_in_a_pax_path_is_refused(void)
{
    g_autoptr(GByteArray) tar = g_byte_array_new(), records = g_byte_array_new();

    pax_add(records, "path", "a\0b", 3);
    TAR_ADD(tar, .name = "x", .type = 'x', .data = records->data, .data_size = records->len);
    TAR_ADD(tar, .name = "a");
    expect_tar(tar, "error: entry 1: pax header: path: 'a\\x00b' makes no sense\n");
}

#define ADD(name) g_test_add_func("/pax/" #name, name)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (gsize i = 0; i < G_N_ELEMENTS(pax_cases); i++) {
        g_autofree char *path = g_strconcat("/pax/one/", pax_cases[i].name, NULL);

        g_test_add_data_func(path, &pax_cases[i], check_pax);
    }
    ADD(pax_records_hold_for_one_entry);
    ADD(a_later_pax_record_wins);
    ADD(a_pax_linkpath_leads_links);
    ADD(a_pax_header_may_give_one_of_the_device_numbers);
    ADD(global_headers_are_ignored_and_noted_unless_they_only_comment);
    ADD(acls_are_noted);
    ADD(broken_pax_records_are_refused);
    ADD(a_nul_in_a_pax_path_is_refused);
    return g_test_run();
}
