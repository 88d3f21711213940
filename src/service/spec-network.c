// SPDX-License-Identifier: LGPL-2.1-or-later
#include "spec.h"

#include <string.h>

#define HOST_NAME_LENGTH_MAX 64 /* bytes: what uname(2) has room for */
#define PORT_UNPRIVILEGED 1024  /* the first that everybody may bind (ip(7), ip_unprivileged_port_start) */

/* A port of "80/tcp", "53/udp", "8000-8010"; 0 if it is none. */
static guint first_port(const char *text)
{
    g_autofree char *digits = g_strndup(text, strspn(text, "0123456789"));
    guint64 port;

    return g_ascii_string_to_unsigned(digits, 10, 1, G_MAXUINT16, &port, NULL) ? (guint)port : 0;
}

static gboolean fail_publish(const char *text, GError **error)
{
    g_autofree char *shown = text_escape(text);

    gourd_error_set(error, GOURD_ERROR_USAGE, "--publish '%s' is not [ADDRESS:]HOST:SERVICE[/tcp|udp]", shown);
    return gourd_error_hint(error, "HOST is the port on this machine, SERVICE the one that the program listens on; an "
                                   "IPv6 address goes in brackets");
}

/* [ADDRESS:]HOST:SERVICE[/tcp|udp], the address of IPv6 in brackets. */
static gboolean parse_publish(const char *text, ServicePublish *publish, GError **error)
{
    const char *slash = strrchr(text, '/');
    g_autofree char *whole = g_strndup(text, slash ? (gsize)(slash - text) : strlen(text));
    char *service = strrchr(whole, ':'), *host;
    guint64 host_port, service_port;

    if (!service || (slash && strcmp(slash, "/tcp") != 0 && strcmp(slash, "/udp") != 0))
        return fail_publish(text, error);
    publish->is_udp = slash && strcmp(slash, "/udp") == 0;
    *service++ = '\0';
    host = strrchr(whole, ':');
    if (host)
        *host++ = '\0';
    if (!g_ascii_string_to_unsigned(host ? host : whole, 10, 1, G_MAXUINT16, &host_port, NULL) ||
        !g_ascii_string_to_unsigned(service, 10, 1, G_MAXUINT16, &service_port, NULL) ||
        (host && (*whole == '\0' || strpbrk(whole, " \t\r\n/"))))
        return fail_publish(text, error);
    publish->address = host ? g_strdup(whole) : NULL;
    publish->host_port = (guint16)host_port;
    publish->service_port = (guint16)service_port;
    return TRUE;
}

static gboolean has_host_port(const ServiceSpec *spec, const ServicePublish *wanted)
{
    for (guint i = 0; i < spec->publish->len; i++) {
        const ServicePublish *publish = g_ptr_array_index(spec->publish, i);

        if (publish != wanted && publish->host_port == wanted->host_port && publish->is_udp == wanted->is_udp &&
            (!publish->address || !wanted->address || strcmp(publish->address, wanted->address) == 0))
            return TRUE;
    }
    return FALSE;
}

static gboolean add_publish(SpecSource *source, const char *text, GError **error)
{
    ServiceSpec *spec = source->spec;
    ServicePublish *publish = g_new0(ServicePublish, 1);

    g_ptr_array_add(spec->publish, publish);
    if (!parse_publish(text, publish, error))
        return FALSE;
    if (has_host_port(spec, publish))
        return gourd_error_set(error, GOURD_ERROR_USAGE, "port %u is published twice", publish->host_port);
    spec->low_port |= publish->service_port < PORT_UNPRIVILEGED;
    if (spec->network != SERVICE_NETWORK_HOST)
        return TRUE;
    if (publish->host_port == publish->service_port && publish->address) {
        gourd_error_set(error, GOURD_ERROR_UNSUPPORTED, "the service listens on port %u of all addresses itself",
                        publish->host_port);
        return gourd_error_hint(error, "with --network none it has a network of its own, and only what is published "
                                       "can be reached");
    }
    if (publish->host_port == publish->service_port) /* it listens there itself */
        g_ptr_array_set_size(spec->publish, (gint)spec->publish->len - 1);
    else if (!source->options->ingress_filter) {
        g_autofree char *port = g_strdup_printf("%u", publish->service_port);

        notes_add(source->notes, "port-open-too",
                  "the service listens on its own port of this machine too; --network none hides it", port);
    }
    return TRUE;
}

