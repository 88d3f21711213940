// SPDX-License-Identifier: LGPL-2.1-or-later
#include "service-status.h"

#include "human.h"
#include "machine/machine.h"
#include "service/service.h"

#include <string.h>
#include <unistd.h>

static void status_free(gpointer data)
{
    ServiceStatus *status = data;

    host_unit_clear(&status->unit);
    g_free(status->state);
    g_free(status->attention);
    g_ptr_array_unref(status->ports);
    g_free(status);
}

static gboolean fail_empty(const StoreStack *stack, GError **error)
{
    gourd_error_set(error, GOURD_ERROR_NOT_FOUND, "there is no service of the stack '%s'", stack->name);
    return gourd_error_hint(error, "'gourd up' brings back those that were removed, 'gourd down %s' removes the rest",
                            stack->name);
}

static gboolean add_stack(Store *store, const char *name, GPtrArray *services, gboolean *ret_found, GError **error)
{
    g_autoptr(StoreStack) stack = store_find_stack(store, name, NULL);
    guint before = services->len;

    *ret_found = stack != NULL;
    for (char **member = stack ? stack->full_names : NULL; member && *member; member++) {
        g_autoptr(GError) failure = NULL;
        StoreService *service = store_find(store, *member, &failure);

        if (service)
            g_ptr_array_add(services, service);
        else if (!g_error_matches(failure, GOURD_ERROR, GOURD_ERROR_NOT_FOUND)) { /* else `gourd remove` took it */
            g_propagate_error(error, g_steal_pointer(&failure));
            return FALSE;
        }
    }
    return !stack || services->len > before || fail_empty(stack, error);
}

static gboolean add_replicas(Store *store, const char *name, GPtrArray *services, gboolean *ret_found, GError **error)
{
    g_autoptr(GPtrArray) all = NULL;

    *ret_found = FALSE;
    if (!store_list(store, &all, error))
        return FALSE;
    for (guint i = 0; i < all->len;) {
        const StoreService *service = g_ptr_array_index(all, i);
        const StoreRelease *release = store_service_release(service, service->active);

        if (!release || g_strcmp0(release->options.replica_of, name) != 0) {
            i++;
            continue;
        }
        g_ptr_array_add(services, g_ptr_array_steal_index(all, i));
        *ret_found = TRUE;
    }
    return TRUE;
}

gboolean service_status_find_named(Store *store, const char *name, GPtrArray *services, GError **error)
{
    g_autoptr(GError) failure = NULL;
    StoreService *service = store_find(store, name, &failure);
    gboolean found;

    if (service) {
        g_ptr_array_add(services, service);
        return TRUE;
    }
    if (!add_stack(store, name, services, &found, error))
        return FALSE;
    if (!found && !add_replicas(store, name, services, &found, error))
        return FALSE;
    if (!found)
        g_propagate_error(error, g_steal_pointer(&failure));
    return found;
}

/* "shop-web-12" of "shop-web" is 12. */
static gint64 find_number(const StoreService *service, const char *name)
{
    guint64 number = 0;
    const char *rest = service->name + strlen(name);

    return *rest == '-' && g_ascii_string_to_unsigned(rest + 1, 10, 1, G_MAXINT32, &number, NULL) ? (gint64)number : 0;
}

StoreService *service_status_find_replica(Store *store, const char *name, gint64 number, GError **error)
{
    g_autoptr(GPtrArray) replicas = g_ptr_array_new_with_free_func((GDestroyNotify)store_service_free);
    g_autoptr(GError) failure = NULL;
    StoreService *service = store_find(store, name, &failure);
    gint64 least = G_MAXINT64;
    guint first = 0;
    gboolean found;

    if (service && (number == OPTION_INT_UNSET || number == 1))
        return service;
    if (!service && !add_replicas(store, name, replicas, &found, error))
        return NULL;
    store_service_free(service);
    for (guint i = 0; i < replicas->len; i++) {
        gint64 its = find_number(g_ptr_array_index(replicas, i), name);

        if (its == number)
            return g_ptr_array_steal_index(replicas, i);
        if (its < least) {
            least = its;
            first = i;
        }
    }
    if (replicas->len > 0 && number == OPTION_INT_UNSET)
        return g_ptr_array_steal_index(replicas, first);
    if (!failure || replicas->len > 0)
        gourd_error_set(error, GOURD_ERROR_NOT_FOUND, "%s has no replica %" G_GINT64_FORMAT, name, number);
    else
        g_propagate_error(error, g_steal_pointer(&failure));
    return NULL;
}

