// SPDX-License-Identifier: LGPL-2.1-or-later
#include "stack.h"

#include <string.h>

/* "data" of "data:/srv:ro"; NULL of a volume that has no name of its own. The caller frees. */
static char *name_of_volume(const char *text)
{
    return *text == '/' || !strchr(text, ':') ? NULL : g_strndup(text, strcspn(text, ":"));
}

static gboolean has_volume(const StackService *service, const char *name)
{
    for (char **text = service->options.volumes; text && *text; text++) {
        g_autofree char *other = name_of_volume(*text);

        if (g_strcmp0(other, name) == 0)
            return TRUE;
    }
    return FALSE;
}

/* Replicas have one user anyway. */
static gboolean is_same_program(const StackService *a, const StackService *b)
{
    return a == b || (a->replica_of && g_strcmp0(a->replica_of, b->replica_of) == 0);
}

static gboolean is_shared(const Stack *stack, const StackService *owner, const char *name)
{
    for (guint i = 0; i < stack->services->len; i++) {
        const StackService *other = g_ptr_array_index(stack->services, i);

        if (!is_same_program(other, owner) && has_volume(other, name))
            return TRUE;
    }
    return FALSE;
}

void stack_share_users(Stack *stack)
{
    for (guint i = 0; i < stack->services->len; i++) {
        StackService *service = g_ptr_array_index(stack->services, i);

        for (char **text = service->options.volumes; text && *text; text++) {
            g_autofree char *name = name_of_volume(*text);

            if (name && is_shared(stack, service, name))
                service->options.share_user = TRUE;
        }
    }
}
