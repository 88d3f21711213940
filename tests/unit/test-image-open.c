// SPDX-License-Identifier: LGPL-2.1-or-later
#include "image-fixture.h"

#include <sys/stat.h>

/* --- forms --------------------------------------------------------------------------------------------------------- */

static const Codec codecs[] = {CODEC_NONE, CODEC_GZIP, CODEC_ZSTD, CODEC_XZ};

static char *reference_text(const Fixture *fixture)
{
    g_autoptr(GPtrArray) files = make_layout("amd64", 3, CODEC_NONE);
    g_autofree char *source = write_layout(fixture, "oci:", "reference", files);

    return read_image_must(source, "linux/amd64");
}

static void all_codecs_of_layers_give_the_same(Fixture *fixture, gconstpointer data)
{
    g_autofree char *expected = reference_text(fixture);

    g_assert_nonnull(strstr(expected, "layer 3\n1 etc/ 755"));
    g_assert_nonnull(strstr(expected, "usr/file2 644 1502"));
    for (gsize i = 0; i < G_N_ELEMENTS(codecs); i++) {
        g_autoptr(GPtrArray) files = make_layout("amd64", 3, codecs[i]);
        g_autofree char *source = write_layout(fixture, "", codec_to_name(codecs[i]), files);
        g_autofree char *text = read_image_must(source, NULL);

        g_assert_cmpstr(text, ==, expected);
    }
}

static void assert_same(const Fixture *fixture, const GPtrArray *files, const char *prefix, const char *expected)
{
    for (gsize i = 0; i < G_N_ELEMENTS(codecs); i++) {
        g_autoptr(GByteArray) tar = files_to_tar(files);
        g_autofree char *source = write_source(fixture, prefix, "archive", make_packed(codecs[i], tar));
        g_autofree char *text = read_image_must(source, "linux/amd64");

        g_assert_cmpstr(text, ==, expected);
    }
}

static void archives_of_all_kinds_give_the_same(Fixture *fixture, gconstpointer data)
{
    g_autofree char *expected = reference_text(fixture);
    g_autoptr(GPtrArray) layout = make_layout("amd64", 3, CODEC_ZSTD);
    g_autoptr(GPtrArray) old = make_docker(3, FALSE);
    g_autoptr(GPtrArray) new = make_docker(3, TRUE);

    assert_same(fixture, layout, "", expected);
    assert_same(fixture, layout, "oci-archive:", expected);
    assert_same(fixture, old, "", expected);
    assert_same(fixture, old, "docker-archive:", expected);
    assert_same(fixture, new, "docker-archive:", expected);
}

/* Docker 25 and later write manifest.json and a layout of the same blobs into one archive. */
static void an_archive_with_both_manifests_reads_either_way(Fixture *fixture, gconstpointer data)
{
    g_autofree char *expected = reference_text(fixture);
    g_autoptr(GPtrArray) files = make_layout("amd64", 3, CODEC_NONE);
    g_autofree char *image = files_add_docker(files, "amd64", 3, TRUE, "\"web:1.0\"");
    g_autofree char *manifest = g_strdup_printf("[%s]", image);

    files_add_text(files, "manifest.json", manifest);
    assert_same(fixture, files, "docker-archive:", expected);
    assert_same(fixture, files, "oci-archive:", expected);
    assert_same(fixture, files, "", expected);
}

typedef struct {
    const char *path;
    GByteArray *bytes;
} PipeJob;

static gpointer write_pipe(gpointer data)
{
    const PipeJob *job = data;
    autofd fd = open(job->path, O_WRONLY | O_CLOEXEC);

    for (gsize done = 0; done < job->bytes->len;) {
        ssize_t n = write(fd, job->bytes->data + done, job->bytes->len - done);

        if (n < 0)
            break;
        done += (gsize)n;
    }
    return NULL;
}

