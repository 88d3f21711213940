// SPDX-License-Identifier: LGPL-2.1-or-later
#include "reader-private.h"

#include <endian.h>
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define NO_TABLE G_MAXUINT64
#define FRAGMENT_SIZE sizeof(sqfs_fragment_t)
#define METADATA_WORD_PLAIN 0x8000u /* in the two bytes before a metadata block: stored as it is */

gboolean squash_fail(GError **error, int code, const char *what)
{
    switch (code) {
    case SQFS_ERROR_ALLOC:
        return gourd_error_set(error, GOURD_ERROR_FAILED, "%s: out of memory", what);
    case SQFS_ERROR_IO:
        return gourd_error_set(error, GOURD_ERROR_FAILED, "%s: input/output error", what);
    case SQFS_ERROR_COMPRESSOR:
        return gourd_error_set(error, GOURD_ERROR_INPUT, "%s: the compressed data are broken", what);
    case SQFS_ERROR_OUT_OF_BOUNDS:
        return gourd_error_set(error, GOURD_ERROR_INPUT, "%s: it lies outside of its table", what);
    case SQFS_ERROR_UNSUPPORTED:
        return gourd_error_set(error, GOURD_ERROR_UNSUPPORTED, "%s: not supported by this libsquashfs", what);
    default:
        return gourd_error_set(error, GOURD_ERROR_INPUT, "%s: the image is broken", what);
    }
}

static int read_at(sqfs_file_t *base, sqfs_u64 offset, void *buffer, size_t size)
{
    BorrowedFile *file = (BorrowedFile *)base;
    g_autoptr(GError) error = NULL;
    gsize got = 0;

    if (offset > file->size || size > file->size - offset)
        return SQFS_ERROR_OUT_OF_BOUNDS;
    if (!fd_pread(file->fd, "", buffer, size, offset, &got, &error))
        return SQFS_ERROR_IO;
    return got == size ? 0 : SQFS_ERROR_OUT_OF_BOUNDS;
}

static int refuse_write(sqfs_file_t *base, sqfs_u64 offset, const void *buffer, size_t size)
{
    return SQFS_ERROR_IO;
}

static sqfs_u64 get_size(const sqfs_file_t *base)
{
    return ((const BorrowedFile *)base)->size;
}

static int refuse_truncate(sqfs_file_t *base, sqfs_u64 size)
{
    return SQFS_ERROR_IO;
}

static gboolean init_file(SquashReader *reader, int fd, GError **error)
{
    off_t size = lseek(fd, 0, SEEK_END); /* fstat(2) would not tell the size of a block device */
    struct stat status;

    if (fstat(fd, &status) == 0 && S_ISDIR(status.st_mode))
        return gourd_error_set(error, GOURD_ERROR_INPUT, "it is a folder");
    if (size < 0)
        return gourd_error_set_errno(error, errno, "cannot tell its size");
    reader->file = (BorrowedFile){
        .base = {.read_at = read_at, .write_at = refuse_write, .get_size = get_size, .truncate = refuse_truncate},
        .fd = fd,
        .size = (guint64)size,
    };
    return TRUE;
}

gboolean squash_detect(const guint8 *bytes, gsize size)
{
    return size >= 4 && memcmp(bytes, "hsqs", 4) == 0;
}

static gboolean check_superblock(SquashReader *reader, GError **error)
{
    const sqfs_super_t *super = &reader->super;
    const char *wrong = NULL;

    if (super->bytes_used > reader->file.size)
        return gourd_error_set(error, GOURD_ERROR_INPUT,
                               "the file is truncated: the image has %" G_GUINT64_FORMAT
                               " bytes, the file %" G_GUINT64_FORMAT,
                               super->bytes_used, reader->file.size);
    if (super->inode_table_start < sizeof *super || super->inode_table_start >= super->directory_table_start)
        wrong = "inode table";
    else if (super->directory_table_start >= super->bytes_used)
        wrong = "directory table";
    else if (super->id_count == 0 || super->id_table_start <= super->directory_table_start ||
             super->id_table_start >= super->bytes_used)
        wrong = "id table";
    else if (super->fragment_entry_count > 0 && (super->fragment_table_start <= super->directory_table_start ||
                                                 super->fragment_table_start >= super->bytes_used))
        wrong = "fragment table";
    else if (super->export_table_start != NO_TABLE && (super->export_table_start <= super->directory_table_start ||
                                                       super->export_table_start >= super->bytes_used))
        wrong = "export table";
    else if (super->xattr_id_table_start != NO_TABLE && (super->xattr_id_table_start <= super->directory_table_start ||
                                                         super->xattr_id_table_start >= super->bytes_used))
        wrong = "xattr table";
    if (wrong)
        return gourd_error_set(error, GOURD_ERROR_INPUT, "the superblock puts the %s where it cannot be", wrong);
    return TRUE;
}

static gboolean read_superblock(SquashReader *reader, GError **error)
{
    guint8 magic[4];
    gsize got = 0;

    if (!fd_pread(reader->file.fd, reader->name, magic, sizeof magic, 0, &got, error))
        return FALSE;
    if (!squash_detect(magic, got)) {
        gourd_error_set(error, GOURD_ERROR_INPUT, "it is not a SquashFS image");
        return gourd_error_hint(error, "gourd build makes a bundle of a container image or an archive");
    }
    int code = sqfs_super_read(&reader->super, &reader->file.base);
    if (code == SFQS_ERROR_SUPER_VERSION)
        return gourd_error_set(error, GOURD_ERROR_UNSUPPORTED, "it is not SquashFS version 4.0");
    if (code)
        return squash_fail(error, code, "cannot read the superblock");
    if (!check_superblock(reader, error))
        return FALSE;
    const sqfs_super_t *super = &reader->super;
    reader->facts = (SquashFacts){
        .compressor = sqfs_compressor_name_from_id(super->compression_id),
        .block_size = super->block_size,
        .inode_count = super->inode_count,
        .fragment_count = super->fragment_entry_count,
        .id_count = super->id_count,
        .mtime = super->modification_time,
        .flags = super->flags,
        .bytes_used = super->bytes_used,
        .data_start = sizeof *super,
        .inode_table = super->inode_table_start,
        .directory_table = super->directory_table_start,
        .file_size = reader->file.size,
    };
    return TRUE;
}

