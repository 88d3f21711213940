// SPDX-License-Identifier: LGPL-2.1-or-later
#include "audit-print.h"
#include "deploy-options.h"
#include "machine-target.h"
#include "service-status.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

typedef struct {
    DeployOptions deploy; /* the options that a bundle would be installed with, or a service upgraded */
    char *max;
} AuditOptions;

/* "2", "2.0", "10": in tenths. */
static gboolean parse_max(const char *text, guint *ret_tenths, GError **error)
{
    const char *dot = strchr(text, '.');
    g_autofree char *whole = dot ? g_strndup(text, (gsize)(dot - text)) : g_strdup(text);
    guint64 number, tenths = 0;

    if (!g_ascii_string_to_unsigned(whole, 10, 0, AUDIT_EXPOSURE_MAX / 10, &number, NULL) ||
        (dot && !g_ascii_string_to_unsigned(dot + 1, 10, 0, 9, &tenths, NULL))) {
        g_autofree char *shown = text_escape(text);

        return gourd_error_set(error, GOURD_ERROR_USAGE, "'%s' is no number from 0.0 to 10.0 with one decimal", shown);
    }
    *ret_tenths = (guint)(number * 10 + tenths);
    return TRUE;
}

static gboolean check_max(const char *text, GError **error)
{
    guint tenths;

    return parse_max(text, &tenths, error);
}

/* --- what is audited ------------------------------------------------------------------------------------------------ */

/* Of the host whose services are looked at; where there is none, as in a folder of units, of this one, which rates them. */
static gboolean find_version(const Session *session, guint *ret_version, GError **error)
{
    const AuditOptions *options = session->call->options;

    if (options->deploy.target)
        return unit_target_parse(options->deploy.target, ret_version, error);
    if (host_systemd_version(session->host, ret_version, NULL))
        return TRUE;
    g_autoptr(Host) own = host_open(NULL, error);
    return own && host_systemd_version(own, ret_version, error);
}

/* The rest of the context only fills in names, which nobody rates. */
static gboolean fill_context(const Session *session, const char *name, const char *version, guint revision,
                             const char *bundle_path, ServiceContext *ret_context, GError **error)
{
    *ret_context = (ServiceContext){
        .name = name,
        .version = version,
        .revision = revision,
        .bundle_path = bundle_path,
        .init_path = PATH_HELPERS "/gourd-init",
    };
    return find_version(session, &ret_context->systemd_version, error);
}

static Audit *audit_with_options(const Session *session, Bundle *bundle, const ServiceContext *context, GError **error)
{
    const AuditOptions *options = session->call->options;
    ServiceOptions service_options;
    Audit *audit = NULL;

    service_options_init(&service_options);
    if (deploy_apply(&options->deploy, session->call->words, &service_options, error))
        audit = audit_bundle(bundle, &service_options, context, error);
    service_options_clear(&service_options);
    return audit;
}

/* A bundle, as it would be installed. */
static Audit *audit_file_of_bundle(const Session *session, const char *path, GError **error)
{
    const AuditOptions *options = session->call->options;
    g_autoptr(Bundle) bundle = bundle_open(path, error);
    g_autofree char *base = g_path_get_basename(path);
    g_autofree char *stored = g_build_filename(PATH_BUNDLES, base, NULL);
    g_autofree char *name = NULL;
    g_autofree char *version = NULL;
    ServiceContext context;

    if (!store_bundle_split(base, &name, &version)) {
        name = g_strdup("service");
        version = g_strdup("latest");
    }
    if (!bundle ||
        !fill_context(session, options->deploy.name ? options->deploy.name : name, version, 1, stored, &context, error))
        return NULL;
    return audit_with_options(session, bundle, &context, error);
}

static Audit *audit_unit_file(const char *path, GError **error)
{
    g_autofree char *base = g_path_get_basename(path);
    g_autofree char *text = NULL;

    if (access(path, R_OK) < 0) {
        gourd_error_set_errno(error, errno, "cannot open it");
        return NULL;
    }
    if (!unit_name_is_valid(base, UNIT_NAME_ANY)) {
        gourd_error_set(error, GOURD_ERROR_INPUT, "it is neither a bundle nor named as a unit file is");
        return NULL;
    }
    return g_file_get_contents(path, &text, NULL, error) ? audit_unit(base, text, error) : NULL;
}

/* A bundle begins like SquashFS. */
static gboolean is_bundle(const char *path)
{
    autofd fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    guint8 head[16];
    gsize got = 0;

    return fd >= 0 && fd_pread(fd, path, head, sizeof(head), 0, &got, NULL) && squash_detect(head, got);
}

static Audit *audit_file(const Session *session, const char *path, GError **error)
{
    return is_bundle(path) ? audit_file_of_bundle(session, path, error) : audit_unit_file(path, error);
}