static char *read_through_pipe(const Fixture *fixture, const char *prefix, GByteArray *bytes)
{
    g_autofree char *path = g_build_filename(fixture->folder, "pipe", NULL);
    g_autofree char *source = g_strconcat(prefix, path, NULL);
    PipeJob job = {path, bytes};

    g_assert_cmpint(mkfifo(path, 0600), ==, 0);
    GThread *thread = g_thread_new("writer", write_pipe, &job);
    char *text = read_image_must(source, "linux/amd64");
    g_thread_join(thread);
    g_assert_cmpint(unlink(path), ==, 0);
    return text;
}

static void archives_come_through_pipes(Fixture *fixture, gconstpointer data)
{
    g_autofree char *expected = reference_text(fixture);
    g_autoptr(GPtrArray) files = make_docker(3, FALSE);
    g_autoptr(GByteArray) tar = files_to_tar(files);
    g_autoptr(GByteArray) packed = make_packed(CODEC_ZSTD, tar);
    g_autofree char *plain_text = read_through_pipe(fixture, "", tar);
    g_autofree char *packed_text = read_through_pipe(fixture, "docker-archive:", packed);

    g_assert_cmpstr(plain_text, ==, expected);
    g_assert_cmpstr(packed_text, ==, expected);
}

static void a_flat_tar_is_one_layer(Fixture *fixture, gconstpointer data)
{
    g_autoptr(GByteArray) layer = make_layer(1);
    g_autoptr(GByteArray) packed = make_packed(CODEC_GZIP, layer);
    g_autofree char *source = write_source(fixture, "tar:", "flat.tar", make_layer(1));
    g_autofree char *expected = read_image_must(source, NULL);
    g_autofree char *bare = read_image_must(source + strlen("tar:"), NULL);
    g_autofree char *packed_source = write_source(fixture, "", "flat.tar.gz", make_packed(CODEC_XZ, layer));
    g_autofree char *packed_text = read_image_must(packed_source, NULL);
    g_autofree char *piped = read_through_pipe(fixture, "tar:", layer);
    g_autofree char *piped_bare = read_through_pipe(fixture, "", packed);

    g_assert_nonnull(strstr(expected, "etc/motd"));
    g_assert_cmpstr(bare, ==, expected);
    g_assert_cmpstr(packed_text, ==, expected);
    g_assert_cmpstr(piped, ==, expected);
    g_assert_cmpstr(piped_bare, ==, expected);
}

/* Nothing at the front says what it is, so that all members are looked at. */
static void a_flat_tar_without_system_folders_is_one_layer(Fixture *fixture, gconstpointer data)
{
    GByteArray *tar = g_byte_array_new();

    tar_add(tar, "./", '5', NULL, NULL, 0);
    tar_add(tar, "./app", '0', NULL, "x", 1);
    tar_add(tar, "./index.json", '0', NULL, "{}", 2);
    tar_end(tar);
    g_autoptr(GByteArray) packed = make_gzip(tar);
    g_autofree char *source = write_source(fixture, "", "app.tar", tar);
    g_autofree char *text = read_image_must(source, NULL);
    g_autofree char *piped = read_through_pipe(fixture, "", packed);

    g_assert_nonnull(strstr(text, "./index.json"));
    g_assert_cmpstr(piped, ==, text);
}

/* --- what an image says of itself ---------------------------------------------------------------------------------- */

static Image *open_must(const char *source)
{
    ImageOptions options = {.platform = "linux/amd64"};
    g_autoptr(GError) error = NULL;

    image_limits_init(&options.limits);
    Image *image = image_open(source, &options, NULL, &error);
    g_assert_no_error(error);
    return image;
}

