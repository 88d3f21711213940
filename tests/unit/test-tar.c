// SPDX-License-Identifier: LGPL-2.1-or-later
/* The tar reader: formats, numbers, long names, limits. Pax headers are in test-tar-pax.c, sparse files in
 * test-tar-sparse.c. */

#include "tar-fixture.h"

/* The same tar with and without an end mark, and with what may follow it. */
static void an_archive_may_have_an_end_mark_or_not(void)
{
    g_autoptr(GByteArray) tar = g_byte_array_new();

    expect_tar(tar, "");
    TAR_ADD(tar, .name = "a", .data = "text");
    expect_tar(tar, "f a 644 0:0 @0 \"text\"\n");
    tar_end(tar);
    expect_tar(tar, "f a 644 0:0 @0 \"text\"\n");
    for (guint i = 0; i < 20; i++)
        tar_end(tar);
    expect_tar(tar, "f a 644 0:0 @0 \"text\"\n");
}

static void a_header_that_is_written_is_read(void)
{
    const char *const long_owner = "owner-of-a-volume-that-has-a-name-of-more-than-a-hundred-bytes-and-still-is-one/"
                                   "volume-that-has-a-name.dump";
    g_autoptr(GByteArray) tar = g_byte_array_new();
    g_autofree char *too_long = g_strnfill(101, 'x');
    guint8 header[TAR_HEADER_SIZE], content[TAR_HEADER_SIZE] = "text";
    gint64 size;

    g_assert_true(tar_header_format("a/b.dump", 0600, 4, 12, header, NULL));
    g_byte_array_append(tar, header, sizeof header);
    g_byte_array_append(tar, content, sizeof content);
    g_assert_true(tar_header_format(long_owner, 0600, 0, 12, header, NULL));
    g_byte_array_append(tar, header, sizeof header);
    g_autofree char *expected = g_strdup_printf("f a/b.dump 600 0:0 @12 \"text\"\nf %s 600 0:0 @12\n", long_owner);
    expect_tar(tar, expected);
    /* A size beyond 8 GiB has no octal digits. */
    g_assert_true(tar_header_format("a", 0600, G_GUINT64_CONSTANT(1) << 40, 12, header, NULL));
    g_assert_true(tar_number_parse(header + 124, 12, "size", &size, NULL));
    g_assert_cmpint(size, ==, G_GINT64_CONSTANT(1) << 40);
    g_assert_false(tar_header_format(too_long, 0600, 4, 12, header, NULL));
}

static void an_archive_of_only_an_end_mark_is_empty(void)
{
    g_autoptr(GByteArray) tar = g_byte_array_new();

    tar_end(tar);
    expect_tar(tar, "");
}

static void an_end_mark_can_be_required(void)
{
    g_autoptr(GByteArray) tar = g_byte_array_new();
    g_autoptr(GString) text = g_string_new(NULL);
    g_autoptr(GError) error = NULL;
    ImageLimits limits;

    image_limits_init(&limits);
    TAR_ADD(tar, .name = "a");
    g_autoptr(EntryReader) reader = tar_reader_new(byte_stream_new_memory(tar->data, tar->len), &limits, NULL);
    tar_reader_require_end(reader);
    g_assert_false(show_entries(reader, text, &error));
    g_assert_error(error, GOURD_ERROR, GOURD_ERROR_INPUT);
    g_assert_cmpstr(error->message, ==, "entry 2: the archive has no end mark: it may have been cut off");
}

static void bytes_behind_the_end_mark_are_noted(void)
{
    g_autoptr(GByteArray) tar = g_byte_array_new();
    g_autoptr(Notes) notes = notes_new();
    ImageLimits limits;
    int code;

    image_limits_init(&limits);
    tar_end(tar);
    g_byte_array_append(tar, (const guint8 *)"junk", 4);
    g_autofree char *text = tar_read_limited(tar, &limits, notes, &code);
    g_assert_cmpstr(text, ==, "");
    g_assert_cmpstr(((Note *)g_ptr_array_index(notes_list(notes), 0))->kind, ==, "bytes-after-archive");
}

