// SPDX-License-Identifier: LGPL-2.1-or-later
#include "load.h"

#include "merge.h"

#include <string.h>

/* A file that services are in, and what they are read with. */
typedef struct {
    ComposeLoader *loader;
    GHashTable *environment;
    GPtrArray *chain; /* char *: "FILE: SERVICE" of those that are being extended */
} Extending;

static gboolean extend_service(Extending *extending, ComposeNode *service, const char *path, GError **error);

/* The tree of another file, read once. */
static ComposeNode *find_document(Extending *extending, const ComposeNode *place, const char *path, GError **error)
{
    ComposeLoader *loader = extending->loader;
    ComposeNode *found = g_hash_table_lookup(loader->extended, path);
    g_autofree char *folder = g_path_get_dirname(path);

    if (found)
        return found;
    g_autoptr(GError) problem = NULL;
    g_autoptr(GPtrArray) documents = load_documents(loader, path, &problem);
    if (!documents) {
        compose_error_at(error, place, problem);
        return NULL;
    }
    for (guint i = 0; i < documents->len; i++) {
        ComposeNode *document = g_ptr_array_index(documents, i);

        if (!load_prepare(loader, document, extending->environment, folder, error))
            return NULL;
        if (found)
            compose_merge(found, document);
        else
            found = document;
    }
    g_hash_table_insert(loader->extended, g_strdup(path), found);
    return found;
}

static ComposeNode *find_base(Extending *extending, const ComposeNode *extends, const ComposeNode *services,
                              const char *path, const char **ret_path, GError **error)
{
    const char *name = compose_node_get_text(extends, "service"), *file = compose_node_get_text(extends, "file");
    const ComposeNode *from = services;

    if (file && strcmp(file, path) != 0) {
        const ComposeNode *document = find_document(extending, extends, file, error);

        if (!document)
            return NULL;
        from = compose_node_get(document, "services");
        *ret_path = file;
    }
    ComposeNode *base = compose_node_get(from, name);
    if (!base || base->kind != COMPOSE_MAP) {
        g_autofree char *shown = text_escape(name);

        compose_error(error, GOURD_ERROR_INPUT, extends, "there is no service '%s' in %s", shown,
                      file ? file : "this file");
        return NULL;
    }
    return base;
}

/* The base is made ready first, then the service laid over a copy of it. */
static gboolean extend_from(Extending *extending, ComposeNode *service, const ComposeNode *extends, const char *path,
                            GError **error)
{
    const char *base_path = path;
    ComposeNode *base = find_base(extending, extends, service->parent, path, &base_path, error);

    if (!base || !extend_service(extending, base, base_path, error))
        return FALSE;
    ComposeNode *merged = compose_node_copy(service->arena, base);
    compose_node_unlink((ComposeNode *)extends);
    compose_merge_service(merged, service);
    while (merged->first) {
        ComposeNode *item = merged->first;
        const char *key = item->key;

        compose_node_unlink(item);
        compose_node_set(service, key, item);
    }
    return TRUE;
}

static gboolean extend_service(Extending *extending, ComposeNode *service, const char *path, GError **error)
{
    const ComposeNode *extends = compose_node_get(service, "extends");
    g_autofree char *step = g_strdup_printf("%s of %s", service->key, path);
    GPtrArray *chain = extending->chain;

    if (!extends)
        return TRUE;
    if (chain->len >= LOAD_DEPTH_MAX)
        return compose_error(error, GOURD_ERROR_LIMIT, extends, "more than %d services extend each other",
                             LOAD_DEPTH_MAX);
    if (g_ptr_array_find_with_equal_func(chain, step, g_str_equal, NULL)) {
        g_ptr_array_add(chain, NULL);
        g_autofree char *names = g_strjoinv(" → ", (char **)chain->pdata);

        return compose_error(error, GOURD_ERROR_INPUT, extends, "services extend each other: %s → %s", names, step);
    }
    g_ptr_array_add(chain, step);
    gboolean is_extended = extend_from(extending, service, extends, path, error);
    if (is_extended)
        g_ptr_array_set_size(chain, (gint)chain->len - 1);
    return is_extended;
}

gboolean load_extends(ComposeLoader *loader, ComposeNode *document, const char *path, GHashTable *environment,
                      GError **error)
{
    const ComposeNode *services = compose_node_get(document, "services");
    g_autoptr(GPtrArray) chain = g_ptr_array_new();
    Extending extending = {.loader = loader, .environment = environment, .chain = chain};

    for (ComposeNode *service = services ? services->first : NULL; service; service = service->next) {
        if (!extend_service(&extending, service, path, error))
            return FALSE;
    }
    return TRUE;
}