static void an_image_knows_its_digests(Fixture *fixture, gconstpointer data)
{
    g_autoptr(GPtrArray) files = make_layout("amd64", 2, CODEC_GZIP);
    g_autofree char *source = write_layout(fixture, "oci:", "layout", files);
    g_autoptr(Image) image = open_must(source);
    g_autofree char *config = make_config("amd64", "", 2);
    Digest digest;

    digest_of_bytes(config, strlen(config), &digest);
    g_assert_cmpstr(image_transport(image), ==, "oci");
    g_assert_cmpstr(image_reference(image), ==, "1.0");
    g_assert_true(digest_equal(image_config_digest(image), &digest));
    g_assert_cmpmem(g_bytes_get_data(image_config(image), NULL), g_bytes_get_size(image_config(image)), config,
                    strlen(config));
    g_assert_nonnull(image_manifest_digest(image));
    g_assert_cmpuint(image_layer_count(image), ==, 2);
    const ImageLayer *layer = image_layer(image, 1);
    g_assert_cmpuint(layer->number, ==, 2);
    g_assert_cmpint(layer->codec, ==, CODEC_GZIP);
    g_assert_true(layer->has_digest && layer->has_diff_id && layer->size > 0);
    g_assert_true(g_str_has_prefix(layer->description, "layer 2 of 2 (sha256:"));
}

static void a_tar_has_no_configuration(Fixture *fixture, gconstpointer data)
{
    g_autofree char *source = write_source(fixture, "", "flat.tar", make_layer(1));
    g_autoptr(Image) image = open_must(source);

    g_assert_cmpstr(image_transport(image), ==, "tar");
    g_assert_null(image_config(image));
    g_assert_null(image_config_digest(image));
    g_assert_null(image_manifest_digest(image));
    g_assert_null(image_reference(image));
    g_assert_false(image_layer(image, 0)->has_diff_id);
}

static void layers_are_read_again_and_side_by_side(Fixture *fixture, gconstpointer data)
{
    g_autoptr(GPtrArray) files = make_layout("amd64", 2, CODEC_GZIP);
    g_autoptr(GByteArray) tar = files_to_tar(files);
    g_autofree char *source = write_source(fixture, "", "archive", make_gzip(tar));
    g_autoptr(Image) image = open_must(source);
    g_autoptr(EntryReader) first = image_layer_read(image, 0, NULL, NULL);
    g_autoptr(EntryReader) second = image_layer_read(image, 1, NULL, NULL);
    g_autoptr(EntryReader) again = image_layer_read(image, 0, NULL, NULL);

    for (gboolean more = TRUE; more;) {
        const Entry *a, *b, *c;

        g_assert_true(entry_reader_next(first, &a, NULL));
        g_assert_true(entry_reader_next(second, &b, NULL));
        g_assert_true(entry_reader_next(again, &c, NULL));
        more = a != NULL;
        g_assert_true((a != NULL) == (b != NULL) && (a != NULL) == (c != NULL));
        if (a)
            g_assert_cmpstr(a->path, ==, c->path);
    }
    g_assert_cmpuint(entry_reader_position(first), ==, image_layer(image, 0)->size);
}

static void an_image_may_have_no_layers(Fixture *fixture, gconstpointer data)
{
    g_autoptr(GPtrArray) layout = make_layout("amd64", 0, CODEC_NONE);
    g_autoptr(GPtrArray) docker = make_docker(0, FALSE);
    g_autofree char *source = write_layout(fixture, "", "layout", layout);
    g_autofree char *archive = write_source(fixture, "", "archive", files_to_tar(docker));
    g_autofree char *text = read_image_must(source, NULL);
    g_autofree char *docker_text = read_image_must(archive, NULL);

    g_assert_cmpstr(text, ==, "");
    g_assert_cmpstr(docker_text, ==, "");
}

