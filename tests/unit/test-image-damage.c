// SPDX-License-Identifier: LGPL-2.1-or-later
/* Images that are broken or hostile. */

#include "image-fixture.h"

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

/* Replaces the content of a member without telling anybody. */
static void spoil(GPtrArray *files, const char *path, const char *text)
{
    FixtureFile *file = files_get(files, path);

    g_byte_array_set_size(file->bytes, 0);
    g_byte_array_append(file->bytes, (const guint8 *)text, (guint)strlen(text));
}

/* Changes one byte in the middle. */
static void flip(GPtrArray *files, const char *path)
{
    FixtureFile *file = files_get(files, path);

    file->bytes->data[file->bytes->len / 2] ^= 1;
}

static void assert_archive_refused(const Fixture *fixture, const char *prefix, const GPtrArray *files, GourdError code,
                                   const char *parts)
{
    g_autofree char *source = write_source(fixture, prefix, "bad.tar", files_to_tar(files));

    assert_unreadable(source, "linux/amd64", code, parts);
}

/* --- whole archives ------------------------------------------------------------------------------------------------ */

#define END_MARK 1536 /* and padding: all that may be missing without a loss */

static void try_all_lengths(const Fixture *fixture, const char *prefix, GByteArray *whole, guint step, guint slack)
{
    g_autofree char *source = write_source(fixture, prefix, "whole.tar", g_byte_array_ref(whole));
    g_autofree char *expected = read_image_must(source, "linux/amd64");

    for (guint length = 0; length < whole->len; length += step) {
        GByteArray *part = g_byte_array_new();
        g_autoptr(GError) error = NULL;

        g_byte_array_append(part, whole->data, length);
        g_autofree char *cut = write_source(fixture, prefix, "cut.tar", part);
        g_autofree char *text = read_image(cut, "linux/amd64", NULL, &error);
        if (text && length + slack < whole->len)
            g_error("cut at %u of %u and still read", length, whole->len);
        if (text)
            g_assert_cmpstr(text, ==, expected);
        else
            g_assert_true(error && error->domain == GOURD_ERROR && error->code != GOURD_ERROR_FAILED);
    }
}

static void archives_cut_anywhere_are_errors(Fixture *fixture, gconstpointer data)
{
    g_autoptr(GPtrArray) docker = make_docker(2, FALSE), layout = make_layout("amd64", 2, CODEC_GZIP);
    g_autoptr(GByteArray) docker_tar = files_to_tar(docker), layout_tar = files_to_tar(layout), flat = make_layer(1);
    g_autoptr(GByteArray) packed = make_packed(CODEC_ZSTD, docker_tar), xz = make_packed(CODEC_XZ, flat);

    try_all_lengths(fixture, "docker-archive:", docker_tar, 211, END_MARK);
    try_all_lengths(fixture, "oci-archive:", layout_tar, 211, END_MARK);
    try_all_lengths(fixture, "docker-archive:", packed, 11, 0);
    try_all_lengths(fixture, "tar:", flat, 64, END_MARK);
    try_all_lengths(fixture, "tar:", xz, 5, 0);
}

/* Whatever byte changes: an error, or nothing that matters. */
static void no_changed_byte_changes_content(Fixture *fixture, gconstpointer data)
{
    g_autoptr(GPtrArray) docker = make_docker(2, FALSE), layout = make_layout("amd64", 2, CODEC_GZIP);
    GPtrArray *const all[] = {docker, layout};

    for (gsize i = 0; i < G_N_ELEMENTS(all); i++) {
        g_autoptr(GByteArray) whole = files_to_tar(all[i]);
        g_autofree char *source = write_source(fixture, "", "whole.tar", g_byte_array_ref(whole));
        g_autofree char *expected = read_image_must(source, "linux/amd64");
        const char *prefix = i == 0 ? "docker-archive:" : "oci-archive:";

        for (guint at = 0; at < whole->len; at += 13) {
            GByteArray *changed = g_byte_array_new();

            g_byte_array_append(changed, whole->data, whole->len);
            changed->data[at] ^= 0x10;
            g_autofree char *bad = write_source(fixture, prefix, "changed.tar", changed);
            g_autofree char *text = read_image(bad, "linux/amd64", NULL, NULL);
            if (text)
                g_assert_cmpstr(text, ==, expected);
        }
    }
}

