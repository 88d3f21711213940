// SPDX-License-Identifier: LGPL-2.1-or-later
/* Byte streams. For blocks see test-codec-block.c. */ #include "codec-fixture.h"

    /* --- plain streams ------------------------------------------------------------------------------------------------- */

    static void
    a_memory_stream_shows_the_memory_itself(void)
{
    g_autoptr(ByteStream) stream = byte_stream_new_memory("abcdef", 6);
    const guint8 *bytes;
    gsize size;

    g_assert_true(byte_stream_peek(stream, 3, &bytes, &size, NULL));
    g_assert_cmpmem(bytes, size, "abcdef", 6);
    byte_stream_advance(stream, 4);
    g_assert_true(byte_stream_peek(stream, 3, &bytes, &size, NULL));
    g_assert_cmpmem(bytes, size, "ef", 2);
    byte_stream_advance(stream, 2);
    g_assert_true(byte_stream_peek(stream, 3, &bytes, &size, NULL));
    g_assert_cmpuint(size, ==, 0);
    g_assert_cmpuint(byte_stream_position(stream), ==, 6);
}

static int open_scratch_with(const GByteArray *content)
{
    int fd;

    g_assert_true(scratch_open(g_get_tmp_dir(), &fd, NULL));
    g_assert_true(fd_pwrite(fd, "scratch", content->data, content->len, 0, NULL));
    return fd;
}

static void a_file_stream_gives_its_part_of_the_file(void)
{
    g_autoptr(GByteArray) text = make_text(1000000);
    autofd fd = open_scratch_with(text);
    g_autoptr(ByteStream) stream = byte_stream_new_file(fd, "x.tar", 1000, 700000);
    const GByteArray expected = {text->data + 1000, 700000};

    assert_gives(stream, &expected);
}

static void two_file_streams_share_a_descriptor(void)
{
    g_autoptr(GByteArray) text = make_text(600000);
    autofd fd = open_scratch_with(text);
    g_autoptr(ByteStream) first = byte_stream_new_file(fd, "x.tar", 0, text->len);
    g_autoptr(ByteStream) second = byte_stream_new_file(fd, "x.tar", 0, text->len);
    const guint8 *bytes;
    gsize size;

    g_assert_true(byte_stream_peek(first, 1, &bytes, &size, NULL));
    assert_gives(second, text);
    assert_gives(first, text);
}

static void a_file_that_ends_early_is_an_error(void)
{
    g_autoptr(GByteArray) text = make_text(1000);
    autofd fd = open_scratch_with(text);
    g_autoptr(ByteStream) stream = byte_stream_new_file(fd, "x.tar", 500, 700);

    assert_fails(stream, GOURD_ERROR_INPUT, "'x.tar' ends at byte 1000");
}

static gpointer write_all(gpointer data)
{
    int *fds = data;
    g_autoptr(GByteArray) text = make_text(3000000);

    for (gsize at = 0; at < text->len;) {
        ssize_t n = write(fds[1], text->data + at, MIN(text->len - at, 77777));

        g_assert_cmpint(n, >, 0);
        at += (gsize)n;
    }
    close(fds[1]);
    return NULL;
}

static void a_pipe_is_read_to_its_end(void)
{
    g_autoptr(GByteArray) text = make_text(3000000);
    int fds[2];

    g_assert_cmpint(pipe2(fds, O_CLOEXEC), ==, 0);
    GThread *writer = g_thread_new("writer", write_all, fds);
    g_autoptr(ByteStream) stream = byte_stream_new_pipe(fds[0], "standard input");

    assert_gives(stream, text);
    g_thread_join(writer);
    close(fds[0]);
}

static void what_no_peek_can_show_is_an_error_of_the_pipe(void)
{
    autofd fd = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    g_autoptr(ByteStream) stream = byte_stream_new_pipe(fd, "standard input");

    assert_fails(stream, GOURD_ERROR_FAILED, "cannot read 'standard input': ");
}

static void a_stream_of_single_bytes_is_shown_in_one_piece(void)
{
    g_autoptr(GByteArray) text = make_text(200000);
    g_autoptr(ByteStream) stream = new_dribble(text->data, text->len, 1, FALSE);

    assert_gives(stream, text);
}

