// SPDX-License-Identifier: LGPL-2.1-or-later
#include "image/platform.h"

#include <string.h>

#define ROOTFS "\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[]}"
#define HEX64 "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static ImageConfig *parse(const char *text, GError **error)
{
    return image_config_parse(text, strlen(text), error);
}

static ImageConfig *parse_must(const char *text)
{
    g_autoptr(GError) error = NULL;
    ImageConfig *config = parse(text, &error);

    g_assert_no_error(error);
    return config;
}

static void assert_vector(char **vector, const char *joined)
{
    g_assert_nonnull(vector);
    g_autofree char *found = g_strjoinv("|", vector);
    g_assert_cmpstr(found, ==, joined);
}

static void assert_refused(const char *text, GourdError code, const char *part)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(ImageConfig) config = parse(text, &error);

    g_assert_null(config);
    g_assert_error(error, GOURD_ERROR, (gint)code);
    g_assert_nonnull(strstr(error->message, part));
}

static void a_full_configuration_is_read(void)
{
    g_autoptr(ImageConfig) config = parse_must(
        "{\"architecture\":\"arm\",\"os\":\"linux\",\"variant\":\"v7\",\"created\":\"2024-01-01T00:00:00Z\",\"config\":{"
        "\"User\":\"1000:1000\",\"ExposedPorts\":{\"80/tcp\":{},\"443/tcp\":{}},\"Env\":[\"PATH=/bin\",\"A=b=c\"],"
        "\"Entrypoint\":[\"/init\"],\"Cmd\":[\"a\",\"b c\"],\"Volumes\":{\"/var\":{},\"/data\":{}},"
        "\"WorkingDir\":\"/srv\",\"Labels\":{\"z\":\"1\",\"a\":\"2\"},\"StopSignal\":\"SIGQUIT\",\"Shell\":[\"/bin/bash\","
        "\"-c\"],\"ArgsEscaped\":true,\"Healthcheck\":{\"Test\":[\"CMD\",\"true\"],\"Interval\":30000000000,\"Timeout\":1,"
        "\"StartPeriod\":2,\"StartInterval\":3,\"Retries\":4}},\"history\":[{\"empty_layer\":true}],"
        "\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[\"sha256:" HEX64 "\"]}}");

    g_assert_cmpstr(config->architecture, ==, "arm");
    g_assert_cmpstr(config->variant, ==, "v7");
    g_assert_cmpstr(config->created, ==, "2024-01-01T00:00:00Z");
    g_assert_cmpstr(config->user, ==, "1000:1000");
    assert_vector(config->exposed_ports, "443/tcp|80/tcp");
    assert_vector(config->env, "PATH=/bin|A=b=c");
    assert_vector(config->entrypoint, "/init");
    assert_vector(config->cmd, "a|b c");
    assert_vector(config->volumes, "/data|/var");
    assert_vector(config->labels, "a|2|z|1");
    assert_vector(config->shell, "/bin/bash|-c");
    assert_vector(config->healthcheck.test, "CMD|true");
    g_assert_cmpstr(config->working_dir, ==, "/srv");
    g_assert_cmpstr(config->stop_signal, ==, "SIGQUIT");
    g_assert_cmpint(config->healthcheck.interval_nsec, ==, 30000000000);
    g_assert_cmpint(config->healthcheck.start_interval_nsec, ==, 3);
    g_assert_cmpint(config->healthcheck.retries, ==, 4);
    g_assert_cmpuint(config->diff_id_count, ==, 1);
    g_assert_cmphex(config->diff_ids[0].bytes[1], ==, 0x23);
}

