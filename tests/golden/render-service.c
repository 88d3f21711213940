// SPDX-License-Identifier: LGPL-2.1-or-later

/* Writes the files of a service below a folder, for tests that compare them or run them:
 *
 *   render-service NAME BUNDLE OPTIONS.json TARGET FOLDER
 *
 * The service's user has the numbers of $SERVICE_UID and $SERVICE_GID (default 990); the bundle and gourd-init are named in units as
 * $BUNDLE_PATH and $INIT_PATH. Prints the notes. */

#include "service/service.h"

#include <glib/gstdio.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static gboolean write_file(const char *folder, const ServiceFile *file, GError **error)
{
    g_autofree char *path = g_strconcat(folder, file->path, NULL), *parent = g_path_get_dirname(path);
    gsize size;
    const char *bytes = g_bytes_get_data(file->content, &size);

    if (g_mkdir_with_parents(parent, 0755) != 0)
        return gourd_error_set_errno(error, errno, "cannot make '%s'", parent);
    return g_file_set_contents_full(path, bytes, (gssize)size, G_FILE_SET_CONTENTS_NONE, (int)file->mode, error);
}

static gboolean write_all(const char *folder, const GPtrArray *files, GError **error)
{
    for (guint i = 0; i < files->len; i++)
        if (!write_file(folder, g_ptr_array_index(files, i), error))
            return FALSE;
    return TRUE;
}

static guint32 number_from(const char *variable)
{
    const char *text = g_getenv(variable);
    guint64 number = 990;

    if (text && !g_ascii_string_to_unsigned(text, 10, 0, G_MAXUINT32, &number, NULL))
        return 0;
    return (guint32)number;
}

static gboolean load_options(const char *path, ServiceOptions *ret_options, GError **error)
{
    g_autofree char *text = NULL;
    gsize size;

    if (!g_file_get_contents(path, &text, &size, error))
        return FALSE;
    g_autoptr(Json) json = json_parse(text, size, error);

    return json && service_options_from_json(json, NULL, ret_options, error);
}

static void show_notes(Notes *notes)
{
    const GPtrArray *list = notes_list(notes);

    for (guint i = 0; i < list->len; i++) {
        const Note *note = g_ptr_array_index(list, i);

        printf("%s: %s\n", note->kind, note->text);
        for (guint k = 0; k < note->subjects->len; k++)
            printf("    %s\n", (const char *)g_ptr_array_index(note->subjects, k));
    }
}

static gboolean render(char **argv, GError **error)
{
    g_autoptr(Bundle) bundle = bundle_open(argv[2], error);
    g_autofree char *store_path = g_strdup_printf("/var/lib/gourd/bundles/%s_1.0.raw", argv[1]);
    const char *path = g_getenv("BUNDLE_PATH"), *init = g_getenv("INIT_PATH");
    g_autoptr(Notes) notes = notes_new();
    ServiceOptions options;
    ServiceContext context = {
        .name = argv[1],
        .version = "1.0",
        .revision = 1,
        .bundle_path = path ? path : store_path,
        .init_path = init ? init : "/var/lib/gourd/lib/gourd-init-0123456789ab",
        .machine = "x86_64",
    };

    if (!bundle || !unit_target_parse(argv[4], &context.systemd_version, error) ||
        !load_options(argv[3], &options, error))
        return FALSE;
    g_autoptr(ServiceImage) image = service_image_new(bundle);
    g_autoptr(ServiceSpec) spec = service_spec_new(image, &options, &context, notes, error);
    service_options_clear(&options);
    g_autoptr(ServiceFiles) files = spec ? service_render(spec, &context, notes, error) : NULL;
    if (!files)
        return FALSE;
    gboolean asked = files->user != NULL;
    g_autoptr(GPtrArray) identity = service_identity(spec, &context, asked ? number_from("SERVICE_UID") : files->uid,
                                                     asked ? number_from("SERVICE_GID") : files->gid);
    show_notes(notes);
    return write_all(argv[5], files->files, error) && write_all(argv[5], identity, error);
}

int main(int argc, char **argv)
{
    g_autoptr(GError) error = NULL;

    if (argc != 6) {
        fputs("usage: render-service NAME BUNDLE OPTIONS.json TARGET FOLDER\n", stderr);
        return 2;
    }
    if (render(argv, &error))
        return 0;
    fprintf(stderr, "%s\n", error->message);
    return 1;
}