static void draining_reads_to_the_end(void)
{
    g_autoptr(GByteArray) text = make_text(700000);
    g_autoptr(ByteStream) stream = new_dribble(text->data, text->len, 999, FALSE);
    g_autoptr(ByteStream) broken = new_dribble(text->data, text->len, 999, TRUE);
    g_autoptr(GError) error = NULL;

    g_assert_true(byte_stream_drain(stream, NULL));
    g_assert_cmpuint(byte_stream_position(stream), ==, text->len);
    g_assert_false(byte_stream_drain(broken, &error));
    g_assert_cmpstr(error->message, ==, "the tap is broken");
}

/* --- inflating ----------------------------------------------------------------------------------------------------- */

static void compressed_data_are_recognised_by_their_first_bytes(void)
{
    static const struct {
        const char *bytes;
        gsize size;
        Codec codec;
    } cases[] = {
        {"\x1f\x8b\x08\x00", 4, CODEC_GZIP},
        {"\x1f\x8b", 2, CODEC_NONE},
        {"\x28\xb5\x2f\xfd", 4, CODEC_ZSTD},
        {"\x5e\x2a\x4d\x18", 4, CODEC_ZSTD},
        {"\xfd\x37\x7a\x58\x5a\x00", 6, CODEC_XZ},
        {"\x04\x22\x4d\x18", 4, CODEC_LZ4},
        {"BZh91A", 6, CODEC_BZIP2},
        {"BZhello", 7, CODEC_NONE},
        {"]\0\0\0\x80\0", 6, CODEC_LZMA},
        {"]\0\0\0\0\0", 6, CODEC_NONE},
        {"etc/passwd", 10, CODEC_NONE},
        {"", 0, CODEC_NONE},
    };

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++)
        g_assert_cmpint(codec_detect((const guint8 *)cases[i].bytes, cases[i].size), ==, cases[i].codec);
    g_assert_cmpstr(codec_to_name(CODEC_BZIP2), ==, "bzip2");
}

static void each_codec_gives_the_bytes_back(void)
{
    g_autoptr(GByteArray) text = make_text(1500000);

    for (gsize i = 0; i < G_N_ELEMENTS(stream_codecs); i++) {
        g_autoptr(GByteArray) packed = make_packed(stream_codecs[i], text);
        g_autoptr(ByteStream) stream = inflate(stream_codecs[i], packed);
        ByteStream *dribble = new_dribble(packed->data, packed->len, 1, FALSE);
        g_autoptr(ByteStream) slow = byte_stream_new_inflated(dribble, stream_codecs[i], text->len, "layer 3", NULL);

        g_assert_cmpint(codec_detect(packed->data, packed->len), ==, stream_codecs[i]);
        assert_gives(stream, text);
        assert_gives(slow, text);
    }
}

static void several_members_or_frames_are_one_stream(void)
{
    g_autoptr(GByteArray) text = make_text(700000);
    g_autoptr(GByteArray) twice = g_byte_array_new();

    g_byte_array_append(twice, text->data, text->len);
    g_byte_array_append(twice, text->data, text->len);
    for (gsize i = 0; i < G_N_ELEMENTS(stream_codecs); i++) {
        g_autoptr(GByteArray) packed = make_packed(stream_codecs[i], text);
        guint size = packed->len;

        g_byte_array_set_size(packed, 2 * size);
        memcpy(packed->data + size, packed->data, size);
        g_autoptr(ByteStream) stream = inflate(stream_codecs[i], packed);

        assert_gives(stream, twice);
    }
}

static void an_empty_member_between_others_adds_nothing(void)
{
    g_autoptr(GByteArray) text = make_text(5000), nothing = g_byte_array_new();
    g_autoptr(GByteArray) packed = make_gzip(nothing), full = make_gzip(text);
    guint empty_size = packed->len;

    g_byte_array_append(packed, full->data, full->len);
    g_byte_array_append(packed, packed->data, empty_size);
    g_autoptr(ByteStream) stream = inflate(CODEC_GZIP, packed);

    assert_gives(stream, text);
}

