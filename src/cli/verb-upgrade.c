// SPDX-License-Identifier: LGPL-2.1-or-later
#include "deploy-options.h"
#include "machine-target.h"
#include "session.h"

#include <string.h>
#include <sys/stat.h>

/* What the operands mean. */
typedef struct {
    char *service;
    char *bundle; /* as for StoreRequest; NULL: the one that is active */
} Aim;

static void aim_clear(Aim *aim)
{
    g_free(aim->service);
    g_free(aim->bundle);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Aim, aim_clear)

static gboolean is_file(const char *text)
{
    struct stat status;

    return strchr(text, '/') || (stat(text, &status) == 0 && S_ISREG(status.st_mode));
}

/* Whose name a file's bundle has: that of its metadata, or else of the file. */
static char *find_name_in_file(const char *path)
{
    g_autoptr(Bundle) bundle = bundle_open(path, NULL);
    g_autoptr(GBytes)
        bytes = bundle ? squash_reader_load(bundle_image(bundle), BUNDLE_METADATA_PATH, JSON_SIZE_MAX, NULL) : NULL;
    g_autoptr(Json) json = bytes ? json_parse(g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes), NULL) : NULL;
    g_autofree char *base = g_path_get_basename(path), *version = NULL;
    const char *said = NULL;
    char *name = NULL;

    if (json && json_get_string(json, "", "name", &said, NULL) && said)
        return g_strdup(said);
    return store_bundle_split(base, &name, &version) ? name : NULL;
}

static gboolean aim_at_file(Aim *aim, const char *file, const char *name, GError **error)
{
    struct stat status;
    g_autofree char *shown = text_escape(file);

    aim->bundle = g_strdup(file);
    aim->service = name ? g_strdup(name) : find_name_in_file(file);
    if (aim->service)
        return TRUE;
    if (stat(file, &status) < 0)
        return gourd_error_set(error, GOURD_ERROR_NOT_FOUND, "cannot open '%s': no such file", shown);
    gourd_error_set(error, GOURD_ERROR_USAGE, "'%s' does not say whose bundle it is", shown);
    return gourd_error_hint(error, "name the service: gourd upgrade NAME %s", shown);
}

/* NAME_VERSION of a bundle in the store; FALSE if text is not of that form. */
static gboolean aim_at_stored(Aim *aim, const char *text, const char *name)
{
    g_autofree char *bundle_name = NULL, *version = NULL;

    if (!store_bundle_split(text, &bundle_name, &version))
        return FALSE;
    aim->bundle = g_strdup(text);
    aim->service = g_strdup(name ? name : bundle_name);
    return TRUE;
}

/* One operand: a file, an installed service, or a bundle in the store. */
static gboolean aim_at(Aim *aim, Store *store, const char *text, const char *name, GError **error)
{
    if (is_file(text))
        return aim_at_file(aim, text, name, error);
    if (aim_at_stored(aim, text, name))
        return TRUE;
    if (name && strcmp(name, text) != 0)
        return gourd_error_set(error, GOURD_ERROR_USAGE, "'%s' and '--name %s' are two services", text, name);
    g_autoptr(StoreService) service = store_find(store, text, error);
    aim->service = g_strdup(text);
    return service != NULL;
}

/* Two: a service, and a file, a version, or a bundle in the store. */
static gboolean aim_at_both(Aim *aim, Store *store, const char *name, const char *what, GError **error)
{
    g_autofree char *bundle_name = NULL, *version = NULL, *active_name = NULL, *active_version = NULL;
    g_autoptr(StoreService) service = store_find(store, name, error);

    if (!service)
        return FALSE;
    aim->service = g_strdup(name);
    if (is_file(what) || store_bundle_split(what, &bundle_name, &version)) {
        aim->bundle = g_strdup(what);
        return TRUE;
    }
    const StoreRelease *active = store_service_release(service, service->active);
    if (!store_bundle_split(active->bundle, &active_name, &active_version))
        return gourd_error_set(error, GOURD_ERROR_INPUT, "'%s' is no bundle's name", active->bundle);
    aim->bundle = g_strdup_printf("%s_%s", active_name, what);
    return TRUE;
}

static gboolean find_aim(Aim *aim, Store *store, const Call *call, GError **error)
{
    const DeployOptions *given = call->options;

    if (call->n_operands == 1)
        return aim_at(aim, store, call->operands[0], given->name, error);
    if (given->name && strcmp(given->name, call->operands[0]) != 0)
        return gourd_error_set(error, GOURD_ERROR_USAGE, "'%s' and '--name %s' are two services", call->operands[0],
                               given->name);
    return aim_at_both(aim, store, call->operands[0], call->operands[1], error);
}

/* The options of the active release, with what is given put over them. */
static gboolean merge_options(Store *store, const Call *call, const char *name, ServiceOptions *options, GError **error)
{
    g_autoptr(StoreService) service = store_find(store, name, error);
    ServiceOptions active;

    if (!service || !store_read_options(store, service, service->active, &active, error))
        return FALSE;
    service_options_clear(options);
    *options = active;
    return deploy_apply(call->options, call->words, options, error);
}

static StoreChange *plan(Session *session, const Call *call, const Aim *aim, ServiceOptions *options, GError **error)
{
    const DeployOptions *given = call->options;
    g_autofree char *init = find_init_program();
    StoreRequest request = {
        .bundle = aim->bundle,
        .name = aim->service,
        .options = options,
        .full_verify = given->verify,
        .no_start = given->no_start,
        .init_path = init,
    };

    if (given->target && !unit_target_parse(given->target, &request.target, error))
        return NULL;
    if (!merge_options(session->store, call, aim->service, options, error))
        return NULL;
    store_secure_options(session->store, aim->service, options, session->notes);
    return store_plan_upgrade(session->store, &request, session->notes, error);
}