static void a_cut_archive_is_called_so(Fixture *fixture, gconstpointer data)
{
    g_autoptr(GPtrArray) files = make_docker(2, FALSE);
    GByteArray *tar = files_to_tar(files);

    g_byte_array_set_size(tar, 2000);
    g_autofree char *source = write_source(fixture, "docker-archive:", "cut.tar", tar);
    assert_unreadable(source, NULL, GOURD_ERROR_INPUT, "manifest.json|truncated");
}

/* --- digests ------------------------------------------------------------------------------------------------------- */

/* The path of the blob whose content begins so. */
static const char *find_blob(const GPtrArray *files, const char *beginning)
{
    for (guint i = 0; i < files->len; i++) {
        const FixtureFile *file = g_ptr_array_index(files, i);

        if (g_str_has_prefix(file->path, "blobs/") && file->bytes->len >= strlen(beginning) &&
            memcmp(file->bytes->data, beginning, strlen(beginning)) == 0)
            return file->path;
    }
    g_assert_not_reached();
}

static void assert_flip_found(Fixture *fixture, const char *beginning, const char *parts)
{
    g_autoptr(GPtrArray) files = make_layout("amd64", 2, CODEC_GZIP);
    const char *path = find_blob(files, beginning);

    flip(files, path);
    g_autofree char *wanted = g_strdup_printf("%s|%s|digest", path + strlen("blobs/sha256/"), parts);
    assert_archive_refused(fixture, "oci-archive:", files, GOURD_ERROR_INPUT, wanted);
    g_autofree char *source = write_layout(fixture, "oci:", beginning, files);
    assert_unreadable(source, "linux/amd64", GOURD_ERROR_INPUT, wanted);
}

static void changed_blobs_are_named(Fixture *fixture, gconstpointer data)
{
    assert_flip_found(fixture, "{\"schemaVersion\"", "manifest sha256:");
    assert_flip_found(fixture, "{\"architecture\"", "configuration sha256:");
}

static void a_changed_layer_is_named(Fixture *fixture, gconstpointer data)
{
    g_autoptr(GPtrArray) files = make_layout("amd64", 2, CODEC_NONE);

    /* The first blob after the configuration is the lowest layer. */
    FixtureFile *layer = g_ptr_array_index(files, 1);
    layer->bytes->data[600] ^= 1;
    g_autofree char *wanted = g_strdup_printf("layer 1 of 2|blob sha256:%s|digest",
                                              layer->path + strlen("blobs/sha256/"));
    assert_archive_refused(fixture, "oci-archive:", files, GOURD_ERROR_INPUT, wanted);
}

static void a_layer_that_is_not_what_the_configuration_says_is_refused(Fixture *fixture, gconstpointer data)
{
    g_autoptr(GPtrArray) files = make_docker(2, FALSE);
    FixtureFile *layer = files_get(files, "amd642/layer.tar");

    g_byte_array_unref(layer->bytes);
    layer->bytes = make_layer(7);
    assert_archive_refused(fixture, "docker-archive:", files, GOURD_ERROR_INPUT,
                           "layer 2 of 2|unpacked layer|digest|hint: ");
}

static void a_configuration_is_checked_against_its_name(Fixture *fixture, gconstpointer data)
{
    g_autoptr(GPtrArray) files = make_docker(1, FALSE), blobs = make_docker(1, TRUE);
    FixtureFile *config = g_ptr_array_index(files, 1), *blob = g_ptr_array_index(blobs, 1);

    flip(files, config->path);
    flip(blobs, blob->path);
    assert_archive_refused(fixture, "", files, GOURD_ERROR_INPUT, "configuration|.json|not the one of its name");
    assert_archive_refused(fixture, "", blobs, GOURD_ERROR_INPUT,
                           "configuration|blobs/sha256/|not the one of its name");
}