static void a_lone_block_of_zeros_is_an_error(void)
{
    g_autoptr(GByteArray) tar = g_byte_array_new();
    static const guint8 zeros[TAR_BLOCK_SIZE];

    TAR_ADD(tar, .name = "a");
    g_byte_array_append(tar, zeros, sizeof zeros);
    TAR_ADD(tar, .name = "b");
    expect_tar(tar, "f a 644 0:0 @0\nerror: entry 2: a lone block of zeros where a header should be\n");
}

/* --- types --------------------------------------------------------------------------------------------------------- */

static void all_types_are_read(void)
{
    g_autoptr(GByteArray) tar = g_byte_array_new();

    TAR_ADD(tar, .name = "file", .type = '0', .data = "x");
    TAR_ADD(tar, .name = "contiguous", .type = '7', .data = "y");
    TAR_ADD(tar, .name = "hard", .type = '1', .link = "file");
    TAR_ADD(tar, .name = "sym", .type = '2', .link = "../file");
    TAR_ADD(tar, .name = "null", .type = '3', .major = "0000001", .minor = "0000003");
    TAR_ADD(tar, .name = "sda", .type = '4', .major = "0000010", .minor = "0000000");
    TAR_ADD(tar, .name = "dir/", .type = '5');
    TAR_ADD(tar, .name = "fifo", .type = '6');
    TAR_ADD(tar, .name = "dump/", .type = 'D', .data = "Yfile\0Nother\0", .data_size = 14);
    TAR_ADD(tar, .name = "after");
    expect_tar(tar, "f file 644 0:0 @0 \"x\"\n"
                    "f contiguous 644 0:0 @0 \"y\"\n"
                    "h hard 644 0:0 @0 > file\n"
                    "l sym 644 0:0 @0 > ../file\n"
                    "c null 644 0:0 @0 1,3\n"
                    "b sda 644 0:0 @0 8,0\n"
                    "d dir/ 755 0:0 @0\n"
                    "p fifo 644 0:0 @0\n"
                    "d dump/ 644 0:0 @0\n"
                    "f after 644 0:0 @0\n");
}

/* Before POSIX the type was a NUL, and a folder a file with a slash behind its name. */
static void the_oldest_format_is_read(void)
{
    g_autoptr(GByteArray) tar = g_byte_array_new();
    guint8 *type;

    TAR_ADD(tar, .name = "file", .type = '0', .magic = MAGIC_V7, .mode = "   644 ", .data = "x", .prefix = "no prefix");
    type = tar->data + 156;
    *type = '\0';
    tar_set_sum(tar->data, NULL);
    guint at = tar->len;
    TAR_ADD(tar, .name = "dir/", .type = '0', .magic = MAGIC_V7);
    tar->data[at + 156] = '\0';
    tar_set_sum(tar->data + at, NULL);
    expect_tar(tar, "f file 644 0:0 @0 \"x\"\nd dir/ 644 0:0 @0\n");
}

/* GNU tar and Go decide on the whole name, not on the 100 bytes of the header. */
static void an_old_folder_with_a_long_name_is_a_folder(void)
{
    g_autoptr(GByteArray) tar = g_byte_array_new();
    g_autofree char *name = g_strnfill(150, 'n'), *folder = g_strconcat(name, "/", NULL);

    tar_add_pax(tar, "path", folder);
    guint at = tar->len;
    TAR_ADD(tar, .name = "short");
    tar->data[at + 156] = '\0';
    tar_set_sum(tar->data + at, NULL);
    g_autofree char *want = g_strdup_printf("d %s 644 0:0 @0\n", folder);
    expect_tar(tar, want);
}