static void data_in_descriptors_need_no_blobs(Fixture *fixture, gconstpointer data)
{
    g_autofree char *expected = reference_text(fixture);
    g_autofree char *config = make_config("amd64", "", 3);
    g_autoptr(GPtrArray) files = files_new(), inlined = files_new();
    g_autoptr(GString) layers = g_string_new(NULL);

    for (guint i = 1; i <= 3; i++) {
        g_autoptr(GByteArray) tar = make_layer(i);
        GByteArray *packed = make_gzip(tar);
        g_autofree char *base64 = g_base64_encode(packed->data, packed->len);
        g_autofree char *member = g_strdup_printf("\"data\":\"%s\"", base64);
        g_autofree char *descriptor = files_add_blob(inlined, packed, LAYER_TYPE "+gzip", member);

        g_string_append_printf(layers, "%s%s", i > 1 ? "," : "", descriptor);
    }
    g_autofree char *base64 = g_base64_encode((const guchar *)config, strlen(config));
    g_autofree char *member = g_strdup_printf("\"data\":\"%s\"", base64);
    g_autofree char *config_descriptor = files_add_blob_text(inlined, config, CONFIG_TYPE, member);
    g_autofree char *manifest = g_strdup_printf("{\"schemaVersion\":2,\"mediaType\":\"" MANIFEST_TYPE
                                                "\",\"config\":%s,\"layers\":[%s]}",
                                                config_descriptor, layers->str);
    g_autofree char *descriptor = files_add_blob_text(files, manifest, MANIFEST_TYPE, "");
    files_finish_layout(files, descriptor);
    g_autofree char *source = write_layout(fixture, "", "layout", files);
    g_autofree char *text = read_image_must(source, "linux/amd64");

    g_assert_cmpstr(text, ==, expected);
}

/* --- choosing ------------------------------------------------------------------------------------------------------ */

static char *make_two_docker_images(const Fixture *fixture)
{
    g_autoptr(GPtrArray) files = files_new();
    g_autofree char *web = files_add_docker(files, "amd64", 3, FALSE, "\"web:1.0\",\"web:latest\"");
    g_autofree char *db = files_add_docker(files, "amd64", 1, FALSE, "\"docker.io/library/db:2\"");
    g_autofree char *manifest = g_strdup_printf("[%s,%s]", web, db);

    files_add_text(files, "manifest.json", manifest);
    return write_source(fixture, "docker-archive:", "several:images.tar", files_to_tar(files));
}

static void assert_layers(const char *source, const char *choice, guint layers)
{
    g_autofree char *chosen = g_strconcat(source, choice, NULL);
    g_autoptr(Image) image = open_must(chosen);

    g_assert_cmpuint(image_layer_count(image), ==, layers);
}

static void one_of_several_docker_images_is_chosen(Fixture *fixture, gconstpointer data)
{
    g_autofree char *source = make_two_docker_images(fixture);
    g_autofree char *unknown = g_strconcat(source, ":cache", NULL), *number = g_strconcat(source, ":@2", NULL);

    assert_layers(source, ":web:1.0", 3);
    assert_layers(source, ":web", 3);
    assert_layers(source, ":docker.io/library/web:latest", 3);
    assert_layers(source, ":db:2", 1);
    assert_layers(source, ":2", 1);
    assert_layers(source, ":@0", 3);
    assert_layers(source, ":@1", 1);
    assert_unreadable(source, NULL, GOURD_ERROR_USAGE, "2 images|web:1.0|db:2|@1");
    assert_unreadable(unknown, NULL, GOURD_ERROR_NOT_FOUND, "'cache'|web:1.0");
    assert_unreadable(number, NULL, GOURD_ERROR_NOT_FOUND, "number 2|web:1.0");
    assert_layers(source + strlen("docker-archive:"), ":db:2", 1);
}

/* docker save before 25: a layer that an earlier image had is a link to it. */
static void layers_that_are_links_are_found(Fixture *fixture, gconstpointer data)
{
    g_autofree char *expected = reference_text(fixture);
    g_autoptr(GPtrArray) files = make_docker(3, FALSE);
    FixtureFile *second = files_get(files, "amd642/layer.tar"), *third = files_get(files, "amd643/layer.tar");

    files_add(files, "shared/layer.tar", g_byte_array_ref(second->bytes));
    second->type = '2';
    second->target = g_strdup("../shared/layer.tar");
    g_byte_array_unref(second->bytes);
    second->bytes = g_byte_array_new();
    files_add(files, "hard/layer.tar", g_byte_array_ref(third->bytes));
    third->type = '1';
    third->target = g_strdup("hard/layer.tar");
    g_byte_array_unref(third->bytes);
    third->bytes = g_byte_array_new();
    g_autofree char *source = write_source(fixture, "", "archive", files_to_tar(files));
    g_autofree char *text = read_image_must(source, "linux/amd64");

    g_assert_cmpstr(text, ==, expected);
}