static void a_skippable_zstd_frame_is_skipped(void)
{
    g_autoptr(GByteArray) text = make_text(5000), frame = make_packed(CODEC_ZSTD, text);
    g_autoptr(GByteArray) packed = g_byte_array_new();

    g_byte_array_append(packed, (const guint8 *)"\x50\x2a\x4d\x18\x03\0\0\0abc", 11);
    g_byte_array_append(packed, frame->data, frame->len);
    g_byte_array_append(packed, (const guint8 *)"\x51\x2a\x4d\x18\0\0\0\0", 8);
    g_autoptr(ByteStream) stream = inflate(CODEC_ZSTD, packed);

    assert_gives(stream, text);
}

static void zero_bytes_after_the_last_gzip_member_are_ignored(void)
{
    g_autoptr(GByteArray) text = make_text(5000), packed = make_gzip(text);
    static const guint8 zeros[3000];

    g_byte_array_append(packed, zeros, sizeof zeros);
    g_autoptr(ByteStream) stream = inflate(CODEC_GZIP, packed);

    assert_gives(stream, text);
}

static void other_bytes_after_the_end_are_an_error(void)
{
    g_autoptr(GByteArray) text = make_text(5000);

    for (gsize i = 0; i < G_N_ELEMENTS(stream_codecs); i++) {
        g_autoptr(GByteArray) packed = make_packed(stream_codecs[i], text);
        g_autofree char *place = g_strdup_printf("near byte %u: ", packed->len);

        g_byte_array_append(packed, (const guint8 *)"trailing bytes", 14);
        g_autoptr(ByteStream) stream = inflate(stream_codecs[i], packed);

        assert_fails(stream, GOURD_ERROR_INPUT, stream_codecs[i] == CODEC_XZ ? "broken xz data" : place);
    }
}

static void truncated_data_are_an_error_at_every_length(void)
{
    g_autoptr(GByteArray) text = make_text(2000);

    for (gsize i = 0; i < G_N_ELEMENTS(stream_codecs); i++) {
        g_autoptr(GByteArray) packed = make_packed(stream_codecs[i], text);

        for (guint size = 0; size < packed->len; size++) {
            /* An allocation of its own, so that ASan sees a read behind the cut. */
            g_autofree guint8 *cut = g_memdup2(packed->data, size);
            g_autoptr(ByteStream) stream = byte_stream_new_inflated(byte_stream_new_memory(cut, size), stream_codecs[i],
                                                                    NO_LIMIT, "layer 3", NULL);

            assert_fails(stream, GOURD_ERROR_INPUT, "layer 3: ");
        }
        g_byte_array_set_size(packed, packed->len - 3);
        g_autofree char *place = g_strdup_printf("data end too early, at byte %u", packed->len);
        g_autoptr(ByteStream) stream = inflate(stream_codecs[i], packed);

        assert_fails(stream, GOURD_ERROR_INPUT, place);
    }
}

static void a_wrong_gzip_checksum_or_length_is_an_error(void)
{
    g_autoptr(GByteArray) text = make_text(2000);

    for (guint from_end = 1; from_end <= 8; from_end++) {
        g_autoptr(GByteArray) packed = make_gzip(text);

        packed->data[packed->len - from_end] ^= 0x40;
        g_autoptr(ByteStream) stream = inflate(CODEC_GZIP, packed);

        assert_fails(stream, GOURD_ERROR_INPUT, "checksum or length does not match");
    }
}

static void a_flipped_bit_never_passes_the_checks_of_gzip_and_xz(void)
{
    static const Codec checked[] = {CODEC_GZIP, CODEC_XZ}; /* zstd frames of blocks have no checksum */
    g_autoptr(GByteArray) text = make_text(600);

    for (gsize i = 0; i < G_N_ELEMENTS(checked); i++) {
        g_autoptr(GByteArray) packed = make_packed(checked[i], text);
        gsize first = checked[i] == CODEC_GZIP ? 32 : 0; /* the gzip header (time, name) has no check */

        for (gsize bit = 8 * first; bit < 8 * (gsize)packed->len; bit++) {
            packed->data[bit / 8] ^= (guint8)(1 << bit % 8);
            g_autoptr(ByteStream) stream = inflate(checked[i], packed);
            g_autoptr(GError) error = NULL;
            g_autoptr(GByteArray) all = read_all(stream, &error);

            packed->data[bit / 8] ^= (guint8)(1 << bit % 8);
            if (!error)
                g_assert_cmpmem(all->data, all->len, text->data, text->len);
        }
    }
}