static void a_volume_label_is_passed_over(void)
{
    g_autoptr(GByteArray) tar = g_byte_array_new();

    TAR_ADD(tar, .name = "Backup of Monday", .type = 'V', .magic = MAGIC_GNU);
    TAR_ADD(tar, .name = "a", .magic = MAGIC_GNU);
    expect_tar(tar, "f a 644 0:0 @0\n");
}

static void an_unknown_type_is_refused(void)
{
    g_autoptr(GByteArray) tar = g_byte_array_new();

    TAR_ADD(tar, .name = "a", .type = 'M');
    expect_tar(tar, "error: entry 1: entries of type 'M' are not known\n");
}

static void what_has_no_content_has_none_whatever_its_size_says(void)
{
    g_autoptr(GByteArray) tar = g_byte_array_new();

    TAR_ADD(tar, .name = "hard", .type = '1', .link = "file", .size = "00000001000");
    TAR_ADD(tar, .name = "sym", .type = '2', .link = "file", .size = "00000001000");
    TAR_ADD(tar, .name = "dir", .type = '5', .size = "00000001000");
    TAR_ADD(tar, .name = "fifo", .type = '6', .size = "00000001000");
    expect_tar(tar, "h hard 644 0:0 @0 > file\nl sym 644 0:0 @0 > file\nd dir 755 0:0 @0\np fifo 644 0:0 @0\n");
}

/* --- numbers ------------------------------------------------------------------------------------------------------- */

typedef struct {
    const char *name;
    const char *bytes;
    gsize length;
    const char *want; /* the number, or "error: …" */
} NumberCase;

#define BYTES(text) (text), sizeof(text) - 1

static const NumberCase number_cases[] = {
    {"octal_digits", BYTES("0000644"), "420"},
    {"octal_with_a_nul", BYTES("000644\0\0"), "420"},
    {"octal_with_spaces_around", BYTES("  644 \0 "), "420"},
    {"all_bytes_are_digits", BYTES("77777777"), "16777215"},
    {"twelve_digits", BYTES("777777777777"), "68719476735"},
    {"nothing_is_zero", BYTES("\0\0\0\0\0\0\0\0"), "0"},
    {"spaces_are_zero", BYTES("        "), "0"},
    {"decimal_is_refused", BYTES("0000689\0"), "error: n '0000689\\x00' is not octal"},
    {"letters_are_refused", BYTES("rw-r--r-"), "error: n 'rw-r--r-' is not octal"},
    {"a_sign_is_refused", BYTES("-000001\0"), "error: n '-000001\\x00' is not octal"},
    {"digits_in_two_groups_are_refused", BYTES("12 34 \0\0"), "error: n '12 34 \\x00\\x00' is not octal"},
    {"base_256", BYTES("\x80\0\0\0\0\x20\0\0"), "2097152"},
    {"base_256_of_twelve_bytes", BYTES("\x80\0\0\0\0\0\0\2\0\0\0\0"), "8589934592"},
    {"base_256_uses_the_low_bits_of_the_first_byte", BYTES("\xbf\xff"), "16383"},
    {"negative_base_256", BYTES("\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"), "-1"},
    {"negative_base_256_of_eight_bytes", BYTES("\xff\xff\xff\xff\xff\xff\xff\xfe"), "-2"},
    {"base_256_up_to_63_bits", BYTES("\x80\0\0\0\x7f\xff\xff\xff\xff\xff\xff\xff"), "9223372036854775807"},
    {"base_256_down_to_63_bits", BYTES("\xff\xff\xff\xff\x80\0\0\0\0\0\0\0"), "-9223372036854775808"},
    {"base_256_of_64_bits_is_refused", BYTES("\x80\0\0\0\x80\0\0\0\0\0\0\0"), "error: n does not fit 64 bits"},
    {"base_256_of_more_is_refused", BYTES("\x80\0\0\1\0\0\0\0\0\0\0\0"), "error: n does not fit 64 bits"},
    {"negative_base_256_of_more_is_refused", BYTES("\xff\xff\xff\xfe\0\0\0\0\0\0\0\0"),
     "error: n does not fit 64 bits"},
};

