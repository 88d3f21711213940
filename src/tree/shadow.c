// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tree.h"

#include "whiteout.h"

#include <string.h>

enum {
    SAID = 1 << 0, /* a newer layer says what is at this path */
    CUT = 1 << 1,  /* nothing of a lower layer is left below this path */
};

struct Shadow {
    GHashTable *marks;  /* path → SAID, CUT */
    GHashTable *wanted; /* paths that hard links of newer layers name, and that lower layers must give */
};

static GHashTable *path_set_new(void)
{
    return g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
}

Shadow *shadow_new(void)
{
    Shadow *shadow = g_new0(Shadow, 1);

    shadow->marks = path_set_new();
    shadow->wanted = path_set_new();
    return shadow;
}

void shadow_free(Shadow *shadow)
{
    if (!shadow)
        return;
    g_hash_table_unref(shadow->marks);
    g_hash_table_unref(shadow->wanted);
    g_free(shadow);
}

static guint marks_of(const Shadow *shadow, const char *path)
{
    return GPOINTER_TO_UINT(g_hash_table_lookup(shadow->marks, path));
}

/* Takes path. */
static void add_marks(Shadow *shadow, char *path, guint marks)
{
    g_hash_table_replace(shadow->marks, path, GUINT_TO_POINTER(marks_of(shadow, path) | marks));
}

gboolean shadow_hides(const Shadow *shadow, const char *path)
{
    if (g_hash_table_size(shadow->marks) == 0 || g_hash_table_contains(shadow->wanted, path))
        return FALSE;
    if (marks_of(shadow, path) & SAID)
        return TRUE;
    g_autofree char *parent = g_strdup(path);
    for (char *slash = strrchr(parent, '/'); slash; slash = strrchr(parent, '/')) {
        *slash = '\0';
        if (marks_of(shadow, parent) & CUT)
            return TRUE;
    }
    return (marks_of(shadow, "") & CUT) != 0;
}

static void add_whiteout(Shadow *shadow, const char *clean)
{
    g_autofree char *parent = NULL;
    const char *name;

    switch (whiteout_parse(clean, &parent, &name)) {
    case WHITEOUT_OPAQUE:
        add_marks(shadow, g_steal_pointer(&parent), CUT);
        break;
    case WHITEOUT_NAME:
        add_marks(shadow, *parent ? g_strconcat(parent, "/", name, NULL) : g_strdup(name), SAID | CUT);
        break;
    case WHITEOUT_NONE:
    case WHITEOUT_OTHER:
    case WHITEOUT_INVALID:
    default:
        break;
    }
}

void shadow_add_layer(Shadow *shadow, const Entry *const *entries, gsize count)
{
    g_autoptr(GHashTable) targets = path_set_new();

    for (gsize i = 0; i < count; i++) {
        g_autofree char *clean = NULL, *target = NULL;

        if (!path_clean(entries[i]->path, &clean, NULL))
            continue;
        if (whiteout_is(clean)) {
            add_whiteout(shadow, clean);
            continue;
        }
        g_hash_table_remove(shadow->wanted, clean);
        if (entries[i]->type == ENTRY_HARD_LINK && path_clean(entries[i]->target, &target, NULL))
            g_hash_table_add(targets, g_steal_pointer(&target));
        add_marks(shadow, g_steal_pointer(&clean), entries[i]->type == ENTRY_DIRECTORY ? SAID : SAID | CUT);
    }
    /* A link is satisfied by its own layer if that has the target as something else than a link; if not, or if the target
     * is itself a link, lower layers must keep it. */
    for (gsize i = 0; i < count; i++) {
        g_autofree char *clean = NULL;

        if (entries[i]->type != ENTRY_HARD_LINK && path_clean(entries[i]->path, &clean, NULL))
            g_hash_table_remove(targets, clean);
    }
    GHashTableIter iter;
    gpointer target;
    g_hash_table_iter_init(&iter, targets);
    while (g_hash_table_iter_next(&iter, &target, NULL))
        g_hash_table_add(shadow->wanted, g_strdup(target));
}
