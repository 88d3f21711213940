// SPDX-License-Identifier: LGPL-2.1-or-later
#include "deploy-options.h"
#include "service-status.h"
#include "why-print.h"

#include <string.h>

#include "machine/machine.h"

typedef struct {
    CommonOptions common;
    char *root;
    gboolean json;
} WhyOptions;

/* NULL stays NULL. */
static Why *compare_bundle(const Session *session, const StoreService *service, Why *why)
{
    const StoreRelease *release = store_service_release(service, service->active);
    g_autofree char *path = release ? g_strconcat(PATH_BUNDLES "/", release->bundle, NULL) : NULL;

    if (why && release && *release->bundle && store_bundle_is_other(session->store, release))
        why_add_replaced(why, path, service->name);
    return why;
}

/* A service of gourd's, a machine, or any unit; with the nearest name of a service, stack or machine as hint. */
static Why *why_operand(const Session *session, const char *text, GError **error)
{
    g_autofree char *unit = strchr(text, '.') ? g_strdup(text) : g_strconcat(text, ".service", NULL);
    g_autofree char *name = g_strndup(unit,
                                      strlen(unit) - (g_str_has_suffix(unit, ".service") ? strlen(".service") : 0));
    g_autofree char *shown = text_escape(text);
    g_autoptr(GError) problem = NULL, unknown = NULL;
    gboolean is_unit = unit_name_is_valid(unit, UNIT_NAME_ANY);
    Why *why = is_unit ? why_unit(session->host, unit, &problem) : NULL;

    g_autoptr(StoreService) service = store_find(session->store, name, &unknown);
    if (why)
        return service ? compare_bundle(session, service, why) : why;
    g_autoptr(MachineRecord) machine = machine_find(session->host, text, NULL);
    if (machine)
        return why_unit(session->host, machine->unit, error);
    if (!is_unit) {
        gourd_error_set(error, GOURD_ERROR_USAGE, "'%s' is no name of a service or unit", shown);
        return NULL;
    }
    if (!service && g_str_has_suffix(unit, ".service") &&
        g_error_matches(problem, GOURD_ERROR, GOURD_ERROR_NOT_FOUND) &&
        g_error_matches(unknown, GOURD_ERROR, GOURD_ERROR_NOT_FOUND)) {
        g_propagate_error(error, g_steal_pointer(&unknown));
        service_status_fail_unknown(session, name, TRUE, error);
        return NULL;
    }
    g_propagate_error(error, g_steal_pointer(&problem));
    if (service && g_error_matches(*error, GOURD_ERROR, GOURD_ERROR_NOT_FOUND))
        gourd_error_hint(error, "somebody removed it: gourd upgrade %s writes it again, gourd remove %s tidies up",
                         name, name);
    return NULL;
}

static gboolean why_all_services(const Session *session, GPtrArray *whys, GError **error)
{
    g_autoptr(GPtrArray) services = NULL;

    if (!service_status_find(session, &services, error))
        return FALSE;
    for (guint i = 0; i < services->len; i++) {
        const StoreService *service = g_ptr_array_index(services, i);
        g_autoptr(GError) problem = NULL;
        Why *why = compare_bundle(session, service, why_unit(session->host, service->unit, &problem));

        /* A unit that somebody removed: one more reason, and no end. */
        if (!why && !g_error_matches(problem, GOURD_ERROR, GOURD_ERROR_NOT_FOUND)) {
            g_propagate_error(error, g_steal_pointer(&problem));
            return FALSE;
        }
        if (why)
            g_ptr_array_add(whys, why);
        else
            notes_add(session->notes, "unit-removed",
                      "services whose unit is gone: 'gourd upgrade' writes it again, 'gourd remove' tidies up",
                      service->name);
    }
    return TRUE;
}

/* What is no unit may be a stack, or replicas. */
static gboolean why_several(const Session *session, const char *name, GPtrArray *whys)
{
    g_autoptr(GPtrArray) services = g_ptr_array_new_with_free_func((GDestroyNotify)store_service_free);
    guint before = whys->len;

    if (!service_status_find_named(session->store, name, services, NULL))
        return FALSE;
    for (guint i = 0; i < services->len; i++) {
        const StoreService *service = g_ptr_array_index(services, i);
        Why *why = compare_bundle(session, service, why_unit(session->host, service->unit, NULL));

        if (why)
            g_ptr_array_add(whys, why);
    }
    return whys->len > before;
}