static void check_number(gconstpointer data)
{
    const NumberCase *test = data;
    g_autoptr(GError) error = NULL;
    gint64 value = 0;
    gboolean ok = tar_number_parse((const guint8 *)test->bytes, test->length, "n", &value, &error);
    g_autofree char *got = ok ? g_strdup_printf("%" G_GINT64_FORMAT, value)
                              : g_strdup_printf("error: %s", error->message);

    g_assert_cmpstr(got, ==, test->want);
}

static void large_ids_and_sizes_come_in_base_256(void)
{
    g_autoptr(GByteArray) tar = g_byte_array_new();
    guint8 *block;

    TAR_ADD(tar, .name = "a", .magic = MAGIC_GNU);
    block = tar->data;
    memcpy(block + 108, "\x80\0\0\0\xff\xff\xff\xfe", 8);
    memcpy(block + 116, "\x80\0\0\0\0\x20\0\1", 8);
    memcpy(block + 136, "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x85", 12);
    tar_set_sum(block, NULL);
    expect_tar(tar, "f a 644 4294967294:2097153 @-123\n");
}

static void ids_over_32_bits_and_negative_ones_are_refused(void)
{
    g_autoptr(GByteArray) tar = g_byte_array_new();

    TAR_ADD(tar, .name = "a");
    memcpy(tar->data + 108, "\x80\0\0\1\0\0\0\0", 8);
    tar_set_sum(tar->data, NULL);
    expect_tar(tar, "error: entry 1: user id 4294967296 is out of range\n");
    memcpy(tar->data + 108, "\xff\xff\xff\xff\xff\xff\xff\xff", 8);
    tar_set_sum(tar->data, NULL);
    expect_tar(tar, "error: entry 1: user id -1 is out of range\n");
}

static void a_negative_size_is_refused(void)
{
    g_autoptr(GByteArray) tar = g_byte_array_new();

    TAR_ADD(tar, .name = "a");
    memcpy(tar->data + 124, "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xfe\x00", 12);
    tar_set_sum(tar->data, NULL);
    expect_tar(tar, "error: entry 1: size -512 is out of range\n");
}

static void only_permission_bits_of_the_mode_count(void)
{
    g_autoptr(GByteArray) tar = g_byte_array_new();

    TAR_ADD(tar, .name = "suid", .mode = "0106755");
    TAR_ADD(tar, .name = "none", .mode = "0000000");
    expect_tar(tar, "f suid 6755 0:0 @0\nf none 0 0:0 @0\n");
}

static void device_numbers_of_what_is_no_device_are_not_looked_at(void)
{
    g_autoptr(GByteArray) tar = g_byte_array_new();

    TAR_ADD(tar, .name = "a", .major = "garbage", .minor = "garbage");
    TAR_ADD(tar, .name = "b", .type = '3', .major = "garbage");
    expect_tar(tar, "f a 644 0:0 @0\nerror: entry 2: device major number 'garbage\\x00' is not octal\n");
}

static void the_checksum_may_be_of_signed_bytes(void)
{
    g_autoptr(GByteArray) tar = g_byte_array_new();
    gint sum = 0;

    TAR_ADD(tar, .name = "caf\xe9");
    memset(tar->data + 148, ' ', 8);
    for (guint i = 0; i < TAR_BLOCK_SIZE; i++)
        sum += (gint8)tar->data[i];
    g_snprintf((char *)tar->data + 148, 8, "%06o", (guint)sum);
    expect_tar(tar, "f caf\\xe9 644 0:0 @0\n");
}

static void a_wrong_checksum_is_refused(void)
{
    g_autoptr(GByteArray) tar = g_byte_array_new();

    TAR_ADD(tar, .name = "a", .checksum = "000001");
    expect_tar(tar, "error: entry 1: not a tar header: its checksum does not match\n");
}

