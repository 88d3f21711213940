// SPDX-License-Identifier: LGPL-2.1-or-later
#include "why-private.h"

#include <errno.h>
#include <net/if.h>
#include <string.h>
#include <unistd.h>

/* Machines: systemd-nspawn@NAME.service with NAME.nspawn. What systemd-nspawn says was read in 252, 257 and 262; some of it 257 no longer says, so that
 * links are looked for too. */

#define TEMPLATE "systemd-nspawn@"
#define SUFFIX ".service"
#define SETTINGS "/etc/systemd/nspawn/%s.nspawn"

typedef struct {
    const WhyFacts *facts;
    char *name;
    WhySource source; /* NAME.nspawn; its file is NULL if there is none */
    GPtrArray *findings;
} Look;

gboolean why_is_machine(const WhyFacts *facts)
{
    return g_str_has_prefix(facts->unit, TEMPLATE) && g_str_has_suffix(facts->unit, SUFFIX) &&
           strlen(facts->unit) > strlen(TEMPLATE SUFFIX);
}

static char *name_machine(const WhyFacts *facts)
{
    return g_strndup(facts->unit + strlen(TEMPLATE), strlen(facts->unit) - strlen(TEMPLATE SUFFIX));
}

char *why_start_command(const WhyFacts *facts)
{
    g_autofree char *machine = why_is_machine(facts) ? name_machine(facts) : NULL;

    return machine ? g_strdup_printf("machinectl start %s", machine)
                   : g_strdup_printf("systemctl start %s", facts->unit);
}

static gboolean look_begin(const WhyFacts *facts, GPtrArray *findings, Look *ret_look)
{
    if (!why_is_machine(facts))
        return FALSE;
    g_autofree char *text = NULL;
    gsize size;
    Look look = {.facts = facts, .findings = findings};

    look.name = name_machine(facts);
    look.source.path = g_strdup_printf(SETTINGS, look.name);
    g_autofree char *real = host_path(facts->host, look.source.path);
    if (g_file_get_contents(real, &text, &size, NULL))
        look.source.file = unit_file_parse(text, size, NULL, NULL);
    *ret_look = look;
    return TRUE;
}

static void look_end(Look *look)
{
    g_free(look->name);
    g_free(look->source.path);
    if (look->source.file)
        unit_file_free(look->source.file);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Look, look_end)

/* The first setting of a section for which `suits` is true. */
static gboolean find_setting(const Look *look, const char *section, const char *const *keys,
                             gboolean (*suits)(const char *value, const char *word), const char *word,
                             WhySetting *ret_setting)
{
    const GPtrArray *entries = look->source.file ? unit_file_entries(look->source.file, section) : NULL;

    for (guint i = 0; entries && i < entries->len; i++) {
        const UnitEntry *entry = g_ptr_array_index(entries, i);

        if (entry->key && g_strv_contains(keys, entry->key) && suits(entry->value, word)) {
            *ret_setting = (WhySetting){entry->key, entry->value, look->source.path, entry->line};
            return TRUE;
        }
    }
    return FALSE;
}

static const char *const link_keys[] = {"Interface", "MACVLAN", "IPVLAN", "Bridge", "VirtualEthernetExtra", NULL};
static const char *const bind_keys[] = {"Bind", "BindReadOnly", NULL};

/* "LINK", "LINK:INSIDE", "SOURCE:PATH:OPTIONS": the first part. */
static gboolean begins_with(const char *value, const char *word)
{
    const gsize length = strlen(word);

    return strncmp(value, word, length) == 0 && (!value[length] || value[length] == ':');
}

/* --- links -------------------------------------------------------------------------------------------------------- */

static void add_missing_link(const Look *look, const char *link)
{
    g_autofree char *shown = text_escape(link);
    WhySetting setting;
    const gboolean has = find_setting(look, "Network", link_keys, begins_with, link, &setting);

    why_add(look->findings, "link-missing", has ? &setting : NULL,
            g_strdup_printf("this host has no link '%s', which the machine is to have or to be joined to", shown),
            g_strdup_printf(
                "make it before the machine starts (a unit with Before=%s, or systemd-networkd), or take it out of the "
                "settings",
                look->facts->unit));
}

static gboolean is_any(const char *value G_GNUC_UNUSED, const char *word G_GNUC_UNUSED)
{
    return TRUE;
}

