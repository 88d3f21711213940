// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

/* Small images of all formats, made in memory, and a reader of whole images, for the tests of src/image. */

#include "image/image.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <gio/gio.h>
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#define LAYER_TYPE "application/vnd.oci.image.layer.v1.tar"
#define MANIFEST_TYPE "application/vnd.oci.image.manifest.v1+json"
#define INDEX_TYPE "application/vnd.oci.image.index.v1+json"
#define CONFIG_TYPE "application/vnd.oci.image.config.v1+json"
#define LAYOUT_TEXT "{\"imageLayoutVersion\":\"1.0.0\"}"

/* --- tar ----------------------------------------------------------------------------------------------------------- */

static inline void tar_add(GByteArray *tar, const char *path, char type, const char *target, const void *bytes,
                           gsize size)
{
    static const guint8 zeros[512];
    char block[512] = {0};
    guint sum = 0;

    g_strlcpy(block, path, 100);
    g_snprintf(block + 100, 8, "%07o", type == '5' ? 0755u : 0644u);
    g_snprintf(block + 108, 8, "%07o", 0u);
    g_snprintf(block + 116, 8, "%07o", 0u);
    g_snprintf(block + 124, 12, "%011" G_GINT64_MODIFIER "o", (guint64)size);
    g_snprintf(block + 136, 12, "%011o", 1000000000u);
    memset(block + 148, ' ', 8);
    block[156] = type;
    if (target)
        g_strlcpy(block + 157, target, 100);
    memcpy(block + 257,
           "ustar\0"
           "00",
           8);
    for (guint i = 0; i < sizeof block; i++)
        sum += (guint8)block[i];
    g_snprintf(block + 148, 8, "%06o", sum);
    g_byte_array_append(tar, (const guint8 *)block, sizeof block);
    if (size > 0)
        g_byte_array_append(tar, bytes, (guint)size);
    g_byte_array_append(tar, zeros, (guint)((512 - size % 512) % 512));
}

static inline void tar_end(GByteArray *tar)
{
    static const guint8 zeros[1024];

    g_byte_array_append(tar, zeros, sizeof zeros);
}

/* The tar of a layer: each has its own file and all write etc/motd. */
static inline GByteArray *make_layer(guint number)
{
    GByteArray *tar = g_byte_array_new();
    g_autofree char *text = g_strdup_printf("this is layer %u\n", number);
    g_autofree char *path = g_strdup_printf("usr/file%u", number);
    g_autofree char *content = g_strnfill(1500 + number, (char)('a' + number));

    tar_add(tar, "etc/", '5', NULL, NULL, 0);
    tar_add(tar, "etc/motd", '0', NULL, text, strlen(text));
    tar_add(tar, path, '0', NULL, content, strlen(content));
    tar_add(tar, "usr/link", '2', "../etc/motd", NULL, 0);
    tar_end(tar);
    return tar;
}

static inline GByteArray *make_gzip(const GByteArray *plain)
{
    g_autoptr(GZlibCompressor) compressor = g_zlib_compressor_new(G_ZLIB_COMPRESSOR_FORMAT_GZIP, 6);
    GByteArray *packed = g_byte_array_new();
    gsize used = 0, read, written;
    GConverterResult result;

    do {
        guint8 room[4096];

        result = g_converter_convert(G_CONVERTER(compressor), plain->data + used, plain->len - used, room, sizeof room,
                                     G_CONVERTER_INPUT_AT_END, &read, &written, NULL);
        g_assert_cmpint(result, !=, G_CONVERTER_ERROR);
        g_byte_array_append(packed, room, (guint)written);
        used += read;
    } while (result != G_CONVERTER_FINISHED);
    return packed;
}

static inline GByteArray *make_packed(Codec codec, const GByteArray *plain)
{
    GByteArray *packed;
    gsize size;

    if (codec == CODEC_GZIP)
        return make_gzip(plain);
    packed = g_byte_array_new();
    if (codec == CODEC_NONE) {
        g_byte_array_append(packed, plain->data, plain->len);
        return packed;
    }
    /* A block of zstd or xz is a whole frame or stream. */
    g_autoptr(BlockCodec) block = block_codec_new(codec, CODEC_LEVEL_DEFAULT, 1024 * 1024, NULL);
    g_byte_array_set_size(packed, 1024 * 1024);
    block_codec_compress(block, plain->data, plain->len, packed->data, &size);
    g_assert_cmpuint(size, >, 0);
    g_byte_array_set_size(packed, (guint)size);
    return packed;
}