/* --- names --------------------------------------------------------------------------------------------------------- */

static void a_name_may_fill_its_field(void)
{
    g_autoptr(GByteArray) tar = g_byte_array_new();
    g_autofree char *name = g_strnfill(100, 'n'), *link = g_strnfill(100, 'l'), *prefix = g_strnfill(155, 'p');
    g_autofree char *want = g_strdup_printf("f %s 644 0:0 @0\nl %s 644 0:0 @0 > %s\nf %s/%s 644 0:0 @0\n", name, name,
                                            link, prefix, name);

    TAR_ADD(tar, .name = name);
    TAR_ADD(tar, .name = name, .type = '2', .link = link);
    TAR_ADD(tar, .name = name, .prefix = prefix);
    expect_tar(tar, want);
}

/* Old GNU archives have times and sparse maps where ustar has the prefix. */
static void gnu_headers_have_no_prefix(void)
{
    g_autoptr(GByteArray) tar = g_byte_array_new();

    TAR_ADD(tar, .name = "a", .magic = MAGIC_GNU, .prefix = "14000000000");
    expect_tar(tar, "f a 644 0:0 @0\n");
}

static void gnu_long_names_and_links_are_read(void)
{
    g_autoptr(GByteArray) tar = g_byte_array_new();
    g_autofree char *name = g_strnfill(500, 'n'), *link = g_strnfill(300, 'l');
    g_autofree char *want = g_strdup_printf("l %s 644 0:0 @0 > %s\nf b 644 0:0 @0\n", name, link);

    TAR_ADD(tar, .name = "././@LongLink", .type = 'K', .magic = MAGIC_GNU, .data = link, .data_size = 301);
    TAR_ADD(tar, .name = "././@LongLink", .type = 'L', .magic = MAGIC_GNU, .data = name, .data_size = 501);
    TAR_ADD(tar, .name = "cut", .type = '2', .link = "cut", .magic = MAGIC_GNU);
    TAR_ADD(tar, .name = "b", .magic = MAGIC_GNU); /* they speak of one entry only */
    expect_tar(tar, want);
}

static void names_of_any_bytes_are_kept(void)
{
    g_autoptr(GByteArray) tar = g_byte_array_new();

    TAR_ADD(tar, .name = "\xff\n\t'\\ \xe2\x82\xac");
    tar_add_pax(tar, "path", "a=b\n\xfe");
    TAR_ADD(tar, .name = "x");
    expect_tar(tar, "f \\xff\\n\\x09\\'\\\\ \xe2\x82\xac 644 0:0 @0\nf a=b\\n\\xfe 644 0:0 @0\n");
}

static void an_entry_without_a_name_is_refused(void)
{
    g_autoptr(GByteArray) tar = g_byte_array_new();

    TAR_ADD(tar, .name = "");
    expect_tar(tar, "error: entry '': it has no name\n");
}

static void a_link_to_nothing_is_refused(void)
{
    g_autoptr(GByteArray) tar = g_byte_array_new();

    TAR_ADD(tar, .name = "a", .type = '2', .link = "");
    expect_tar(tar, "error: entry 'a': it links to nothing\n");
}

static void an_extended_header_at_the_end_is_refused(void)
{
    g_autoptr(GByteArray) tar = g_byte_array_new();

    TAR_ADD(tar, .name = "././@LongLink", .type = 'L', .data = "name");
    expect_tar(tar, "error: entry 1: the archive ends after an extended header\n");
}

/* Also one that says nothing of a name: it was meant for an entry that is gone. */
static void any_extended_header_at_the_end_is_refused(void)
{
    g_autoptr(GByteArray) tar = g_byte_array_new();

    tar_add_pax(tar, "mtime", "1");
    tar_end(tar);
    expect_tar(tar, "error: entry 1: the archive ends after an extended header\n");
}

