// SPDX-License-Identifier: LGPL-2.1-or-later
#include "human.h"
#include "listing.h"
#include "service-status.h"

#include <string.h>

typedef struct {
    CommonOptions common;
    char *root;
    gboolean json;
} PsOptions;

static char *format_cpu(const HostUnit *unit)
{
    return unit->cpu_usage_nsec == G_MAXUINT64 ? g_strdup("-") : duration_format(unit->cpu_usage_nsec / 1000);
}

static void print_table(const Session *session, const GPtrArray *list)
{
    static const ListingColumn columns[] = {
        {"NAME", FALSE, STYLE_BOLD},    {"VERSION", FALSE, STYLE_NONE}, {"STATE", FALSE, STYLE_NONE},
        {"HEALTH", FALSE, STYLE_NONE},  {"UP", TRUE, STYLE_NONE},       {"MEMORY", TRUE, STYLE_NONE},
        {"CPU TIME", TRUE, STYLE_NONE}, {"PORTS", FALSE, STYLE_NONE},   {"ATTENTION", FALSE, STYLE_YELLOW},
    };
    g_autoptr(Listing) listing = listing_new(columns, G_N_ELEMENTS(columns));

    for (guint i = 0; i < list->len; i++) {
        const ServiceStatus *status = g_ptr_array_index(list, i);
        const StoreService *service = status->service;

        listing_add(listing, service->name);
        listing_add(listing, store_service_release(service, service->active)->version);
        listing_add(listing, status->state);
        listing_style(listing, service_status_style(status));
        listing_add(listing, status->health ? status->health : "-");
        listing_take(listing, status->uptime_usec ? duration_format(status->uptime_usec) : g_strdup("-"));
        listing_take(listing,
                     service_status_format_memory(status->is_known ? status->unit.memory_current : G_MAXUINT64));
        listing_take(listing, status->is_known ? format_cpu(&status->unit) : g_strdup("-"));
        listing_take(listing, service_status_format_ports(status));
        listing_add(listing, status->attention ? status->attention : "");
    }
    listing_print(listing, &session->call->out);
}

static Json *number_or_null(guint64 number)
{
    return number == G_MAXUINT64 ? json_null() : json_integer((json_int_t)number);
}

static Json *status_to_json(const ServiceStatus *status)
{
    const StoreService *service = status->service;
    const HostUnit *unit = &status->unit;
    Json *ports = json_array();

    for (guint i = 0; i < status->ports->len; i++)
        json_array_append_new(ports, json_string(g_ptr_array_index(status->ports, i)));
    Json *json = json_pack("{s:s, s:s, s:s, s:s, s:b, s:o, s:o}", "name", service->name, "unit", service->unit,
                           "version", store_service_release(service, service->active)->version, "state", status->state,
                           "enabled", service->enabled, "health", json_text_or_null(status->health), "ports", ports);
    if (status->is_known) {
        json_object_set_new(json, "active_state", json_string(unit->active_state));
        json_object_set_new(json, "sub_state", json_string(unit->sub_state));
        json_object_set_new(json, "result", json_string(unit->result));
        json_object_set_new(json, "status_text", json_text(unit->status_text));
        json_object_set_new(json, "main_pid", json_integer(unit->main_pid));
        json_object_set_new(json, "restarts", json_integer(unit->n_restarts));
        json_object_set_new(json, "uptime_usec", json_integer((json_int_t)status->uptime_usec));
        json_object_set_new(json, "memory", number_or_null(unit->memory_current));
        json_object_set_new(json, "memory_max", number_or_null(unit->memory_max));
        json_object_set_new(json, "cpu_nsec", number_or_null(unit->cpu_usage_nsec));
        json_object_set_new(json, "tasks", number_or_null(unit->tasks_current));
    }
    json_object_set_new(json, "attention", json_text_or_null(status->attention));
    return json;
}

static gboolean print_status(const Session *session, GError **error)
{
    const PsOptions *options = session->call->options;
    g_autoptr(GPtrArray) services = NULL;
    g_autoptr(Json) json = json_array();

    if (!service_status_find(session, &services, error))
        return FALSE;
    g_autoptr(GPtrArray) list = service_status_read(session, services);
    session_print_notes(session);
    for (guint i = 0; options->json && i < list->len; i++)
        json_array_append_new(json, status_to_json(g_ptr_array_index(list, i)));
    if (options->json)
        json_print(json, &session->call->out);
    else
        print_table(session, list);
    return TRUE;
}

static ExitCode run(const Call *call, GError **error)
{
    const PsOptions *options = call->options;
    g_auto(Session) session = {0};

    return session_open(&session, call, options->root, FALSE, error) && print_status(&session, error)
               ? EXIT_CODE_OK
               : EXIT_CODE_FAILED;
}

#define AT(member) .offset = offsetof(PsOptions, member)

static const Option rows[] = {
    OPTION_ROOT_LOOK(AT(root)),
    OPTION_JSON_LIST(AT(json)),
    {NULL},
};

#undef AT

static const OptionGroup groups[] = {{"Options", rows}, {NULL, NULL}};
static const Operand operands[] = {{"SERVICE|STACK|MACHINE", 0, OPERANDS_ANY, COMPLETE_RUNNING},
                                   {NULL, 0, 0, COMPLETE_NOTHING}};

static const char *const description[] = {
    "Shows what services do now: state and health, for how long they have run, memory and processor time, the ports that they listen on, "
    "and what needs attention. Ports that others own are seen by root only. `A->B` is a port that gourd publishes. The "
    "name of a stack stands for all of its services.",
    "Machines that `gourd machine` made are shown as services are, with the version of the first package in them.",
    "`gourd list` shows what is installed, `gourd top` goes on looking.",
    NULL,
};

static const Example examples[] = {
    {"gourd ps", "All services"},
    {"gourd ps --json | jq -r '.[] | select(.attention) | .name'", "Those that need attention"},
    {NULL, NULL},
};

static const ExitCode codes[] = {EXIT_CODE_INPUT, EXIT_CODE_UNSUPPORTED, EXIT_CODE_NOT_FOUND, EXIT_CODE_OK};

const Verb verb_ps = {
    .name = "ps",
    .topic = "Services",
    .summary = "Show what services do now",
    .operands = operands,
    .groups = groups,
    .description = description,
    .examples = examples,
    .exit_codes = codes,
    .options_size = sizeof(PsOptions),
    .run = run,
};