static void a_source_that_expands_too_far_is_a_limit_error(void)
{
    g_autoptr(GByteArray) zeros = g_byte_array_new();

    g_byte_array_set_size(zeros, 5000000);
    memset(zeros->data, 0, zeros->len);
    for (gsize i = 0; i < G_N_ELEMENTS(stream_codecs); i++) {
        g_autoptr(GByteArray) packed = make_packed(stream_codecs[i], zeros);
        ByteStream *source = byte_stream_new_memory(packed->data, packed->len);
        g_autoptr(ByteStream) stream = byte_stream_new_inflated(source, stream_codecs[i], 1000000, "layer 3", NULL);

        assert_fails(stream, GOURD_ERROR_LIMIT, "layer 3: expands to more than 1000000 bytes");
    }
}

static void a_zstd_window_over_the_limit_is_a_limit_error(void)
{
    /* A frame header with a window of 256 MiB (exponent 18, RFC 8878, 3.1.1.1.2) and an empty last block. */
    static const guint8 frame[] = {0x28, 0xb5, 0x2f, 0xfd, 0x00, 18 << 3, 0x01, 0x00, 0x00};
    g_autoptr(ByteStream) stream = byte_stream_new_inflated(byte_stream_new_memory(frame, sizeof frame), CODEC_ZSTD,
                                                            NO_LIMIT, "layer 3", NULL);

    assert_fails(stream, GOURD_ERROR_LIMIT, "layer 3: broken zstd data near byte 0: ");
}

static void codecs_that_are_only_recognised_are_refused(void)
{
    static const Codec refused[] = {CODEC_LZ4, CODEC_LZMA, CODEC_BZIP2};

    for (gsize i = 0; i < G_N_ELEMENTS(refused); i++) {
        g_autoptr(GError) error = NULL;

        g_assert_null(byte_stream_new_inflated(byte_stream_new_memory("", 0), refused[i], 1, "layer 3", &error));
        g_assert_error(error, GOURD_ERROR, GOURD_ERROR_UNSUPPORTED);
    }
}

static void no_codec_gives_the_source_itself(void)
{
    g_autoptr(ByteStream) source = byte_stream_new_memory("abc", 3);

    g_assert_true(byte_stream_new_inflated(source, CODEC_NONE, 1, "layer 3", NULL) == source);
}

/* --- verifying ----------------------------------------------------------------------------------------------------- */

static void a_matching_digest_and_size_pass(void)
{
    g_autoptr(GByteArray) text = make_text(900000);
    Digest digest;

    digest_of_bytes(text->data, text->len, &digest);
    for (guint threaded = 0; threaded < 2; threaded++) {
        ByteStream *source = new_dribble(text->data, text->len, 4567, FALSE);
        ByteStream *verified = byte_stream_new_verified(source, &digest, threaded ? NO_LIMIT : text->len, "blob");
        g_autoptr(ByteStream) stream = threaded ? byte_stream_new_threaded(verified, 0, 0) : verified;

        assert_gives(stream, text);
    }
}

static void a_wrong_digest_is_an_error_that_names_both(void)
{
    Digest digest;

    digest_of_bytes("abd", 3, &digest);
    g_autoptr(ByteStream) stream = byte_stream_new_verified(byte_stream_new_memory("abc", 3), &digest, 3, "layer 3");
    g_autoptr(GError) error = NULL;
    g_autoptr(GByteArray) all = read_all(stream, &error);
    g_autofree char *expected = digest_to_text(&digest);

    digest_of_bytes("abc", 3, &digest);
    g_autofree char *found = digest_to_text(&digest);

    g_assert_error(error, GOURD_ERROR, GOURD_ERROR_INPUT);
    g_assert_true(g_str_has_prefix(error->message, "layer 3: "));
    g_assert_nonnull(strstr(error->message, expected));
    g_assert_nonnull(strstr(error->message, found));
}