/* --- broken archives and limits ------------------------------------------------------------------------------------ */

static void an_archive_cut_anywhere_is_an_error_or_ends_between_entries(void)
{
    g_autoptr(GByteArray) tar = g_byte_array_new(), cut = g_byte_array_new();
    ImageLimits limits;

    image_limits_init(&limits);
    tar_add_pax(tar, "mtime", "1.5");
    TAR_ADD(tar, .name = "a", .data = "some text");
    TAR_ADD(tar, .name = "././@LongLink", .type = 'L', .magic = MAGIC_GNU, .data = "long");
    TAR_ADD(tar, .name = "b", .magic = MAGIC_GNU, .data = "some more text");
    for (guint length = 1; length < tar->len; length++) {
        int code;

        g_byte_array_set_size(cut, 0);
        g_byte_array_append(cut, tar->data, length);
        g_autofree char *text = tar_read_limited(cut, &limits, NULL, &code);
        if (length == 4 * TAR_BLOCK_SIZE)
            g_assert_cmpint(code, ==, -1);
        else if (code != GOURD_ERROR_INPUT)
            g_error("cut at %u: %s", length, text);
    }
}

static void a_flipped_bit_in_a_header_is_an_error(void)
{
    g_autoptr(GByteArray) tar = g_byte_array_new();
    ImageLimits limits;

    image_limits_init(&limits);
    TAR_ADD(tar, .name = "a", .data = "text");
    for (guint bit = 0; bit < TAR_BLOCK_SIZE * 8; bit++) {
        int code;

        if (bit / 8 >= 148 && bit / 8 < 156) /* the sum itself: a space for a NUL is no other sum */
            continue;
        tar->data[bit / 8] ^= (guint8)(1 << bit % 8);
        g_autofree char *text = tar_read_limited(tar, &limits, NULL, &code);
        g_assert_cmpint(code, ==, GOURD_ERROR_INPUT);
        tar->data[bit / 8] ^= (guint8)(1 << bit % 8);
    }
}

static void expect_limit(const GByteArray *tar, const char *name, guint64 value, const char *want)
{
    ImageLimits limits;
    int code;

    image_limits_init(&limits);
    g_assert_true(image_limits_set(&limits, name, value, NULL));
    g_autofree char *text = tar_read_limited(tar, &limits, NULL, &code);
    g_assert_cmpstr(text, ==, want);
    g_assert_cmpint(code, ==, strstr(want, "error: ") ? GOURD_ERROR_LIMIT : -1);
}

static void limits_are_kept(void)
{
    g_autoptr(GByteArray) tar = g_byte_array_new();

    tar_add_pax(tar, "SCHILY.xattr.user.k", "value");
    TAR_ADD(tar, .name = "folder/a", .data = "1234");
    TAR_ADD(tar, .name = "b", .data = "5678");
    const char *all = "f folder/a 644 0:0 @0 user.k=value \"1234\"\nf b 644 0:0 @0 \"5678\"\n";
    expect_limit(tar, "unpacked-size", 8, all);
    expect_limit(tar, "unpacked-size", 7,
                 "f folder/a 644 0:0 @0 user.k=value \"1234\"\n"
                 "error: entry 'b': the files of the layer exceed 7 bytes (limit unpacked-size)\n");
    expect_limit(tar, "entries", 2, all);
    expect_limit(tar, "entries", 1,
                 "f folder/a 644 0:0 @0 user.k=value \"1234\"\n"
                 "error: entry 'b': the layer has more than 1 entries (limit entries)\n");
    expect_limit(tar, "path-length", 8, all);
    expect_limit(tar, "path-length", 7, "error: entry 'folder/a': its path is over 7 bytes (limit path-length)\n");
    expect_limit(tar, "xattr-size", 11, all);
    expect_limit(tar, "xattr-size", 10,
                 "error: entry 1: pax header: SCHILY.xattr.user.k: extended attributes of more than 10 bytes (limit "
                 "xattr-size)\n");
}

