// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

/* Tars made field by field, right ones and wrong ones, and what the reader makes of them as text. */

#include "image/tar-header.h"
#include "image/tar.h"

#include <string.h>

/* Fields are the text in the header; NULL stands for what an ordinary writer would put there. */
typedef struct {
    const char *name, *link, *prefix;
    const char *mode, *uid, *gid, *size, *mtime, *major, *minor;
    const char *magic; /* 8 bytes; default "ustar\00000" */
    const char *checksum;
    char type;        /* default '0' */
    const void *data; /* behind the header, padded */
    gsize data_size;  /* 0: strlen(data) */
    gboolean no_padding;
    const char *sparse; /* what stands at byte 386, to 495 */
    gsize sparse_size;
} TarSpec;

#define MAGIC_GNU "ustar  \0"
#define MAGIC_V7 "\0\0\0\0\0\0\0\0"

static inline void tar_set_field(guint8 *block, gsize at, gsize room, const char *text)
{
    memcpy(block + at, text, MIN(strlen(text), room));
}

static inline void tar_set_sum(guint8 *block, const char *checksum)
{
    guint sum = 0;

    memset(block + 148, ' ', 8);
    for (guint i = 0; i < TAR_BLOCK_SIZE; i++)
        sum += block[i];
    g_snprintf((char *)block + 148, 8, "%06o", sum);
    if (checksum)
        memcpy(block + 148, checksum, strlen(checksum));
}

static inline void tar_pad(GByteArray *tar)
{
    static const guint8 zeros[TAR_BLOCK_SIZE];

    g_byte_array_append(tar, zeros, (TAR_BLOCK_SIZE - tar->len % TAR_BLOCK_SIZE) % TAR_BLOCK_SIZE);
}

static inline void tar_add(GByteArray *tar, const TarSpec *spec)
{
    guint8 block[TAR_BLOCK_SIZE] = {0};
    gsize data_size = spec->data && spec->data_size == 0 ? strlen(spec->data) : spec->data_size;
    g_autofree char *size = g_strdup_printf("%011" G_GSIZE_MODIFIER "o", data_size);
    char type = spec->type ? spec->type : '0';
    const struct {
        gsize at, room;
        const char *text, *standard;
    } fields[] = {
        {0, 100, spec->name, ""},         {100, 8, spec->mode, type == '5' ? "0000755" : "0000644"},
        {108, 8, spec->uid, "0000000"},   {116, 8, spec->gid, "0000000"},
        {124, 12, spec->size, size},      {136, 12, spec->mtime, "00000000000"},
        {157, 100, spec->link, ""},       {329, 8, spec->major, "0000000"},
        {337, 8, spec->minor, "0000000"}, {345, 155, spec->prefix, ""},
    };

    for (gsize i = 0; i < G_N_ELEMENTS(fields); i++)
        tar_set_field(block, fields[i].at, fields[i].room, fields[i].text ? fields[i].text : fields[i].standard);
    block[156] = (guint8)type;
    memcpy(block + 257,
           spec->magic ? spec->magic
                       : "ustar\0"
                         "00",
           8);
    if (spec->sparse)
        memcpy(block + 386, spec->sparse, MIN(spec->sparse_size, 109));
    tar_set_sum(block, spec->checksum);
    g_byte_array_append(tar, block, sizeof block);
    if (data_size > 0)
        g_byte_array_append(tar, spec->data, (guint)data_size);
    if (!spec->no_padding)
        tar_pad(tar);
}
#define TAR_ADD(tar, ...) tar_add((tar), &(const TarSpec){__VA_ARGS__})

static inline void tar_end(GByteArray *tar)
{
    static const guint8 zeros[2 * TAR_BLOCK_SIZE];

    g_byte_array_append(tar, zeros, sizeof zeros);
}

/* Adds a record whose length counts itself. */
static inline void pax_add(GByteArray *records, const char *key, const void *value, gsize size)
{
    gsize length = strlen(key) + size + 3, digits = 1;

    for (gsize ten = 10; length + digits >= ten; ten *= 10)
        digits++;
    g_autofree char *head = g_strdup_printf("%" G_GSIZE_FORMAT " %s=", length + digits, key);
    g_byte_array_append(records, (const guint8 *)head, (guint)strlen(head));
    g_byte_array_append(records, value, (guint)size);
    g_byte_array_append(records, (const guint8 *)"\n", 1);
}