static void a_wrong_size_is_an_error(void)
{
    Digest digest;

    digest_of_bytes("abc", 3, &digest);
    g_autoptr(ByteStream) longer = byte_stream_new_verified(byte_stream_new_memory("abc", 3), &digest, 2, "layer 3");
    g_autoptr(ByteStream) shorter = byte_stream_new_verified(byte_stream_new_memory("abc", 3), &digest, 4, "layer 3");

    assert_fails(longer, GOURD_ERROR_INPUT, "layer 3: is longer than the 2 bytes");
    assert_fails(shorter, GOURD_ERROR_INPUT, "layer 3: has 3 bytes, but should have 4");
}

static void a_blob_is_verified_behind_the_last_gzip_member(void)
{
    g_autoptr(GByteArray) text = make_text(5000), packed = make_gzip(text);
    Digest digest = {{1}};
    ByteStream *source = byte_stream_new_memory(packed->data, packed->len);
    ByteStream *verified = byte_stream_new_verified(source, &digest, NO_LIMIT, "blob");
    g_autoptr(ByteStream) stream = byte_stream_new_inflated(verified, CODEC_GZIP, NO_LIMIT, "layer 3", NULL);

    assert_fails(stream, GOURD_ERROR_INPUT, "blob: its content has the digest sha256:");
}

/* --- threads ------------------------------------------------------------------------------------------------------- */

static void a_threaded_stream_gives_the_same_bytes(void)
{
    g_autoptr(GByteArray) text = make_text(3000000), packed = make_gzip(text);
    static const gsize portions[] = {1, 4097, 1000000};

    for (gsize i = 0; i < G_N_ELEMENTS(portions); i++) {
        g_autoptr(ByteStream) stream = new_dribble(packed->data, packed->len, portions[i], FALSE);

        stream = byte_stream_new_threaded(stream, BYTE_STREAM_PEEK_MAX, 2);
        stream = byte_stream_new_inflated(stream, CODEC_GZIP, NO_LIMIT, "layer 3", NULL);
        stream = byte_stream_new_threaded(stream, 100000, 3);
        assert_gives(stream, text);
    }
}

static void an_error_comes_after_the_bytes_before_it(void)
{
    g_autoptr(GByteArray) text = make_text(65536 * 3);
    g_autoptr(ByteStream) dribble = new_dribble(text->data, text->len, 100, TRUE);

    dribble = byte_stream_new_threaded(dribble, BYTE_STREAM_PEEK_MAX, 2);
    g_autoptr(GError) error = NULL;
    g_autoptr(GByteArray) all = read_all(dribble, &error);

    g_assert_cmpstr(error->message, ==, "the tap is broken");
    g_assert_cmpuint(all->len, >, 65536 * 2 - BYTE_STREAM_PEEK_MAX);
    g_assert_cmpmem(all->data, all->len, text->data, all->len);
}

static void freeing_a_threaded_stream_early_stops_its_thread(void)
{
    g_autoptr(GByteArray) text = make_text(3000000);

    for (guint peeks = 0; peeks < 20; peeks++) {
        g_autoptr(ByteStream) stream = new_dribble(text->data, text->len, 1000, FALSE);

        stream = byte_stream_new_threaded(stream, BYTE_STREAM_PEEK_MAX, 2);
        for (guint i = 0; i < peeks; i++) {
            const guint8 *bytes;
            gsize size;

            g_assert_true(byte_stream_peek(stream, 1, &bytes, &size, NULL));
            byte_stream_advance(stream, size);
        }
    }
}

static void freeing_wakes_threads_that_wait_for_a_silent_pipe(void)
{
    int fds[2];

    g_assert_cmpint(pipe2(fds, O_CLOEXEC), ==, 0);
    ByteStream *stream = byte_stream_new_pipe(fds[0], "standard input");

    stream = byte_stream_new_threaded(stream, 0, 2);
    stream = byte_stream_new_threaded(stream, 0, 2);
    g_usleep(2000);
    byte_stream_free(stream);
    close(fds[0]);
    close(fds[1]);
}

