// SPDX-License-Identifier: LGPL-2.1-or-later
#include "human.h"
#include "listing.h"
#include "machine-target.h"
#include "service-status.h"

#include <string.h>

typedef struct {
    CommonOptions common;
    char *root;
    gboolean bundles, stacks, names, json;
} ListOptions;

static char *format_time(gint64 seconds)
{
    g_autoptr(GDateTime) time = seconds > 0 ? g_date_time_new_from_unix_local(seconds) : NULL;

    return time ? g_date_time_format(time, "%Y-%m-%d %H:%M") : g_strdup("-");
}

/* --- services ----------------------------------------------------------------------------------------------------- */

/* What a unit does, and since when (seconds, 0 unknown). */
static char *find_state(const Session *session, const StoreService *service, gint64 *ret_since)
{
    HostUnit status;

    *ret_since = 0;
    if (!host_is_live(session->host) || !host_get_unit(session->host, service->unit, &status, NULL))
        return g_strdup("-");
    char *state = host_unit_describe(&status);
    if (g_strcmp0(status.active_state, "active") == 0)
        *ret_since = (gint64)(status.active_since_usec / G_USEC_PER_SEC);
    host_unit_clear(&status);
    return state;
}

static char *format_others(const StoreService *service)
{
    g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);
    const StoreRelease *active = store_service_release(service, service->active);
    GString *text = g_string_new(NULL);

    g_hash_table_add(seen, active->version);
    for (guint i = service->releases->len; i-- > 0;) {
        const StoreRelease *release = g_ptr_array_index(service->releases, i);

        if (g_hash_table_add(seen, release->version))
            g_string_append_printf(text, "%s%s", text->len ? ", " : "", release->version);
    }
    if (text->len == 0)
        g_string_append_c(text, '-');
    return g_string_free(text, FALSE);
}

static void print_services(const Session *session, const GPtrArray *services)
{
    static const ListingColumn columns[] = {
        {"NAME", FALSE, STYLE_BOLD},    {"VERSION", FALSE, STYLE_NONE}, {"STATE", FALSE, STYLE_NONE},
        {"ENABLED", FALSE, STYLE_NONE}, {"SINCE", FALSE, STYLE_NONE},   {"OTHER VERSIONS", FALSE, STYLE_FAINT},
    };
    g_autoptr(Listing) listing = listing_new(columns, G_N_ELEMENTS(columns));

    for (guint i = 0; i < services->len; i++) {
        const StoreService *service = g_ptr_array_index(services, i);
        gint64 since;

        listing_add(listing, service->name);
        listing_add(listing, store_service_release(service, service->active)->version);
        listing_take(listing, find_state(session, service, &since));
        listing_add(listing, service->enabled ? "yes" : "no");
        listing_take(listing, format_time(since));
        listing_take(listing, format_others(service));
    }
    listing_print(listing, &session->call->out);
}

/* --- releases ----------------------------------------------------------------------------------------------------- */

static void print_releases(const Session *session, const StoreService *service)
{
    static const ListingColumn columns[] = {
        {"RELEASE", TRUE, STYLE_BOLD},    {"VERSION", FALSE, STYLE_NONE}, {"", FALSE, STYLE_GREEN},
        {"INSTALLED", FALSE, STYLE_NONE}, {"BUNDLE", FALSE, STYLE_NONE},  {"OPTIONS", FALSE, STYLE_FAINT},
    };
    g_autoptr(Listing) listing = listing_new(columns, G_N_ELEMENTS(columns));

    for (guint i = service->releases->len; i-- > 0;) {
        const StoreRelease *release = g_ptr_array_index(service->releases, i);
        g_autoptr(Json) options = service_options_to_json(&release->options);
        char *text = json_dumps(options, 0);

        listing_take(listing, g_strdup_printf("%u", release->revision));
        listing_add(listing, release->version);
        listing_add(listing, release->revision == service->active     ? "active"
                             : release->revision == service->previous ? "before"
                                                                      : "");
        listing_take(listing, format_time(release->installed_at));
        listing_add(listing, release->bundle);
        listing_take(listing, text_escape(json_object_size(options) ? text : ""));
        free(text); /* NOLINT: jansson's */
    }
    listing_print(listing, &session->call->out);
}

static Json *release_to_json(const StoreRelease *release)
{
    g_autofree char *digest = digest_to_text(&release->digest);

    return json_pack("{s:i, s:s, s:s, s:s, s:I, s:o}", "revision", (int)release->revision, "version", release->version,
                     "bundle", release->bundle, "digest", digest, "installed_at", (json_int_t)release->installed_at,
                     "options", service_options_to_json(&release->options));
}

