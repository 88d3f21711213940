// SPDX-License-Identifier: LGPL-2.1-or-later
#include "writer.h"

#include "sqfs-glue.h"
#include "write-inode.h"

#include <sqfs/frag_table.h>
#include <sqfs/id_table.h>
#include <sqfs/super.h>
#include <sqfs/xattr_writer.h>
#include <string.h>
#include <unistd.h>

#define METADATA_BLOCK_SIZE 8192
#define LZ4_OPTIONS_SIZE 8

struct SquashWriter {
    int fd;
    char *name;
    SquashOptions options;
    guint64 data_start;
    sqfs_compressor_t *compressor;
    sqfs_frag_table_t *fragments;
};

/* LZ4 must say how it compresses, as a metadata block in front of the data: le32 version, le32 flags. */
static gboolean write_lz4_options(SquashWriter *writer, GError **error)
{
    guint16 header = GUINT16_TO_LE(LZ4_OPTIONS_SIZE | 0x8000); /* stored as it is */
    guint32 options[2] = {GUINT32_TO_LE(1), GUINT32_TO_LE(writer->options.level > 1 ? 1 : 0)};
    guint8 block[sizeof header + sizeof options];

    memcpy(block, &header, sizeof header);
    memcpy(block + sizeof header, options, sizeof options);
    if (!fd_pwrite(writer->fd, writer->name, block, sizeof block, writer->data_start, error))
        return FALSE;
    writer->data_start += sizeof block;
    return TRUE;
}

/* Tables are so small beside the data that a low level would save no time worth having. */
static int choose_table_level(const SquashOptions *options)
{
    if (options->plain_tables || options->level == CODEC_LEVEL_DEFAULT)
        return CODEC_LEVEL_DEFAULT;
    return MAX(options->level, codec_level_default(options->codec));
}

SquashWriter *squash_writer_new(int fd, const char *name, const SquashOptions *options, GError **error)
{
    g_assert(options->block_size >= SQUASH_BLOCK_SIZE_MIN && options->block_size <= SQUASH_BLOCK_SIZE_MAX);
    Codec table_codec = options->plain_tables ? CODEC_NONE : options->codec;
    g_autoptr(BlockCodec) codec = block_codec_new(table_codec, choose_table_level(options), METADATA_BLOCK_SIZE, error);
    if (!codec)
        return NULL;
    g_autoptr(SquashWriter) writer = g_new0(SquashWriter, 1);
    writer->fd = fd;
    writer->name = g_strdup(name);
    writer->options = *options;
    if (options->level == CODEC_LEVEL_DEFAULT)
        writer->options.level = codec_level_default(options->codec);
    writer->compressor = glue_compressor_new(g_steal_pointer(&codec), options->codec);
    writer->fragments = sqfs_frag_table_create(0);
    writer->data_start = sizeof(sqfs_super_t);
    if (options->codec == CODEC_LZ4 && !write_lz4_options(writer, error))
        return NULL;
    return g_steal_pointer(&writer);
}

void squash_writer_free(SquashWriter *writer)
{
    if (!writer)
        return;
    sqfs_destroy(writer->fragments);
    sqfs_destroy(writer->compressor);
    g_free(writer->name);
    g_free(writer);
}

guint64 squash_writer_data_start(const SquashWriter *writer)
{
    return writer->data_start;
}

gboolean squash_writer_add_fragment(SquashWriter *writer, guint64 offset, guint32 size_word, GError **error)
{
    sqfs_u32 number;
    int ret = sqfs_frag_table_append(writer->fragments, offset, size_word, &number);

    return ret == 0 || glue_fail(error, ret, "fragment table");
}

static void init_super(const SquashWriter *writer, sqfs_super_t *super)
{
    const SquashOptions *options = &writer->options;

    sqfs_super_init(super, options->block_size, options->time, glue_compressor_id(options->codec));
    super->flags = SQFS_FLAG_NO_DUPLICATES; /* equal files were found and stored once */
    if (options->codec == CODEC_LZ4)
        super->flags |= SQFS_FLAG_COMPRESSOR_OPTIONS;
    if (options->codec == CODEC_NONE)
        super->flags |= SQFS_FLAG_UNCOMPRESSED_DATA | SQFS_FLAG_UNCOMPRESSED_FRAGMENTS;
    if (options->codec == CODEC_NONE || options->plain_tables)
        super->flags |= SQFS_FLAG_UNCOMPRESSED_INODES | SQFS_FLAG_UNCOMPRESSED_XATTRS | SQFS_FLAG_UNCOMPRESSED_IDS;
}

static gboolean write_tables(SquashWriter *writer, InodeWriter *inodes, sqfs_file_t *file, sqfs_super_t *super,
                             GError **error)
{
    int ret = sqfs_frag_table_write(writer->fragments, file, super, writer->compressor);

    if (ret != 0)
        return glue_fail(error, ret, "fragment table");
    ret = sqfs_id_table_write(inodes->ids, file, super, writer->compressor);
    if (ret != 0)
        return glue_fail(error, ret, "owner table");
    ret = sqfs_xattr_writer_flush(inodes->xattrs, file, super, writer->compressor);
    return ret == 0 || glue_fail(error, ret, "attribute table");
}

static gboolean pad(const SquashWriter *writer, guint64 size, GError **error)
{
    static const guint8 zeros[SQUASH_ALIGNMENT];
    guint64 rest = (SQUASH_ALIGNMENT - size % SQUASH_ALIGNMENT) % SQUASH_ALIGNMENT;

    return fd_pwrite(writer->fd, writer->name, zeros, rest, size, error);
}

gboolean squash_writer_finish(SquashWriter *writer, Tree *tree, guint64 data_end, SquashContentFunc content,
                              gpointer user_data, guint64 *ret_size, GError **error)
{
    sqfs_file_t *file = glue_file_new(writer->fd, writer->name, data_end);
    InodeWriter inodes = {
        .content = content,
        .user_data = user_data,
        .time = writer->options.time,
    };
    sqfs_super_t super;
    gboolean ok;

    init_super(writer, &super);
    super.inode_table_start = data_end;
    inode_writer_init(&inodes, file, writer->compressor);
    ok = inode_writer_write_tree(&inodes, tree, &super, error) && write_tables(writer, &inodes, file, &super, error);
    if (ok) {
        super.bytes_used = file->get_size(file);
        int ret = sqfs_super_write(&super, file);
        ok = (ret == 0 || glue_fail(error, ret, "superblock")) && pad(writer, super.bytes_used, error);
    }
    if (!ok) {
        g_autoptr(GError) cause = NULL;

        if (glue_file_take_error(file, &cause)) { /* the cause itself says more than libsquashfs's number */
            g_clear_error(error);
            g_propagate_error(error, g_steal_pointer(&cause));
        }
    }
    inode_writer_clear(&inodes);
    sqfs_destroy(file);
    *ret_size = super.bytes_used;
    return ok;
}
