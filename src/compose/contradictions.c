// SPDX-License-Identifier: LGPL-2.1-or-later
/* What a file says twice, and differently; docker compose refuses the same. */
#include "load.h"

#include <string.h>

/* --- limits of a service ------------------------------------------------------------------------------------------- */

/* A key of the service, and what says the same below deploy.resources. */
typedef struct {
    const char *key, *section, *member;
} SameLimit;

static const SameLimit same_limits[] = {
    {"cpus", "limits", "cpus"},
    {"mem_limit", "limits", "memory"},
    {"pids_limit", "limits", "pids"},
    {"mem_reservation", "reservations", "memory"},
};

/* What is no number is a variable that was left as it is. */
static gboolean is_number(const ComposeNode *node, double *ret_value)
{
    if (!node || (node->kind != COMPOSE_INT && node->kind != COMPOSE_FLOAT))
        return FALSE;
    *ret_value = node->kind == COMPOSE_INT ? (double)node->integer : node->number;
    return TRUE;
}

static gboolean check_limits(const ComposeNode *service, GError **error)
{
    const ComposeNode *resources = compose_node_get(compose_node_get(service, "deploy"), "resources");

    for (gsize i = 0; i < G_N_ELEMENTS(same_limits); i++) {
        const SameLimit *same = &same_limits[i];
        const ComposeNode *own = compose_node_get(service, same->key);
        double a, b;

        if (is_number(own, &a) &&
            is_number(compose_node_get(compose_node_get(resources, same->section), same->member), &b) &&
            (a < b || a > b))
            return compose_error(error, GOURD_ERROR_INPUT, own, "%s and deploy.resources.%s.%s contradict each other",
                                 same->key, same->section, same->member);
    }
    return TRUE;
}

/* --- what the top has ---------------------------------------------------------------------------------------------- */

/* What comes from elsewhere has a name and nothing more; the driver of a network says nothing wrong. */
static gboolean check_external(const ComposeNode *definition, const char *section, GError **error)
{
    if (!compose_node_get_bool(definition, "external", FALSE))
        return TRUE;
    for (const ComposeNode *item = definition->first; item; item = item->next) {
        if (strcmp(item->key, "external") == 0 || strcmp(item->key, "name") == 0 || g_str_has_prefix(item->key, "x-") ||
            (strcmp(section, "networks") == 0 && strcmp(item->key, "driver") == 0))
            continue;
        compose_error(error, GOURD_ERROR_INPUT, item, "what is external is not described here");
        return gourd_error_hint(error, "take this away, or 'external: true'");
    }
    return TRUE;
}

static gboolean check_content(const ComposeNode *definition, GError **error)
{
    static const char *const keys[] = {"file", "environment", "content"};
    const ComposeNode *first = NULL;

    for (gsize i = 0; i < G_N_ELEMENTS(keys); i++) {
        const ComposeNode *item = compose_node_get(definition, keys[i]);

        if (item && first)
            return compose_error(error, GOURD_ERROR_INPUT, item, "%s and %s contradict each other", first->key,
                                 item->key);
        first = item ? item : first;
    }
    return TRUE;
}

static gboolean check_section(const ComposeNode *root, const char *name, GError **error)
{
    const ComposeNode *section = compose_node_get(root, name);
    gboolean has_files = strcmp(name, "secrets") == 0 || strcmp(name, "configs") == 0;

    for (const ComposeNode *item = section ? section->first : NULL; item; item = item->next) {
        if (!check_external(item, name, error) || (has_files && !check_content(item, error)))
            return FALSE;
    }
    return TRUE;
}

gboolean compose_check_contradictions(const ComposeNode *root, GError **error)
{
    static const char *const sections[] = {"networks", "volumes", "secrets", "configs"};
    const ComposeNode *services = compose_node_get(root, "services");

    for (const ComposeNode *service = services ? services->first : NULL; service; service = service->next)
        if (!check_limits(service, error))
            return FALSE;
    for (gsize i = 0; i < G_N_ELEMENTS(sections); i++)
        if (!check_section(root, sections[i], error))
            return FALSE;
    return TRUE;
}
