// SPDX-License-Identifier: LGPL-2.1-or-later
#include "inflater.h"
#include "stream.h"

typedef struct {
    ByteStream stream;
    const Inflater *inflater;
    gpointer state;
    Codec codec;
    guint64 made;
    guint64 size_max;
    char *what;
} InflatedStream;

static gboolean fail_broken(const InflatedStream *inflated, GourdError code, const char *problem, GError **error)
{
    return gourd_error_set(error, code, "%s: broken %s data near byte %" G_GUINT64_FORMAT ": %s", inflated->what,
                           codec_to_name(inflated->codec), byte_stream_position(inflated->stream.source), problem);
}

static gboolean fail_too_large(const InflatedStream *inflated, GError **error)
{
    return gourd_error_set(error, GOURD_ERROR_LIMIT,
                           "%s: expands to more than %" G_GUINT64_FORMAT " bytes (%" G_GUINT64_FORMAT
                           " compressed bytes read)",
                           inflated->what, inflated->size_max, byte_stream_position(inflated->stream.source));
}

static gboolean read_inflated(ByteStream *stream, guint8 *room, gsize size, gsize *ret_got, GError **error)
{
    InflatedStream *inflated = (InflatedStream *)stream;
    InflateStep step = {.out = room, .out_size = size};

    while (step.made == 0) {
        const char *problem = NULL;
        GourdError code = GOURD_ERROR_INPUT;

        if (!byte_stream_peek(stream->source, inflated->inflater->want, &step.in, &step.in_size, error))
            return FALSE;
        step.used = 0;
        if (!inflated->inflater->step(inflated->state, &step, &problem, &code))
            return fail_broken(inflated, code, problem, error);
        byte_stream_advance(stream->source, step.used);
        if (step.made > 0)
            break;
        if (step.in_size == 0 && step.may_end)
            break;
        if (step.in_size == 0)
            return gourd_error_set(error, GOURD_ERROR_INPUT, "%s: %s data end too early, at byte %" G_GUINT64_FORMAT,
                                   inflated->what, codec_to_name(inflated->codec),
                                   byte_stream_position(stream->source));
        if (step.used == 0)
            return fail_broken(inflated, GOURD_ERROR_INPUT, "the decoder makes no progress", error);
    }
    inflated->made += step.made;
    if (inflated->made > inflated->size_max)
        return fail_too_large(inflated, error);
    *ret_got = step.made;
    return TRUE;
}

static void release_inflated(ByteStream *stream)
{
    InflatedStream *inflated = (InflatedStream *)stream;

    inflated->inflater->close(inflated->state);
    g_free(inflated->what);
}

static const StreamKind inflated_kind = {.read = read_inflated, .release = release_inflated};

static const Inflater *find_inflater(Codec codec)
{
    switch (codec) {
    case CODEC_GZIP:
        return &gzip_inflater;
    case CODEC_ZSTD:
        return &zstd_inflater;
    case CODEC_XZ:
        return &xz_inflater;
    default:
        return NULL;
    }
}

ByteStream *byte_stream_new_inflated(ByteStream *source, Codec codec, guint64 size_max, const char *what,
                                     GError **error)
{
    const Inflater *inflater = find_inflater(codec);

    if (codec == CODEC_NONE)
        return source;
    if (!inflater) {
        gourd_error_set(error, GOURD_ERROR_UNSUPPORTED, "%s: is compressed with %s, which is not supported", what,
                        codec_to_name(codec));
        gourd_error_hint(error, "decompress it first");
        byte_stream_free(source);
        return NULL;
    }
    InflatedStream *inflated = g_new0(InflatedStream, 1);

    stream_init(&inflated->stream, &inflated_kind, source);
    inflated->inflater = inflater;
    inflated->state = inflater->open();
    inflated->codec = codec;
    inflated->size_max = size_max;
    inflated->what = g_strdup(what);
    return &inflated->stream;
}