static inline char *digest_text(const GByteArray *bytes)
{
    Digest digest;

    digest_of_bytes(bytes->data, bytes->len, &digest);
    return digest_to_text(&digest);
}

/* --- the files of a layout or archive ------------------------------------------------------------------------------ */

typedef struct {
    char *path;
    char type;
    char *target;
    GByteArray *bytes;
} FixtureFile;

static inline void fixture_file_free(gpointer data)
{
    FixtureFile *file = data;

    g_free(file->path);
    g_free(file->target);
    g_byte_array_unref(file->bytes);
    g_free(file);
}

static inline GPtrArray *files_new(void)
{
    return g_ptr_array_new_with_free_func(fixture_file_free);
}

/* Takes bytes. */
static inline void files_add(GPtrArray *files, const char *path, GByteArray *bytes)
{
    FixtureFile *file = g_new0(FixtureFile, 1);

    file->path = g_strdup(path);
    file->type = '0';
    file->bytes = bytes;
    g_ptr_array_add(files, file);
}

static inline void files_add_text(GPtrArray *files, const char *path, const char *text)
{
    GByteArray *bytes = g_byte_array_new();

    g_byte_array_append(bytes, (const guint8 *)text, (guint)strlen(text));
    files_add(files, path, bytes);
}

static inline void files_add_link(GPtrArray *files, const char *path, char type, const char *target)
{
    files_add(files, path, g_byte_array_new());
    FixtureFile *file = g_ptr_array_index(files, files->len - 1);
    file->type = type;
    file->target = g_strdup(target);
}

/* NULL if there is none. */
static inline FixtureFile *files_find(GPtrArray *files, const char *path)
{
    for (guint i = 0; i < files->len; i++) {
        FixtureFile *file = g_ptr_array_index(files, i);

        if (strcmp(file->path, path) == 0)
            return file;
    }
    return NULL;
}

/* The file of that path, which must be there. */
static inline FixtureFile *files_get(GPtrArray *files, const char *path)
{
    FixtureFile *file = files_find(files, path);

    g_assert(file);
    return file;
}

/* Adds blobs/sha256/HEX and gives a descriptor of it, with more members if `more` is not empty. Takes bytes. */
static inline char *files_add_blob(GPtrArray *files, GByteArray *bytes, const char *media_type, const char *more)
{
    g_autofree char *digest = digest_text(bytes);
    g_autofree char *path = g_strconcat("blobs/sha256/", digest + strlen("sha256:"), NULL);
    char *descriptor = g_strdup_printf("{\"mediaType\":\"%s\",\"digest\":\"%s\",\"size\":%u%s%s}", media_type, digest,
                                       bytes->len, *more ? "," : "", more);

    if (files_find(files, path))
        g_byte_array_unref(bytes);
    else
        files_add(files, path, bytes);
    return descriptor;
}

static inline char *files_add_blob_text(GPtrArray *files, const char *text, const char *media_type, const char *more)
{
    GByteArray *bytes = g_byte_array_new();

    g_byte_array_append(bytes, (const guint8 *)text, (guint)strlen(text));
    return files_add_blob(files, bytes, media_type, more);
}

/* The configuration of an image of so many layers of make_layer(). */
static inline char *make_config(const char *architecture, const char *variant, guint layers)
{
    g_autoptr(GString) ids = g_string_new(NULL);

    for (guint i = 1; i <= layers; i++) {
        g_autoptr(GByteArray) tar = make_layer(i);
        g_autofree char *digest = digest_text(tar);

        g_string_append_printf(ids, "%s\"%s\"", i > 1 ? "," : "", digest);
    }
    return g_strdup_printf("{\"architecture\":\"%s\",\"os\":\"linux\",\"variant\":\"%s\",\"config\":{\"Cmd\":[\"/bin/"
                           "sh\"]},\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[%s]}}",
                           architecture, variant, ids->str);
}

