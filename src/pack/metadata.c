// SPDX-License-Identifier: LGPL-2.1-or-later
#include "metadata.h"

#include <string.h>

#define METADATA_FORMAT 1

static Json *digest_text(const Digest *digest)
{
    g_autofree char *text = digest_to_text(digest);

    return json_string(text);
}

static void set_text(Json *object, const char *key, const char *text)
{
    if (text)
        json_object_set_new(object, key, json_text(text));
}

static Json *source_json(const Image *image)
{
    Json *source = json_object(), *diff_ids = json_array();

    if (image_config_digest(image))
        json_object_set_new(source, "config_digest", digest_text(image_config_digest(image)));
    for (guint i = 0; i < image_layer_count(image); i++)
        if (image_layer(image, i)->has_diff_id)
            json_array_append_new(diff_ids, digest_text(&image_layer(image, i)->diff_id));
    json_object_set_new(source, "diff_ids", diff_ids);
    return source;
}

static Json *user_json(const char *spec, const ImageUser *user)
{
    Json *object = json_object(), *groups = json_array();

    json_object_set_new(object, "spec", json_text(spec));
    set_text(object, "name", user->name);
    json_object_set_new(object, "known", json_boolean(user->known));
    if (user->known) {
        json_object_set_new(object, "uid", json_integer(user->uid));
        json_object_set_new(object, "gid", json_integer(user->gid));
    }
    for (guint i = 0; i < user->groups->len; i++)
        json_array_append_new(groups, json_integer(g_array_index(user->groups, guint32, i)));
    json_object_set_new(object, "groups", groups);
    return object;
}

static Json *mount_points_json(const GPtrArray *points)
{
    Json *array = json_array();

    for (guint i = 0; i < points->len; i++) {
        const MountPoint *point = g_ptr_array_index(points, i);
        Json *object = json_object();

        json_object_set_new(object, "path", json_text_lossless(point->path));
        json_object_set_new(object, "type", json_string(point->file ? "file" : "folder"));
        json_array_append_new(array, object);
    }
    return array;
}

static Json *notes_json(const GPtrArray *notes)
{
    Json *array = json_array();

    for (guint i = 0; i < notes->len; i++) {
        const Note *note = g_ptr_array_index(notes, i);
        Json *object = json_object(), *subjects = json_array();

        for (guint k = 0; k < note->subjects->len; k++)
            json_array_append_new(subjects, json_text(g_ptr_array_index(note->subjects, k)));
        json_object_set_new(object, "kind", json_string(note->kind));
        json_object_set_new(object, "text", json_string(note->text));
        json_object_set_new(object, "count", json_integer((json_int_t)note->count));
        json_object_set_new(object, "subjects", subjects);
        json_array_append_new(array, object);
    }
    return array;
}

static Json *init_json(const InitKind *init)
{
    if (!init)
        return json_null();
    Json *object = json_object();
    json_object_set_new(object, "kind", json_string(init->kind));
    json_object_set_new(object, "reason", json_string(init->reason));
    return object;
}

GBytes *metadata_to_json(const Metadata *metadata)
{
    const ImageConfig *config = metadata->config;
    g_autoptr(Json) root = json_object();

    json_object_set_new(root, "format", json_integer(METADATA_FORMAT));
    set_text(root, "name", metadata->name);
    set_text(root, "version", metadata->version);
    json_object_set_new(root, "source", source_json(metadata->image));
    if (config) {
        set_text(root, "created", config->created);
        set_text(root, "architecture", config->architecture);
        set_text(root, "variant", config->variant);
        set_text(root, "os", config->os);
        json_object_set_new(root, "user", user_json(config->user, metadata->user));
        json_object_set_new(root, "needs_init", init_json(metadata->init));
    }
    json_object_set_new(root, "mount_points", mount_points_json(metadata->mount_points));
    json_object_set_new(root, "notes", notes_json(notes_list(metadata->notes)));
    char *text = json_dumps(root, JSON_INDENT(2));
    gsize length = strlen(text);
    text = g_realloc(text, length + 1);
    text[length] = '\n';
    return g_bytes_new_take(text, length + 1);
}
