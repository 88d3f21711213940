// SPDX-License-Identifier: LGPL-2.1-or-later
/* Settings of machines: as JSON, and what files they become. */
#include "machine/machine.h"

#include <string.h>

static const char *const binds[] = {"/usr", NULL};

/* Fills a spec from JSON. */
static void parse(const char *json, MachineSpec *ret_spec)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Json) object = json_parse(json, strlen(json), &error);

    g_assert_no_error(error);
    g_assert_true(machine_spec_from_json(object, ret_spec, &error));
    g_assert_no_error(error);
}

/* The files of a machine called edge, with its tree's own behind them, as one text. */
static char *render(const char *json, GError **error)
{
    g_autoptr(GPtrArray) files = NULL, inside = NULL;
    g_autoptr(GString) text = g_string_new(NULL);
    g_auto(MachineSpec) spec;

    parse(json, &spec);
    if (!machine_render("edge", &spec, binds, 252, NULL, &files, error) ||
        !machine_render_inside("edge", &spec, &inside, error))
        return NULL;
    for (guint i = 0; i < files->len + inside->len; i++) {
        const ServiceFile *file = i < files->len ? g_ptr_array_index(files, i)
                                                 : g_ptr_array_index(inside, i - files->len);

        g_string_append_printf(text, "== %s\n%.*s", file->path, (int)g_bytes_get_size(file->content),
                               (const char *)g_bytes_get_data(file->content, NULL));
    }
    return g_string_free(g_steal_pointer(&text), FALSE);
}

static void assert_contains(const char *text, const char *part)
{
    if (!strstr(text, part))
        g_error("no '%s' in:\n%s", part, text);
}

static void assert_refused(const char *json, const char *part)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *text = render(json, &error);

    g_assert_null(text);
    g_assert_error(error, GOURD_ERROR, GOURD_ERROR_USAGE);
    assert_contains(error->message, part);
}

#define EVERYTHING                                                                             \
    "{\"command\":[\"a\",\"\"],\"network\":\"none\",\"veths\":[\"a:b\"],\"is_volatile\":true," \
    "\"shares_users\":true,\"memory\":9223372036854775807,\"swap\":0,\"io_weight\":1}"

static void settings_come_back_from_json_as_they_were(void)
{
    g_auto(MachineSpec) spec;

    parse(EVERYTHING, &spec);
    g_assert_cmpint(spec.swap, ==, 0);
    g_assert_cmpint(spec.tasks, ==, MACHINE_UNSET);
    g_autoptr(Json) json = machine_spec_to_json(&spec);
    g_autofree char *text = json_dumps(json, JSON_COMPACT);
    g_assert_cmpstr(text, ==, EVERYTHING);
}

static void a_setting_of_a_later_version_is_refused(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Json) json = json_pack("{s:b}", "telepathy", 1);
    MachineSpec spec;

    g_assert_false(machine_spec_from_json(json, &spec, &error));
    g_assert_error(error, GOURD_ERROR, GOURD_ERROR_UNSUPPORTED);
}

static void a_machine_has_the_hosts_usr_and_users_of_its_own(void)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *text = render("{}", &error);

    g_assert_no_error(error);
    assert_contains(text, "== /etc/systemd/nspawn/edge.nspawn\n# Written by gourd ");
    assert_contains(text, "[Exec]\nBoot=yes\nNotifyReady=yes\nPrivateUsers=pick\n");
    assert_contains(text, "[Files]\nPrivateUsersOwnership=map\nBindReadOnly=/usr:/usr:idmap\n");
    assert_contains(text, "[Network]\nPrivate=yes\nVirtualEthernet=yes\n");
    assert_contains(text, "== /etc/systemd/system/systemd-nspawn@edge.service.d/gourd.conf\n");
    assert_contains(text, "Environment=SYSTEMD_LOG_TARGET=console\n");
}

static void limits_stand_in_a_drop_in(void)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *text = render("{\"memory\":268435456,\"swap\":0,\"cpus_per_mille\":1500,\"tasks\":64,"
                                   "\"io_weight\":10,\"io_reads\":[\"/dev/sda:1M\"]}",
                                   &error);

    g_assert_no_error(error);
    assert_contains(text, "MemoryMax=256M\nMemorySwapMax=0\nCPUQuota=150%\nTasksMax=64\nIOWeight=10\n"
                          "IOReadBandwidthMax=/dev/sda 1M\n");
}

