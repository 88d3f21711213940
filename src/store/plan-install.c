// SPDX-License-Identifier: LGPL-2.1-or-later
#include "deploy.h"
#include "stack-state.h"

#include <string.h>

/* --- install ------------------------------------------------------------------------------------------------------ */

static gboolean check_not_installed(const Deploy *deploy, const char *name, GError **error)
{
    g_autoptr(StoreService) service = NULL;
    g_autoptr(StoreStack) stack = NULL;

    if (!service_name_check(name, error) || !state_read(deploy->store, name, &service, error) ||
        !stack_state_read(deploy->store, name, &stack, error))
        return FALSE;
    if (stack) { /* both would keep their volumes in one folder */
        gourd_error_set(error, GOURD_ERROR_EXISTS, "there is a stack '%s'", name);
        return gourd_error_hint(error, "give the service another name with --name");
    }
    if (!service)
        return TRUE;
    const StoreRelease *active = store_service_release(service, service->active);
    gourd_error_set(error, GOURD_ERROR_EXISTS, "%s is installed already, in version %s", name, active->version);
    return gourd_error_hint(error,
                            "'gourd upgrade %s' brings another version or other options; --name installs it a "
                            "second time",
                            name);
}

static gboolean plan_all(Deploy *deploy, GError **error)
{
    const Transition transition = deploy_transition(deploy);

    return deploy_prepare(deploy, &transition, error) && transition_switch(&transition, error) &&
           deploy_write_state(deploy, error);
}

StoreChange *store_plan_install(Store *store, const StoreRequest *request, Notes *notes, GError **error)
{
    g_auto(Deploy) deploy = {.store = store, .request = request, .notes = notes};
    g_autoptr(BundleSource) source = bundle_source_open(store, request->bundle, error);
    guint revision;

    if (!source)
        return NULL;
    const char *name = request->name ? request->name : source->name;
    g_autofree char *title = g_strdup_printf("install %s %s", name, source->version);
    if (!check_not_installed(&deploy, name, error))
        return NULL;
    g_autoptr(StoreChange) change = store_change_new(name, title);
    deploy.change = change;
    change->pending->source = g_steal_pointer(&source);
    if (!deploy_read_context(&deploy, &revision, error) || !deploy_render(&deploy, revision, error) ||
        !plan_all(&deploy, error))
        return NULL;
    change_name_releases(change, NULL, revision, change->pending->source->version);
    return g_steal_pointer(&change);
}

/* --- upgrade ------------------------------------------------------------------------------------------------------ */

static BundleSource *open_for_upgrade(const Deploy *deploy, GError **error)
{
    const StoreRelease *active = store_service_release(deploy->before, deploy->before->active);
    const char *text = deploy->request->bundle;

    return text ? bundle_source_open(deploy->store, text, error)
                : bundle_source_open_stored(deploy->store, active->bundle, error);
}

static void note_direction(const Deploy *deploy)
{
    const StoreRelease *active = store_service_release(deploy->before, deploy->before->active);
    const BundleSource *source = deploy->change->pending->source;
    g_autofree char *active_name = NULL, *active_version = NULL;

    if (strverscmp(source->version, active->version) < 0)
        notes_add(deploy->notes, "downgrade", "this is an older version than the one that is active", source->version);
    if (store_bundle_split(active->bundle, &active_name, &active_version) && strcmp(active_name, source->name) != 0)
        notes_add(deploy->notes, "other-bundle", "the bundle has another name than the one that is active",
                  source->name);
}

StoreChange *store_plan_upgrade(Store *store, const StoreRequest *request, Notes *notes, GError **error)
{
    g_auto(Deploy) deploy = {.store = store, .request = request, .notes = notes};
    guint revision;
    gboolean same;

    deploy.before = store_find(store, request->name, error);
    if (!deploy.before)
        return NULL;
    g_autoptr(BundleSource) source = open_for_upgrade(&deploy, error);
    if (!source)
        return NULL;
    g_autofree char *title = g_strdup_printf("upgrade %s to %s", deploy.before->name, source->version);
    g_autoptr(StoreChange) change = store_change_new(deploy.before->name, title);
    deploy.change = change;
    change->pending->source = g_steal_pointer(&source);
    if (!deploy_read_context(&deploy, &revision, error) || !deploy_compare(&deploy, &same, error))
        return NULL;
    change_name_releases(change, deploy.before, same ? deploy.before->active : revision,
                         change->pending->source->version);
    if (same) {
        change->unit = g_strdup(deploy.before->unit);
        return g_steal_pointer(&change);
    }
    note_direction(&deploy);
    return deploy_render(&deploy, revision, error) && plan_all(&deploy, error) ? g_steal_pointer(&change) : NULL;
}
