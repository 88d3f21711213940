/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The tar reader over any bytes: once with all content read, once with all of it skipped; both must see the same entries.
 * A fuzzer finds a checksum only by chance, so those of blocks that call themselves ustar are put right first. */

#include "image/tar-header.h"
#include "image/tar.h"

#include <stdint.h>
#include <string.h>

#define CHECKSUM_AT 148
#define MAGIC_AT 257

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void repair_checksums(guint8 *bytes, gsize size)
{
    for (gsize at = 0; at + TAR_BLOCK_SIZE <= size; at += TAR_BLOCK_SIZE) {
        guint8 *block = bytes + at;
        guint sum = 0;

        if (memcmp(block + MAGIC_AT, "ustar", 5) != 0)
            continue;
        memset(block + CHECKSUM_AT, ' ', 8);
        for (guint i = 0; i < TAR_BLOCK_SIZE; i++)
            sum += block[i];
        g_snprintf((char *)block + CHECKSUM_AT, 8, "%06o", sum);
    }
}

/* What the content's ends are combined into, so that ASan sees them read. */
static volatile guint8 seen;

static gboolean drain(EntryReader *reader, const Entry *entry)
{
    guint64 total = 0;

    for (;;) {
        const guint8 *bytes;
        gsize size;

        if (!entry_reader_data(reader, &bytes, &size, NULL))
            return FALSE;
        if (size == 0)
            break;
        total += size;
        if (bytes)
            seen ^= bytes[0] ^ bytes[size - 1];
    }
    if (total != (entry->type == ENTRY_FILE ? entry->size : 0))
        g_error("'%s' has %" G_GUINT64_FORMAT " bytes, not %" G_GUINT64_FORMAT, entry->path, total, entry->size);
    return TRUE;
}

static void check_entry(const Entry *entry)
{
    gboolean link = entry->type == ENTRY_SYMLINK || entry->type == ENTRY_HARD_LINK;

    if (*entry->path == '\0' || entry->mode > 07777 || entry->mtime_nsec > 999999999)
        g_error("an entry that cannot be");
    if (link != (entry->target != NULL) || (link && *entry->target == '\0'))
        g_error("'%s' has a target or lacks one", entry->path);
    for (gsize i = 1; i < xattrs_count(entry->xattrs); i++)
        if (strcmp(xattrs_get(entry->xattrs, i - 1)->name, xattrs_get(entry->xattrs, i)->name) >= 0)
            g_error("attributes are out of order");
}

/* Counts the entries; *ret_whole says whether the archive could be read to its end. */
static guint64 read_all(const guint8 *bytes, gsize size, gboolean content, gboolean *ret_whole)
{
    g_autoptr(Notes) notes = notes_new();
    ImageLimits limits;
    const Entry *entry;
    guint64 count = 0;

    image_limits_init(&limits);
    g_autoptr(EntryReader) reader = tar_reader_new(byte_stream_new_memory(bytes, size), &limits, notes);
    *ret_whole = FALSE;
    for (;; count++) {
        if (!entry_reader_next(reader, &entry, NULL))
            return count;
        if (!entry)
            break;
        check_entry(entry);
        if (content && !drain(reader, entry))
            return count + 1;
    }
    *ret_whole = TRUE;
    return count;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autofree guint8 *bytes = g_memdup2(data, size);
    gboolean whole, skipped_whole;

    repair_checksums(bytes, size);
    guint64 count = read_all(bytes, size, TRUE, &whole);
    guint64 skipped = read_all(bytes, size, FALSE, &skipped_whole);
    if (count != skipped || whole != skipped_whole)
        g_error("%" G_GUINT64_FORMAT " entries when read, %" G_GUINT64_FORMAT " when skipped", count, skipped);
    return 0;
}