/* Whether the command line asks for other options than the service has, and which they are. */
static gboolean find_options(const Session *session, const ServiceOptions *now, ServiceOptions *ret_options,
                             gboolean *ret_others, GError **error)
{
    const AuditOptions *options = session->call->options;
    g_autoptr(Json) before = service_options_to_json(now);

    service_options_copy(now, ret_options);
    if (!deploy_apply(&options->deploy, session->call->words, ret_options, error)) {
        service_options_clear(ret_options);
        return FALSE;
    }
    g_autoptr(Json) after = service_options_to_json(ret_options);
    *ret_others = !json_equal(before, after);
    return TRUE;
}

/* As it is on the host, or as an upgrade with the options given would make it. */
static Audit *audit_service(const Session *session, const StoreService *service, GError **error)
{
    const StoreRelease *release = store_service_release(service, service->active);
    g_autofree char *stored = g_build_filename(PATH_BUNDLES, release->bundle, NULL);
    g_autofree char *path = host_path(session->host, stored);
    g_autoptr(Bundle) bundle = bundle_open(path, error);
    g_autoptr(Audit) audit = NULL;
    ServiceOptions options;
    ServiceContext context;
    gboolean others, ok = FALSE;

    if (!bundle || !find_options(session, &release->options, &options, &others, error))
        return NULL;
    if (fill_context(session, service->name, release->version, release->revision, stored, &context, error)) {
        audit = others ? audit_bundle(bundle, &options, &context, error)
                       : audit_installed_unit(session->host, service->unit, error);
        ok = audit && (others || audit_add_costs(audit, bundle, &options, &context, error));
    }
    service_options_clear(&options);
    return ok ? g_steal_pointer(&audit) : NULL;
}

static gboolean audit_services(const Session *session, const GPtrArray *services, GPtrArray *audits, GError **error)
{
    for (guint i = 0; i < services->len; i++) {
        const StoreService *service = g_ptr_array_index(services, i);
        Audit *audit = audit_service(session, service, error);

        if (!audit)
            return gourd_error_prefix(error, "cannot audit '%s'", service->name);
        g_ptr_array_add(audits, audit);
    }
    return TRUE;
}

/* A bundle in the store, or any unit of the host; NULL without an error if it is neither. */
static Audit *audit_other(const Session *session, const char *text, GError **error)
{
    g_autofree char *unit = g_str_has_suffix(text, ".service") ? g_strdup(text) : g_strconcat(text, ".service", NULL);
    g_autoptr(GPtrArray) bundles = NULL;

    if (!store_list_bundles(session->store, &bundles, error))
        return NULL;
    const StoreBundle *bundle = store_bundle_find(bundles, text);
    if (bundle) {
        g_autofree char *stored = g_build_filename(PATH_BUNDLES, bundle->file, NULL);
        g_autofree char *path = host_path(session->host, stored);

        return audit_file_of_bundle(session, path, error);
    }
    g_autofree char *found = host_find_unit(session->host, unit);
    return found ? audit_installed_unit(session->host, unit, error) : NULL;
}

static gboolean fail(const char *text, GError **error)
{
    g_autofree char *shown = text_escape(text);

    return gourd_error_prefix(error, "cannot audit '%s'", shown);
}

static gboolean audit_name(const Session *session, const char *text, GPtrArray *audits, GError **error)
{
    gboolean is_unit = g_str_has_suffix(text, ".service");
    g_autofree char *name = g_strndup(text, strlen(text) - (is_unit ? strlen(".service") : 0));
    g_autoptr(GPtrArray) services = g_ptr_array_new_with_free_func((GDestroyNotify)store_service_free);
    g_autoptr(GError) unknown = NULL, problem = NULL;

    if (service_status_find_named(session->store, name, services, &unknown))
        return audit_services(session, services, audits, error);
    gboolean is_unknown = g_error_matches(unknown, GOURD_ERROR, GOURD_ERROR_NOT_FOUND);
    Audit *audit = is_unknown ? audit_other(session, text, &problem) : NULL;
    if (audit) {
        g_ptr_array_add(audits, audit);
        return TRUE;
    }
    g_propagate_error(error, problem ? g_steal_pointer(&problem) : g_steal_pointer(&unknown));
    machine_target_refuse(session, text, NULL, error);
    return fail(text, error);
}

static gboolean audit_operand(const Session *session, const char *text, GPtrArray *audits, GError **error)
{
    struct stat status;
    gboolean is_file = strchr(text, '/') || (stat(text, &status) == 0 && S_ISREG(status.st_mode));
    Audit *audit = is_file ? audit_file(session, text, error) : NULL;

    if (!is_file)
        return audit_name(session, text, audits, error);
    if (!audit)
        return fail(text, error);
    g_ptr_array_add(audits, audit);
    return TRUE;
}