/* Adds an OCI image and gives the descriptor of its manifest, with more members if `more` is not empty. */
static inline char *files_add_oci(GPtrArray *files, const char *architecture, const char *variant, guint layers,
                                  Codec codec, const char *more)
{
    g_autofree char *config = make_config(architecture, variant, layers);
    g_autofree char *config_descriptor = files_add_blob_text(files, config, CONFIG_TYPE, "");
    g_autoptr(GString) list = g_string_new(NULL);

    for (guint i = 1; i <= layers; i++) {
        g_autoptr(GByteArray) tar = make_layer(i);
        g_autofree char *layer = files_add_blob(files, make_packed(codec, tar), LAYER_TYPE, "");

        g_string_append_printf(list, "%s%s", i > 1 ? "," : "", layer);
    }
    g_autofree char *manifest = g_strdup_printf("{\"schemaVersion\":2,\"config\":%s,\"layers\":[%s]}",
                                                config_descriptor, list->str);
    return files_add_blob_text(files, manifest, MANIFEST_TYPE, more);
}

/* Adds what makes a layout of the descriptors in `manifests`. */
static inline void files_finish_layout(GPtrArray *files, const char *manifests)
{
    g_autofree char *index = g_strdup_printf("{\"schemaVersion\":2,\"manifests\":[%s]}", manifests);

    files_add_text(files, "oci-layout", LAYOUT_TEXT);
    files_add_text(files, "index.json", index);
}

static inline GPtrArray *make_layout(const char *architecture, guint layers, Codec codec)
{
    GPtrArray *files = files_new();
    g_autofree char *manifest = files_add_oci(files, architecture, "", layers, codec,
                                              "\"annotations\":{\"org.opencontainers.image.ref.name\":\"1.0\"}");

    files_finish_layout(files, manifest);
    return files;
}

/* As docker save before 25 writes it, or (blobs) since. `tags` is the inside of the JSON array. */
static inline char *files_add_docker(GPtrArray *files, const char *architecture, guint layers, gboolean blobs,
                                     const char *tags)
{
    g_autofree char *config = make_config(architecture, "", layers);
    Digest digest;
    digest_of_bytes(config, strlen(config), &digest);
    g_autofree char *text = digest_to_text(&digest);
    g_autofree char *config_path = blobs ? g_strconcat("blobs/sha256/", text + 7, NULL)
                                         : g_strconcat(text + 7, ".json", NULL);
    g_autoptr(GString) list = g_string_new(NULL);

    for (guint i = 1; i <= layers; i++) {
        GByteArray *tar = make_layer(i);
        g_autofree char *diff_id = digest_text(tar);
        g_autofree char *path = blobs ? g_strconcat("blobs/sha256/", diff_id + 7, NULL)
                                      : g_strdup_printf("%s%u/layer.tar", architecture, i);

        if (files_find(files, path))
            g_byte_array_unref(tar);
        else
            files_add(files, path, tar);
        g_string_append_printf(list, "%s\"%s\"", i > 1 ? "," : "", path);
    }
    if (!files_find(files, config_path))
        files_add_text(files, config_path, config);
    return g_strdup_printf("{\"Config\":\"%s\",\"RepoTags\":[%s],\"Layers\":[%s]}", config_path, tags, list->str);
}

static inline GPtrArray *make_docker(guint layers, gboolean blobs)
{
    GPtrArray *files = files_new();
    g_autofree char *image = files_add_docker(files, "amd64", layers, blobs, "\"web:1.0\"");
    g_autofree char *manifest = g_strdup_printf("[%s]", image);

    files_add_text(files, "manifest.json", manifest);
    return files;
}

static inline GByteArray *files_to_tar(const GPtrArray *files)
{
    GByteArray *tar = g_byte_array_new();

    for (guint i = 0; i < files->len; i++) {
        const FixtureFile *file = g_ptr_array_index(files, i);

        tar_add(tar, file->path, file->type, file->target, file->bytes->data, file->bytes->len);
    }
    tar_end(tar);
    return tar;
}

/* --- on disk ------------------------------------------------------------------------------------------------------- */

typedef struct {
    char *folder; /* a new one for each test, removed at its end */
} Fixture;

static inline void fixture_set_up(Fixture *fixture, gconstpointer data)
{
    fixture->folder = g_dir_make_tmp("gourd-image-XXXXXX", NULL);
    g_assert_nonnull(fixture->folder);
}

static inline int remove_one(const char *path, const struct stat *status, int type, struct FTW *walk)
{
    return remove(path);
}

static inline void fixture_tear_down(Fixture *fixture, gconstpointer data)
{
    g_assert_cmpint(nftw(fixture->folder, remove_one, 16, FTW_DEPTH | FTW_PHYS), ==, 0);
    g_free(fixture->folder);
}

