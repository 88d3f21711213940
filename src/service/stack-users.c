// SPDX-License-Identifier: LGPL-2.1-or-later
#include "inside.h"
#include "spec-mounts.h"
#include "stack.h"

#include <string.h>

/* A folder of the host. */
typedef struct {
    char *path;
    gboolean is_written;
} Folder;

/* What a service keeps outside of itself. */
typedef struct {
    StackService *service;
    GPtrArray *volumes; /* char *: "data" of "data:/srv:ro" */
    GArray *folders;
} Keeper;

static void folder_clear(gpointer folder)
{
    g_free(((Folder *)folder)->path);
}

static void keeper_free(gpointer data)
{
    Keeper *keeper = data;

    g_ptr_array_unref(keeper->volumes);
    g_array_unref(keeper->folders);
    g_free(keeper);
}

static Keeper *keeper_new(StackService *service)
{
    Keeper *keeper = g_new0(Keeper, 1);

    keeper->service = service;
    keeper->volumes = g_ptr_array_new_with_free_func(g_free);
    keeper->folders = g_array_new(FALSE, FALSE, sizeof(Folder));
    g_array_set_clear_func(keeper->folders, folder_clear);
    for (char **text = service->options.volumes; text && *text; text++)
        if (**text != '/' && strchr(*text, ':'))
            g_ptr_array_add(keeper->volumes, g_strndup(*text, strcspn(*text, ":")));
    for (char **text = service->options.binds; text && *text; text++) {
        Folder folder = {0};

        folder.path = spec_bind_folder(*text, &folder.is_written);
        if (folder.path)
            g_array_append_val(keeper->folders, folder);
    }
    return keeper;
}

static gboolean have_common_volume(const Keeper *a, const Keeper *b)
{
    for (guint i = 0; i < a->volumes->len; i++)
        if (g_ptr_array_find_with_equal_func(b->volumes, g_ptr_array_index(a->volumes, i), g_str_equal, NULL))
            return TRUE;
    return FALSE;
}

/* One folder that not both only read, or a part of the other's that both write to. */
static gboolean is_same_folder(const Folder *a, const Folder *b)
{
    if (strcmp(a->path, b->path) == 0)
        return a->is_written || b->is_written;
    return a->is_written && b->is_written && (inside_is_below(a->path, b->path) || inside_is_below(b->path, a->path));
}

static gboolean have_common_folder(const Keeper *a, const Keeper *b)
{
    for (guint i = 0; i < a->folders->len; i++)
        for (guint k = 0; k < b->folders->len; k++)
            if (is_same_folder(&g_array_index(a->folders, Folder, i), &g_array_index(b->folders, Folder, k)))
                return TRUE;
    return FALSE;
}

/* Replicas have one user anyway. */
static gboolean is_same_program(const StackService *a, const StackService *b)
{
    return a->replica_of && g_strcmp0(a->replica_of, b->replica_of) == 0;
}

void stack_share_users(Stack *stack)
{
    g_autoptr(GPtrArray) keepers = g_ptr_array_new_with_free_func(keeper_free);

    for (guint i = 0; i < stack->services->len; i++)
        g_ptr_array_add(keepers, keeper_new(g_ptr_array_index(stack->services, i)));
    for (guint i = 0; i < keepers->len; i++) {
        const Keeper *keeper = g_ptr_array_index(keepers, i);

        for (guint k = 0; k < i; k++) {
            const Keeper *other = g_ptr_array_index(keepers, k);

            if (is_same_program(keeper->service, other->service) ||
                !(have_common_volume(keeper, other) || have_common_folder(keeper, other)))
                continue;
            keeper->service->options.share_user = TRUE;
            other->service->options.share_user = TRUE;
        }
    }
}
