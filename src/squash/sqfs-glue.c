// SPDX-License-Identifier: LGPL-2.1-or-later
#include "sqfs-glue.h"

#include <sqfs/error.h>

typedef struct {
    sqfs_file_t base;
    int fd;
    const char *name;
    guint64 size;
    GError *error;
} GlueFile;

static void file_destroy(sqfs_object_t *object)
{
    GlueFile *self = (GlueFile *)object;

    g_clear_error(&self->error);
    g_free(self);
}

static int file_read_at(sqfs_file_t *file, sqfs_u64 offset, void *buffer, size_t size)
{
    GlueFile *self = (GlueFile *)file;

    return fd_pread_exactly(self->fd, self->name, buffer, size, offset, self->error ? NULL : &self->error)
               ? 0
               : SQFS_ERROR_IO;
}

static int file_write_at(sqfs_file_t *file, sqfs_u64 offset, const void *buffer, size_t size)
{
    GlueFile *self = (GlueFile *)file;

    if (!fd_pwrite(self->fd, self->name, buffer, size, offset, self->error ? NULL : &self->error))
        return SQFS_ERROR_IO;
    self->size = MAX(self->size, offset + size);
    return 0;
}

static sqfs_u64 file_get_size(const sqfs_file_t *file)
{
    return ((const GlueFile *)file)->size;
}

static int file_truncate(sqfs_file_t *file, sqfs_u64 size)
{
    ((GlueFile *)file)->size = size;
    return 0;
}

sqfs_file_t *glue_file_new(int fd, const char *name, guint64 size)
{
    GlueFile *self = g_new0(GlueFile, 1);

    self->base.base.destroy = file_destroy;
    self->base.read_at = file_read_at;
    self->base.write_at = file_write_at;
    self->base.get_size = file_get_size;
    self->base.truncate = file_truncate;
    self->fd = fd;
    self->name = name;
    self->size = size;
    return &self->base;
}

gboolean glue_file_take_error(sqfs_file_t *file, GError **error)
{
    GlueFile *self = (GlueFile *)file;

    if (!self->error)
        return FALSE;
    g_propagate_error(error, g_steal_pointer(&self->error));
    return TRUE;
}

typedef struct {
    sqfs_compressor_t base;
    BlockCodec *codec;
    Codec id;
} GlueCompressor;

static void compressor_destroy(sqfs_object_t *object)
{
    GlueCompressor *self = (GlueCompressor *)object;

    block_codec_free(self->codec);
    g_free(self);
}

static void compressor_get_configuration(const sqfs_compressor_t *compressor, sqfs_compressor_config_t *config)
{
    *config = (sqfs_compressor_config_t){.id = glue_compressor_id(((const GlueCompressor *)compressor)->id)};
}

static int compressor_options(sqfs_compressor_t *compressor, sqfs_file_t *file)
{
    return 0;
}

static sqfs_s32 compressor_do_block(sqfs_compressor_t *compressor, const sqfs_u8 *in, sqfs_u32 size, sqfs_u8 *out,
                                    sqfs_u32 room)
{
    gsize stored;

    if (room < size)
        return SQFS_ERROR_OVERFLOW;
    block_codec_compress(((GlueCompressor *)compressor)->codec, in, size, out, &stored);
    return (sqfs_s32)stored;
}

sqfs_compressor_t *glue_compressor_new(BlockCodec *codec, Codec id)
{
    GlueCompressor *self = g_new0(GlueCompressor, 1);

    self->base.base.destroy = compressor_destroy;
    self->base.get_configuration = compressor_get_configuration;
    self->base.write_options = compressor_options;
    self->base.read_options = compressor_options;
    self->base.do_block = compressor_do_block;
    self->codec = codec;
    self->id = id;
    return &self->base;
}

static const struct {
    int number;
    GourdError code;
    const char *text;
} failures[] = {
    {SQFS_ERROR_ALLOC, GOURD_ERROR_FAILED, "out of memory"},
    {SQFS_ERROR_IO, GOURD_ERROR_FAILED, "input or output failed"},
    {SQFS_ERROR_OVERFLOW, GOURD_ERROR_LIMIT, "a number does not fit the format"},
    {SQFS_ERROR_CORRUPTED, GOURD_ERROR_INPUT, "the data are broken"},
    {SQFS_ERROR_UNSUPPORTED, GOURD_ERROR_UNSUPPORTED, "the format cannot hold it"},
};

gboolean glue_fail(GError **error, int sqfs_error, const char *what)
{
    for (gsize i = 0; i < G_N_ELEMENTS(failures); i++)
        if (failures[i].number == sqfs_error)
            return gourd_error_set(error, failures[i].code, "%s: %s", what, failures[i].text);
    return gourd_error_set(error, GOURD_ERROR_FAILED, "%s: libsquashfs error %d", what, -sqfs_error);
}

guint16 glue_compressor_id(Codec codec)
{
    switch (codec) {
    case CODEC_XZ:
        return SQFS_COMP_XZ;
    case CODEC_LZ4:
        return SQFS_COMP_LZ4;
    case CODEC_ZSTD:
        return SQFS_COMP_ZSTD;
    case CODEC_LZMA:
        return SQFS_COMP_LZMA;
    case CODEC_NONE: /* nothing is compressed, but a kernel must know the name: gzip is in every one */
    case CODEC_GZIP:
    case CODEC_BZIP2:
    default:
        return SQFS_COMP_GZIP;
    }
}