static gboolean is_absent(const char *value, const char *word G_GNUC_UNUSED)
{
    g_autofree char *link = g_strndup(value, strcspn(value, ": \t"));

    return *link && if_nametoindex(link) == 0;
}

/* 257 says nothing about an Interface= that is not there. */
static void look_for_links(const Look *look)
{
    static const char *const keys[] = {"Interface", "MACVLAN", "IPVLAN", "Bridge", NULL};
    WhySetting setting;

    if (!host_is_live(look->facts->host) || !find_setting(look, "Network", keys, is_absent, NULL, &setting))
        return;
    g_autofree char *link = g_strndup(setting.value, strcspn(setting.value, ": \t"));
    add_missing_link(look, link);
}

/* --- what it says ------------------------------------------------------------------------------------------------- */

/* The word behind `at`: in quotes, or up to what ends it. The caller frees. */
static char *word_at(const char *at)
{
    at += *at == '"' || *at == '\'';
    return g_strndup(at, strcspn(at, "\"' :;,)"));
}

/* A link's name: the first process of a machine may say what it likes, and the answer has commands to type. */
static gboolean is_link(const char *word)
{
    const gsize length = strlen(word);

    return length > 0 && length < IFNAMSIZ && strspn(word, G_CSET_a_2_z G_CSET_A_2_Z G_CSET_DIGITS "._@+-") == length;
}

static void explain_link(const Look *look, const char *behind)
{
    g_autofree char *link = word_at(behind);

    if (is_link(link))
        add_missing_link(look, link);
}

/* "Failed to add interface vb-w to bridge nobr0: No such device" */
static void explain_bridge(const Look *look, const char *behind)
{
    const char *bridge = strstr(behind, " to bridge ");

    if (bridge)
        explain_link(look, bridge + strlen(" to bridge "));
}

/* "(up0:eth0): File exists" */
static void explain_pair(const Look *look, const char *behind)
{
    g_autofree char *link = word_at(behind), *shown = text_escape(link);
    WhySetting setting;
    const gboolean has = find_setting(look, "Network", link_keys, begins_with, link, &setting);

    if (is_link(link) && strstr(behind, "File exists"))
        why_add(
            look->findings, "link-taken", has ? &setting : NULL,
            g_strdup_printf("this host has a link '%s' already", shown),
            g_strdup_printf(
                "remove that (ip link delete %s), if a machine that was killed left it; or give this one another name",
                shown));
}

static void explain_bind(const Look *look, const char *behind)
{
    g_autofree char *path = word_at(behind), *shown = text_escape(path);
    WhySetting setting;
    const gboolean has = find_setting(look, "Files", bind_keys, begins_with, path, &setting);

    if (has && strstr(behind, "No such file or directory"))
        why_add(look->findings, "bind-source-missing", &setting,
                g_strdup_printf("there is no '%s' on this host, which is to be shown in the machine", shown),
                g_strdup_printf("mkdir -p %s, or take it out of the settings", shown));
}

/* "NAME' already exists", "unix-export/NAME' exists already, refusing.", of 262 "NAME/unix-export' …". */
static void explain_name(const Look *look, const char *behind)
{
    g_autofree char *left = g_str_has_prefix(behind, "unix-export/") ? g_strconcat("unix-export/", look->name, NULL)
                            : strstr(behind, "/unix-export'")        ? g_strconcat(look->name, "/unix-export", NULL)
                                                                     : NULL;
    g_autofree char *unmount = left ? g_strdup_printf(" (if none runs: umount /run/systemd/nspawn/%s)", left)
                                    : g_strdup("");

    why_add(
        look->findings, "machine-name-taken", NULL,
        g_strdup_printf("another machine that is called '%s' runs, and not by this unit", look->name),
        g_strdup_printf("see which: machinectl status %s; then end it (machinectl terminate %s), or give one of them "
                        "another name%s",
                        look->name, look->name, unmount));
}

static void explain_busy(const Look *look, const char *behind G_GNUC_UNUSED)
{
    why_add(look->findings, "machine-busy", NULL, g_strdup("its tree is in use: another machine runs in it"),
            g_strdup("see which (machinectl list, and ps for systemd-nspawn), and end that; a tree is one machine's"));
}

static void explain_missing(const Look *look, const char *behind G_GNUC_UNUSED)
{
    why_add(look->findings, "machine-missing", NULL, g_strdup_printf("there is no /var/lib/machines/%s", look->name),
            g_strdup_printf("bring the tree back, or remove what else there is of the machine: gourd machine remove %s",
                            look->name));
}