static Json *service_to_json(const Session *session, const StoreService *service)
{
    Json *releases = json_array();
    gint64 since;
    g_autofree char *state = find_state(session, service, &since);

    for (guint i = 0; i < service->releases->len; i++)
        json_array_append_new(releases, release_to_json(g_ptr_array_index(service->releases, i)));
    return json_pack("{s:s, s:s, s:s, s:s, s:b, s:o, s:i, s:i, s:o}", "name", service->name, "unit", service->unit,
                     "version", store_service_release(service, service->active)->version, "state", state, "enabled",
                     service->enabled, "since", since ? json_integer(since) : json_null(), "active",
                     (int)service->active, "previous", (int)service->previous, "releases", releases);
}

/* --- bundles ------------------------------------------------------------------------------------------------------ */

static char *format_users(const GPtrArray *services, const char *file)
{
    GString *text = g_string_new(NULL);

    for (guint i = 0; i < services->len; i++) {
        const StoreService *service = g_ptr_array_index(services, i);
        gboolean uses = FALSE;

        for (guint j = 0; j < service->releases->len; j++)
            uses |= strcmp(((const StoreRelease *)g_ptr_array_index(service->releases, j))->bundle, file) == 0;
        if (uses)
            g_string_append_printf(text, "%s%s", text->len ? ", " : "", service->name);
    }
    return g_string_free(text, FALSE);
}

static void print_bundles(const Session *session, const GPtrArray *bundles, const GPtrArray *services)
{
    static const ListingColumn columns[] = {
        {"NAME", FALSE, STYLE_BOLD},  {"VERSION", FALSE, STYLE_NONE}, {"SIZE", TRUE, STYLE_NONE},
        {"ADDED", FALSE, STYLE_NONE}, {"USED BY", FALSE, STYLE_NONE},
    };
    g_autoptr(Listing) listing = listing_new(columns, G_N_ELEMENTS(columns));

    for (guint i = 0; i < bundles->len; i++) {
        const StoreBundle *bundle = g_ptr_array_index(bundles, i);
        g_autofree char *users = format_users(services, bundle->file);

        listing_add(listing, bundle->name);
        listing_add(listing, bundle->version);
        listing_take(listing, size_format(bundle->size));
        listing_take(listing, format_time(bundle->mtime));
        listing_add(listing, *users ? users : "-");
    }
    listing_print(listing, &session->call->out);
}

static Json *bundles_to_json(const GPtrArray *bundles, const GPtrArray *services)
{
    Json *list = json_array();

    for (guint i = 0; i < bundles->len; i++) {
        const StoreBundle *bundle = g_ptr_array_index(bundles, i);
        g_autofree char *users = format_users(services, bundle->file);
        g_auto(GStrv) names = g_strsplit(users, ", ", -1);
        Json *used = json_array();

        for (guint j = 0; names[j] && *names[j]; j++)
            json_array_append_new(used, json_string(names[j]));
        json_array_append_new(list,
                              json_pack("{s:s, s:s, s:s, s:I, s:I, s:o}", "file", bundle->file, "name", bundle->name,
                                        "version", bundle->version, "size", (json_int_t)bundle->size, "added_at",
                                        (json_int_t)bundle->mtime, "used_by", used));
    }
    return list;
}

/* --- the verb ----------------------------------------------------------------------------------------------------- */

static gboolean list_bundles(const Session *session, const GPtrArray *services, GError **error)
{
    const ListOptions *options = session->call->options;
    g_autoptr(GPtrArray) bundles = NULL;

    if (!store_list_bundles(session->store, &bundles, error))
        return FALSE;
    if (options->names) {
        for (guint i = 0; i < bundles->len; i++) {
            const StoreBundle *bundle = g_ptr_array_index(bundles, i);

            fprintf(session->call->out.file, "%s_%s\n", bundle->name, bundle->version);
        }
    } else if (options->json) {
        g_autoptr(Json) json = bundles_to_json(bundles, services);

        json_print(json, &session->call->out);
    } else {
        print_bundles(session, bundles, services);
    }
    return TRUE;
}

static Json *stack_to_json(const StoreStack *stack)
{
    Json *services = json_array(), *files = json_array();

    for (char **name = stack->full_names; *name; name++)
        json_array_append_new(services, json_string(*name));
    for (char **file = stack->files; file && *file; file++)
        json_array_append_new(files, json_text(*file));
    return json_pack("{s:s, s:o, s:o}", "name", stack->name, "services", services, "files", files);
}

static void print_stacks(const Session *session, const GPtrArray *stacks)
{
    static const ListingColumn columns[] = {{"STACK", FALSE, STYLE_BOLD},
                                            {"SERVICES", TRUE, STYLE_NONE},
                                            {"FILE", FALSE, STYLE_NONE}};
    g_autoptr(Listing) listing = listing_new(columns, G_N_ELEMENTS(columns));

    for (guint i = 0; i < stacks->len; i++) {
        const StoreStack *stack = g_ptr_array_index(stacks, i);

        listing_add(listing, stack->name);
        listing_take(listing, g_strdup_printf("%u", g_strv_length(stack->full_names)));
        listing_add(listing, stack->files && stack->files[0] ? stack->files[0] : "-");
    }
    listing_print(listing, &session->call->out);
}