static void a_pair_of_links_has_names_and_addresses_on_both_sides(void)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *text = render(
        "{\"network\":\"none\",\"veths\":[\"up0:eth0,host=10.0.0.1/30,address=10.0.0.2/30,address=fd00::2/64\"]}",
        &error);

    g_assert_no_error(error);
    assert_contains(text, "Private=yes\nVirtualEthernet=no\nVirtualEthernetExtra=up0:eth0\n");
    assert_contains(text, "== /etc/systemd/network/10-gourd-edge-up0.network\n");
    assert_contains(text, "Name=up0\n\n[Network]\nLinkLocalAddressing=ipv6\nIPv6AcceptRA=no\nAddress=10.0.0.1/30\n");
    assert_contains(text, "ip address replace 10.0.0.1/30 dev up0 && ip link set up0 up");
    assert_contains(text, "== /etc/systemd/network/10-gourd-eth0.network\n");
    assert_contains(text, "Address=10.0.0.2/30\nAddress=fd00::2/64\n");
    assert_contains(text, "ManageForeignRoutes=no");
}

static void the_hosts_end_of_host0_is_the_gateway(void)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *text = render("{\"address\":\"10.0.0.2/30,host=10.0.0.1/30\"}", &error);

    g_assert_no_error(error);
    assert_contains(text, "Name=ve-edge\n");
    assert_contains(text, "Address=10.0.0.1/30\nIPMasquerade=both\n");
    assert_contains(text, "Name=host0\n");
    assert_contains(text, "Address=10.0.0.2/30\nGateway=10.0.0.1\n");
    assert_contains(text, "ip saddr 10.0.0.1/30 oifname != ve-edge masquerade");
    assert_contains(text, "nft delete table inet gourd-machine-edge");
}

static void a_link_may_have_a_gateway_that_is_not_the_host(void)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *text = render("{\"bridge\":\"br0\",\"address\":\"10.0.0.2/24,gateway=10.0.0.1,gateway=fd00::1\"}",
                                   &error);

    g_assert_no_error(error);
    assert_contains(text, "Bridge=br0\n");
    assert_contains(text, "Address=10.0.0.2/24\nGateway=10.0.0.1\nGateway=fd00::1\n");
    g_clear_pointer(&text, g_free);
    text = render(
        "{\"command\":[\"/bin/a\"],\"network\":\"none\",\"macvlans\":[\"e0,address=10.0.0.2/24,gateway=10.0.0.1\"]}",
        &error);
    g_assert_no_error(error);
    assert_contains(text, "ip link set mv-e0 up && ip route replace default via 10.0.0.1");
}

static void the_bridge_of_a_zone_is_brought_up_where_systemd_networkd_does_not(void)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *text = render("{\"zone\":\"lab\"}", &error);

    g_assert_no_error(error);
    assert_contains(text, "ip link set vz-lab up");
}

static void a_program_alone_runs_below_an_init_and_gets_its_network_from_outside(void)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *text =
        render("{\"command\":[\"/usr/bin/dnsmasq\",\"--conf=a b\",\"\\\"%\\\\\"],\"network\":\"none\","
               "\"veths\":[\"a:b,address=10.0.0.2/30\"],\"sysctls\":[\"net.ipv4.ip_forward=1\"]}",
               &error);

    g_assert_no_error(error);
    assert_contains(text, "Boot=no\nProcessTwo=yes\nParameters=\"/usr/bin/dnsmasq\" \"--conf=a b\" \"\\\"%\\\\\"\n");
    assert_contains(text, "nsenter --target");
    assert_contains(text, "ip address replace 10.0.0.2/30 dev b");
    assert_contains(text, "/proc/sys/net/ipv4/ip_forward");
    g_assert_null(strstr(text, "NotifyReady"));
}

static void a_sysctl_may_be_of_a_link_with_a_dot_in_its_name(void)
{
    static const char *const ways[] = {"net.ipv4.conf.up0/1.forwarding=1", "net/ipv4/conf/up0.1/forwarding=1"};

    for (guint i = 0; i < G_N_ELEMENTS(ways); i++) {
        g_autoptr(GError) error = NULL;
        g_autofree char *json = g_strdup_printf("{\"command\":[\"/bin/a\"],\"sysctls\":[\"%s\"]}", ways[i]);
        g_autofree char *text = render(json, &error);

        g_assert_no_error(error);
        assert_contains(text, "echo '1' >/proc/sys/net/ipv4/conf/up0.1/forwarding ||");
    }
}