/* Paths and units from options that people write into state and Compose files. */
static gboolean check_attachment(const ServiceOptions *options, GError **error)
{
    const char *const paths[] = {options->netns, options->hosts_file, options->resolv_file, options->ingress_filter};
    const char *const units[] = {options->net_unit, options->names_unit};

    for (gsize i = 0; i < G_N_ELEMENTS(paths); i++)
        if (paths[i] && *paths[i] != '/') {
            g_autofree char *shown = text_escape(paths[i]);

            return gourd_error_set(error, GOURD_ERROR_USAGE, "'%s' is not an absolute path", shown);
        }
    for (gsize i = 0; i < G_N_ELEMENTS(units); i++)
        if (units[i] && !unit_name_is_valid(units[i], UNIT_NAME_PLAIN | UNIT_NAME_INSTANCE)) {
            g_autofree char *shown = text_escape(units[i]);

            return gourd_error_set(error, GOURD_ERROR_USAGE, "'%s' is not the name of a unit", shown);
        }
    return TRUE;
}

static gboolean add_hostname(SpecSource *source, GError **error)
{
    const char *name = source->options->hostname;
    const char *letters = G_CSET_a_2_z G_CSET_A_2_Z G_CSET_DIGITS "-.";

    if (!name)
        return TRUE;
    if (*name == '\0' || strlen(name) > HOST_NAME_LENGTH_MAX || name[strspn(name, letters)] != '\0' ||
        strchr("-.", *name)) {
        g_autofree char *shown = text_escape(name);

        return gourd_error_set(error, GOURD_ERROR_USAGE, "'%s' is not the name of a host", shown);
    }
    if (unit_target_knows(source->context->systemd_version, "Service", "ProtectHostname", "private"))
        source->spec->attachment.hostname = g_strconcat("private:", name, NULL);
    else
        notes_add(source->notes, "hostname-of-the-host",
                  "the program sees the host's name as its own; a service can have another from systemd 258 on", name);
    return TRUE;
}

static gboolean add_attachment(SpecSource *source, GError **error)
{
    const ServiceOptions *options = source->options;

    if (!check_attachment(options, error))
        return FALSE;
    source->spec->network = options->netns ? SERVICE_NETWORK_NONE : options->network;
    source->spec->attachment = (ServiceAttachment){
        .netns = g_strdup(options->netns),
        .address = g_strdup(options->net_address),
        .unit = g_strdup(options->net_unit),
        .names_unit = g_strdup(options->names_unit),
        .hosts_file = g_strdup(options->hosts_file),
        .resolv_file = g_strdup(options->resolv_file),
        .ingress_filter = g_strdup(options->ingress_filter),
        .address_allow = g_strdupv(options->address_allow),
        .address_deny = g_strdupv(options->address_deny),
    };
    return add_hostname(source, error);
}

gboolean spec_add_network(SpecSource *source, GError **error)
{
    ServiceSpec *spec = source->spec;

    if (!add_attachment(source, error))
        return FALSE;
    for (char **port = source->config->exposed_ports; *port; port++) {
        guint number = first_port(*port);

        spec->low_port |= number > 0 && number < PORT_UNPRIVILEGED;
    }
    for (char **port = source->options->expose; port && *port; port++) {
        guint number = first_port(*port);

        spec->low_port |= number > 0 && number < PORT_UNPRIVILEGED;
    }
    for (char **text = source->options->publish; text && *text; text++)
        if (!add_publish(source, *text, error))
            return FALSE;
    /* The unit of a namespace lets everybody bind low ports there. */
    spec->low_port &= !(spec->attachment.netns && spec->attachment.unit);
    return TRUE;
}