static gboolean list_stacks(const Session *session, GError **error)
{
    const ListOptions *options = session->call->options;
    g_autoptr(GPtrArray) stacks = NULL;
    g_autoptr(Json) json = json_array();

    if (!store_list_stacks(session->store, &stacks, error))
        return FALSE;
    for (guint i = 0; i < stacks->len; i++) {
        const StoreStack *stack = g_ptr_array_index(stacks, i);

        if (options->names)
            fprintf(session->call->out.file, "%s\n", stack->name);
        else if (options->json)
            json_array_append_new(json, stack_to_json(stack));
    }
    if (options->json && !options->names)
        json_print(json, &session->call->out);
    else if (!options->names)
        print_stacks(session, stacks);
    return TRUE;
}

/* Whether it is one service that is named, and no stack. */
static gboolean is_one(const Call *call, const GPtrArray *services)
{
    return call->n_operands > 0 && services->len == 1 &&
           strcmp(((const StoreService *)g_ptr_array_index(services, 0))->name, call->operands[0]) == 0;
}

static void list_services(const Session *session, const GPtrArray *services)
{
    const ListOptions *options = session->call->options;
    gboolean one = is_one(session->call, services);
    g_autoptr(Json) json = json_array();

    for (guint i = 0; i < services->len; i++) {
        const StoreService *service = g_ptr_array_index(services, i);

        if (options->names)
            fprintf(session->call->out.file, "%s\n", service->name);
        else if (options->json)
            json_array_append_new(json, service_to_json(session, service));
        else if (one)
            print_releases(session, service);
    }
    if (options->json && !options->names)
        json_print(json, &session->call->out);
    else if (!options->names && !one)
        print_services(session, services);
}

static gboolean list(const Call *call, GError **error)
{
    const ListOptions *options = call->options;
    g_auto(Session) session = {0};
    g_autoptr(GPtrArray) services = NULL;

    if (!session_open(&session, call, options->root, FALSE, error))
        return FALSE;
    if (call->n_operands > 0) {
        services = g_ptr_array_new_with_free_func((GDestroyNotify)store_service_free);
        if (!service_status_find_named(session.store, call->operands[0], services, error))
            return machine_target_refuse(&session, call->operands[0], "gourd machine list", error);
    } else if (!store_list(session.store, &services, error)) {
        return FALSE;
    }
    session_print_notes(&session);
    if (options->stacks)
        return list_stacks(&session, error);
    if (options->bundles)
        return list_bundles(&session, services, error);
    list_services(&session, services);
    return TRUE;
}

static ExitCode run(const Call *call, GError **error)
{
    return list(call, error) ? EXIT_CODE_OK : EXIT_CODE_FAILED;
}

#define AT(member) .offset = offsetof(ListOptions, member)

static const Option rows[] = {
    {"bundles", 0, OPTION_FLAG, AT(bundles),
     .help = "List the bundles in the store, and which services have releases of them"},
    {"stacks", 0, OPTION_FLAG, AT(stacks), .help = "List the stacks that are up"},
    {"names", 0, OPTION_FLAG, AT(names), .help = "Print the names alone, one a line"},
    OPTION_ROOT_LOOK(AT(root)),
    OPTION_JSON_LIST(AT(json)),
    {NULL},
};

#undef AT

static const OptionGroup groups[] = {{"Options", rows}, {NULL, NULL}};
static const Operand operands[] = {{"SERVICE|STACK", 0, 1, COMPLETE_SERVICE_OR_STACK}, {NULL, 0, 0, COMPLETE_NOTHING}};

static const char *const description[] = {
    "Lists the installed services: which version is active, whether it runs and since when, whether it starts at boot, and which other "
    "versions `gourd rollback` can go back to. Of one SERVICE, its releases, the newest first; the name of a stack, or "
    "of replicas, stands for its services. Root is not needed.",
    NULL,
};

static const Example examples[] = {
    {"gourd list", "All services"},
    {"gourd list web", "The releases of one"},
    {"gourd list --bundles", "What is in the store"},
    {NULL, NULL},
};

static const ExitCode codes[] = {EXIT_CODE_INPUT, EXIT_CODE_UNSUPPORTED, EXIT_CODE_NOT_FOUND, EXIT_CODE_OK};

const Verb verb_list = {
    .name = "list",
    .topic = "Services",
    .summary = "List services, their releases and bundles",
    .operands = operands,
    .groups = groups,
    .description = description,
    .examples = examples,
    .exit_codes = codes,
    .options_size = sizeof(ListOptions),
    .run = run,
};