#define ADD(test) g_test_add_func("/codec/" #test, test)

/* --- writing ------------------------------------------------------------------------------------------------------ */

static void what_is_reserved_can_be_filled_in_later(void)
{
    g_autoptr(GByteArray) text = make_text(300000), expected = g_byte_array_new();
    guint8 first[STREAM_RESERVED_SIZE], second[STREAM_RESERVED_SIZE];
    guint64 first_place, second_place, size;
    autofd fd = -1;

    memset(first, 'a', sizeof first);
    memset(second, 'b', sizeof second);
    g_assert_true(scratch_open(g_get_tmp_dir(), &fd, NULL));
    g_autoptr(StreamEncoder) encoder = stream_encoder_new(fd, "x.zst");
    g_assert_true(stream_encoder_reserve(encoder, &first_place, NULL));
    g_assert_true(stream_encoder_write(encoder, text->data, text->len, NULL));
    g_assert_true(stream_encoder_reserve(encoder, &second_place, NULL));
    g_assert_true(stream_encoder_write(encoder, text->data, 10, NULL));
    g_assert_true(stream_encoder_fill(encoder, first_place, first, NULL));
    g_assert_true(stream_encoder_finish(encoder, &size, NULL));
    g_assert_true(stream_encoder_fill(encoder, second_place, second, NULL));
    g_byte_array_append(expected, first, sizeof first);
    g_byte_array_append(expected, text->data, text->len);
    g_byte_array_append(expected, second, sizeof second);
    g_byte_array_append(expected, text->data, 10);
    g_autoptr(ByteStream) file = byte_stream_new_file(fd, "x.zst", 0, size);
    g_autoptr(ByteStream)
        stream = byte_stream_new_inflated(g_steal_pointer(&file), CODEC_ZSTD, G_MAXUINT64, "x.zst", NULL);
    assert_gives(stream, expected);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ADD(a_memory_stream_shows_the_memory_itself);
    ADD(a_file_stream_gives_its_part_of_the_file);
    ADD(two_file_streams_share_a_descriptor);
    ADD(a_file_that_ends_early_is_an_error);
    ADD(a_pipe_is_read_to_its_end);
    ADD(what_no_peek_can_show_is_an_error_of_the_pipe);
    ADD(a_stream_of_single_bytes_is_shown_in_one_piece);
    ADD(draining_reads_to_the_end);
    ADD(compressed_data_are_recognised_by_their_first_bytes);
    ADD(each_codec_gives_the_bytes_back);
    ADD(several_members_or_frames_are_one_stream);
    ADD(an_empty_member_between_others_adds_nothing);
    ADD(a_skippable_zstd_frame_is_skipped);
    ADD(zero_bytes_after_the_last_gzip_member_are_ignored);
    ADD(other_bytes_after_the_end_are_an_error);
    ADD(truncated_data_are_an_error_at_every_length);
    ADD(a_wrong_gzip_checksum_or_length_is_an_error);
    ADD(a_flipped_bit_never_passes_the_checks_of_gzip_and_xz);
    ADD(a_source_that_expands_too_far_is_a_limit_error);
    ADD(a_zstd_window_over_the_limit_is_a_limit_error);
    ADD(codecs_that_are_only_recognised_are_refused);
    ADD(no_codec_gives_the_source_itself);
    ADD(a_matching_digest_and_size_pass);
    ADD(a_wrong_digest_is_an_error_that_names_both);
    ADD(a_wrong_size_is_an_error);
    ADD(a_blob_is_verified_behind_the_last_gzip_member);
    ADD(a_threaded_stream_gives_the_same_bytes);
    ADD(an_error_comes_after_the_bytes_before_it);
    ADD(freeing_a_threaded_stream_early_stops_its_thread);
    ADD(freeing_wakes_threads_that_wait_for_a_silent_pipe);
    ADD(what_is_reserved_can_be_filled_in_later);
    return g_test_run();
}
