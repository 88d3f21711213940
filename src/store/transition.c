// SPDX-License-Identifier: LGPL-2.1-or-later
#include "transition.h"

#include "bundles.h"
#include "change.h"
#include "volume.h"

#include <string.h>

#define FOLDER_MODE 0755
#define RECORD_MODE 0600
#define VOLUMES_MODE 0700 /* as tmpfiles.d has it: what services keep is theirs */

static gboolean is_unit_file(const ServiceFile *file)
{
    return g_str_has_prefix(file->path, PATH_UNITS "/");
}

static void plan_file(Plan *plan, const ServiceFile *file)
{
    if (file->content)
        plan_write(plan, file->path, file->mode, file->content);
    else
        plan_link(plan, file->path, file->target);
}

/* --- prepare ------------------------------------------------------------------------------------------------------ */

/* The file of a path and the action that reads it. */
static void plan_snippet(const Transition *transition, const char *path, const char *verb)
{
    const ServiceFile *file = path ? record_find(transition->new, path) : NULL;

    if (!file)
        return;
    plan_file(transition->change->plan, file);
    /* systemd-tmpfiles --root follows absolute links out of the root (252, 257). All that it makes is made by filling
     * volumes, and it runs at each boot: so another root is left to its own. */
    if (strcmp(verb, "sysusers") == 0 || strcmp(host_root(transition->store->host), "/") == 0)
        plan_act(transition->change->plan, verb, path, NULL, NULL);
}

static gboolean plan_own_folder(const Transition *transition, GError **error)
{
    const ServiceFiles *files = transition->new->files;
    g_autofree char *id = g_strdup_printf("%s/%u", transition->change->name, transition->new->revision);
    g_autofree char *folder = g_strconcat(PATH_SERVICES "/", id, NULL), *inside = g_strconcat(folder, "/", NULL);
    Plan *plan = transition->change->plan;
    struct stat status;
    gboolean found;

    if (!root_look(transition->store->root, folder, &status, &found, error))
        return FALSE;
    if (files->identity && transition->is_rollback && !found) {
        gourd_error_set(error, GOURD_ERROR_NOT_FOUND, "'%s' is missing: release %u cannot be put back", folder,
                        transition->new->revision);
        return gourd_error_hint(error, "'gourd upgrade %s %s' makes it anew", transition->change->name,
                                transition->change->to_version);
    }
    if (files->identity && !transition->is_rollback) {
        plan_folder(plan, folder, FOLDER_MODE);
        plan_act(plan, "identity", id, "drop-identity", id);
    }
    for (guint i = 0; i < files->files->len; i++) {
        const ServiceFile *file = g_ptr_array_index(files->files, i);

        if (g_str_has_prefix(file->path, inside))
            plan_file(plan, file);
    }
    return TRUE;
}

static gboolean fills_volume(const StoreChange *sibling, const char *path)
{
    return g_hash_table_contains(sibling->pending->volumes, path);
}

static gboolean count_node(const SquashNode *node, gpointer data, GError **error)
{
    guint *n_nodes = data;

    (*n_nodes)++;
    return TRUE;
}

/* Nobody fills volumes where there is no gourd; tmpfiles makes them. */
static void note_unfilled(const Transition *transition)
{
    const GPtrArray *volumes = transition->new->files->volumes;
    SquashReader *image = bundle_image(transition->change->pending->source->bundle);

    for (guint i = 0; i < volumes->len; i++) {
        const ServiceVolume *volume = g_ptr_array_index(volumes, i);
        guint n_nodes = 0;
        SquashWalk walk = {.visit = count_node, .data = &n_nodes, .depth = 1};

        if (volume->image_path && squash_reader_walk(image, volume->image_path, &walk, NULL) && n_nodes > 1)
            notes_add(transition->notes, "volume-not-filled",
                      "'gourd up' fills a volume from the image the first time; here it begins empty", volume->path);
    }
}

static gboolean plan_volumes(const Transition *transition, GError **error)
{
    const GPtrArray *volumes = transition->new->files->volumes;
    struct StorePending *pending = transition->change->pending;

    if (transition->no_state) {
        note_unfilled(transition);
        return TRUE;
    }
    for (guint i = 0; i < volumes->len; i++) {
        const ServiceVolume *volume = g_ptr_array_index(volumes, i);
        g_autofree char *parent = g_path_get_dirname(volume->path);
        struct stat status;
        gboolean found;

        if (!root_look(transition->store->root, volume->path, &status, &found, error))
            return FALSE;
        if (found && !transition->before)
            notes_add(transition->notes, "volume-kept", "a volume of an earlier installation is used as it is",
                      volume->path);
        /* Of several services the first whose image has something there fills it. */
        if (found || (!volume->image_path && change_find_sibling(transition->change, fills_volume, volume->path)))
            continue;
        plan_folder(transition->change->plan, parent, VOLUMES_MODE);
        plan_act(transition->change->plan, "fill", volume->path, "unfill", volume->path);
        g_hash_table_insert(pending->volumes, g_strdup(volume->path),
                            g_strdup(volume->image_path ? volume->image_path : ""));
    }
    return TRUE;
}

/* What the volumes grew in goes at the very end. */
void transition_sweep(const Transition *transition)
{
    g_autoptr(GHashTable) swept = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    const GPtrArray *volumes = transition->new->files->volumes;

    for (guint i = 0; i < volumes->len; i++) {
        const ServiceVolume *volume = g_ptr_array_index(volumes, i);
        g_autofree char *folder = volume_fill_folder(volume->path);

        if (!g_hash_table_contains(transition->change->pending->volumes, volume->path) ||
            g_hash_table_contains(swept, folder))
            continue;
        plan_purge(transition->change->plan, folder);
        g_hash_table_add(swept, g_steal_pointer(&folder));
    }
}