/* Made by gourd. */
static gboolean is_ours(const Look *look)
{
    g_autofree char *path = g_strdup_printf(PATH_GOURD "/machines/%s.json", look->name);
    g_autofree char *real = host_path(look->facts->host, path);

    return g_file_test(real, G_FILE_TEST_EXISTS);
}

static void explain_incomplete(const Look *look, const char *behind G_GNUC_UNUSED)
{
    static const char *const bind[] = {"BindReadOnly", NULL};
    WhySetting setting;
    const gboolean has = find_setting(look, "Files", bind, begins_with, "/usr", &setting);

    why_add(
        look->findings, "machine-incomplete", has ? &setting : NULL,
        g_strdup(
            "its tree is no system that can boot: /etc/os-release or the program that is its first process is not there"),
        has ? g_strdup(
                  "the host's /usr is shown in it: see whether /etc/os-release is a file, and that this host has systemd in /usr")
            : g_strdup("if it is to share the host's /usr: BindReadOnly=/usr in [Files] of its .nspawn file"));
}

static void explain_users(const Look *look, const char *behind G_GNUC_UNUSED)
{
    static const char *const keys[] = {"PrivateUsers", NULL};
    WhySetting setting;
    const gboolean has = find_setting(look, "Exec", keys, begins_with, "pick", &setting);

    why_add(
        look->findings, "users-unmapped", has ? &setting : NULL,
        g_strdup(
            "it is to have users of its own, and the kernel, or the file system of its tree or of /usr, cannot do that here"),
        g_strdup(
            "make it anew with --share-users (its root is the host's then), or move /var/lib/machines to a file system that can map "
            "owners (ext4, xfs, btrfs)"));
}

/* "/srv/nowhere: No such file or directory"; "/usr: Invalid argument", where owners are to be mapped. */
static void explain_clone(const Look *look, const char *behind)
{
    if (strstr(behind, ": Invalid argument"))
        explain_users(look, behind);
    else
        explain_bind(look, behind);
}

/* "Failed to add new ipvlan interfaces: Operation not supported" */
static void explain_kind(const Look *look, const char *behind)
{
    g_autofree char *kind = word_at(behind);
    const char *colon = strstr(behind, "interfaces: ");

    if (colon && is_link(kind))
        why_add(look->findings, "link-refused", NULL,
                g_strdup_printf("the kernel refuses its %s links: %s", kind, colon + strlen("interfaces: ")),
                g_strdup_printf("it may lack them (modprobe %s); a link of the host cannot be both a macvlan's and an "
                                "ipvlan's",
                                kind));
}

/* "execv(/usr/sbin/x, …) failed: No such file or directory", of a machine without systemd inside. */
static void explain_program(const Look *look, const char *behind)
{
    g_autofree char *program = g_strndup(behind, strcspn(behind, ",)")), *shown = text_escape(program);
    static const char *const keys[] = {"Parameters", NULL};
    WhySetting setting;
    const gboolean has = find_setting(look, "Exec", keys, is_any, NULL, &setting);

    if (strstr(behind, "No such file or directory"))
        why_add(look->findings, "program-missing", has ? &setting : NULL,
                g_strdup_printf("there is no program '%s' in the machine", shown),
                g_strdup("it has those of this host's /usr: install it here, or give its whole path"));
}

/* Said by the commands in the drop-in, of a machine without systemd inside. */
static void explain_sysctl(const Look *look, const char *behind)
{
    why_add(look->findings, "sysctl-refused", NULL,
            g_strdup_printf("the kernel refuses the sysctl '%s', or has none of that name", behind),
            g_strdup_printf("give it another --sysctl; of a machine that is made, correct "
                            "/etc/systemd/system/%s.d/gourd.conf, and systemctl daemon-reload",
                            look->facts->unit));
}

static const struct {
    const char *text;
    void (*explain)(const Look *look, const char *behind);
} messages[] = {
    {"cannot set the sysctl ", explain_sysctl},
    {"Failed to resolve interface ", explain_link},
    {"Failed to get device ", explain_link},
    {"Cannot find device ", explain_link},
    {"Failed to add interface ", explain_bridge},
    {"Failed to add new veth interfaces (", explain_pair},
    {"Failed to add new ", explain_kind},
    {"Failed to stat ", explain_bind},
    {"Failed to clone ", explain_clone}, /* 262 */
    {"Failed to register machine: Machine '", explain_name},
    {"Mount point '/run/systemd/nspawn/", explain_name},
    {" is currently busy", explain_busy},
    {"No image for machine '", explain_missing},
    {"doesn't look like an OS root directory", explain_incomplete},
    {"/sbin/init) failed: No such file or directory", explain_incomplete},
    {"execv(", explain_program},
    {"UID mapping not supported", explain_users},
    {"Failed to map ids for bind mount", explain_users},
    {"Failed to mount proc (type proc) on /proc", explain_users},
};

