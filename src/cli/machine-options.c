// SPDX-License-Identifier: LGPL-2.1-or-later
#include "machine-options.h"

#include "deploy-options.h"

#define AT(member) .offset = offsetof(MachineOptions, member)

static const Option origin_rows[] = {
    {"package", 0, OPTION_STRINGS, AT(packages), "NAME",
     "Have the configuration, folders, users and units of this package of the host",
     .details =
         "With what it depends on, and what a system needs to boot. As it is packaged, whatever the host made of it."},
    {"host-config", 0, OPTION_FLAG, AT(host_config), .help = "Take the host's changed configuration instead"},
    {"like", 0, OPTION_STRING, AT(like), "FOLDER", "Take what this folder has instead, as `/etc` and `/var`",
     .completion = COMPLETE_FOLDER},
    {"from", 0, OPTION_STRING, AT(from), "FILE", "Take what this bundle, or exported machine, has beside `/usr`",
     .completion = COMPLETE_BUNDLE},
    {"service", 0, OPTION_STRING, AT(service), "COMMAND",
     "Run this program alone, below an init, without systemd inside",
     .details = "Split into words as a shell does it; nothing else of a shell happens."},
    {NULL},
};

static const OptionChoice networks[] = {
    {"private", MACHINE_NETWORK_PRIVATE + 1, "its own, and a pair of links to the host; the default"},
    {"host", MACHINE_NETWORK_HOST + 1, "that of the host"},
    {"none", MACHINE_NETWORK_NONE + 1, "its own, with the links alone that other options give it"},
    {NULL, 0, NULL},
};

static const Option network_rows[] = {
    {"network", 0, OPTION_CHOICE, AT(network), "WHICH", "Network of the machine", .choices = networks},
    {"address", 0, OPTION_STRING, AT(address), "ADDRESS/PREFIX[,host=ADDRESS/PREFIX][,gateway=ADDRESS]",
     "Address of the link `host0` inside, and of its end on the host, its gateway; or another gateway",
     .shown_default = "asked for by DHCP"},
    {"bridge", 0, OPTION_STRING, AT(bridge), "LINK", "Put `host0` into this bridge of the host"},
    {"zone", 0, OPTION_STRING, AT(zone), "NAME", "Put `host0` into a bridge of all machines with this NAME"},
    {"veth", 0, OPTION_STRINGS, AT(veths), "LINK[:LINK][,host=ADDRESS/PREFIX][,address=ADDRESS/PREFIX]",
     "A further pair of links: their names, and addresses, of the host's end and inside",
     .details = "Each address may be given several times; `gateway=ADDRESS` is one inside."},
    {"macvlan", 0, OPTION_STRINGS, AT(macvlans), "LINK[,address=ADDRESS/PREFIX][,gateway=ADDRESS]",
     "A link of its own, `mv-LINK`, in the network that this link of the host is in",
     .details = "Without an address it asks for one by DHCP."},
    {"ipvlan", 0, OPTION_STRINGS, AT(ipvlans), "LINK[,address=ADDRESS/PREFIX][,gateway=ADDRESS]",
     "The same as `iv-LINK`, with the link's own hardware address"},
    {"interface", 0, OPTION_STRINGS, AT(interfaces), "LINK[,address=ADDRESS/PREFIX][,gateway=ADDRESS]",
     "Move this link of the host into the machine while it runs"},
    {"port", 'p', OPTION_STRINGS, AT(ports), "[tcp:|udp:]PORT[:PORT]",
     "Pass a port of the host on to one of the machine"},
    {"sysctl", 0, OPTION_STRINGS, AT(sysctls), "NAME=VALUE", "Set this of its network, as in `net.ipv4.ip_forward=1`"},
    {NULL},
};

static const Option limit_rows[] = {
    {"memory", 'm', OPTION_SIZE, AT(memory), "SIZE", "Memory at most, of all in it", .min = SERVICE_MEMORY_MIN},
    {"swap", 0, OPTION_STRING, AT(swap), "SIZE", "Swap at most, beyond its memory; `0` is none"},
    {"cpus", 0, OPTION_STRING, AT(cpus), "N", "Processors at most, as in `1.5`"},
    {"tasks", 0, OPTION_INT, AT(tasks), "N", "Threads and processes at most", .min = 1, .max = G_MAXINT32},
    {"io-weight", 0, OPTION_INT, AT(io_weight), "N", "Its part of disks that are busy",
     .shown_default = "100, as everybody", .min = 1, .max = 10000},
    {"io-read", 0, OPTION_STRINGS, AT(io_reads), "DEVICE:SIZE", "Bytes at most that are read from a disk each second"},
    {"io-write", 0, OPTION_STRINGS, AT(io_writes), "DEVICE:SIZE",
     "Bytes at most that are written to a disk each second"},
    {NULL},
};