#define NAMED(name) "\"annotations\":{\"org.opencontainers.image.ref.name\":\"" name "\"}"

static void one_of_several_oci_images_is_chosen(Fixture *fixture, gconstpointer data)
{
    g_autoptr(GPtrArray) files = files_new();
    g_autofree char *one = files_add_oci(files, "amd64", "", 1, CODEC_NONE, NAMED("1.0"));
    g_autofree char *two = files_add_oci(files, "amd64", "", 2, CODEC_GZIP,
                                         "\"annotations\":{\"org.opencontainers.image.ref.name\":\"2.0\","
                                         "\"io.containerd.image.name\":\"docker.io/library/web:2.0\"}");
    g_autofree char *manifests = g_strdup_printf("%s,%s", one, two);
    g_autofree char *digest = g_strndup(strstr(two, "sha256:"), DIGEST_TEXT_LENGTH);
    g_autofree char *by_digest = g_strconcat(":@", digest, NULL);

    files_finish_layout(files, manifests);
    g_autofree char *source = write_layout(fixture, "oci:", "layout", files);
    g_autofree char *unknown = g_strconcat(source, ":3.0", NULL);

    assert_layers(source, ":1.0", 1);
    assert_layers(source, ":2.0", 2);
    assert_layers(source, ":web:2.0", 2);
    assert_layers(source, ":@1", 2);
    assert_layers(source, by_digest, 2);
    assert_unreadable(source, NULL, GOURD_ERROR_USAGE, "more than one image|1.0|web:2.0");
    assert_unreadable(unknown, NULL, GOURD_ERROR_NOT_FOUND, "'3.0'|1.0|web:2.0");
}

#define FOR(architecture, variant) \
    "\"platform\":{\"os\":\"linux\",\"architecture\":\"" architecture "\",\"variant\":\"" variant "\"}"

static char *make_index(GPtrArray *files, const char *more)
{
    g_autofree char *amd64 = files_add_oci(files, "amd64", "", 1, CODEC_NONE, FOR("amd64", ""));
    g_autofree char *v7 = files_add_oci(files, "arm", "v7", 2, CODEC_NONE, FOR("arm", "v7"));
    g_autofree char *v6 = files_add_oci(files, "arm", "v6", 3, CODEC_NONE, FOR("arm", "v6"));
    g_autofree char *arm64 = files_add_oci(files, "arm64", "v8", 4, CODEC_NONE, FOR("arm64", "v8"));
    g_autofree char *attestation =
        files_add_oci(files, "unknown", "", 0, CODEC_NONE,
                      "\"platform\":{\"os\":\"unknown\",\"architecture\":\"unknown\"},"
                      "\"annotations\":{\"vnd.docker.reference.type\":\"attestation-manifest\"}");
    g_autofree char *index = g_strdup_printf("{\"schemaVersion\":2,\"manifests\":[%s,%s,%s,%s,%s]}", attestation, amd64,
                                             v7, v6, arm64);

    return files_add_blob_text(files, index, INDEX_TYPE, more);
}

static guint layers_for(const char *source, const char *platform)
{
    ImageOptions options = {.platform = platform};
    g_autoptr(GError) error = NULL;

    image_limits_init(&options.limits);
    g_autoptr(Image) image = image_open(source, &options, NULL, &error);
    g_assert_no_error(error);
    return image_layer_count(image);
}