static void sizes_are_checked(Fixture *fixture, gconstpointer data)
{
    g_autoptr(GPtrArray) files = make_layout("amd64", 1, CODEC_NONE), longer = make_layout("amd64", 1, CODEC_NONE);
    FixtureFile *layer = g_ptr_array_index(files, 1), *config = g_ptr_array_index(longer, 0);

    g_byte_array_append(layer->bytes, (const guint8 *)"x", 1);
    g_byte_array_append(config->bytes, (const guint8 *)" ", 1);
    assert_archive_refused(fixture, "", files, GOURD_ERROR_INPUT, "layer 1 of 1|bytes, but should have");
    assert_archive_refused(fixture, "", longer, GOURD_ERROR_INPUT, "configuration sha256:|longer than");
}

static void the_count_of_layers_must_agree(Fixture *fixture, gconstpointer data)
{
    g_autoptr(GPtrArray) files = make_docker(2, FALSE);
    g_autofree char *config = g_strdup(((FixtureFile *)g_ptr_array_index(files, 2))->path);
    g_autofree char *manifest =
        g_strdup_printf("[{\"Config\":\"%s\",\"RepoTags\":null,\"Layers\":[\"amd641/layer.tar\"]}]", config);

    spoil(files, "manifest.json", manifest);
    assert_archive_refused(fixture, "", files, GOURD_ERROR_INPUT, "1 layers|diff_ids for 2");
}

static void missing_blobs_are_named(Fixture *fixture, gconstpointer data)
{
    g_autoptr(GPtrArray) docker = make_docker(2, FALSE), layout = make_layout("amd64", 2, CODEC_GZIP);
    FixtureFile *layer = g_ptr_array_index(layout, 1);
    g_autofree char *wanted = g_strdup_printf("layer 1|%s|incomplete", layer->path);

    g_free(layer->path);
    layer->path = g_strdup("elsewhere");
    layer = files_get(docker, "amd642/layer.tar");
    g_free(layer->path);
    layer->path = g_strdup("elsewhere");
    assert_archive_refused(fixture, "docker-archive:", docker, GOURD_ERROR_NOT_FOUND, "layer 2|amd642/layer.tar");
    assert_archive_refused(fixture, "oci-archive:", layout, GOURD_ERROR_NOT_FOUND, wanted);
}

/* --- hostile members ----------------------------------------------------------------------------------------------- */

static GPtrArray *make_docker_with_layer(const char *path)
{
    GPtrArray *files = make_docker(1, FALSE);
    g_autofree char *config = g_strdup(((FixtureFile *)g_ptr_array_index(files, 1))->path);
    g_autofree char *manifest = g_strdup_printf("[{\"Config\":\"%s\",\"Layers\":[\"%s\"]}]", config, path);

    spoil(files, "manifest.json", manifest);
    return files;
}

static void paths_out_of_the_archive_are_refused(Fixture *fixture, gconstpointer data)
{
    g_autoptr(GPtrArray) up = make_docker_with_layer("../amd641/layer.tar");
    g_autoptr(GPtrArray) absolute = make_docker_with_layer("/etc/passwd");
    g_autoptr(GPtrArray) config = make_docker(1, FALSE);

    spoil(config, "manifest.json", "[{\"Config\":\"../../etc/passwd\",\"Layers\":[]}]");
    assert_archive_refused(fixture, "", up, GOURD_ERROR_INPUT, "../amd641/layer.tar|leads out");
    assert_archive_refused(fixture, "", absolute, GOURD_ERROR_INPUT, "/etc/passwd|leads out");
    assert_archive_refused(fixture, "", config, GOURD_ERROR_INPUT, "../../etc/passwd|leads out");
}

