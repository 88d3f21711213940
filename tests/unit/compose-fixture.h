// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

/* Stacks from the text of a Compose file. */

#include "compose/compose.h"

#include <glib/gstdio.h>
#include <string.h>

/* The stack of a file with these lines below `services:` (and more at the top), in a folder of its own called "shop". */
G_GNUC_UNUSED static Stack *read_stack(const char *text, Notes *notes, GError **error)
{
    static const char *const environment[] = {"VARIABLE=value", NULL};
    g_autofree char *temporary = g_dir_make_tmp("compose-map-XXXXXX", NULL);
    g_autofree char *folder = g_build_filename(temporary, "shop", NULL);
    g_autofree char *path = g_build_filename(folder, "compose.yaml", NULL);
    const ComposeSources sources = {.environment = environment, .working_folder = folder};

    g_assert_cmpint(g_mkdir(folder, 0755), ==, 0);
    g_assert_true(g_file_set_contents(path, text, -1, NULL));
    g_autoptr(ComposeProject) project = compose_project_load(&sources, notes, error);
    Stack *stack = project ? compose_to_stack(project, notes, error) : NULL;
    g_unlink(path);
    g_rmdir(folder);
    g_rmdir(temporary);
    return stack;
}

/* The same of one service "web" with an image and these keys. */
G_GNUC_UNUSED static Stack *read_service(const char *keys, const char *top, Notes *notes, GError **error)
{
    g_autofree char *text = g_strdup_printf("services: {web: {image: app, %s}}\n%s", keys, top ? top : "");

    return read_stack(text, notes, error);
}

/* Its options as JSON, with ' for ". The caller frees. */
G_GNUC_UNUSED static char *options_text(const Stack *stack)
{
    const StackService *service = stack_find_service(stack, "web");
    g_autoptr(Json) json = service_options_to_json(&service->options);
    g_autofree char *text = NULL;

    json_object_del(json, "stack");
    /* Here "no" is the default. */
    if (service->options.restart == SERVICE_RESTART_ALWAYS)
        json_object_set_new(json, "restart", json_string("always"));
    else if (service->options.restart == SERVICE_RESTART_NO)
        json_object_del(json, "restart");
    text = json_dumps(json, JSON_COMPACT | JSON_SORT_KEYS);
    return g_strdelimit(g_strdup(text), "\"", '\'');
}