static void missing_null_and_empty_are_alike(void)
{
    static const char *const texts[] = {
        "{" ROOTFS "}",
        "{\"config\":null," ROOTFS "}",
        "{\"config\":{}," ROOTFS "}",
        "{\"architecture\":null,\"config\":{\"User\":null,\"Env\":null,\"Cmd\":null,\"Entrypoint\":null,\"Volumes\":null,"
        "\"Labels\":null,\"ExposedPorts\":null,\"Healthcheck\":null,\"Shell\":null,\"WorkingDir\":null}," ROOTFS "}",
        "{\"architecture\":\"\",\"config\":{\"User\":\"\",\"Env\":[],\"Cmd\":\"\",\"Entrypoint\":[],\"Volumes\":{},"
        "\"Labels\":{},\"ExposedPorts\":{},\"Healthcheck\":{},\"Shell\":[],\"WorkingDir\":\"\"}," ROOTFS "}",
        "{\"rootfs\":{\"type\":\"layers\",\"diff_ids\":null}}",
    };

    for (gsize i = 0; i < G_N_ELEMENTS(texts); i++) {
        g_autoptr(ImageConfig) config = parse_must(texts[i]);

        g_assert_cmpstr(config->user, ==, "");
        g_assert_cmpstr(config->architecture, ==, "");
        assert_vector(config->env, "");
        assert_vector(config->cmd, "");
        assert_vector(config->entrypoint, "");
        assert_vector(config->volumes, "");
        assert_vector(config->labels, "");
        assert_vector(config->healthcheck.test, "");
        g_assert_cmpuint(config->diff_id_count, ==, 0);
    }
}

static void one_string_is_a_vector_of_one(void)
{
    g_autoptr(ImageConfig) config = parse_must("{\"config\":{\"Cmd\":\"ls -l\"}," ROOTFS "}");

    assert_vector(config->cmd, "ls -l");
}

static void broken_configurations_are_refused_with_the_key(void)
{
    assert_refused("", GOURD_ERROR_INPUT, "JSON");
    assert_refused("[]", GOURD_ERROR_INPUT, "not an object");
    assert_refused("{}", GOURD_ERROR_UNSUPPORTED, "no rootfs");
    assert_refused("{\"rootfs\":{\"type\":\"tree\"}}", GOURD_ERROR_UNSUPPORTED, "tree");
    assert_refused("{\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[\"sha256:12\"]}}", GOURD_ERROR_INPUT, "diff_ids[0]");
    assert_refused("{\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[\"sha512:12\"]}}", GOURD_ERROR_UNSUPPORTED,
                   "sha512");
    assert_refused("{\"config\":{\"User\":7}," ROOTFS "}", GOURD_ERROR_INPUT, "config.User");
    assert_refused("{\"config\":{\"Env\":[1]}," ROOTFS "}", GOURD_ERROR_INPUT, "config.Env[0]");
    assert_refused("{\"config\":{\"Labels\":{\"a\":1}}," ROOTFS "}", GOURD_ERROR_INPUT, "config.Labels['a']");
    assert_refused("{\"config\":{\"Volumes\":[]}," ROOTFS "}", GOURD_ERROR_INPUT, "config.Volumes");
    assert_refused("{\"config\":{\"Healthcheck\":{\"Interval\":-1}}," ROOTFS "}", GOURD_ERROR_INPUT, "Interval");
    assert_refused("{\"config\":{\"User\":\"a\",\"User\":\"b\"}," ROOTFS "}", GOURD_ERROR_INPUT, "duplicate");
}

static void limits_are_set_by_name(void)
{
    g_autoptr(GError) error = NULL;
    ImageLimits limits;

    image_limits_init(&limits);
    g_assert_cmpuint(limits.entries, ==, 8000000);
    g_assert_true(image_limits_set(&limits, "entries", 5, NULL));
    g_assert_cmpuint(limits.entries, ==, 5);
    g_assert_false(image_limits_set(&limits, "speed", 5, &error));
    g_assert_error(error, GOURD_ERROR, GOURD_ERROR_NOT_FOUND);
    g_assert_nonnull(strstr(error->message, "unpacked-size, entries, layers, path-length, xattr-size"));
}

/* --- platforms ----------------------------------------------------------------------------------------------------- */