static gboolean find_all(const Session *session, GPtrArray *whys, GPtrArray **ret_host, GError **error)
{
    const Call *call = session->call;

    if (call->n_operands == 0) {
        *ret_host = why_host(session->host);
        return why_all_services(session, whys, error);
    }
    for (guint i = 0; i < call->n_operands; i++) {
        g_autoptr(GError) problem = NULL;
        Why *why = why_operand(session, call->operands[i], &problem);

        if (why)
            g_ptr_array_add(whys, why);
        else if (!g_error_matches(problem, GOURD_ERROR, GOURD_ERROR_NOT_FOUND) ||
                 !why_several(session, call->operands[i], whys)) {
            g_propagate_error(error, g_steal_pointer(&problem));
            return FALSE;
        }
    }
    return TRUE;
}

static gboolean is_wrong(const GPtrArray *whys, const GPtrArray *host)
{
    if (host && host->len > 0)
        return TRUE;
    for (guint i = 0; i < whys->len; i++)
        if (((const Why *)g_ptr_array_index(whys, i))->is_wrong)
            return TRUE;
    return FALSE;
}

static ExitCode run(const Call *call, GError **error)
{
    const WhyOptions *options = call->options;
    g_autoptr(GPtrArray) whys = g_ptr_array_new_with_free_func((GDestroyNotify)why_free);
    g_autoptr(GPtrArray) host = NULL;
    g_auto(Session) session = {0};

    if (!session_open(&session, call, options->root, FALSE, error) || !find_all(&session, whys, &host, error))
        return EXIT_CODE_FAILED;
    session_print_notes(&session);
    if (options->json)
        why_print_json(whys, host, call);
    else
        why_print(whys, host, call);
    return is_wrong(whys, host) ? EXIT_CODE_DIFFERS : EXIT_CODE_OK;
}

#define AT(member) .offset = offsetof(WhyOptions, member)

static const Option rows[] = {
    {"json", 0, OPTION_FLAG, AT(json), .help = "Print everything as JSON"},
    OPTION_ROOT_LOOK(AT(root)),
    {NULL},
};

#undef AT

static const OptionGroup groups[] = {{"Options", rows}, {NULL, NULL}};
static const Operand operands[] = {
    {"SERVICE|STACK|MACHINE|UNIT", 0, OPERANDS_ANY, COMPLETE_RUNNING},
    {NULL, 0, 0, COMPLETE_NOTHING},
};

static const char *const description[] = {
    "Says why a service does not run: what is wrong in one sentence, the setting that it is about with its file and line, and what to "
    "do in another. It looks at the unit with its drop-ins, the image or folder that is its root, the files of the host that it names, and "
    "what systemd, the kernel and the program said when it last failed.",
    "The name of a stack stands for all of its services, that of replicas for each of them. "
    "Without an operand it looks at the host, and then at each installed service and each machine. Units that gourd did not write can be asked for too, with "
    "RootImage=, RootDirectory= or neither. With `--verbose` the last lines of the journal follow; those that only root may read are "
    "missing for others.",
    "It ends with code 6 if something is wrong. With `--json` it prints {\"host\": [...], \"units\": [{\"unit\", \"state\", \"wrong\", \"ended\", "
    "\"failed_at\", \"findings\": [{\"cause\", \"text\", \"remedy\", \"place\"}], \"lines\"}]}; a cause is a short name that stays the same: `gourd help causes` has them.",
    NULL,
};

static const Example examples[] = {
    {"gourd why web", "Why a service failed, and what to do"},
    {"gourd why", "Whether this host and all its services are well"},
    {"gourd why db.service --verbose", "Any unit, with the last lines of its log"},
    {"gourd why --json | jq -r '.units[] | select(.wrong) | .unit + \" \" + .findings[0].cause'",
     "A list for a script"},
    {NULL, NULL},
};

static const ExitCode codes[] = {EXIT_CODE_DIFFERS, EXIT_CODE_UNSUPPORTED, EXIT_CODE_NOT_FOUND, EXIT_CODE_OK};

const Verb verb_why = {
    .name = "why",
    .topic = "Services",
    .summary = "Say why services do not run, and what to do",
    .operands = operands,
    .groups = groups,
    .description = description,
    .examples = examples,
    .exit_codes = codes,
    .options_size = sizeof(WhyOptions),
    .run = run,
};
