// SPDX-License-Identifier: LGPL-2.1-or-later
#include "inside.h"
#include "spec-mounts.h"
#include "stack.h"

#include <string.h>

/* "data" of "data:/srv:ro"; NULL of a volume that has no name of its own. The caller frees. */
static char *name_of_volume(const char *text)
{
    return *text == '/' || !strchr(text, ':') ? NULL : g_strndup(text, strcspn(text, ":"));
}

static gboolean is_same_volume(const char *a, const char *b)
{
    g_autofree char *name = name_of_volume(a), *other = name_of_volume(b);

    return name && g_strcmp0(name, other) == 0;
}

/* One folder that not both only read, or a part of the other's that both write to. */
static gboolean is_same_folder(const char *a, const char *b)
{
    gboolean writes, other_writes;
    g_autofree char *path = spec_bind_folder(a, &writes), *other = spec_bind_folder(b, &other_writes);

    if (!path || !other)
        return FALSE;
    if (strcmp(path, other) == 0)
        return writes || other_writes;
    return writes && other_writes && (inside_is_below(path, other) || inside_is_below(other, path));
}

static gboolean have_common(char *const *own, char *const *others, gboolean (*is_same)(const char *a, const char *b))
{
    for (; own && *own; own++)
        for (char *const *other = others; other && *other; other++)
            if (is_same(*own, *other))
                return TRUE;
    return FALSE;
}

/* Replicas have one user anyway. */
static gboolean is_same_program(const StackService *a, const StackService *b)
{
    return a == b || (a->replica_of && g_strcmp0(a->replica_of, b->replica_of) == 0);
}

static gboolean shares(const StackService *a, const StackService *b)
{
    return have_common(a->options.volumes, b->options.volumes, is_same_volume) ||
           have_common(a->options.binds, b->options.binds, is_same_folder);
}

void stack_share_users(Stack *stack)
{
    for (guint i = 0; i < stack->services->len; i++) {
        StackService *service = g_ptr_array_index(stack->services, i);

        for (guint k = 0; k < stack->services->len; k++) {
            const StackService *other = g_ptr_array_index(stack->services, k);

            if (!is_same_program(other, service) && shares(service, other))
                service->options.share_user = TRUE;
        }
    }
}