static gboolean add_machines(Host *host, GPtrArray *services, GError **error)
{
    g_autoptr(GPtrArray) records = NULL;

    if (!machine_list(host, &records, error))
        return FALSE;
    for (guint i = 0; i < records->len; i++)
        g_ptr_array_add(services, machine_as_service(host, g_ptr_array_index(records, i)));
    return TRUE;
}

/* Those of services first, whose number it returns. */
static guint add_names(const Session *session, gboolean all, GPtrArray *names)
{
    g_autoptr(GPtrArray) services = NULL, stacks = NULL, machines = NULL;

    if (store_list(session->store, &services, NULL))
        for (guint i = 0; i < services->len; i++)
            g_ptr_array_add(names, g_strdup(((const StoreService *)g_ptr_array_index(services, i))->name));
    guint count = names->len;
    if (all && store_list_stacks(session->store, &stacks, NULL))
        for (guint i = 0; i < stacks->len; i++)
            g_ptr_array_add(names, g_strdup(((const StoreStack *)g_ptr_array_index(stacks, i))->name));
    if (machine_list(session->host, &machines, NULL))
        for (guint i = 0; i < machines->len; i++)
            g_ptr_array_add(names, g_strdup(((const MachineRecord *)g_ptr_array_index(machines, i))->name));
    return count;
}

/* The store's own hint is the better one where it has a guess, as it knows members of stacks. */
static gboolean fail_unknown(const char *name, const GPtrArray *names, guint n_services, gboolean all, GError **error)
{
    g_autofree char *shown = text_escape(name), *message = NULL, *hint = NULL;
    const char *nearest = nearest_name(name, names);
    guint at = 0;

    if (nearest)
        g_ptr_array_find((GPtrArray *)names, nearest, &at);
    gourd_error_split(*error, &message, &hint);
    g_clear_error(error);
    gourd_error_set(error, GOURD_ERROR_NOT_FOUND, "there is no %s '%s'",
                    all ? "service, stack or machine" : "service or machine", shown);
    if (nearest && at >= n_services)
        return gourd_error_hint(error, "did you mean '%s'? 'gourd ps' shows all", nearest);
    if (names->len > n_services && !strstr(hint, "did you mean"))
        return gourd_error_hint(error, "'gourd ps' shows all");
    return gourd_error_hint(error, "%s", hint);
}

gboolean service_status_fail_unknown(const Session *session, const char *name, gboolean all, GError **error)
{
    g_autoptr(StoreStack) stack = store_find_stack(session->store, name, NULL);
    g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);

    return !stack && fail_unknown(name, names, add_names(session, all, names), all, error);
}

/* A service or a machine. */
static gboolean add_operand(const Session *session, const char *name, GPtrArray *services, GError **error)
{
    g_autoptr(GError) failure = NULL;

    if (service_status_find_named(session->store, name, services, &failure))
        return TRUE;
    g_autoptr(MachineRecord) record = g_error_matches(failure, GOURD_ERROR, GOURD_ERROR_NOT_FOUND)
                                          ? machine_find(session->host, name, NULL)
                                          : NULL;
    if (record) {
        g_ptr_array_add(services, machine_as_service(session->host, record));
        return TRUE;
    }
    gboolean is_unknown = g_error_matches(failure, GOURD_ERROR, GOURD_ERROR_NOT_FOUND);
    g_propagate_error(error, g_steal_pointer(&failure));
    return is_unknown && service_status_fail_unknown(session, name, TRUE, error);
}

gboolean service_status_find(const Session *session, GPtrArray **ret_services, GError **error)
{
    const Call *call = session->call;
    g_autoptr(GPtrArray) services = g_ptr_array_new_with_free_func((GDestroyNotify)store_service_free);

    if (call->n_operands == 0)
        return store_list(session->store, ret_services, error) && add_machines(session->host, *ret_services, error);
    for (guint i = 0; i < call->n_operands; i++)
        if (!add_operand(session, call->operands[i], services, error))
            return FALSE;
    *ret_services = g_steal_pointer(&services);
    return TRUE;
}

/* gourd-init says it in the unit's status text. */
static const char *find_health(const HostUnit *unit)
{
    static const char *const words[] = {"healthy", "unhealthy", "starting"};

    for (guint i = 0; i < G_N_ELEMENTS(words); i++) {
        gsize length = strlen(words[i]);

        if (strncmp(unit->status_text, words[i], length) == 0 && strchr(" :", unit->status_text[length]))
            return words[i];
    }
    return NULL;
}

static char *format_port(const HostPort *port)
{
    const char *address = port->address ? port->address : "";
    gboolean is_ipv6 = strchr(address, ':') != NULL;

    return g_strdup_printf("%s%s%s%s%u%s", is_ipv6 ? "[" : "", address, is_ipv6 ? "]" : "", *address ? ":" : "",
                           port->port, port->is_udp ? "/udp" : "");
}