static void links_out_of_the_archive_and_in_circles_are_refused(Fixture *fixture, gconstpointer data)
{
    static const struct {
        const char *target, *wanted;
    } cases[] = {
        {"../../../etc/passwd", "leads out"},
        {"/etc/passwd", "leads out"},
        {"link", "in circles"},
        {"other", "in circles"},
        {"nowhere", "no member 'x/nowhere', to which 'x/link' is a link"},
        {"..", "no member ''"},
        {"folder", "not a plain file"},
        {"fifo", "not a plain file"},
    };

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GPtrArray) files = make_docker_with_layer("x/link");

        files_add_link(files, "x/link", '2', cases[i].target);
        files_add_link(files, "x/other", '2', "link");
        files_add_link(files, "x/folder", '5', NULL);
        files_add_link(files, "x/fifo", '6', NULL);
        g_autofree char *wanted = g_strconcat("layer 1|", cases[i].wanted, NULL);
        g_autofree char *source = write_source(fixture, "", "bad.tar", files_to_tar(files));
        g_autoptr(GError) error = NULL;
        g_autofree char *text = read_image(source, NULL, NULL, &error);
        g_assert_null(text);
        g_assert_nonnull(strstr(error->message, cases[i].wanted));
    }
}

static void members_that_occur_twice_are_refused(Fixture *fixture, gconstpointer data)
{
    static const char *const paths[] = {"manifest.json", "./manifest.json", "amd641//layer.tar"};

    for (gsize i = 0; i < G_N_ELEMENTS(paths); i++) {
        g_autoptr(GPtrArray) files = make_docker(1, FALSE);

        files_add_text(files, paths[i], "[]");
        assert_archive_refused(fixture, "", files, GOURD_ERROR_INPUT, "more than one member");
    }
}

static void sparse_members_are_no_blobs(Fixture *fixture, gconstpointer data)
{
    g_autoptr(GPtrArray) files = make_docker(1, FALSE);

    files_get(files, "manifest.json")->type = 'S';
    assert_archive_refused(fixture, "docker-archive:", files, GOURD_ERROR_INPUT, "manifest.json|not a plain file");
}

/* --- hostile layout folders ---------------------------------------------------------------------------------------- */

static void replace_by_link(const char *folder, const char *path, const char *target)
{
    g_autofree char *full = g_build_filename(folder, path, NULL);

    g_assert_cmpint(g_remove(full), ==, 0);
    g_assert_cmpint(symlink(target, full), ==, 0);
}

static void check_links_in_folders(const Fixture *fixture, const char *name)
{
    g_autoptr(GPtrArray) files = make_layout("amd64", 1, CODEC_NONE);
    const FixtureFile *layer = g_ptr_array_index(files, 1);
    g_autofree char *folder = write_layout(fixture, "", name, files);
    g_autofree char *source = g_strconcat("oci:", folder, NULL);
    g_autofree char *blobs = g_build_filename(folder, "blobs", NULL), *moved = g_build_filename(folder, "moved", NULL);
    g_autofree char *text = read_image_must(source, "linux/amd64");

    g_assert_cmpint(rename(blobs, moved), ==, 0);
    g_assert_cmpint(symlink("moved", blobs), ==, 0);
    assert_unreadable(source, "linux/amd64", GOURD_ERROR_INPUT, "blobs/sha256/|symbolic link");
    g_assert_cmpint(unlink(blobs), ==, 0);
    g_assert_cmpint(rename(moved, blobs), ==, 0);
    replace_by_link(folder, layer->path, "/etc/passwd");
    assert_unreadable(source, "linux/amd64", GOURD_ERROR_INPUT, "blobs/sha256/|symbolic link");
    replace_by_link(folder, "index.json", "../../index.json");
    assert_unreadable(source, "linux/amd64", GOURD_ERROR_INPUT, "index.json|symbolic link");
}

static void links_in_a_layout_folder_are_refused(Fixture *fixture, gconstpointer data)
{
    check_links_in_folders(fixture, "layout");
}

/* Makes openat2 fail as it does on old kernels and under old container run-times. */
static void block_openat2(void)
{
    struct sock_filter steps[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_openat2, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog program = {.len = G_N_ELEMENTS(steps), .filter = steps};

    g_assert_cmpint(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), ==, 0);
    if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) < 0)
        g_test_skip("no seccomp filters here");
}

