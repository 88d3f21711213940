// SPDX-License-Identifier: LGPL-2.1-or-later
#include "beneath.h"
#include "tar.h"
#include "transport.h"

/* tar: and dir:, file systems without manifest or configuration: images of one layer. */

#define AHEAD_SIZE (1024 * 1024) /* as in layer.c */
#define AHEAD_BUFFERS 3
#define SKOPEO_MARK "Directory Transport Version" /* how the file `version` of skopeo's dir: begins */

/* --- tar: ---------------------------------------------------------------------------------------------------------- */

static gboolean refuse_choice(const Choice *choice, const char *what, GError **error)
{
    if (choice->kind == CHOICE_NONE)
        return TRUE;
    g_autofree char *shown = text_escape(choice->text);
    return gourd_error_set(error, GOURD_ERROR_USAGE, "%s has no images to choose '%s' from", what, shown);
}

static gboolean open_tar(Image *image, const Choice *choice, GError **error)
{
    if (!refuse_choice(choice, "a tar of a file system", error))
        return FALSE;
    StoredLayer *layer = image_add_layer(image);
    layer->info.size = image->input->kind == INPUT_FILE ? image->input->size : 0;
    layer->info.codec = image->input->codec;
    layer->info.description = g_strdup(image->input->name);
    return TRUE;
}

static EntryReader *read_tar(Image *image, guint index, Notes *notes, GError **error)
{
    const ByteStream *raw;
    Blob nothing = {.fd = -1};
    ByteStream *stream = input_read(image->input, image->limits.unpacked_size, &raw, error);

    if (!stream)
        return NULL;
    if (image->input->codec != CODEC_NONE)
        stream = byte_stream_new_threaded(stream, AHEAD_SIZE, AHEAD_BUFFERS);
    EntryReader *tar = tar_reader_new(stream, &image->limits, notes);
    tar_reader_require_end(tar); /* there is no digest that would tell a stream that was cut */
    return layer_reader_new(tar, raw, &nothing, image->input->name);
}

const Transport tar_transport = {.open = open_tar, .read_layer = read_tar};

/* --- dir: ---------------------------------------------------------------------------------------------------------- */

/* skopeo's dir: is something else: manifest and blobs of an image side by side. */
static gboolean refuse_skopeo_folder(const Image *image, GError **error)
{
    char mark[sizeof SKOPEO_MARK] = "";
    autofd fd = -1;
    guint64 size;
    gsize got;

    if (!beneath_has_file(image->input->fd, "version") || !beneath_has_file(image->input->fd, "manifest.json") ||
        !beneath_open_file(image->input->fd, "version", &fd, &size, NULL) ||
        !fd_pread(fd, "version", mark, strlen(SKOPEO_MARK), 0, &got, NULL) || strcmp(mark, SKOPEO_MARK) != 0)
        return TRUE;
    gourd_error_set(error, GOURD_ERROR_UNSUPPORTED,
                    "'%s' is an image in the format of skopeo's dir:, not a file system", image->input->name);
    return gourd_error_hint(error, "convert it: skopeo copy dir:%s oci:FOLDER", image->input->name);
}

static gboolean open_dir(Image *image, const Choice *choice, GError **error)
{
    if (!refuse_choice(choice, "a folder", error) || !refuse_skopeo_folder(image, error))
        return FALSE;
    StoredLayer *layer = image_add_layer(image);
    layer->info.description = g_strdup_printf("folder '%s'", image->input->name);
    return TRUE;
}

static EntryReader *read_dir(Image *image, guint index, Notes *notes, GError **error)
{
    return folder_reader_new(image->input->path, &image->owners, &image->limits, notes, error);
}

const Transport dir_transport = {.open = open_dir, .read_layer = read_dir};