static void the_platform_chooses_from_a_nested_index(Fixture *fixture, gconstpointer data)
{
    g_autoptr(GPtrArray) files = files_new();
    g_autofree char *index = make_index(files, NAMED("1.0"));

    files_finish_layout(files, index);
    g_autofree char *source = write_layout(fixture, "oci:", "layout", files);
    g_assert_cmpuint(layers_for(source, "linux/amd64"), ==, 1);
    g_assert_cmpuint(layers_for(source, "linux/amd64/v3"), ==, 1);
    g_assert_cmpuint(layers_for(source, "linux/arm/v7"), ==, 2);
    g_assert_cmpuint(layers_for(source, "linux/arm/v6"), ==, 3);
    g_assert_cmpuint(layers_for(source, "linux/arm64"), ==, 4);
    assert_unreadable(source, "linux/s390x", GOURD_ERROR_NOT_FOUND,
                      "linux/s390x|--platform|linux/amd64, linux/arm/v7, linux/arm/v6, linux/arm64");
    assert_unreadable(source, "linux/arm/v5", GOURD_ERROR_NOT_FOUND, "linux/arm/v5|--platform");
}

/* As buildah and umoci write it: an index whose descriptors say no platform. */
static void platforms_come_from_configurations_if_need_be(Fixture *fixture, gconstpointer data)
{
    g_autoptr(GPtrArray) files = files_new();
    g_autofree char *amd64 = files_add_oci(files, "amd64", "", 1, CODEC_NONE, "");
    g_autofree char *arm64 = files_add_oci(files, "arm64", "v8", 2, CODEC_NONE, "");
    g_autofree char *manifests = g_strdup_printf("%s,%s", amd64, arm64);

    files_finish_layout(files, manifests);
    g_autofree char *source = write_layout(fixture, "oci:", "layout", files);
    g_assert_cmpuint(layers_for(source, "linux/arm64"), ==, 2);
    g_assert_cmpuint(layers_for(source, "linux/amd64"), ==, 1);
    assert_unreadable(source, "linux/riscv64", GOURD_ERROR_NOT_FOUND, "linux/riscv64|linux/amd64, linux/arm64");
}

static void a_platform_whose_name_begins_another_is_listed(Fixture *fixture, gconstpointer data)
{
    g_autoptr(GPtrArray) files = files_new();
    g_autofree char *longer = files_add_oci(files, "ppc64le", "", 1, CODEC_NONE, "");
    g_autofree char *shorter = files_add_oci(files, "ppc64", "", 2, CODEC_NONE, "");
    g_autofree char *manifests = g_strdup_printf("%s,%s", longer, shorter);

    files_finish_layout(files, manifests);
    g_autofree char *source = write_layout(fixture, "oci:", "layout", files);
    assert_unreadable(source, "linux/riscv64", GOURD_ERROR_NOT_FOUND, "there are linux/ppc64le, linux/ppc64");
}

static void the_only_image_for_another_platform_is_noted(Fixture *fixture, gconstpointer data)
{
    g_autoptr(GPtrArray) files = make_layout("mips64", 1, CODEC_NONE);
    g_autofree char *source = write_layout(fixture, "oci:", "layout", files);
    g_autoptr(Notes) notes = notes_new();
    g_autofree char *text = read_image(source, NULL, notes, NULL);
    const GPtrArray *list = notes_list(notes);

    g_assert_nonnull(text);
    g_assert_cmpuint(list->len, ==, 1);
    g_assert_cmpstr(((Note *)g_ptr_array_index(list, 0))->kind, ==, "foreign-platform");
    assert_unreadable(source, "linux/amd64", GOURD_ERROR_NOT_FOUND, "linux/amd64|linux/mips64");
}

/* --- names --------------------------------------------------------------------------------------------------------- */