static void links_are_refused_without_openat2(Fixture *fixture, gconstpointer data)
{
    if (g_test_subprocess()) {
        block_openat2();
        check_links_in_folders(fixture, "layout");
        return;
    }
    g_test_trap_subprocess(NULL, 0, G_TEST_SUBPROCESS_DEFAULT);
    g_test_trap_assert_passed();
}

/* --- manifests ----------------------------------------------------------------------------------------------------- */

static void assert_index_refused(const Fixture *fixture, const char *index, GourdError code, const char *parts)
{
    g_autoptr(GPtrArray) files = files_new();

    files_add_text(files, "oci-layout", LAYOUT_TEXT);
    files_add_text(files, "index.json", index);
    assert_archive_refused(fixture, "oci-archive:", files, code, parts);
}

#define SOME_DIGEST "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static void hostile_indexes_are_refused(Fixture *fixture, gconstpointer data)
{
    assert_index_refused(fixture, "", GOURD_ERROR_INPUT, "index.json|JSON");
    assert_index_refused(fixture, "{\"manifests\":[],\"layers\":[]}", GOURD_ERROR_INPUT, "both");
    assert_index_refused(fixture, "{\"schemaVersion\":2}", GOURD_ERROR_INPUT, "neither");
    assert_index_refused(fixture, "{\"manifests\":[]}", GOURD_ERROR_NOT_FOUND, "no image");
    assert_index_refused(fixture, "{\"schemaVersion\":1,\"manifests\":[]}", GOURD_ERROR_UNSUPPORTED, "schema 1|skopeo");
    assert_index_refused(fixture, "{\"manifests\":[{\"digest\":\"sha256:../../../etc/passwd\",\"size\":1}]}",
                         GOURD_ERROR_INPUT, "manifests[0]|hexadecimal");
    assert_index_refused(fixture, "{\"manifests\":[{\"digest\":\"sha512:00\",\"size\":1}]}", GOURD_ERROR_UNSUPPORTED,
                         "manifests[0]|sha512");
    assert_index_refused(fixture, "{\"manifests\":[{\"digest\":\"" SOME_DIGEST "\",\"size\":-1}]}", GOURD_ERROR_INPUT,
                         "manifests[0]|size");
    assert_index_refused(fixture, "{\"manifests\":[{\"digest\":\"" SOME_DIGEST "\",\"size\":1}]}",
                         GOURD_ERROR_NOT_FOUND, SOME_DIGEST "|incomplete");
    assert_index_refused(fixture,
                         "{\"manifests\":[{\"mediaType\":\"application/vnd.docker.distribution.manifest.v1+prettyjws\","
                         "\"digest\":\"" SOME_DIGEST "\",\"size\":2,\"data\":\"e30=\"}]}",
                         GOURD_ERROR_INPUT, SOME_DIGEST "|digest");
}

static void assert_layer_type_refused(const Fixture *fixture, const char *type, const char *parts)
{
    g_autoptr(GPtrArray) files = files_new();
    g_autofree char *config_text = make_config("amd64", "", 1);
    g_autofree char *config = files_add_blob_text(files, config_text, CONFIG_TYPE, "");
    g_autofree char *manifest =
        g_strdup_printf("{\"schemaVersion\":2,\"config\":%s,\"layers\":[{\"mediaType\":\"%s\",\"digest\":\"" SOME_DIGEST
                        "\",\"size\":5,\"urls\":[\"https://example.org/layer\"]}]}",
                        config, type);
    g_autofree char *descriptor = files_add_blob_text(files, manifest, MANIFEST_TYPE, "");

    files_finish_layout(files, descriptor);
    assert_archive_refused(fixture, "oci-archive:", files, GOURD_ERROR_UNSUPPORTED, parts);
}

static void layers_that_cannot_be_read_are_unsupported(Fixture *fixture, gconstpointer data)
{
    assert_layer_type_refused(fixture, LAYER_TYPE "+gzip+encrypted", "layer 1|encrypted|--decryption-key");
    assert_layer_type_refused(fixture, "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip",
                              "layer 1|foreign|https://example.org/layer");
    assert_layer_type_refused(fixture, "application/x-thing", "layer 1|application/x-thing");
}

