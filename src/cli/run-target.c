// SPDX-License-Identifier: LGPL-2.1-or-later
#include "run-target.h"

#include "machine-target.h"
#include "service-status.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

void run_target_clear(RunTarget *target)
{
    session_close(&target->session);
    g_free(target->name);
    g_free(target->unit);
    g_free(target->bundle);
    *target = (RunTarget){0};
}

/* --- what is meant ------------------------------------------------------------------------------------------------ */

static gboolean is_file(const char *text)
{
    return strchr(text, '/') || g_str_has_suffix(text, ".raw");
}

static char *name_of_file(const char *path)
{
    g_autofree char *base = g_path_get_basename(path), *name = NULL, *version = NULL;

    return store_bundle_split(base, &name, &version) ? g_steal_pointer(&name) : g_strdup("bundle");
}

static gboolean take_bundle(RunTarget *target, const char *file)
{
    g_autofree char *path = g_strconcat(PATH_BUNDLES "/", file, NULL);

    g_free(target->bundle);
    target->bundle = host_path(target->session.host, path);
    return TRUE;
}

static gboolean take_service(RunTarget *target, const StoreService *service)
{
    target->name = g_strdup(service->name);
    if (target->live && !target->direct)
        target->unit = g_strdup(service->unit);
    return take_bundle(target, store_service_release(service, service->active)->bundle);
}

static gboolean check_root(GError **error)
{
    if (geteuid() == 0)
        return TRUE;
    gourd_error_set(error, GOURD_ERROR_FAILED, "services can only be entered by root");
    return gourd_error_hint(error, "run it with sudo");
}

gboolean run_target_find(const Call *call, gboolean direct, RunTarget *ret_target, GError **error)
{
    const char *text = call->operands[0];
    g_autoptr(GError) problem = NULL;
    g_autoptr(GPtrArray) bundles = NULL;
    struct stat status;

    if (!session_open(&ret_target->session, call, NULL, FALSE, error))
        return FALSE;
    ret_target->live = host_is_live(ret_target->session.host);
    ret_target->direct = direct;
    if (is_file(text)) {
        ret_target->bundle = g_strdup(text);
        ret_target->name = name_of_file(text);
        return TRUE;
    }
    g_autoptr(StoreService)
        service = service_status_find_replica(ret_target->session.store, text, OPTION_INT_UNSET, &problem);
    if (service)
        return take_service(ret_target, service) && (!ret_target->unit || check_root(error));
    if (!store_list_bundles(ret_target->session.store, &bundles, error))
        return FALSE;
    const StoreBundle *found = store_bundle_find(bundles, text);
    if (found) {
        ret_target->name = g_strdup(found->name);
        return take_bundle(ret_target, found->file);
    }
    if (stat(text, &status) == 0 && S_ISREG(status.st_mode)) {
        ret_target->bundle = g_strdup(text);
        ret_target->name = g_strdup("bundle");
        return TRUE;
    }
    g_propagate_error(error, g_steal_pointer(&problem));
    return machine_target_refuse(&ret_target->session, text, "gourd exec", error);
}

/* A unit that gourd did not install. */
static gboolean take_unit(RunTarget *target, const char *name)
{
    g_autofree char *unit = strchr(name, '.') ? g_strdup(name) : g_strconcat(name, ".service", NULL);
    HostUnit state;

    if (!host_get_unit(target->session.host, unit, &state, NULL))
        return FALSE;
    gboolean loaded = g_strcmp0(state.load_state, "loaded") == 0;
    host_unit_clear(&state);
    if (!loaded)
        return FALSE;
    target->name = g_strdup(name);
    target->unit = g_steal_pointer(&unit);
    return TRUE;
}

gboolean run_target_find_service(const Call *call, gint64 replica, RunTarget *ret_target, GError **error)
{
    const char *text = call->operands[0];
    g_autoptr(GError) problem = NULL;

    if (!session_open(&ret_target->session, call, NULL, FALSE, error))
        return FALSE;
    ret_target->live = host_is_live(ret_target->session.host);
    if (!ret_target->live) {
        gourd_error_set(error, GOURD_ERROR_UNSUPPORTED, "no systemd runs services here");
        return gourd_error_hint(error, "gourd run BUNDLE needs none");
    }
    g_autoptr(StoreService) service = service_status_find_replica(ret_target->session.store, text, replica, &problem);
    if (service ? take_service(ret_target, service) : take_unit(ret_target, text))
        return check_root(error);
    gboolean is_unknown = replica == OPTION_INT_UNSET && g_error_matches(problem, GOURD_ERROR, GOURD_ERROR_NOT_FOUND);
    g_propagate_error(error, g_steal_pointer(&problem));
    return is_unknown && service_status_fail_unknown(&ret_target->session, text, FALSE, error);
}

/* --- beside a service --------------------------------------------------------------------------------------------- */

/* The command as the service's image has it: the program's path, then the words. What cannot be run is found out here. */
static char **find_command(const RunTarget *target, const ServiceOptions *asked, GError **error)
{
    static char *const no_entrypoint[] = {NULL};
    g_autoptr(Bundle) bundle = bundle_open_image(target->bundle, error);
    g_autoptr(GStrvBuilder) words = g_strv_builder_new();
    ServiceOptions options;

    if (!bundle)
        return NULL;
    service_options_init(&options);
    options.command = g_strdupv(asked->command);
    options.entrypoint = g_strdupv(asked->entrypoint ? asked->entrypoint : (char **)no_entrypoint);
    options.working_dir = g_strdup(asked->working_dir);
    options.binds = g_strdupv(asked->binds);
    g_autoptr(ServiceSpec) spec = direct_spec_new(bundle, &options, FALSE, NULL, error);
    service_options_clear(&options);
    if (!spec)
        return NULL;
    g_strv_builder_add(words, spec->program);
    g_strv_builder_addv(words, (const char **)spec->argv + 1);
    return g_strv_builder_end(words);
}

static gboolean needs_command(const ServiceOptions *options)
{
    return options->command || options->entrypoint;
}

gboolean run_target_run(const RunTarget *target, const ServiceOptions *options, int *ret_status, GError **error)
{
    g_auto(GStrv) command = NULL, environment = NULL;
    g_autoptr(GStrvBuilder) all = g_strv_builder_new();

    if (needs_command(options) && target->bundle && !(command = find_command(target, options, error)))
        return FALSE;
    if (needs_command(options) && !target->bundle) {
        if (!options->command || *options->command[0] != '/')
            return gourd_error_set(error, GOURD_ERROR_USAGE, "gourd did not install %s: the command must be a path",
                                   target->unit);
        command = g_strdupv(options->command);
    }
    if (options->environment)
        g_strv_builder_addv(all, (const char **)options->environment);
    if (options->secret_environment)
        g_strv_builder_addv(all, (const char **)options->secret_environment);
    environment = g_strv_builder_end(all);
    TransientRun run = {
        .service = target->name,
        .unit = target->unit,
        .environment = environment,
        .working_dir = options->working_dir,
        .binds = options->binds,
        .no_network = options->network == SERVICE_NETWORK_NONE,
        .memory = options->memory,
        .swap = options->swap,
        .cpus_per_mille = options->cpus_per_mille,
        .pids = options->pids,
        .command = command,
    };
    gboolean done = transient_run(&run, target->session.notes, ret_status, error);
    session_print_notes(&target->session);
    return done;
}