static void a_huge_size_does_not_wrap_around(void)
{
    g_autoptr(GByteArray) tar = g_byte_array_new();
    ImageLimits limits;
    int code;

    image_limits_init(&limits);
    limits.unpacked_size = G_MAXUINT64;
    tar_add_pax(tar, "size", "9223372036854775807");
    TAR_ADD(tar, .name = "b", .data = "1234");
    g_autofree char *text = tar_read_limited(tar, &limits, NULL, &code);
    g_assert_cmpint(code, ==, GOURD_ERROR_INPUT);
    g_assert_true(g_str_has_suffix(text, "error: entry 'b': the archive ends within it\n"));
}

static void a_header_of_over_a_megabyte_is_refused(void)
{
    g_autoptr(GByteArray) tar = g_byte_array_new();

    TAR_ADD(tar, .name = "x", .type = 'x', .size = "00004000001");
    expect_limit(tar, "entries", 9, "error: entry 1: a header of 1048577 bytes, more than 1048576\n");
}

/* Small headers without end would never become an entry. */
static void endless_extended_headers_are_refused(void)
{
    g_autoptr(GByteArray) tar = g_byte_array_new();
    ImageLimits limits;
    int code;

    image_limits_init(&limits);
    for (guint i = 0; i < 5000; i++)
        tar_add_pax(tar, "comment", "x");
    TAR_ADD(tar, .name = "a");
    g_autofree char *text = tar_read_limited(tar, &limits, NULL, &code);
    g_assert_cmpint(code, ==, GOURD_ERROR_LIMIT);
}

#define ADD(name) g_test_add_func("/tar/" #name, name)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (gsize i = 0; i < G_N_ELEMENTS(number_cases); i++) {
        g_autofree char *path = g_strconcat("/number/", number_cases[i].name, NULL);

        g_test_add_data_func(path, &number_cases[i], check_number);
    }
    ADD(an_archive_may_have_an_end_mark_or_not);
    ADD(a_header_that_is_written_is_read);
    ADD(an_archive_of_only_an_end_mark_is_empty);
    ADD(an_end_mark_can_be_required);
    ADD(bytes_behind_the_end_mark_are_noted);
    ADD(a_lone_block_of_zeros_is_an_error);
    ADD(all_types_are_read);
    ADD(the_oldest_format_is_read);
    ADD(an_old_folder_with_a_long_name_is_a_folder);
    ADD(a_volume_label_is_passed_over);
    ADD(an_unknown_type_is_refused);
    ADD(what_has_no_content_has_none_whatever_its_size_says);
    ADD(large_ids_and_sizes_come_in_base_256);
    ADD(ids_over_32_bits_and_negative_ones_are_refused);
    ADD(a_negative_size_is_refused);
    ADD(only_permission_bits_of_the_mode_count);
    ADD(device_numbers_of_what_is_no_device_are_not_looked_at);
    ADD(the_checksum_may_be_of_signed_bytes);
    ADD(a_wrong_checksum_is_refused);
    ADD(a_name_may_fill_its_field);
    ADD(gnu_headers_have_no_prefix);
    ADD(gnu_long_names_and_links_are_read);
    ADD(names_of_any_bytes_are_kept);
    ADD(an_entry_without_a_name_is_refused);
    ADD(a_link_to_nothing_is_refused);
    ADD(an_extended_header_at_the_end_is_refused);
    ADD(any_extended_header_at_the_end_is_refused);
    ADD(an_archive_cut_anywhere_is_an_error_or_ends_between_entries);
    ADD(a_flipped_bit_in_a_header_is_an_error);
    ADD(limits_are_kept);
    ADD(a_huge_size_does_not_wrap_around);
    ADD(a_header_of_over_a_megabyte_is_refused);
    ADD(endless_extended_headers_are_refused);
    return g_test_run();
}