static gboolean audit_all_services(const Session *session, GPtrArray *audits, GError **error)
{
    g_autoptr(GPtrArray) services = NULL;

    return store_list(session->store, &services, error) && audit_services(session, services, audits, error);
}

/* --- the verb ------------------------------------------------------------------------------------------------------- */

/* Says which are over the limit. */
static ExitCode compare(const GPtrArray *audits, guint max, const Call *call)
{
    g_autofree char *limit = audit_format_exposure((gint)max);
    ExitCode code = EXIT_CODE_OK;

    for (guint i = 0; i < audits->len; i++) {
        const Audit *audit = g_ptr_array_index(audits, i);
        g_autofree char *exposure = audit_format_exposure((gint)audit->exposure);

        if (audit->exposure <= max)
            continue;
        code = EXIT_CODE_DIFFERS;
        if (!call->common->quiet)
            fprintf(call->err.file, "gourd: %s has an exposure of %s, more than %s\n", audit->unit, exposure, limit);
    }
    return code;
}

static ExitCode run(const Call *call, GError **error)
{
    const AuditOptions *options = call->options;
    g_autoptr(GPtrArray) audits = g_ptr_array_new_with_free_func((GDestroyNotify)audit_free);
    g_auto(Session) session = {0};
    guint max = AUDIT_EXPOSURE_MAX;

    if ((options->max && !parse_max(options->max, &max, error)) ||
        !session_open(&session, call, options->deploy.root, FALSE, error))
        return EXIT_CODE_FAILED;
    if (call->n_operands == 0 && !audit_all_services(&session, audits, error))
        return EXIT_CODE_FAILED;
    for (guint i = 0; i < call->n_operands; i++)
        if (!audit_operand(&session, call->operands[i], audits, error))
            return EXIT_CODE_FAILED;
    session_print_notes(&session);
    audit_print(audits, options->deploy.json, call);
    return compare(audits, max, call);
}

#define AT(member) .offset = offsetof(AuditOptions, member)

static const Option rows[] = {
    {"max", 0, OPTION_STRING, AT(max), "N.N", "End with code 6 if an exposure is higher", .check = check_max},
    {"json", 0, OPTION_FLAG, DEPLOY_AT(json), .help = "Print everything as JSON"},
    {"name", 0, OPTION_STRING, DEPLOY_AT(name), "NAME", "Name of the service that a bundle would become",
     .shown_default = "the bundle's"},
    {"target", 0, OPTION_STRING, DEPLOY_AT(target), "SYSTEM", "Rate the units that this system would get",
     .shown_default = "this host's", .suggestions = deploy_targets, .completion = COMPLETE_VALUES,
     .check = deploy_check_target},
    OPTION_ROOT_LOOK(DEPLOY_AT(root)),
    {NULL},
};

#undef AT

static const OptionGroup groups[] = {{"Options", rows}, DEPLOY_SERVICE_GROUPS, {NULL, NULL}};
static const Operand operands[] = {
    {"SERVICE|STACK|BUNDLE|UNIT-FILE", 0, OPERANDS_ANY, COMPLETE_SERVICE_OR_BUNDLE},
    {NULL, 0, 0, COMPLETE_NOTHING},
};

static const char *const description[] = {
    "Shows how exposed services are: the score of systemd-analyze(1) `security`, from 0 (nothing is open) to 10, what is still "
    "open and what closes it, and what each option that loosens the sandbox costs.",
    "Without an operand, one line for each installed service, and of a stack for each of its services; `--verbose` shows all of each. A bundle is rated as it would be installed "
    "with the options given, an installed service with the admin's drop-ins. Options given along with an installed service show "
    "what an upgrade with them would make of it. Any other unit of the host, or a unit file, can be rated too.",
    "What an option costs is found by rendering the service without it and rating it again, so costs do not add up where two options "
    "open the same thing.",
    "The score says how much is left open, not how likely it is that somebody comes in. Nothing is changed.",
    NULL,
};

static const Example examples[] = {
    {"gourd audit web", "What an installed service leaves open"},
    {"gourd audit web --allow jit", "What it would be after an upgrade with that option"},
    {"gourd audit web_1.0.raw --user root --max 2.0", "In CI: fail if it were too open"},
    {"gourd audit --json | jq -r '.[] | \"\\(.exposure) \\(.unit)\"'", "A list for a script"},
    {NULL, NULL},
};

static const ExitCode codes[] = {
    EXIT_CODE_INPUT, EXIT_CODE_LIMIT, EXIT_CODE_DIFFERS, EXIT_CODE_UNSUPPORTED, EXIT_CODE_NOT_FOUND, EXIT_CODE_OK,
};

const Verb verb_audit = {
    .name = "audit",
    .topic = "Services",
    .summary = "Show what services leave open, and what options cost",
    .operands = operands,
    .groups = groups,
    .description = description,
    .examples = examples,
    .exit_codes = codes,
    .options_size = sizeof(AuditOptions),
    .run = run,
};