gboolean transition_prepare(const Transition *transition, GError **error)
{
    const ServiceFiles *files = transition->new->files;

    plan_abandons(transition);
    plan_snippet(transition, files->sysusers, "sysusers");
    if (!plan_own_folder(transition, error) || !plan_volumes(transition, error))
        return FALSE;
    plan_snippet(transition, files->tmpfiles, "tmpfiles");
    for (guint i = 0; i < files->files->len; i++) {
        const ServiceFile *file = g_ptr_array_index(files->files, i);

        if (g_str_has_prefix(file->path, PATH_JOURNALS))
            plan_file(transition->change->plan, file);
    }
    if (!transition->is_rollback && !transition->no_state) {
        g_autofree char *path = record_path(transition->change->name, transition->new->revision);
        g_autoptr(GBytes) content = record_format(transition->new);

        plan_write(transition->change->plan, path, RECORD_MODE, content);
    }
    return TRUE;
}

/* --- switch ------------------------------------------------------------------------------------------------------- */

/* Files of the old release that the new one does not have; what is in a folder of its own stays for rollback. */
static void plan_removals(const Transition *transition)
{
    const GPtrArray *files = transition->old ? transition->old->files->files : NULL;

    for (guint i = 0; files && i < files->len; i++) {
        const ServiceFile *file = g_ptr_array_index(files, i);

        if (!file_is_shared(file->path) && !g_str_has_prefix(file->path, PATH_SERVICES "/") &&
            !record_find(transition->new, file->path))
            plan_remove(transition->change->plan, file->path);
    }
}

static gboolean plan_units(const Transition *transition, const char *main_path, GError **error)
{
    const GPtrArray *files = transition->new->files->files;

    for (guint i = 0; i < files->len; i++) {
        const ServiceFile *file = g_ptr_array_index(files, i);
        struct stat status;
        gboolean found;

        if (!is_unit_file(file) || strcmp(file->path, main_path) == 0)
            continue;
        if (file_is_shared(file->path) && transition->is_rollback) {
            /* All services have it, and another one may need what is newer in it. */
            if (!root_look(transition->store->root, file->path, &status, &found, error))
                return FALSE;
            if (found)
                continue;
        }
        plan_file(transition->change->plan, file);
    }
    return TRUE;
}

static const ServiceFile *find_link(const GPtrArray *links, const char *path)
{
    for (guint i = 0; links && i < links->len; i++) {
        const ServiceFile *link = g_ptr_array_index(links, i);

        if (strcmp(link->path, path) == 0)
            return link;
    }
    return NULL;
}

/* A link that both releases have stays as it is: whoever disabled the service, or a socket of it, wanted that. */
static gboolean plan_links(const Transition *transition, GError **error)
{
    gboolean enabled = transition->before ? transition->before->enabled : transition->enable;
    g_autoptr(GPtrArray) new = links_of_release(transition->new->files, error), old = NULL;

    if (!new)
        return FALSE;
    if (transition->old) {
        old = links_of_release(transition->old->files, error);
        if (!old)
            return FALSE;
    }
    for (guint i = 0; i < new->len &&enabled; i++) {
        const ServiceFile *link = g_ptr_array_index(new, i);

        if (!find_link(old, link->path))
            plan_link(transition->change->plan, link->path, link->target);
    }
    for (guint i = 0; old && i < old->len; i++) {
        const ServiceFile *link = g_ptr_array_index(old, i);

        if (!find_link(new, link->path) && !file_is_shared(link->path))
            plan_remove(transition->change->plan, link->path);
    }
    return TRUE;
}

/* Runs the pre-upgrade unit, which stops the service; TRUE if undoing will revive it for that. */
static gboolean plan_pre_upgrade(const Transition *transition, gboolean pre_stopped)
{
    const ServiceFiles *new = transition->new->files;
    Plan *plan = transition->change->plan;

    if (!new->pre_upgrade || !transition->old || transition->is_rollback)
        return FALSE;
    if (!transition->start) {
        notes_add(transition->notes, "pre-upgrade-skipped",
                  "the command to be run before an upgrade was not run; run its unit before you start the service",
                  new->pre_upgrade);
        return FALSE;
    }
    plan_act(plan, "reset-failed", new->pre_upgrade, "abandon", new->pre_upgrade);
    plan_act(plan, "reload", NULL, "reload", NULL);
    if (!pre_stopped && unit_is_active(transition->store, new->unit)) {
        plan_act(plan, "start", new->pre_upgrade, "revive", new->unit);
        return TRUE;
    }
    plan_act(plan, "start", new->pre_upgrade, NULL, NULL);
    return FALSE;
}

gboolean transition_switch(const Transition *transition, GError **error)
{
    const char *unit = transition->new->files->unit;
    g_autofree char *main_path = g_strconcat(PATH_UNITS "/", unit, NULL);
    const ServiceFile *main = record_find(transition->new, main_path);
    Plan *plan = transition->change->plan;

    if (!main)
        return gourd_error_set(error, GOURD_ERROR_INPUT, "the release has no unit '%s'", unit);
    gboolean pre_stopped = plan_stops(transition);
    if (transition->old &&
        !transition_save_edited(transition->store, plan, transition->old, transition->new, transition->notes, error))
        return FALSE;
    plan_removals(transition);
    if (!plan_units(transition, main_path, error))
        return FALSE;
    pre_stopped |= plan_pre_upgrade(transition, pre_stopped || transition->in_stack);
    plan_file(plan, main);
    if (!plan_links(transition, error))
        return FALSE;
    if (transition->in_stack)
        return TRUE;
    plan_starts(transition, pre_stopped);
    transition_sweep(transition);
    return TRUE;
}