static int rank(const char *wanted, const char *offered)
{
    Platform a, b;

    g_assert_true(platform_parse(wanted, &a, NULL));
    g_assert_true(platform_parse(offered, &b, NULL));
    int result = platform_rank(&a, &b);
    platform_clear(&a);
    platform_clear(&b);
    return result;
}

static void assert_platform(const char *text, const char *normal)
{
    Platform platform;

    g_assert_true(platform_parse(text, &platform, NULL));
    g_autofree char *found = platform_to_text(&platform);
    g_assert_cmpstr(found, ==, normal);
    platform_clear(&platform);
}

static void platforms_are_normalised(void)
{
    assert_platform("linux/amd64", "linux/amd64");
    assert_platform("x86_64", "linux/amd64");
    assert_platform("linux/amd64/v1", "linux/amd64");
    assert_platform("linux/amd64/v2", "linux/amd64/v2");
    assert_platform("Linux/AArch64", "linux/arm64");
    assert_platform("linux/arm64/v8", "linux/arm64");
    assert_platform("linux/arm", "linux/arm/v7");
    assert_platform("linux/arm/6", "linux/arm/v6");
    assert_platform("armel", "linux/arm/v6");
    assert_platform("riscv64", "linux/riscv64");
    assert_platform("linux/s390x", "linux/s390x");
}

static void what_is_no_platform_is_a_usage_error(void)
{
    static const char *const texts[] = {"", "/", "linux/", "linux/a/b/c", "linux/arm 64", "a/\xff"};

    for (gsize i = 0; i < G_N_ELEMENTS(texts); i++) {
        g_autoptr(GError) error = NULL;
        Platform platform;

        g_assert_false(platform_parse(texts[i], &platform, &error));
        g_assert_error(error, GOURD_ERROR, GOURD_ERROR_USAGE);
    }
}

static void a_processor_runs_lower_variants(void)
{
    g_assert_cmpint(rank("linux/amd64", "linux/amd64"), ==, 0);
    g_assert_cmpint(rank("linux/amd64", "linux/amd64/v2"), ==, -1);
    g_assert_cmpint(rank("linux/amd64/v3", "linux/amd64/v2"), >, 0);
    g_assert_cmpint(rank("linux/amd64/v3", "linux/amd64"), >, rank("linux/amd64/v3", "linux/amd64/v2"));
    g_assert_cmpint(rank("linux/arm/v7", "linux/arm/v6"), >, 0);
    g_assert_cmpint(rank("linux/arm/v6", "linux/arm/v7"), ==, -1);
    g_assert_cmpint(rank("linux/arm64", "linux/arm64/v8"), ==, 0);
    g_assert_cmpint(rank("linux/arm64", "linux/arm"), ==, -1);
    g_assert_cmpint(rank("linux/amd64", "windows/amd64"), ==, -1);
    g_assert_cmpint(rank("linux/ppc64le/power9", "linux/ppc64le/power9"), ==, 0);
    g_assert_cmpint(rank("linux/ppc64le", "linux/ppc64le/power9"), ==, -1);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/config/a_full_configuration_is_read", a_full_configuration_is_read);
    g_test_add_func("/config/missing_null_and_empty_are_alike", missing_null_and_empty_are_alike);
    g_test_add_func("/config/one_string_is_a_vector_of_one", one_string_is_a_vector_of_one);
    g_test_add_func("/config/broken_configurations_are_refused_with_the_key",
                    broken_configurations_are_refused_with_the_key);
    g_test_add_func("/limits/limits_are_set_by_name", limits_are_set_by_name);
    g_test_add_func("/platform/platforms_are_normalised", platforms_are_normalised);
    g_test_add_func("/platform/what_is_no_platform_is_a_usage_error", what_is_no_platform_is_a_usage_error);
    g_test_add_func("/platform/a_processor_runs_lower_variants", a_processor_runs_lower_variants);
    return g_test_run();
}
