// SPDX-License-Identifier: LGPL-2.1-or-later
#include "transport.h"

#define CODEC_BYTES 6                   /* what codec_detect() needs */
#define UNPACKED_LAYER "unpacked layer" /* in messages: what diff_id is the digest of */
#define AHEAD_SIZE (512 * 1024)         /* of one buffer that the inflating thread fills */
#define AHEAD_BUFFERS 16                /* enough that neither side waits when the other has a slow stretch */

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
    Image *image; /* and the layer of it that is read, or NULL */
    const StoredLayer *layer;
} LayerReader;

static gboolean open_stored(Image *image, const StoredLayer *layer, Blob *ret_blob, GError **error)
{
    if (layer->inlined)
        blob_init_bytes(ret_blob, layer->inlined);
    else if (!blob_store_open(image->blobs, layer->path, ret_blob, error))
        return FALSE;
    return TRUE;
}

/* Damage shows as a broken header or code long before the digest at the end, which is what a person needs to know. So
 * the blob is read once more by itself: if its digest is wrong, that is the error. */
static void find_damage(LayerReader *self, GError **error)
{
    const ImageLayer *info = self->layer ? &self->layer->info : NULL;
    gboolean plain = info && info->has_diff_id && info->codec == CODEC_NONE;
    g_autoptr(GError) damage = NULL;
    g_auto(Blob) blob = {.fd = -1};

    if (!error || !g_error_matches(*error, GOURD_ERROR, GOURD_ERROR_INPUT) || !info || !(info->has_digest || plain) ||
        !open_stored(self->image, self->layer, &blob, NULL))
        return;
    const Digest *expected = info->has_digest ? &info->digest : &info->diff_id;
    g_autofree char *text = digest_to_text(expected);
    g_autofree char *what = info->has_digest ? g_strdup_printf("blob %s", text) : g_strdup(UNPACKED_LAYER);
    blob.stream = byte_stream_new_verified(blob.stream, expected, G_MAXUINT64, what);
    if (byte_stream_drain(blob.stream, &damage) || !g_error_matches(damage, GOURD_ERROR, GOURD_ERROR_INPUT))
        return;
    g_clear_error(error);
    g_propagate_error(error, g_steal_pointer(&damage));
}

static gboolean fail_layer(LayerReader *self, GError **error)
{
    find_damage(self, error);
    return gourd_error_prefix(error, "%s", self->what);
}

static gboolean layer_next(EntryReader *reader, const Entry **ret_entry, GError **error)
{
    LayerReader *self = (LayerReader *)reader;

    return entry_reader_next(self->tar, ret_entry, error) || fail_layer(self, error);
}

static gboolean layer_data(EntryReader *reader, const guint8 **ret_bytes, gsize *ret_size, GError **error)
{
    LayerReader *self = (LayerReader *)reader;

    return entry_reader_data(self->tar, ret_bytes, ret_size, error) || fail_layer(self, error);
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
    return info->has_diff_id ? byte_stream_new_verified(stream, &info->diff_id, G_MAXUINT64, UNPACKED_LAYER) : stream;
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
    EntryReader *reader = layer_reader_new(tar_reader_new(tar, &image->limits, notes), raw, &blob,
                                           layer->info.description);
    ((LayerReader *)reader)->image = image;
    ((LayerReader *)reader)->layer = layer;
    return reader;
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