static void what_makes_no_sense_is_refused(void)
{
    assert_refused("{\"veths\":[\"a/b\"]}", "link");
    assert_refused("{\"veths\":[\"a234567890123456\"]}", "link");
    assert_refused("{\"veths\":[\"a,host=10.0.0.1\"]}", "length of its network");
    assert_refused("{\"veths\":[\"a,host=10.0.0.1/33\"]}", "length of its network");
    assert_refused("{\"veths\":[\"a,color=red\"]}", "says nothing about a link");
    assert_refused("{\"interfaces\":[\"a,host=10.0.0.1/30\"]}", "says nothing about a link");
    assert_refused("{\"network\":\"none\",\"address\":\"10.0.0.2/30\"}", "host0");
    assert_refused("{\"network\":\"host\",\"veths\":[\"a\"]}", "network of the host");
    assert_refused("{\"bridge\":\"a\",\"zone\":\"b\"}", "exclude");
    assert_refused("{\"zone\":\"a234567890123\"}", "link");
    assert_refused("{\"address\":\"10.0.0.2/30,gateway=10.0.0.1/30\"}", "gateway");
    assert_refused("{\"ports\":[\"80:http\"]}", "port");
    assert_refused("{\"sysctls\":[\"net.x=$(reboot)\"]}", "sysctl");
    assert_refused("{\"ports\":[\"80:8080\",\"udp:80:1\",\"tcp:80:81\"]}", "passed on twice");
    assert_refused("{\"sysctls\":[\"../x=1\"]}", "sysctl");
    assert_refused("{\"sysctls\":[\"net.//.kernel.hostname=x\"]}", "sets no sysctl");
    assert_refused("{\"command\":[\"a\"],\"sysctls\":[\"kernel.hostname=x\"]}", "not a sysctl of a network");
    assert_refused("{\"network\":\"host\",\"sysctls\":[\"net.ipv4.ip_forward=1\"]}", "has the host's sysctls");
    assert_refused("{\"command\":[\"a\"],\"sysctls\":[\"net.x\"]}", "sysctl");
    assert_refused("{\"binds\":[\"relative\"]}", "cannot be shown");
    assert_refused("{\"binds\":[\"/a:/b:/c\"]}", "what is shown where");
    assert_refused("{\"binds\":[\"/a\\nBoot=no\"]}", "cannot be shown");
    assert_refused("{\"capabilities\":[\"net admin\"]}", "capability");
    assert_refused("{\"io_reads\":[\"/dev/sda\"]}", "each second");
}

static void names_are_those_of_hosts(void)
{
    static const char *const bad[] = {"", ".host", "a/b", "-a", "a-", "a..b", "a b", "a_b", "edge.", NULL};

    g_assert_true(machine_name_check("edge-1.example", NULL));
    for (const char *const *name = bad; *name; name++)
        g_assert_false(machine_name_check(*name, NULL));
}

static void a_record_comes_back_as_it_was(void)
{
    g_autoptr(GError) error = NULL;
    MachineRecord record = {.name = (char *)"edge", .created_at = 5, .skeleton = json_pack("{s:i}", "a", 1)};

    machine_spec_init(&record.spec);
    record.spec.memory = 1;
    g_autoptr(GBytes) bytes = machine_record_format(&record);
    g_autoptr(MachineRecord)
        back = machine_record_parse("edge", g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes), &error);
    g_assert_no_error(error);
    g_assert_cmpstr(back->unit, ==, "systemd-nspawn@edge.service");
    g_assert_cmpint(back->created_at, ==, 5);
    g_assert_cmpint(back->spec.memory, ==, 1);
    g_assert_true(json_equal(back->skeleton, record.skeleton));
    json_decref(record.skeleton);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
#define CASE(NAME) g_test_add_func("/machine/" #NAME, NAME)
    CASE(settings_come_back_from_json_as_they_were);
    CASE(a_setting_of_a_later_version_is_refused);
    CASE(a_machine_has_the_hosts_usr_and_users_of_its_own);
    CASE(limits_stand_in_a_drop_in);
    CASE(a_pair_of_links_has_names_and_addresses_on_both_sides);
    CASE(the_hosts_end_of_host0_is_the_gateway);
    CASE(a_program_alone_runs_below_an_init_and_gets_its_network_from_outside);
    CASE(a_link_may_have_a_gateway_that_is_not_the_host);
    CASE(the_bridge_of_a_zone_is_brought_up_where_systemd_networkd_does_not);
    CASE(a_sysctl_may_be_of_a_link_with_a_dot_in_its_name);
    CASE(what_makes_no_sense_is_refused);
    CASE(names_are_those_of_hosts);
    CASE(a_record_comes_back_as_it_was);
#undef CASE
    return g_test_run();
}