static inline void write_file(const char *path, const GByteArray *bytes)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *folder = g_path_get_dirname(path);

    g_assert_cmpint(g_mkdir_with_parents(folder, 0755), ==, 0);
    /* Neither g_file_set_contents() nor O_TRUNC, which both make ext4 wait for the disk. */
    g_unlink(path);
    autofd fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
    g_assert_true(fd >= 0 && fd_pwrite(fd, path, bytes->data, bytes->len, 0, &error));
    g_assert_no_error(error);
}

/* Writes bytes to a file of the fixture and gives "PREFIX" and its path. Takes bytes. */
static inline char *write_source(const Fixture *fixture, const char *prefix, const char *name, GByteArray *bytes)
{
    g_autofree char *path = g_build_filename(fixture->folder, name, NULL);

    write_file(path, bytes);
    g_byte_array_unref(bytes);
    return g_strconcat(prefix, path, NULL);
}

static inline char *write_layout(const Fixture *fixture, const char *prefix, const char *name, const GPtrArray *files)
{
    g_autofree char *folder = g_build_filename(fixture->folder, name, NULL);

    for (guint i = 0; i < files->len; i++) {
        const FixtureFile *file = g_ptr_array_index(files, i);
        g_autofree char *path = g_build_filename(folder, file->path, NULL);

        write_file(path, file->bytes);
    }
    return g_strconcat(prefix, folder, NULL);
}

/* --- reading all of an image --------------------------------------------------------------------------------------- */

static inline gboolean list_layer(Image *image, guint index, GString *text, Notes *notes, GError **error)
{
    g_autoptr(EntryReader) reader = image_layer_read(image, index, notes, error);
    g_autoptr(Hasher) hasher = hasher_new();

    if (!reader)
        return FALSE;
    for (;;) {
        const Entry *entry;
        const guint8 *bytes = NULL;
        gsize size = 0;
        guint64 total = 0;
        Digest digest;

        if (!entry_reader_next(reader, &entry, error))
            return FALSE;
        if (!entry)
            return TRUE;
        do {
            if (entry->type == ENTRY_FILE && !entry_reader_data(reader, &bytes, &size, error))
                return FALSE;
            if (bytes)
                hasher_update(hasher, bytes, size);
            total += size;
        } while (size > 0);
        g_assert_cmpuint(total, ==, entry->size);
        hasher_finish(hasher, &digest);
        g_autofree char *shown = digest_to_text(&digest);
        g_string_append_printf(text, "%u %s %o %" G_GUINT64_FORMAT " %s %.16s\n", (guint)entry->type, entry->path,
                               (guint)entry->mode, entry->size, entry->target ? entry->target : "", shown);
    }
}

/* All layers of an image as text; NULL on error. `platform` may be NULL. */
static inline char *read_image(const char *source, const char *platform, Notes *notes, GError **error)
{
    ImageOptions options = {.platform = platform, .scratch_folder = g_get_tmp_dir()};
    g_autoptr(GString) text = g_string_new(NULL);

    image_limits_init(&options.limits);
    g_autoptr(Image) image = image_open(source, &options, notes, error);
    if (!image)
        return NULL;
    for (guint i = 0; i < image_layer_count(image); i++) {
        g_string_append_printf(text, "layer %u\n", i + 1);
        if (!list_layer(image, i, text, notes, error))
            return NULL;
    }
    return g_string_free(g_steal_pointer(&text), FALSE);
}

static inline char *read_image_must(const char *source, const char *platform)
{
    g_autoptr(GError) error = NULL;
    char *text = read_image(source, platform, NULL, &error);

    g_assert_no_error(error);
    g_assert_nonnull(text);
    return text;
}

/* The source cannot be read: the error has the code, and its message (hint included) all of the `|` separated parts. */
static inline void assert_unreadable(const char *source, const char *platform, GourdError code, const char *parts)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *text = read_image(source, platform, NULL, &error);
    g_auto(GStrv) wanted = g_strsplit(parts, "|", -1);

    g_assert_null(text);
    for (guint i = 0; wanted[i]; i++)
        if (!strstr(error->message, wanted[i]))
            g_error("'%s' is not in: %s", wanted[i], error->message);
    g_assert_error(error, GOURD_ERROR, (gint)code);
}

#define TEST(name) g_test_add("/image/" #name, Fixture, NULL, fixture_set_up, name, fixture_tear_down)