static const Option sandbox_rows[] = {
    {"capability", 0, OPTION_STRINGS, AT(capabilities), "NAME",
     "Give the machine a capability that machines have not (capabilities(7))"},
    {"cap-drop", 0, OPTION_STRINGS, AT(capabilities_dropped), "NAME", "Take a capability away that machines have"},
    {"share-users", 0, OPTION_FLAG, AT(shares_users),
     .help = "Have no users of its own: root inside is root of the host"},
    {"bind", 0, OPTION_STRINGS, AT(binds), "SOURCE[:PATH][:ro]", "Show a file or folder of the host at PATH"},
    {"volatile", 0, OPTION_FLAG, AT(is_volatile), .help = "Forget at each stop what was written inside"},
    {NULL},
};

static const Option rows[] = {
    {"no-start", 0, OPTION_FLAG, AT(no_start), .help = "Do not start the machine"},
    {"no-enable", 0, OPTION_FLAG, AT(no_enable), .help = "Do not start it at boot"},
    {"restart", 0, OPTION_FLAG, AT(restart),
     .help = "Start the machine again after a refresh, if it runs and anything changed"},
    {"wait", 0, OPTION_FLAG, AT(wait), .help = "Wait before a refresh until no package manager changes packages",
     .details = "And refresh again if one did meanwhile. This is for what `hook on` sets up."},
    {"force", 'f', OPTION_FLAG, AT(force), .help = "Let an export replace its file"},
    {"yes", 'y', OPTION_FLAG, AT(yes), .help = "Do not ask"},
    OPTION_DRY_RUN(AT(dry_run)),
    {"names", 0, OPTION_FLAG, AT(names), .help = "List the names alone, one a line"},
    {"target", 0, OPTION_STRING, AT(target), "SYSTEM", "Write files for this system's systemd",
     .details = "`debian12`, `ubuntu24.04` or another name, or `systemd=N`.", .shown_default = "this host's",
     .suggestions = deploy_targets, .completion = COMPLETE_VALUES, .check = deploy_check_target},
    OPTION_ROOT_WORK(AT(root)),
    {"json", 0, OPTION_FLAG, AT(json), .help = "Print the list, the result, or with `--dry-run` the plan, as JSON"},
    {NULL},
};

#undef AT

const OptionGroup machine_groups[] = {
    {"What is in it", origin_rows},        {"Network", network_rows}, {"Limits", limit_rows},
    {"Sandbox and storage", sandbox_rows}, {"Options", rows},         {NULL, NULL},
};

static void replace_text(char **text, const char *given)
{
    if (!given)
        return;
    g_free(*text);
    *text = g_strdup(given);
}

static void replace_list(char ***list, const GPtrArray *given)
{
    if (!given || given->len == 0)
        return;
    g_strfreev(*list);
    *list = g_strdupv((char **)given->pdata);
}

static void replace_number(gint64 *number, gint64 given)
{
    if (given != OPTION_INT_UNSET)
        *number = given;
}

static gboolean replace_command(char ***command, const char *given, GError **error)
{
    char **words;

    if (!given)
        return TRUE;
    if (!deploy_parse_words(given, &words, error))
        return gourd_error_prefix(error, "option '--service'");
    g_strfreev(*command);
    *command = words;
    return words[0] || gourd_error_set(error, GOURD_ERROR_USAGE, "option '--service': there is no program");
}

gboolean machine_options_apply(const MachineOptions *given, MachineSpec *spec, GError **error)
{
    if (!replace_command(&spec->command, given->service, error))
        return FALSE;
    if (given->swap && !deploy_parse_bytes(given->swap, &spec->swap, error))
        return gourd_error_prefix(error, "option '--swap'");
    if (given->cpus && !deploy_parse_cpus(given->cpus, &spec->cpus_per_mille, error))
        return gourd_error_prefix(error, "option '--cpus'");
    if (given->network)
        spec->network = given->network - 1;
    if (given->memory)
        spec->memory = (gint64)MIN(given->memory, G_MAXINT64);
    replace_number(&spec->tasks, given->tasks);
    replace_number(&spec->io_weight, given->io_weight);
    replace_text(&spec->bridge, given->bridge);
    replace_text(&spec->zone, given->zone);
    replace_text(&spec->address, given->address);
    replace_list(&spec->veths, given->veths);
    replace_list(&spec->macvlans, given->macvlans);
    replace_list(&spec->ipvlans, given->ipvlans);
    replace_list(&spec->interfaces, given->interfaces);
    replace_list(&spec->ports, given->ports);
    replace_list(&spec->sysctls, given->sysctls);
    replace_list(&spec->capabilities, given->capabilities);
    replace_list(&spec->capabilities_dropped, given->capabilities_dropped);
    replace_list(&spec->binds, given->binds);
    replace_list(&spec->io_reads, given->io_reads);
    replace_list(&spec->io_writes, given->io_writes);
    spec->is_volatile |= given->is_volatile;
    spec->shares_users |= given->shares_users;
    return TRUE;
}
