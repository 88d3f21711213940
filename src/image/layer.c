// SPDX-License-Identifier: LGPL-2.1-or-later
#include "transport.h"

#define CODEC_BYTES 6            /* what codec_detect() needs */
#define AHEAD_SIZE (1024 * 1024) /* of one buffer that the inflating thread fills */
#define AHEAD_BUFFERS 3          /* one being read, one full, one being filled */

/* How a layer is read:
 *
 *     range of a file → verified (blob) → inflated → [own thread] → verified (diff_id) → tar
 *
 * so that inflating and hashing the tar run side by side. */

typedef struct {
    EntryReader reader;
    EntryReader *tar;
    const ByteStream *raw; /* the lowest stage, owned by tar */
    Blob blob;             /* what the lowest stage reads from; its stream was handed on */
    char *what;
} LayerReader;

static gboolean layer_next(EntryReader *reader, const Entry **ret_entry, GError **error)
{
    LayerReader *self = (LayerReader *)reader;

    if (!entry_reader_next(self->tar, ret_entry, error))
        return gourd_error_prefix(error, "%s", self->what);
    return TRUE;
}

static gboolean layer_data(EntryReader *reader, const guint8 **ret_bytes, gsize *ret_size, GError **error)
{
    LayerReader *self = (LayerReader *)reader;

    if (!entry_reader_data(self->tar, ret_bytes, ret_size, error))
        return gourd_error_prefix(error, "%s", self->what);
    return TRUE;
}

static guint64 layer_position(const EntryReader *reader)
{
    return byte_stream_position(((const LayerReader *)reader)->raw);
}

static void layer_free(EntryReader *reader)
{
    LayerReader *self = (LayerReader *)reader;

    entry_reader_free(self->tar);
    blob_clear(&self->blob);
    g_free(self->what);
    g_free(self);
}

EntryReader *layer_reader_new(EntryReader *tar, const ByteStream *raw, Blob *blob, const char *what)
{
    LayerReader *self = g_new0(LayerReader, 1);

    self->reader.next = layer_next;
    self->reader.data = layer_data;
    self->reader.position = layer_position;
    self->reader.free = layer_free;
    self->tar = tar;
    self->raw = raw;
    self->blob = *blob;
    *blob = (Blob){.fd = -1};
    self->what = g_strdup(what);
    return &self->reader;
}

/* The bytes of a layer as they are stored, digest verified where there is one. */
static gboolean open_stored(Image *image, const StoredLayer *layer, Blob *ret_blob, GError **error)
{
    if (layer->inlined)
        blob_init_bytes(ret_blob, layer->inlined);
    else if (!blob_store_open(image->blobs, layer->path, ret_blob, error))
        return FALSE;
    return TRUE;
}

static ByteStream *inflate_layer(const Image *image, const ImageLayer *info, ByteStream *source, GError **error)
{
    ByteStream *stream = source;

    if (info->has_digest) {
        g_autofree char *digest = digest_to_text(&info->digest);
        g_autofree char *what = g_strdup_printf("blob %s", digest);

        stream = byte_stream_new_verified(stream, &info->digest, info->size, what);
    }
    stream = byte_stream_new_inflated(stream, info->codec, image->limits.unpacked_size, codec_to_name(info->codec),
                                      error);
    if (!stream)
        return NULL;
    if (info->codec != CODEC_NONE)
        stream = byte_stream_new_threaded(stream, AHEAD_SIZE, AHEAD_BUFFERS);
    return info->has_diff_id ? byte_stream_new_verified(stream, &info->diff_id, G_MAXUINT64, "unpacked layer") : stream;
}

EntryReader *image_read_stored_layer(Image *image, guint index, Notes *notes, GError **error)
{
    const StoredLayer *layer = g_ptr_array_index(image->layers, index);
    g_auto(Blob) blob = {.fd = -1};

    if (!open_stored(image, layer, &blob, error)) {
        gourd_error_prefix(error, "%s", layer->info.description);
        return NULL;
    }
    const ByteStream *raw = blob.stream;
    ByteStream *tar = inflate_layer(image, &layer->info, g_steal_pointer(&blob.stream), error);
    if (!tar) {
        gourd_error_prefix(error, "%s", layer->info.description);
        return NULL;
    }
    return layer_reader_new(tar_reader_new(tar, &image->limits, notes), raw, &blob, layer->info.description);
}

static gboolean describe_layer(Image *image, StoredLayer *layer, GError **error)
{
    g_auto(Blob) blob = {.fd = -1};
    const guint8 *bytes;
    gsize size;

    if (!open_stored(image, layer, &blob, error) || !byte_stream_peek(blob.stream, CODEC_BYTES, &bytes, &size, error))
        return FALSE;
    layer->info.codec = codec_detect(bytes, size);
    if (layer->info.has_digest && layer->info.size != blob.size) {
        g_autofree char *digest = digest_to_text(&layer->info.digest);

        gourd_error_set(error, GOURD_ERROR_INPUT,
                        "blob %s has %" G_GUINT64_FORMAT " bytes, but should have %" G_GUINT64_FORMAT, digest,
                        blob.size, layer->info.size);
        return gourd_error_hint(error, "the image is damaged or incomplete; fetch it again");
    }
    layer->info.size = blob.size;
    return TRUE;
}

gboolean image_describe_layers(Image *image, GError **error)
{
    for (guint i = 0; i < image->layers->len; i++) {
        StoredLayer *layer = g_ptr_array_index(image->layers, i);

        if (!describe_layer(image, layer, error))
            return gourd_error_prefix(error, "%s", layer->info.description);
    }
    return TRUE;
}