/* Of a machine without systemd inside: it ends with what the program ends with. */
static gboolean runs_program(const Look *look)
{
    static const char *const keys[] = {"ProcessTwo", NULL};
    WhySetting setting;

    return find_setting(look, "Exec", keys, is_any, NULL, &setting);
}

gboolean why_is_program(const WhyFacts *facts)
{
    g_auto(Look) look = {0};

    return look_begin(facts, NULL, &look) && runs_program(&look);
}

/* What is said after the start is said inside, but for one thing: systemd-nspawn says that it is up before it runs a program alone. */
static void explain_words(const Look *look)
{
    const gboolean started = look->facts->failure.started;
    const GPtrArray *entries = look->facts->failure.entries;

    for (guint i = entries->len; i-- > 0 && look->findings->len == 0;) {
        const HostEntry *entry = g_ptr_array_index(entries, i);

        for (guint j = 0; !entry->is_manager && j < G_N_ELEMENTS(messages) && look->findings->len == 0; j++) {
            const char *at = strstr(entry->message, messages[j].text);

            if (at && (!started || messages[j].explain == explain_program))
                messages[j].explain(look, at + strlen(messages[j].text));
        }
    }
}

static void explain_timeout(const Look *look)
{
    WhySetting setting;
    const gboolean has = why_setting(look->facts, "TimeoutStartSec", &setting);

    why_add(look->findings, "start-timeout", has ? &setting : NULL,
            g_strdup("the systemd inside had not started all of its units in time, so the machine was stopped"),
            g_strdup_printf(
                "start it again and see which it waits for meanwhile: systemctl --machine=%s list-jobs; gourd logs %s",
                look->name, look->name));
}

static gboolean said_nothing(const WhyFacts *facts)
{
    for (guint i = 0; i < facts->failure.entries->len; i++) {
        const HostEntry *entry = g_ptr_array_index(facts->failure.entries, i);

        if (!entry->is_manager && *entry->message)
            return FALSE;
    }
    return TRUE;
}

/* Without its settings systemd-nspawn starts what gourd made with its own, on a tree without programs. */
static void look_for_settings(const Look *look)
{
    if (look->source.file || !is_ours(look))
        return;
    why_add(
        look->findings, "machine-settings", NULL,
        g_strdup_printf("its settings, %s, cannot be read: without them it has not the host's programs, nor its links",
                        look->source.path),
        g_strdup_printf("put the file back, or make it again from its record: gourd machine export %s %s.tar.gz && "
                        "gourd machine remove %s && gourd machine import %s %s.tar.gz",
                        look->name, look->name, look->name, look->name, look->name));
}

/* The program ended well before the commands of the drop-in had found it. */
static void look_for_end(const Look *look)
{
    if (runs_program(look) && g_strcmp0(look->facts->failure.command, "ExecStartPost") == 0)
        why_add(look->findings, "program-ended", NULL,
                g_strdup("its program ended by itself, without an error, before the machine was up"),
                g_strdup("a machine's program must stay in the foreground: see whether an option keeps it there"));
}

void why_explain_absence(const WhyFacts *facts, GPtrArray *findings)
{
    g_auto(Look) look = {0};

    if (!look_begin(facts, findings, &look) || !is_ours(&look))
        return;
    g_autofree char *tree = g_strconcat("/var/lib/machines/", look.name, NULL);
    g_autofree char *real = host_path(facts->host, tree);
    if (access(real, F_OK) < 0 && errno == ENOENT) /* others than root may not look */
        explain_missing(&look, NULL);
}