static void paths_may_hold_colons(Fixture *fixture, gconstpointer data)
{
    g_autofree char *expected = reference_text(fixture);
    g_autoptr(GPtrArray) docker = make_docker(3, FALSE);
    g_autofree char *source = write_source(fixture, "docker-archive:", "a:b:1.0", files_to_tar(docker));
    g_autofree char *tagged = g_strconcat(source, ":web:1.0", NULL);
    g_autofree char *text = read_image_must(source, "linux/amd64");
    g_autofree char *tagged_text = read_image_must(tagged, "linux/amd64");

    g_assert_cmpstr(text, ==, expected);
    g_assert_cmpstr(tagged_text, ==, expected);
}

static void other_transports_get_a_hint(Fixture *fixture, gconstpointer data)
{
    assert_unreadable("docker://alpine:3", NULL, GOURD_ERROR_UNSUPPORTED,
                      "docker:|hint: |skopeo copy docker://alpine:3");
    assert_unreadable("docker-daemon:web:1", NULL, GOURD_ERROR_UNSUPPORTED, "hint: |docker save -o image.tar web:1");
    assert_unreadable("containers-storage:web", NULL, GOURD_ERROR_UNSUPPORTED, "hint: |podman save");
    assert_unreadable("nginx:latest", NULL, GOURD_ERROR_NOT_FOUND, "'nginx:latest'|docker://nginx:latest");
    assert_unreadable("no/such/file", NULL, GOURD_ERROR_NOT_FOUND, "'no/such/file'");
    assert_unreadable("tar:no/such/file", NULL, GOURD_ERROR_NOT_FOUND, "'no/such/file'");
    assert_unreadable("oci:", NULL, GOURD_ERROR_USAGE, "names no file");
    assert_unreadable("", NULL, GOURD_ERROR_USAGE, "empty");
}

static void the_wrong_kind_of_file_gets_a_hint(Fixture *fixture, gconstpointer data)
{
    g_autofree char *file = write_source(fixture, "oci:", "flat.tar", make_layer(1));
    g_autofree char *folder = g_strconcat("oci-archive:", fixture->folder, NULL);
    g_autofree char *empty_folder = g_strconcat("oci:", fixture->folder, NULL);
    g_autofree char *junk = write_source(fixture, "", "junk", g_byte_array_new_take(g_malloc0(7), 7));
    g_autofree char *image = g_strconcat("docker-archive:", file + strlen("oci:"), NULL);

    assert_unreadable(file, NULL, GOURD_ERROR_USAGE, "is a file|oci-archive:FILE");
    assert_unreadable(folder, NULL, GOURD_ERROR_USAGE, "is a folder|oci:DIR");
    assert_unreadable(empty_folder, NULL, GOURD_ERROR_NOT_FOUND, "oci-layout|no OCI layout");
    assert_unreadable(junk, NULL, GOURD_ERROR_INPUT, "neither an image nor a tar");
    assert_unreadable(image, NULL, GOURD_ERROR_NOT_FOUND, "manifest.json|recognised");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    TEST(all_codecs_of_layers_give_the_same);
    TEST(archives_of_all_kinds_give_the_same);
    TEST(an_archive_with_both_manifests_reads_either_way);
    TEST(archives_come_through_pipes);
    TEST(a_flat_tar_is_one_layer);
    TEST(a_flat_tar_without_system_folders_is_one_layer);
    TEST(an_image_knows_its_digests);
    TEST(a_tar_has_no_configuration);
    TEST(layers_are_read_again_and_side_by_side);
    TEST(an_image_may_have_no_layers);
    TEST(data_in_descriptors_need_no_blobs);
    TEST(one_of_several_docker_images_is_chosen);
    TEST(layers_that_are_links_are_found);
    TEST(one_of_several_oci_images_is_chosen);
    TEST(the_platform_chooses_from_a_nested_index);
    TEST(platforms_come_from_configurations_if_need_be);
    TEST(a_platform_whose_name_begins_another_is_listed);
    TEST(the_only_image_for_another_platform_is_noted);
    TEST(paths_may_hold_colons);
    TEST(other_transports_get_a_hint);
    TEST(the_wrong_kind_of_file_gets_a_hint);
    return g_test_run();
}
