// SPDX-License-Identifier: LGPL-2.1-or-later
#include "image.h"

#include <stdlib.h>
#include <string.h>

/* The configuration of an image: OCI image-spec 1.1, config.md, and the fields of Docker's own (moby
 * image/spec/specs-go/v1/image.go: Healthcheck, Shell). `container_config`, `ArgsEscaped`, `OnBuild` and `history` say
 * nothing that a run needs.
 *
 * Go writers leave a field out, write null or write "" for the same thing, so the three are read alike. */

#define ARRAY_MAX 65536 /* elements of one list: the kernel takes no more arguments of sane length either */

static gboolean get_text(const Json *object, const char *where, const char *key, char **ret_text, GError **error)
{
    const char *text;

    if (!json_get_string(object, where, key, &text, error))
        return FALSE;
    *ret_text = g_strdup(text ? text : "");
    return TRUE;
}

/* A vector of strings. Docker also takes one string for a vector of one (moby strslice), which old images have. */
static gboolean get_vector(const Json *object, const char *where, const char *key, char ***ret_vector, GError **error)
{
    Json *member = json_object_get(object, key);

    if (json_is_string(member)) {
        const char *text = json_string_value(member);

        *ret_vector = g_new0(char *, 2);
        if (*text)
            (*ret_vector)[0] = g_strdup(text);
        return TRUE;
    }
    if (json_array_size(member) > ARRAY_MAX)
        return gourd_error_set(error, GOURD_ERROR_LIMIT, "%s.%s has more than %d elements", where, key, ARRAY_MAX);
    if (!json_get_strv(object, where, key, ret_vector, error))
        return FALSE;
    if (!*ret_vector)
        *ret_vector = g_new0(char *, 1);
    return TRUE;
}