/* A pax header with one record. */
static inline void tar_add_pax(GByteArray *tar, const char *key, const char *value)
{
    g_autoptr(GByteArray) records = g_byte_array_new();

    pax_add(records, key, value, strlen(value));
    TAR_ADD(tar, .type = 'x', .name = "PaxHeaders/x", .data = records->data, .data_size = records->len);
}

/* --- what comes out ------------------------------------------------------------------------------------------------ */

static inline gboolean all_alike(const GString *bytes)
{
    return bytes->len > 0 && memcmp(bytes->str, bytes->str + 1, bytes->len - 1) == 0;
}

static inline void show_bytes(GString *text, GString *bytes)
{
    if (bytes->len > 40 && all_alike(bytes)) {
        g_string_append_printf(text, " %" G_GSIZE_FORMAT "*%c", bytes->len, bytes->str[0]);
    } else if (bytes->len > 0) {
        g_autofree char *shown = bytes_escape(bytes->str, bytes->len);

        g_string_append_printf(text, " \"%s\"", shown);
    }
    g_string_truncate(bytes, 0);
}

static inline gboolean show_content(EntryReader *reader, const Entry *entry, GString *text, GError **error)
{
    g_autoptr(GString) bytes = g_string_new(NULL);
    guint64 total = 0;

    for (;;) {
        const guint8 *piece;
        gsize size;

        if (!entry_reader_data(reader, &piece, &size, error))
            return FALSE;
        if (size == 0)
            break;
        total += size;
        if (piece) {
            g_string_append_len(bytes, (const char *)piece, (gssize)size);
        } else {
            show_bytes(text, bytes);
            g_string_append_printf(text, " [%" G_GSIZE_FORMAT "]", size);
        }
    }
    show_bytes(text, bytes);
    g_assert_cmpuint(total, ==, entry->type == ENTRY_FILE ? entry->size : 0);
    return TRUE;
}

static inline void show_entry(const Entry *entry, GString *text)
{
    g_autofree char *path = text_escape(entry->path);

    g_string_append_printf(text, "%c %s %o %u:%u @%" G_GINT64_FORMAT, "fdlcbpsh"[entry->type], path, entry -> mode,
                           entry -> uid, entry -> gid, entry -> mtime);
    if (entry->mtime_nsec)
        g_string_append_printf(text, ".%09u", entry->mtime_nsec);
    if (entry->type == ENTRY_CHAR_DEVICE || entry->type == ENTRY_BLOCK_DEVICE)
        g_string_append_printf(text, " %u,%u", entry->device_major, entry->device_minor);
    if (entry->target) {
        g_autofree char *target = text_escape(entry->target);

        g_string_append_printf(text, " > %s", target);
    }
    for (gsize i = 0; i < xattrs_count(entry->xattrs); i++) {
        const Xattr *xattr = xattrs_get(entry->xattrs, i);
        g_autofree char *value = bytes_escape(xattr->value, xattr->size);

        g_string_append_printf(text, " %s=%s", xattr->name, value);
    }
}

static inline gboolean show_entries(EntryReader *reader, GString *text, GError **error)
{
    for (;;) {
        const Entry *entry;

        if (!entry_reader_next(reader, &entry, error))
            return FALSE;
        if (!entry)
            return TRUE;
        show_entry(entry, text);
        gboolean ok = show_content(reader, entry, text, error);
        g_string_append_c(text, '\n');
        if (!ok)
            return FALSE;
    }
}

/* The entries, one a line: "f path 644 uid:gid @mtime "content" [hole]"; then "error: message" or "hint"-less. */
static inline char *tar_read_limited(const GByteArray *tar, const ImageLimits *limits, Notes *notes, int *ret_code)
{
    GString *text = g_string_new(NULL);
    g_autoptr(GError) error = NULL;
    /* An exact copy, so that ASan sees a byte too many. */
    g_autofree guint8 *bytes = g_memdup2(tar->data, tar->len);
    g_autoptr(EntryReader) reader = tar_reader_new(byte_stream_new_memory(bytes, tar->len), limits, notes);

    *ret_code = -1;
    if (!show_entries(reader, text, &error)) {
        g_autofree char *message = NULL, *hint = NULL;

        gourd_error_split(error, &message, &hint);
        g_assert_true(error->domain == GOURD_ERROR);
        *ret_code = error->code;
        g_string_append_printf(text, "error: %s\n", message);
    }
    return g_string_free(text, FALSE);
}

static inline void expect_tar(const GByteArray *tar, const char *want)
{
    ImageLimits limits;
    int code;

    image_limits_init(&limits);
    g_autofree char *got = tar_read_limited(tar, &limits, NULL, &code);
    g_assert_cmpstr(got, ==, want);
}
