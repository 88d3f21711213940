// SPDX-License-Identifier: LGPL-2.1-or-later
/* The lower bound that `gourd build` is compared with: inflates layers and compresses the same bytes, cut into blocks, on
 * N threads, and does nothing else: no tar, no digests, no deduplication, no output.
 *
 *     limit --jobs N [--codec zstd] [--level L] --block-size B LAYER…
 *
 * prints {"wall": s, "cpu": s, "bytes": inflated, "packed": compressed}. A layer can be inflated by one thread at a
 * time only, everything else by any. So each thread takes what keeps all busy: the largest layer that nobody inflates
 * while there is a free chunk, else a full chunk to compress. */

#include "codec/stream.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#define CHUNK_SIZE_MIN (1024 * 1024) /* what is inflated at once: long enough that the lock does not matter */
#define CHUNKS_PER_JOB 4

typedef struct {
    ByteStream *file; /* what stream reads from, or stream itself */
    ByteStream *stream;
    guint64 size; /* of the file */
    gboolean busy;
    gboolean ended;
} Layer;

typedef struct {
    guint8 *bytes;
    gsize filled;
} Chunk;

typedef struct {
    Layer *layers;
    guint n_layers;
    gsize chunk_size;
    Codec codec;
    int level;
    gsize block_size;

    GMutex lock; /* guards the layers' states and the lists */
    GCond changed;
    GPtrArray *free;
    GPtrArray *full;
    GError *error;
    guint64 bytes;
    guint64 packed;
} Run;

/* The layer with most left to read. */
static Layer *choose_layer(Run *run)
{
    Layer *best = NULL;
    guint64 best_left = 0;

    for (guint i = 0; i < run->n_layers; i++) {
        Layer *layer = &run->layers[i];

        if (layer->busy || layer->ended)
            continue;
        guint64 left = layer->size - MIN(layer->size, byte_stream_position(layer->file));

        if (!best || left > best_left) {
            best = layer;
            best_left = left;
        }
    }
    return best;
}

static gboolean all_ended(const Run *run)
{
    for (guint i = 0; i < run->n_layers; i++)
        if (!run->layers[i].ended)
            return FALSE;
    return TRUE;
}

static void inflate_chunk(Run *run, Layer *layer)
{
    Chunk *chunk = g_ptr_array_steal_index_fast(run->free, run->free->len - 1);
    GError *error = NULL;
    gsize got = 1;

    layer->busy = TRUE;
    g_mutex_unlock(&run->lock);
    chunk->filled = 0;
    while (got > 0 && chunk->filled < run->chunk_size) {
        if (!stream_read(layer->stream, chunk->bytes + chunk->filled, run->chunk_size - chunk->filled, &got, &error))
            break;
        chunk->filled += got;
    }
    g_mutex_lock(&run->lock);
    layer->busy = FALSE;
    layer->ended = got == 0 || error;
    run->bytes += chunk->filled;
    g_ptr_array_add(chunk->filled > 0 ? run->full : run->free, chunk);
    if (error && !run->error)
        run->error = error;
    else
        g_clear_error(&error);
    g_cond_broadcast(&run->changed);
}

static void compress_chunk(Run *run, BlockCodec *codec, guint8 *room)
{
    Chunk *chunk = g_ptr_array_steal_index_fast(run->full, run->full->len - 1);
    guint64 packed = 0;

    g_mutex_unlock(&run->lock);
    for (gsize at = 0; at < chunk->filled; at += run->block_size) {
        gsize part = MIN(run->block_size, chunk->filled - at), size;

        block_codec_compress(codec, chunk->bytes + at, part, room, &size);
        packed += size > 0 ? size : part;
    }
    g_mutex_lock(&run->lock);
    run->packed += packed;
    g_ptr_array_add(run->free, chunk);
    g_cond_broadcast(&run->changed);
}

static gpointer work(gpointer data)
{
    Run *run = data;
    g_autoptr(BlockCodec) codec = block_codec_new(run->codec, run->level, run->block_size, NULL);
    g_autofree guint8 *room = g_malloc(run->block_size);

    g_mutex_lock(&run->lock);
    while (!run->error && (run->full->len > 0 || !all_ended(run))) {
        Layer *layer = run->free->len > 0 ? choose_layer(run) : NULL;

        if (layer)
            inflate_chunk(run, layer);
        else if (run->full->len > 0)
            compress_chunk(run, codec, room);
        else
            g_cond_wait(&run->changed, &run->lock);
    }
    g_mutex_unlock(&run->lock);
    return NULL;
}

