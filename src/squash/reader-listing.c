// SPDX-License-Identifier: LGPL-2.1-or-later
#include "reader-private.h"

#include <endian.h>
#include <string.h>

#define RUN_MAX 256u /* names below one header */

static const struct {
    guint16 inode;
    EntryType entry;
} types[] = {
    {SQFS_INODE_DIR, ENTRY_DIRECTORY},     {SQFS_INODE_FILE, ENTRY_FILE},        {SQFS_INODE_SLINK, ENTRY_SYMLINK},
    {SQFS_INODE_BDEV, ENTRY_BLOCK_DEVICE}, {SQFS_INODE_CDEV, ENTRY_CHAR_DEVICE}, {SQFS_INODE_FIFO, ENTRY_FIFO},
    {SQFS_INODE_SOCKET, ENTRY_SOCKET},
};

static gboolean translate_type(guint16 type, EntryType *ret_type)
{
    for (gsize i = 0; i < G_N_ELEMENTS(types); i++) {
        if (types[i].inode == type) {
            *ret_type = types[i].entry;
            return TRUE;
        }
    }
    return FALSE;
}

static gboolean is_name_sane(const char *name, gsize length)
{
    return !memchr(name, '\0', length) && !memchr(name, '/', length) && strcmp(name, ".") != 0 &&
           strcmp(name, "..") != 0;
}

/* What is left of a listing, so that no read goes past it. */
typedef struct {
    SquashReader *reader;
    guint64 left;
} Source;

static gboolean take(Source *source, void *bytes, gsize size, GError **error)
{
    if (size > source->left)
        return gourd_error_set(error, GOURD_ERROR_INPUT, "a folder's listing ends in the middle of an entry");
    source->left -= size;
    int code = squash_table_read(&source->reader->listings, bytes, size);
    return code ? squash_fail(error, code, "cannot read a folder's listing") : TRUE;
}

static gboolean read_entry(Source *source, const sqfs_dir_header_t *header, Listing *listing, GError **error)
{
    sqfs_dir_entry_t raw;
    ListingEntry entry = {.name = listing->names->len};

    if (!take(source, &raw, sizeof raw, error))
        return FALSE;
    gsize length = (gsize)le16toh(raw.size) + 1;
    if (length > SQFS_MAX_DIR_ENT)
        return gourd_error_set(error, GOURD_ERROR_INPUT, "a name of %" G_GSIZE_FORMAT " bytes", length);
    if (listing->names->len > SQUASH_LISTING_MAX)
        return gourd_error_set(error, GOURD_ERROR_LIMIT, "a folder with more than %u bytes of names",
                               SQUASH_LISTING_MAX);
    g_byte_array_set_size(listing->names, entry.name + (guint)length + 1);
    char *name = (char *)listing->names->data + entry.name;
    if (!take(source, name, length, error))
        return FALSE;
    name[length] = '\0';
    if (!is_name_sane(name, length)) {
        g_autofree char *shown = bytes_escape(name, length);

        return gourd_error_set(error, GOURD_ERROR_INPUT, "'%s' cannot be a name", shown);
    }
    if (!translate_type(le16toh(raw.type), &entry.type))
        return gourd_error_set(error, GOURD_ERROR_INPUT, "a name has the unknown type %u", le16toh(raw.type));
    entry.reference = (guint64)header->start_block << 16 | le16toh(raw.offset);
    entry.inode = header->inode_number + (guint32)(gint16)le16toh((guint16)raw.inode_diff);
    g_array_append_val(listing->entries, entry);
    return TRUE;
}

static gboolean read_runs(Source *source, Listing *listing, GError **error)
{
    while (source->left > 0) {
        sqfs_dir_header_t header;

        if (!take(source, &header, sizeof header, error))
            return FALSE;
        header.count = le32toh(header.count);
        header.start_block = le32toh(header.start_block);
        header.inode_number = le32toh(header.inode_number);
        if (header.count >= RUN_MAX)
            return gourd_error_set(error, GOURD_ERROR_INPUT, "a folder's listing has a run of %u names", header.count);
        for (guint i = 0; i <= header.count; i++) {
            if (!read_entry(source, &header, listing, error))
                return FALSE;
        }
    }
    return TRUE;
}

static int compare_entries(gconstpointer a, gconstpointer b, gpointer data)
{
    const Listing *listing = data;

    return strcmp(squash_listing_name(listing, a), squash_listing_name(listing, b));
}

/* Puts names into order if they are not. FALSE if one is there twice. */
static gboolean sort_listing(Listing *listing, gboolean *ret_sorted)
{
    GArray *entries = listing->entries;

    *ret_sorted = TRUE;
    for (guint i = 1; i < entries->len && *ret_sorted; i++)
        *ret_sorted = compare_entries(&g_array_index(entries, ListingEntry, i - 1),
                                      &g_array_index(entries, ListingEntry, i), listing) < 0;
    if (*ret_sorted)
        return TRUE;
    g_array_sort_with_data(entries, compare_entries, listing);
    for (guint i = 1; i < entries->len; i++) {
        if (compare_entries(&g_array_index(entries, ListingEntry, i - 1), &g_array_index(entries, ListingEntry, i),
                            listing) == 0)
            return FALSE;
    }
    return TRUE;
}

gboolean squash_read_listing(SquashReader *reader, const SquashNode *folder, Listing *ret_listing, gboolean *ret_sorted,
                             GError **error)
{
    Source source = {reader, folder->size};
    Listing listing = {g_array_new(FALSE, FALSE, sizeof(ListingEntry)), g_byte_array_new()};
    gboolean done = TRUE;

    if (folder->size > 0) {
        int code = squash_table_seek(&reader->listings, folder->listing);

        done = code ? squash_fail(error, code, "cannot find a folder's listing") : read_runs(&source, &listing, error);
    }
    if (done && !sort_listing(&listing, ret_sorted))
        done = gourd_error_set(error, GOURD_ERROR_INPUT, "a folder has a name twice");
    if (done)
        *ret_listing = listing;
    else
        squash_listing_release(&listing);
    return done;
}

void squash_listing_release(Listing *listing)
{
    g_array_unref(listing->entries);
    g_byte_array_unref(listing->names);
}
