// SPDX-License-Identifier: LGPL-2.1-or-later

/* Shows what the networks of a stack become, for tests that compare it or run it:
 *
 *   render-network DESCRIPTION.json TARGET [FOLDER]
 *
 * The description has the members of StackNetwork, and "previous", "others" and "used" of the context. Prints mode, notes, ports, the options of
 * services, and files; with FOLDER, writes the files below it instead, and beside it FOLDER/SERVICE.options and FOLDER/state. gourd-init is
 * named in units as $INIT_PATH. */

#include "service/service.h"

#include <stdio.h>
#include <string.h>

static char *text_of(const Json *object, const char *key)
{
    return g_strdup(json_string_value(json_object_get(object, key)));
}

static gint64 number_of(const Json *object, const char *key)
{
    return json_integer_value(json_object_get(object, key));
}

static gboolean flag_of(const Json *object, const char *key)
{
    return json_is_true(json_object_get(object, key));
}

static char **words_of(const Json *object, const char *key)
{
    g_autoptr(GStrvBuilder) words = g_strv_builder_new();
    gsize index;
    Json *word;

    if (!json_object_get(object, key))
        return NULL;
    json_array_foreach(json_object_get(object, key), index, word)
        g_strv_builder_add(words, json_string_value(word));
    return g_strv_builder_end(words);
}

static void load_net(StackNetwork *network, const char *name, const Json *json)
{
    ServiceNet *net = stack_network_add_net(network, name);
    g_autofree char *host_name = text_of(json, "host_name");

    if (host_name) {
        g_free(net->host_name);
        net->host_name = g_steal_pointer(&host_name);
    }
    net->driver = text_of(json, "driver");
    net->internal = flag_of(json, "internal");
    net->external = flag_of(json, "external");
    net->no_masquerade = flag_of(json, "no_masquerade");
    net->ipv6 = flag_of(json, "ipv6");
    net->subnets = words_of(json, "subnets");
    net->gateway = text_of(json, "gateway");
    net->bridge = text_of(json, "bridge");
    net->parent = text_of(json, "parent");
    net->link_mode = text_of(json, "link_mode");
    net->mtu = number_of(json, "mtu");
}

static void load_link(ServiceNetMember *member, const char *name, const Json *json)
{
    ServiceNetLink *link = stack_network_add_link(member, name);

    link->aliases = words_of(json, "aliases");
    link->ipv4 = text_of(json, "ipv4");
    link->ipv6 = text_of(json, "ipv6");
    link->mac = text_of(json, "mac");
    link->interface = text_of(json, "interface");
    link->priority = number_of(json, "priority");
    link->gw_priority = number_of(json, "gw_priority");
}

static void load_member(StackNetwork *network, const char *name, const Json *json)
{
    g_autofree char *unit = g_strdup_printf("%s-%s.service", network->stack, name);
    ServiceNetMember *member = stack_network_add_member(network, name, unit);
    const char *key;
    Json *value;
    gsize index;

    member->replica_of = text_of(json, "replica_of");
    member->container_name = text_of(json, "container_name");
    member->hostname = text_of(json, "hostname");
    member->domainname = text_of(json, "domainname");
    member->mode = text_of(json, "mode");
    member->expose = words_of(json, "expose");
    member->extra_hosts = words_of(json, "extra_hosts");
    member->link_names = words_of(json, "link_names");
    member->sysctls = words_of(json, "sysctls");
    member->dns = words_of(json, "dns");
    member->dns_search = words_of(json, "dns_search");
    member->dns_opt = words_of(json, "dns_opt");
    json_object_foreach(json_object_get(json, "links"), key, value)
        load_link(member, key, value);
    json_array_foreach(json_object_get(json, "ports"), index, value) {
        ServiceNetPort *port = stack_network_add_port(member);

        port->address = text_of(value, "address");
        port->published = (guint16)number_of(value, "published");
        port->target = (guint16)number_of(value, "target");
        port->is_udp = flag_of(value, "is_udp");
    }
}

static StackNetwork *load(const Json *json)
{
    StackNetwork *network = stack_network_new(json_string_value(json_object_get(json, "stack")));
    const char *mode = json_string_value(json_object_get(json, "mode")), *key;
    Json *value;

    for (int i = 0; mode && stack_network_words[i]; i++)
        if (strcmp(stack_network_words[i], mode) == 0)
            network->mode = i;
    json_object_foreach(json_object_get(json, "nets"), key, value)
        load_net(network, key, value);
    json_object_foreach(json_object_get(json, "members"), key, value)
        load_member(network, key, value);
    return network;
}