static gboolean open_layer(Layer *layer, const char *path, GError **error)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC); /* until the end of the program */
    struct stat status;
    guint8 magic[6];
    gsize got;

    if (fd < 0 || fstat(fd, &status) < 0)
        return gourd_error_set_errno(error, errno, "cannot open '%s'", path);
    if (!fd_pread(fd, path, magic, sizeof magic, 0, &got, error))
        return FALSE;
    layer->size = (guint64)status.st_size;
    layer->file = byte_stream_new_file(fd, path, 0, layer->size);
    layer->stream = byte_stream_new_inflated(layer->file, codec_detect(magic, got), G_MAXUINT64, path, error);
    return layer->stream != NULL;
}

static double seconds_of(struct timeval time)
{
    return (double)time.tv_sec + (double)time.tv_usec / 1e6;
}

static gboolean run_all(Run *run, guint jobs, GError **error)
{
    g_autoptr(BlockCodec) valid = block_codec_new(run->codec, run->level, run->block_size, error);

    if (!valid)
        return FALSE;
    g_mutex_init(&run->lock);
    g_cond_init(&run->changed);
    run->free = g_ptr_array_new();
    run->full = g_ptr_array_new();
    run->chunk_size = MAX(CHUNK_SIZE_MIN / run->block_size, 1) * run->block_size;
    for (guint i = 0; i < jobs * CHUNKS_PER_JOB; i++) {
        Chunk *chunk = g_new0(Chunk, 1);

        chunk->bytes = g_malloc(run->chunk_size);
        g_ptr_array_add(run->free, chunk);
    }
    g_autofree GThread **threads = g_new0(GThread *, jobs);

    for (guint i = 0; i < jobs; i++)
        threads[i] = g_thread_new("limit", work, run);
    for (guint i = 0; i < jobs; i++)
        g_thread_join(threads[i]);
    if (run->error)
        g_propagate_error(error, run->error);
    return run->error == NULL;
}

static gboolean find_codec(const char *name, Codec *ret_codec, GError **error)
{
    for (Codec codec = CODEC_NONE; codec <= CODEC_LZ4; codec++) {
        if (g_str_equal(codec_to_name(codec), name)) {
            *ret_codec = codec;
            return TRUE;
        }
    }
    return gourd_error_set(error, GOURD_ERROR_USAGE, "no compressor is called '%s'", name);
}

static gboolean measure(int argc, char **argv, GError **error)
{
    Run run = {0};
    int jobs = 1, block_size = 0;
    g_autofree char *codec_name = NULL;
    const GOptionEntry entries[] = {
        {"jobs", 0, 0, G_OPTION_ARG_INT, &jobs, "threads", "N"},
        {"codec", 0, 0, G_OPTION_ARG_STRING, &codec_name, "compressor (zstd)", "NAME"},
        {"level", 0, 0, G_OPTION_ARG_INT, &run.level, "its level", "N"},
        {"block-size", 0, 0, G_OPTION_ARG_INT, &block_size, "bytes of a block", "BYTES"},
        G_OPTION_ENTRY_NULL,
    };
    g_autoptr(GOptionContext) context = g_option_context_new("LAYER…");

    g_option_context_add_main_entries(context, entries, NULL);
    if (!g_option_context_parse(context, &argc, &argv, error) ||
        !find_codec(codec_name ? codec_name : "zstd", &run.codec, error))
        return FALSE;
    if (jobs < 1 || block_size < 4096 || argc < 2)
        return gourd_error_set(error, GOURD_ERROR_USAGE, "give --jobs, --block-size and layers");
    run.block_size = (gsize)block_size;
    run.n_layers = (guint)argc - 1;
    run.layers = g_new0(Layer, run.n_layers);
    for (guint i = 0; i < run.n_layers; i++)
        if (!open_layer(&run.layers[i], argv[i + 1], error))
            return FALSE;
    gint64 start = g_get_monotonic_time();

    if (!run_all(&run, (guint)jobs, error))
        return FALSE;
    double wall = (double)(g_get_monotonic_time() - start) / 1e6;
    struct rusage usage;

    getrusage(RUSAGE_SELF, &usage);
    printf("{\"wall\": %.3f, \"cpu\": %.3f, \"bytes\": %" G_GUINT64_FORMAT ", \"packed\": %" G_GUINT64_FORMAT "}\n",
           wall, seconds_of(usage.ru_utime) + seconds_of(usage.ru_stime), run.bytes, run.packed);
    return TRUE;
}

int main(int argc, char **argv)
{
    g_autoptr(GError) error = NULL;

    if (measure(argc, argv, &error))
        return EXIT_SUCCESS;
    fprintf(stderr, "limit: %s\n", error->message);
    return EXIT_FAILURE;
}