static void add_ports(ServiceStatus *status)
{
    const StoreRelease *active = store_service_release(status->service, status->service->active);
    g_autoptr(GPtrArray) ports = host_list_ports(&status->unit);

    for (char **publish = active->options.publish; publish && *publish; publish++) {
        const char *colon = strrchr(*publish, ':');

        g_ptr_array_add(status->ports, colon ? g_strdup_printf("%.*s->%s", (int)(colon - *publish), *publish, colon + 1)
                                             : g_strdup(*publish));
    }
    for (guint i = 0; ports && i < ports->len; i++)
        g_ptr_array_add(status->ports, format_port(g_ptr_array_index(ports, i)));
}

static gboolean has_bundle(const Session *session, const StoreService *service)
{
    const StoreRelease *active = store_service_release(service, service->active);
    g_autofree char *below = g_strconcat(PATH_BUNDLES "/", active->bundle, NULL);
    g_autofree char *path = host_path(session->host, below);

    return !*active->bundle /* of a machine */ || access(path, F_OK) == 0;
}

static char *find_attention(const Session *session, const ServiceStatus *status)
{
    const HostUnit *unit = &status->unit;

    if (!has_bundle(session, status->service))
        return g_strdup("its bundle is missing");
    if (store_bundle_is_other(session->store, store_service_release(status->service, status->service->active)))
        return g_strdup_printf("its bundle was replaced: gourd why %s", status->service->name);
    if (!status->is_known)
        return NULL;
    if (strcmp(unit->load_state, "loaded") != 0)
        return g_strdup_printf("the unit is %s", unit->load_state);
    if (strcmp(unit->active_state, "failed") == 0)
        return g_strdup_printf("failed (%s): gourd why %s", unit->result, status->service->name);
    if (strcmp(unit->sub_state, "auto-restart") == 0)
        return g_strdup_printf("does not stay up: gourd why %s", status->service->name);
    if (g_strcmp0(status->health, "unhealthy") == 0)
        return line_escape(unit->status_text, strlen(unit->status_text));
    if (unit->n_restarts > 0)
        return unit->n_restarts == 1 ? g_strdup("restarted once")
                                     : g_strdup_printf("restarted %u times", unit->n_restarts);
    return unit->needs_reload ? g_strdup("changed on disk: systemctl daemon-reload") : NULL;
}

static ServiceStatus *read_status(const Session *session, const StoreService *service, gint64 now)
{
    ServiceStatus *status = g_new0(ServiceStatus, 1);

    status->service = service;
    status->ports = g_ptr_array_new_with_free_func(g_free);
    status->is_known = host_is_live(session->host) && host_get_unit(session->host, service->unit, &status->unit, NULL);
    status->state = status->is_known ? host_unit_describe(&status->unit) : g_strdup("-");
    if (status->is_known) {
        gboolean runs = strcmp(status->unit.active_state, "active") == 0;
        guint64 since = status->unit.active_since_usec;

        status->health = find_health(&status->unit);
        status->uptime_usec = runs && since && (guint64)now > since ? (guint64)now - since : 0;
        add_ports(status);
    }
    status->attention = find_attention(session, status);
    return status;
}

GPtrArray *service_status_read(const Session *session, const GPtrArray *services)
{
    GPtrArray *list = g_ptr_array_new_with_free_func(status_free);
    gint64 now = g_get_real_time();

    for (guint i = 0; i < services->len; i++)
        g_ptr_array_add(list, read_status(session, g_ptr_array_index(services, i), now));
    return list;
}

Style service_status_style(const ServiceStatus *status)
{
    static const struct {
        const char *state;
        Style style;
    } styles[] = {
        {"running", STYLE_GREEN},   {"failed", STYLE_RED},     {"unhealthy", STYLE_RED},
        {"starting", STYLE_YELLOW}, {"restarting", STYLE_RED}, {"stopping", STYLE_YELLOW},
    };

    for (guint i = 0; i < G_N_ELEMENTS(styles); i++)
        if (strcmp(styles[i].state, status->state) == 0)
            return styles[i].style;
    return STYLE_NONE;
}

char *service_status_format_ports(const ServiceStatus *status)
{
    GString *text = g_string_new(NULL);

    for (guint i = 0; i < status->ports->len; i++)
        g_string_append_printf(text, "%s%s", i ? ", " : "", (const char *)g_ptr_array_index(status->ports, i));
    if (text->len == 0)
        g_string_append_c(text, '-');
    return g_string_free(text, FALSE);
}

char *service_status_format_memory(guint64 bytes)
{
    return bytes == G_MAXUINT64 ? g_strdup("-") : memory_format(bytes);
}