static int compare_text(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The keys of an object like {"80/tcp": {}}, sorted. */
static gboolean get_keys(const Json *object, const char *where, const char *key, char ***ret_keys, GError **error)
{
    Json *set, *value;
    const char *name;
    gsize count = 0;

    if (!json_get_object(object, where, key, &set, error))
        return FALSE;
    if (json_object_size(set) > ARRAY_MAX)
        return gourd_error_set(error, GOURD_ERROR_LIMIT, "%s.%s has more than %d elements", where, key, ARRAY_MAX);
    *ret_keys = g_new0(char *, json_object_size(set) + 1);
    json_object_foreach(set, name, value)
        (*ret_keys)[count++] = g_strdup(name);
    qsort(*ret_keys, count, sizeof(char *), compare_text);
    return TRUE;
}

static gboolean get_labels(const Json *object, const char *where, char ***ret_labels, GError **error)
{
    g_auto(GStrv) keys = NULL;
    Json *labels;

    if (!get_keys(object, where, "Labels", &keys, error) || !json_get_object(object, where, "Labels", &labels, error))
        return FALSE;
    guint count = g_strv_length(keys);
    g_auto(GStrv) result = g_new0(char *, 2 * (gsize)count + 1);
    for (guint i = 0; i < count; i++) {
        Json *value = json_object_get(labels, keys[i]);

        if (!json_is_string(value) && !json_is_null(value)) {
            g_autofree char *shown = text_escape(keys[i]);

            return gourd_error_set(error, GOURD_ERROR_INPUT, "%s.Labels['%s'] is not a string", where, shown);
        }
        result[2 * i] = g_strdup(keys[i]);
        result[2 * i + 1] = g_strdup(json_is_string(value) ? json_string_value(value) : "");
    }
    *ret_labels = g_steal_pointer(&result);
    return TRUE;
}

static gboolean get_duration(const Json *object, const char *key, gint64 *ret_nsec, GError **error)
{
    if (!json_get_integer(object, "config.Healthcheck", key, 0, ret_nsec, error))
        return FALSE;
    if (*ret_nsec < 0)
        return gourd_error_set(error, GOURD_ERROR_INPUT, "config.Healthcheck.%s is negative", key);
    return TRUE;
}

static gboolean parse_healthcheck(const Json *settings, ImageConfig *config, GError **error)
{
    Json *check;

    if (!json_get_object(settings, "config", "Healthcheck", &check, error))
        return FALSE;
    if (!check) {
        config->healthcheck.test = g_new0(char *, 1);
        return TRUE;
    }
    return get_vector(check, "config.Healthcheck", "Test", &config->healthcheck.test, error) &&
           get_duration(check, "Interval", &config->healthcheck.interval_nsec, error) &&
           get_duration(check, "Timeout", &config->healthcheck.timeout_nsec, error) &&
           get_duration(check, "StartPeriod", &config->healthcheck.start_period_nsec, error) &&
           get_duration(check, "StartInterval", &config->healthcheck.start_interval_nsec, error) &&
           get_duration(check, "Retries", &config->healthcheck.retries, error);
}

/* The run-time settings, the object "config"; an image may have none at all. */
static gboolean parse_settings(const Json *root, ImageConfig *config, GError **error)
{
    Json *settings;

    if (!json_get_object(root, "", "config", &settings, error))
        return FALSE;
    g_autoptr(Json) none = json_object();
    if (!settings)
        settings = none;
    return get_text(settings, "config", "User", &config->user, error) &&
           get_vector(settings, "config", "Env", &config->env, error) &&
           get_vector(settings, "config", "Entrypoint", &config->entrypoint, error) &&
           get_vector(settings, "config", "Cmd", &config->cmd, error) &&
           get_vector(settings, "config", "Shell", &config->shell, error) &&
           get_keys(settings, "config", "Volumes", &config->volumes, error) &&
           get_keys(settings, "config", "ExposedPorts", &config->exposed_ports, error) &&
           get_text(settings, "config", "WorkingDir", &config->working_dir, error) &&
           get_text(settings, "config", "StopSignal", &config->stop_signal, error) &&
           get_labels(settings, "config", &config->labels, error) && parse_healthcheck(settings, config, error);
}

static gboolean parse_rootfs(const Json *root, ImageConfig *config, GError **error)
{
    Json *rootfs;
    const char *type;

    if (!json_get_object(root, "", "rootfs", &rootfs, error))
        return FALSE;
    if (!rootfs) {
        gourd_error_set(error, GOURD_ERROR_UNSUPPORTED, "the configuration has no rootfs");
        return gourd_error_hint(error,
                                "images from before Docker 1.10 are not supported: load the image with a current "
                                "docker or podman and save it again");
    }
    if (!json_get_string(rootfs, "rootfs", "type", &type, error))
        return FALSE;
    if (g_strcmp0(type, "layers") != 0) {
        g_autofree char *shown = text_escape(type ? type : "");

        return gourd_error_set(error, GOURD_ERROR_UNSUPPORTED, "rootfs.type is '%s', not 'layers'", shown);
    }
    g_auto(GStrv) texts = NULL;
    if (!get_vector(rootfs, "rootfs", "diff_ids", &texts, error))
        return FALSE;
    config->diff_id_count = g_strv_length(texts);
    config->diff_ids = g_new(Digest, config->diff_id_count);
    for (guint i = 0; i < config->diff_id_count; i++)
        if (!digest_parse(texts[i], &config->diff_ids[i], error))
            return gourd_error_prefix(error, "rootfs.diff_ids[%u]", i);
    return TRUE;
}

ImageConfig *image_config_parse(const void *bytes, gsize size, GError **error)
{
    g_autoptr(Json) root = json_parse(bytes, size, error);
    g_autoptr(ImageConfig) config = g_new0(ImageConfig, 1);

    if (!root)
        return NULL;
    if (!get_text(root, "", "architecture", &config->architecture, error) ||
        !get_text(root, "", "os", &config->os, error) || !get_text(root, "", "variant", &config->variant, error) ||
        !get_text(root, "", "created", &config->created, error) || !parse_settings(root, config, error) ||
        !parse_rootfs(root, config, error))
        return NULL;
    return g_steal_pointer(&config);
}

void image_config_free(ImageConfig *config)
{
    if (!config)
        return;
    g_free(config->architecture);
    g_free(config->os);
    g_free(config->variant);
    g_free(config->created);
    g_free(config->user);
    g_strfreev(config->env);
    g_strfreev(config->entrypoint);
    g_strfreev(config->cmd);
    g_strfreev(config->shell);
    g_strfreev(config->volumes);
    g_strfreev(config->exposed_ports);
    g_free(config->working_dir);
    g_free(config->stop_signal);
    g_strfreev(config->labels);
    g_strfreev(config->healthcheck.test);
    g_free(config->diff_ids);
    g_free(config);
}