static void an_artifact_is_no_image(Fixture *fixture, gconstpointer data)
{
    g_autoptr(GPtrArray) files = files_new();
    g_autofree char *config = files_add_blob_text(files, "{}", "application/vnd.cncf.helm.config.v1+json", "");
    g_autofree char *manifest = g_strdup_printf("{\"schemaVersion\":2,\"config\":%s,\"layers\":[]}", config);
    g_autofree char *descriptor = files_add_blob_text(files, manifest, MANIFEST_TYPE, "");

    files_finish_layout(files, descriptor);
    assert_archive_refused(fixture, "oci-archive:", files, GOURD_ERROR_UNSUPPORTED, "artifact|helm");
}

static void an_unknown_layout_version_is_unsupported(Fixture *fixture, gconstpointer data)
{
    g_autoptr(GPtrArray) files = make_layout("amd64", 1, CODEC_NONE);

    spoil(files, "oci-layout", "{\"imageLayoutVersion\":\"2.0.0\"}");
    assert_archive_refused(fixture, "oci-archive:", files, GOURD_ERROR_UNSUPPORTED, "oci-layout|2.0.0");
}

/* Index n names index n + 1 many times: read one by one they would never end. */
static void an_index_bomb_is_read_once(Fixture *fixture, gconstpointer data)
{
    g_autoptr(GPtrArray) files = files_new();
    g_autofree char *descriptor = files_add_oci(files, "amd64", "", 1, CODEC_NONE, "");

    for (guint level = 0; level < 3; level++) {
        g_autoptr(GString) list = g_string_new(descriptor);

        for (guint i = 0; i < 2000; i++)
            g_string_append_printf(list, ",%s", descriptor);
        g_autofree char *index = g_strdup_printf("{\"schemaVersion\":2,\"manifests\":[%s]}", list->str);
        g_free(descriptor);
        descriptor = files_add_blob_text(files, index, INDEX_TYPE, "");
    }
    files_finish_layout(files, descriptor);
    g_autofree char *source = write_source(fixture, "", "bomb.tar", files_to_tar(files));
    g_autofree char *text = read_image_must(source, "linux/amd64");
    g_assert_nonnull(text);
}

static void limits_name_themselves(Fixture *fixture, gconstpointer data)
{
    g_autoptr(GPtrArray) files = make_docker(2, FALSE);
    g_autofree char *source = write_source(fixture, "", "archive.tar", files_to_tar(files));
    ImageOptions options = {.platform = "linux/amd64"};
    g_autoptr(GError) error = NULL;

    image_limits_init(&options.limits);
    options.limits.layers = 1;
    g_autoptr(Image) image = image_open(source, &options, NULL, &error);
    g_assert_null(image);
    g_assert_error(error, GOURD_ERROR, GOURD_ERROR_LIMIT);
    g_assert_nonnull(strstr(error->message, "--limit layers=2"));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    TEST(archives_cut_anywhere_are_errors);
    TEST(no_changed_byte_changes_content);
    TEST(a_cut_archive_is_called_so);
    TEST(changed_blobs_are_named);
    TEST(a_changed_layer_is_named);
    TEST(a_layer_that_is_not_what_the_configuration_says_is_refused);
    TEST(a_configuration_is_checked_against_its_name);
    TEST(sizes_are_checked);
    TEST(the_count_of_layers_must_agree);
    TEST(missing_blobs_are_named);
    TEST(paths_out_of_the_archive_are_refused);
    TEST(links_out_of_the_archive_and_in_circles_are_refused);
    TEST(members_that_occur_twice_are_refused);
    TEST(sparse_members_are_no_blobs);
    TEST(links_in_a_layout_folder_are_refused);
    TEST(links_are_refused_without_openat2);
    TEST(hostile_indexes_are_refused);
    TEST(layers_that_cannot_be_read_are_unsupported);
    TEST(an_artifact_is_no_image);
    TEST(an_unknown_layout_version_is_unsupported);
    TEST(an_index_bomb_is_read_once);
    TEST(limits_name_themselves);
    return g_test_run();
}