static void print_summary(const Session *session, const StoreChange *change)
{
    FILE *out = session->call->out.file;

    if (plan_length(change->plan) == 0) {
        fprintf(out, "%s: nothing to do, this bundle with these options is active\n", change->name);
        return;
    }
    if (!change->started) {
        fprintf(out, "%s is now %s; nothing was restarted\n", change->name, change->to_version);
        return;
    }
    g_autofree char *state = session_describe_unit(session, change->unit);
    if (strcmp(change->from_version, change->to_version) == 0)
        fprintf(out, "%s %s has what changed and is %s: 'gourd rollback %s' goes back\n", change->name,
                change->to_version, state, change->name);
    else
        fprintf(out, "%s is now %s and %s; it was %s: 'gourd rollback %s' goes back\n", change->name,
                change->to_version, state, change->from_version, change->name);
}

static gboolean upgrade(const Call *call, ServiceOptions *options, GError **error)
{
    const DeployOptions *given = call->options;
    const SessionMode mode = {.dry_run = given->dry_run, .json = given->json};
    g_auto(Session) session = {0};
    g_auto(Aim) aim = {0};
    g_autoptr(StoreChange) change = NULL;
    gboolean done;

    if (!session_open(&session, call, given->root, !given->dry_run, error))
        return FALSE;
    if (find_aim(&aim, session.store, call, error))
        change = plan(&session, call, &aim, options, error);
    if (!change) {
        g_autofree char *shown = text_escape(call->operands[0]);

        machine_target_refuse(&session, call->operands[0], "it has the host's programs: gourd machine refresh", error);
        return gourd_error_prefix(error, "cannot upgrade '%s'", aim.service ? aim.service : shown);
    }
    if (!session_run(&session, change, &mode, &done, error))
        return FALSE;
    if (done)
        print_summary(&session, change);
    return TRUE;
}

static ExitCode run(const Call *call, GError **error)
{
    ServiceOptions options;

    service_options_init(&options);
    gboolean upgraded = upgrade(call, &options, error);
    service_options_clear(&options);
    return upgraded ? EXIT_CODE_OK : EXIT_CODE_FAILED;
}

static const Option rows[] = {
    DEPLOY_RUN_ROWS,
    {"reset", 0, OPTION_STRINGS, DEPLOY_AT(reset), "OPTION", "Forget what OPTION was given before",
     .details =
         "OPTION is the name of an option of the service without dashes, `command` for the words behind `--`, or `all`.",
     .suggestions = deploy_reset_names, .completion = COMPLETE_VALUES, .check = deploy_check_reset},
    {NULL},
};

static const OptionGroup groups[] = {{"Options", rows}, DEPLOY_SERVICE_GROUPS, {NULL, NULL}};
static const Operand operands[] = {
    {"SERVICE|BUNDLE", 1, 1, COMPLETE_SERVICE_OR_BUNDLE},
    {"BUNDLE|VERSION", 0, 1, COMPLETE_BUNDLE},
    {NULL, 0, 0, COMPLETE_NOTHING},
};

static const char *const description[] = {
    "Gives a service another bundle, or other options. The new release is checked, put beside the old one, and started; if it "
    "does not become healthy, or does not run for some seconds, the old one runs again, and the journal's lines are shown.",
    "With one operand it is a bundle, whose name tells the service (or `--name` does), or a service, whose bundle stays while its "
    "options change. With two, the second is a bundle or the version of one in the store. An older version is allowed.",
    "Options are kept from release to release. One that is given replaces the same one of before; one that may be repeated "
    "replaces all that was given of it: `--env A=1` alone takes all other variables away that were set with `--env`. "
    "`--reset` takes an option back to what it is when nobody says anything.",
    "If bundle and options are those of the active release already, nothing happens; if only commands for backups differ, nothing is restarted. If the service has a command to run before "
    "upgrades (`--pre-upgrade`), the service is stopped for it. Files that gourd wrote and somebody edited are kept as FILE.gourd-save.",
    NULL,
};

static const Example examples[] = {
    {"gourd upgrade web_1.1.raw", "Another version"},
    {"gourd upgrade web --memory 1G", "The same one with another option"},
    {"gourd upgrade web 1.1 --verify=full", "One that is in the store already, after looking at every byte"},
    {"gourd upgrade db db_16.raw --pre-upgrade 'migrate --all'", "With a guarded change of its data"},
    {"gourd upgrade web --reset memory --dry-run", "What would change without that option"},
    {NULL, NULL},
};

static const ExitCode codes[] = {
    EXIT_CODE_INPUT,       EXIT_CODE_LIMIT,     EXIT_CODE_EXISTS, EXIT_CODE_DIFFERS,
    EXIT_CODE_UNSUPPORTED, EXIT_CODE_NOT_FOUND, EXIT_CODE_OK,
};

const Verb verb_upgrade = {
    .name = "upgrade",
    .topic = "Services",
    .summary = "Give a service another version, or other options",
    .operands = operands,
    .words = "WORD",
    .groups = groups,
    .description = description,
    .examples = examples,
    .exit_codes = codes,
    .options_size = sizeof(DeployOptions),
    .run = run,
};