static gboolean open_compressor(SquashReader *reader, GError **error)
{
    sqfs_compressor_config_t config;
    guint8 word[2];
    int code = sqfs_compressor_config_init(&config, reader->super.compression_id, reader->super.block_size,
                                           SQFS_COMP_FLAG_UNCOMPRESS);

    if (code == 0)
        code = sqfs_compressor_create(&config, &reader->compressor);
    if (code)
        return squash_fail(error, code, "cannot use its compressor");
    if (!(reader->super.flags & SQFS_FLAG_COMPRESSOR_OPTIONS))
        return TRUE;
    code = reader->compressor->read_options(reader->compressor, &reader->file.base);
    if (code == 0)
        code = read_at(&reader->file.base, sizeof(sqfs_super_t), word, sizeof word);
    if (code)
        return squash_fail(error, code, "cannot read the compressor options");
    reader->facts.data_start += sizeof word + ((word[0] | word[1] << 8) & ~METADATA_WORD_PLAIN);
    return TRUE;
}

static gboolean read_ids(SquashReader *reader, GError **error)
{
    const sqfs_super_t *super = &reader->super;
    int code = sqfs_read_table(&reader->file.base, reader->compressor, super->id_count * sizeof(guint32),
                               super->id_table_start, super->directory_table_start, super->id_table_start,
                               (void **)&reader->ids);

    if (code)
        return squash_fail(error, code, "cannot read the id table");
    for (guint i = 0; i < super->id_count; i++)
        reader->ids[i] = le32toh(reader->ids[i]);
    return TRUE;
}

static gboolean read_fragments(SquashReader *reader, GError **error)
{
    const sqfs_super_t *super = &reader->super;

    if (super->fragment_entry_count == 0)
        return TRUE;
    /* Each fragment block has at least one byte. */
    if (super->fragment_entry_count > super->inode_table_start)
        return gourd_error_set(error, GOURD_ERROR_INPUT, "the superblock counts more fragments than there are bytes");
    int code = sqfs_read_table(&reader->file.base, reader->compressor, super->fragment_entry_count * FRAGMENT_SIZE,
                               super->fragment_table_start, super->directory_table_start, super->fragment_table_start,
                               (void **)&reader->fragments);
    if (code)
        return squash_fail(error, code, "cannot read the fragment table");
    for (guint i = 0; i < super->fragment_entry_count; i++) {
        reader->fragments[i].start_offset = le64toh(reader->fragments[i].start_offset);
        reader->fragments[i].size = le32toh(reader->fragments[i].size);
    }
    return TRUE;
}

static void init_tables(SquashReader *reader)
{
    const sqfs_super_t *super = &reader->super;
    sqfs_file_t *file = &reader->file.base;
    guint64 listings_end = super->id_table_start;

    if (super->fragment_entry_count > 0)
        listings_end = MIN(listings_end, super->fragment_table_start);
    listings_end = MIN(listings_end, super->export_table_start);
    squash_table_init(&reader->inodes, file, reader->compressor, super->inode_table_start,
                      super->directory_table_start);
    squash_table_init(&reader->listings, file, reader->compressor, super->directory_table_start, listings_end);
}

SquashReader *squash_reader_new(int fd, const char *name, GError **error)
{
    g_autoptr(SquashReader) reader = g_new0(SquashReader, 1);

    reader->name = g_strdup(name);
    reader->sizes = g_array_new(FALSE, FALSE, sizeof(guint32));
    reader->target = g_string_new(NULL);
    if (!init_file(reader, fd, error) || !read_superblock(reader, error) || !open_compressor(reader, error) ||
        !read_ids(reader, error) || !read_fragments(reader, error) || !squash_read_xattr_header(reader, error)) {
        g_autofree char *shown = text_escape(name);

        gourd_error_prefix(error, "cannot open '%s' as SquashFS", shown);
        return NULL;
    }
    init_tables(reader);
    return g_steal_pointer(&reader);
}

void squash_reader_free(SquashReader *reader)
{
    if (!reader)
        return;
    squash_expander_free(reader->expander);
    squash_table_clear(&reader->inodes);
    squash_table_clear(&reader->listings);
    sqfs_destroy(reader->xattr_ids);
    sqfs_destroy(reader->xattr_pairs);
    sqfs_destroy(reader->compressor);
    if (reader->ids)
        sqfs_free(reader->ids);
    if (reader->fragments)
        sqfs_free(reader->fragments);
    g_array_unref(reader->sizes);
    g_string_free(reader->target, TRUE);
    if (reader->root.entries)
        squash_listing_release(&reader->root);
    g_free(reader->name);
    g_free(reader);
}

const SquashFacts *squash_reader_facts(const SquashReader *reader)
{
    return &reader->facts;
}

gboolean squash_reader_locate_fragment(const SquashReader *reader, guint32 index, guint64 *ret_offset,
                                       guint32 *ret_word, GError **error)
{
    if (index >= reader->facts.fragment_count)
        return gourd_error_set(error, GOURD_ERROR_INPUT, "fragment %u is not one of the %u of the image", index,
                               reader->facts.fragment_count);
    *ret_offset = reader->fragments[index].start_offset;
    *ret_word = reader->fragments[index].size;
    return TRUE;
}