void why_explain_machine(const WhyFacts *facts, GPtrArray *findings)
{
    g_auto(Look) look = {0};

    if (!look_begin(facts, findings, &look))
        return;
    if (g_strcmp0(facts->failure.result, "timeout") == 0) {
        explain_timeout(&look);
        return;
    }
    look_for_settings(&look);
    if (findings->len > 0 || (facts->failure.started && !runs_program(&look)))
        return;
    explain_words(&look);
    if (facts->failure.started)
        return;
    if (findings->len == 0)
        look_for_end(&look);
    if (findings->len == 0)
        look_for_links(&look);
    if (findings->len == 0 && g_strcmp0(facts->failure.code, "exited") == 0 && said_nothing(facts) &&
        !runs_program(&look))
        why_add(
            findings, "machine-silent", NULL, g_strdup("systemd-nspawn ended and did not say why"),
            g_strdup_printf(
                "systemctl edit --runtime %s with Environment=SYSTEMD_LOG_LEVEL=debug below [Service] makes it talk at the next start",
                facts->unit));
}

/* --- inside ------------------------------------------------------------------------------------------------------- */

/* How many processes the kernel killed for the machine's limit; the systemd inside only sees that of a cgroup of its own. */
static guint64 count_kills(const WhyFacts *facts)
{
    g_autofree char *group = host_get_property(facts->host, facts->unit, "ControlGroup"), *text = NULL;
    g_autofree char *path = g_strconcat("/sys/fs/cgroup", group ? group : "", "/memory.events", NULL);
    const char *line = g_file_get_contents(path, &text, NULL, NULL) ? strstr(text, "oom_kill ") : NULL;

    return line ? g_ascii_strtoull(line + strlen("oom_kill "), NULL, 10) : 0;
}

static void add_failed_unit(const Look *look, const HostFailedUnit *unit)
{
    WhySetting setting;
    const gboolean limited = why_setting(look->facts, "MemoryMax", &setting);

    if (g_strcmp0(unit->result, "oom-kill") == 0 ||
        (g_strcmp0(unit->result, "signal") == 0 && count_kills(look->facts) > 0)) {
        why_add(look->findings, "out-of-memory", limited ? &setting : NULL,
                g_strdup_printf("inside, %s was killed because %s", unit->name,
                                limited ? "the machine needed more memory than its limit" : "memory was short"),
                limited
                    ? g_strdup_printf("raise the limit: systemctl set-property %s MemoryMax=…; or make it need less",
                                      look->facts->unit)
                    : g_strdup("give the host more memory or swap, or make it need less"));
        return;
    }
    if (strcmp(unit->name, "systemd-sysctl.service") == 0) {
        why_add(look->findings, "sysctl-refused", NULL,
                g_strdup_printf("the kernel refuses a sysctl inside: %s", unit->lines),
                g_strdup_printf("correct it in /etc/sysctl.d inside (gourd shell %s); then systemctl --machine=%s "
                                "restart %s",
                                look->name, look->name, unit->name));
        return;
    }
    g_autofree char *result = unit->result ? g_strdup_printf(" (%s)", unit->result) : g_strdup("");
    why_add(
        look->findings, "machine-degraded", NULL,
        g_strdup_printf("inside, %s failed%s; the last of its log: %s", unit->name, result, unit->lines),
        g_strdup_printf("systemctl --machine=%s status %s; when the cause is gone: systemctl --machine=%s restart %s",
                        look->name, unit->name, look->name, unit->name));
}

/* Lines of NAME.nspawn that systemd-nspawn leaves out: "FILE:LINE: WHAT". The last start counts. */
static void add_ignored_settings(const Look *look)
{
    const GPtrArray *entries = look->facts->entries;
    g_autofree char *prefix = g_strconcat(look->source.path, ":", NULL);
    const HostEntry *last = entries->len > 0 ? g_ptr_array_index(entries, entries->len - 1) : NULL;

    for (guint i = 0; last && i < entries->len; i++) {
        const HostEntry *entry = g_ptr_array_index(entries, i);

        if (!g_str_has_prefix(entry->message, prefix) || g_strcmp0(entry->invocation, last->invocation) != 0)
            continue;
        why_add(look->findings, "setting-unknown", NULL,
                g_strdup_printf("systemd-nspawn leaves a setting out: %s", entry->message),
                g_strdup("correct it as systemd.nspawn(5) has it, and restart the machine"));
    }
}

void why_explain_inside(const WhyFacts *facts, GPtrArray *findings)
{
    g_auto(Look) look = {0};

    if (!look_begin(facts, findings, &look))
        return;
    g_autoptr(GPtrArray) units = host_list_failed_inside(facts->host, look.name);
    for (guint i = 0; i < units->len; i++)
        add_failed_unit(&look, g_ptr_array_index(units, i));
    why_explain_ports(facts, look.name, &look.source, findings);
    add_ignored_settings(&look);
}