static void show_notes(Notes *notes)
{
    const GPtrArray *list = notes_list(notes);

    for (guint i = 0; i < list->len; i++) {
        const Note *note = g_ptr_array_index(list, i);

        printf("note %s: %s\n", note->kind, note->text);
        for (guint k = 0; k < note->subjects->len; k++)
            printf("    %s\n", (const char *)g_ptr_array_index(note->subjects, k));
    }
}

static char *options_text(const StackNetworkFiles *files, const char *service)
{
    ServiceOptions options;

    service_options_init(&options);
    stack_network_to_options(files, service, &options);
    g_autoptr(Json) json = service_options_to_json(&options);
    service_options_clear(&options);
    return json_dumps(json, JSON_INDENT(1) | JSON_SORT_KEYS);
}

static void show(const StackNetworkFiles *files)
{
    printf("mode %s: %s\nneeds", stack_network_words[files->mode], files->reason);
    for (char **program = files->programs; *program; program++)
        printf(" %s", *program);
    puts("");
    for (guint i = 0; i < files->ports->len; i++) {
        const StackNetworkPort *port = g_ptr_array_index(files->ports, i);

        printf("port %s %s %u→%u/%s%s%s\n", port->service, port->address ? port->address : "*", port->port,
               port->target, port->is_udp ? "udp" : "tcp", port->is_open ? " open" : "",
               port->by_socket ? " by socket" : "");
    }
    for (guint i = 0; i < files->members->len; i++) {
        const StackNetworkMember *member = g_ptr_array_index(files->members, i);
        g_autofree char *text = options_text(files, member->service);

        printf("options %s %s\n", member->service, text);
    }
    for (guint i = 0; i < files->files->len; i++) {
        const ServiceFile *file = g_ptr_array_index(files->files, i);

        printf("==> %s %o\n%s\n", file->path, file->mode, (const char *)g_bytes_get_data(file->content, NULL));
    }
    g_autofree char *state = json_dumps(files->state, JSON_INDENT(1) | JSON_SORT_KEYS);
    printf("==> state\n%s\n", state);
}

static gboolean write_text(const char *folder, const char *name, const char *text, gsize size, GError **error)
{
    g_autofree char *path = g_build_filename(folder, name, NULL), *parent = g_path_get_dirname(path);

    return g_mkdir_with_parents(parent, 0755) == 0 && g_file_set_contents(path, text, (gssize)size, error);
}

static gboolean write_all(const StackNetworkFiles *files, const char *folder, GError **error)
{
    for (guint i = 0; i < files->files->len; i++) {
        const ServiceFile *file = g_ptr_array_index(files->files, i);
        gsize size;
        const char *text = g_bytes_get_data(file->content, &size);

        if (!write_text(folder, file->path, text, size, error))
            return FALSE;
    }
    for (guint i = 0; i < files->members->len; i++) {
        const StackNetworkMember *member = g_ptr_array_index(files->members, i);
        g_autofree char *text = options_text(files, member->service),
                        *name = g_strconcat(member->service, ".options", NULL);

        if (!write_text(folder, name, text, strlen(text), error))
            return FALSE;
    }
    g_autofree char *state = json_dumps(files->state, JSON_INDENT(1));
    return write_text(folder, "state", state, strlen(state), error);
}

static gboolean render(char **argv, GError **error)
{
    g_autofree char *text = NULL;
    g_autoptr(GPtrArray) others = g_ptr_array_new();
    const char *init = g_getenv("INIT_PATH");
    gsize size, index;
    Json *other;

    if (!g_file_get_contents(argv[1], &text, &size, error))
        return FALSE;
    g_autoptr(Json) json = json_parse(text, size, error);
    g_autoptr(Notes) notes = notes_new();
    if (!json)
        return FALSE;
    json_array_foreach(json_object_get(json, "others"), index, other)
        g_ptr_array_add(others, other);
    g_auto(GStrv) used = words_of(json, "used");
    StackNetworkContext context = {
        .init_path = init ? init : "/var/lib/gourd/lib/gourd-init-0123456789ab",
        .previous = json_object_get(json, "previous"),
        .others = others,
        .used_subnets = used,
    };
    g_autoptr(StackNetwork) network = load(json);
    g_autoptr(StackNetworkFiles) files = unit_target_parse(argv[2], &context.systemd_version, error)
                                             ? stack_network_render(network, &context, notes, error)
                                             : NULL;

    if (!files)
        return FALSE;
    show_notes(notes);
    if (argv[3])
        return write_all(files, argv[3], error);
    show(files);
    return TRUE;
}

int main(int argc, char **argv)
{
    g_autoptr(GError) error = NULL;

    if (argc != 3 && argc != 4) {
        fputs("usage: render-network DESCRIPTION.json TARGET [FOLDER]\n", stderr);
        return 2;
    }
    if (render(argv, &error))
        return 0;
    fprintf(stderr, "%s\n", error->message);
    return 1;
}
