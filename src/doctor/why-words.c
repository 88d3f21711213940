// SPDX-License-Identifier: LGPL-2.1-or-later
#include "why-private.h"

#include <string.h>

/* A program that ended by itself says why in words of its own. The messages of the C library are the same for all, and paths, ports and
 * names stand beside them. */

#define PORT_MAX 65535
#define PORT_PRIVILEGED_MAX 1023 /* ip_unprivileged_port_start of ip-sysctl.rst, less one */

/* An absolute path in a message: the last before `at`, else the first behind it. The caller frees. */
static char *find_path_in(const char *message, const char *at)
{
    const char *found = NULL;

    for (const char *c = message; *c; c++) {
        gboolean starts = *c == '/' && (g_ascii_isalnum(c[1]) || c[1] == '.' || c[1] == '_') &&
                          (c == message || strchr(" '\"`([=:", c[-1]));

        if (starts && (c < at || !found))
            found = c;
        if (c > at && found)
            break;
    }
    return found ? g_strndup(found, strcspn(found, " '\"`)],;:\n")) : NULL;
}

/* A port: digits behind ':' or "port ". */
static guint find_port_in(const char *message)
{
    guint found = 0;

    for (const char *c = message; *c; c++) {
        const char *digits = *c == ':' ? c + 1 : g_ascii_strncasecmp(c, "port ", 5) == 0 ? c + 5 : NULL;
        char *end = NULL;
        guint64 number = digits && g_ascii_isdigit(*digits) ? g_ascii_strtoull(digits, &end, 10) : 0;

        /* Not the parts of a time or of an IPv6 address. */
        if (number > 0 && number <= PORT_MAX && !(*end == ':' && g_ascii_isdigit(end[1])) && !g_ascii_isalnum(*end) &&
            !(c >= message + 3 && c[-3] == ':' && g_ascii_isdigit(c[-1])))
            found = (guint)number;
    }
    return found;
}

/* At the beginning of a word: "FileNotFoundError" is no ENOTFOUND. */
static const char *find_word(const char *message, const char *word)
{
    gsize length = strlen(word);

    for (const char *c = message; *c; c++)
        if (g_ascii_strncasecmp(c, word, length) == 0 &&
            (c == message || !g_ascii_isalnum(*c) || !g_ascii_isalnum(c[-1])))
            return c;
    return NULL;
}

/* --- what they mean ---------------------------------------------------------------------------------------------------- */

void why_explain_port(const WhyFacts *facts, const HostEntry *entry, GPtrArray *findings)
{
    guint port = find_port_in(entry->message);
    g_auto(HostListener) listener = {0};
    g_autoptr(GString) text = g_string_new(NULL);
    gboolean found = port > 0 && facts->is_live &&
                     (host_find_listener(port, FALSE, &listener) || host_find_listener(port, TRUE, &listener));

    if (port > 0)
        g_string_printf(text, "port %u is taken", port);
    else
        g_string_printf(text, "a port or socket that it wants is taken");
    if (found && listener.program)
        g_string_append_printf(text, ": '%s' (process %u%s%s) listens there", listener.program, listener.pid,
                               listener.unit ? ", " : "", listener.unit ? listener.unit : "");
    why_add(findings, "port-taken", NULL, g_string_free(g_steal_pointer(&text), FALSE),
            found && listener.unit
                ? g_strdup_printf("stop that (systemctl stop %s), or let one of them listen on another port",
                                  listener.unit)
            : found ? g_strdup("end that, or let one of them listen on another port")
                    : g_strdup("look who listens: ss -lntup; then let one of them listen on another port"));
}

static void explain_port(const WhyFacts *facts, const HostEntry *entry, const char *at, GPtrArray *findings)
{
    why_explain_port(facts, entry, findings);
}

/* Not a file's place: what is written there is the kernel's own, of all that run here. */
static gboolean is_of_kernel(const char *message, const char *path)
{
    return (path && (inside_is_below(path, "/proc") || inside_is_below(path, "/sys"))) ||
           (g_str_has_prefix(message, "sysctl: ") && strstr(message, "setting key"));
}

/* What lets it write to a path: a mount on that, if it is a folder, else on the folder that it is in; there is none on "/". */
static char *find_place_remedy(const WhyFacts *facts, const char *path)
{
    g_autofree char *folder = path ? g_path_get_dirname(path) : NULL;
    g_auto(InsideNode) node = {0};

    if (path && why_look(facts, path, &node) && node.found && node.type == ENTRY_DIRECTORY) {
        g_free(folder);
        folder = g_strdup(path);
    }
    if (!folder)
        return facts->ours
                   ? g_strdup(
                         "gourd upgrade … --volume FOLDER keeps what it writes there, --tmpfs FOLDER forgets it at each stop")
                   : g_strdup(
                         "StateDirectory=, or BindPaths= or TemporaryFileSystem= on the folder, makes a place for it");
    if (strcmp(folder, "/") == 0)
        return facts->ours ? g_strdup("gourd upgrade … --writable lays an overlay over all of it")
                           : g_strdup("let it write elsewhere: nothing can be mounted on the root folder");
    g_autofree char *shown = text_escape(folder);
    return facts->ours
               ? g_strdup_printf("gourd upgrade … --volume %s keeps what it writes there, --tmpfs %s forgets it at "
                                 "each stop",
                                 shown, shown)
               : g_strdup_printf("StateDirectory=, or BindPaths= or TemporaryFileSystem= on %s, makes a place for it",
                                 shown);
}

static void explain_read_only(const WhyFacts *facts, const HostEntry *entry, const char *at, GPtrArray *findings)
{
    g_autofree char *path = find_path_in(entry->message, at);
    g_autofree char *shown = path ? text_escape(path) : NULL;
    WhySetting setting;
    gboolean read_only;
    g_autofree char *source = path ? why_find_bind(facts, path, &setting, &read_only) : NULL;

    if (source && read_only)
        why_add(findings, "read-only", &setting,
                g_strdup_printf("it wants to write '%s', which is mounted read-only", shown),
                facts->ours ? g_strdup("gourd upgrade … --bind without ':ro', if it is to be written")
                            : g_strdup("use BindPaths= for it, if it is to be written"));
    else if (is_of_kernel(entry->message, path))
        why_add(
            findings, "read-only", NULL,
            g_strdup_printf("it wants to change a setting of the kernel, which services may not: %s", entry->message),
            g_strdup(
                "set it on this host, with sysctl and a file in /etc/sysctl.d, and tell the program to do without"));
    else
        why_add(findings, "read-only", NULL,
                g_strdup_printf("it wants to write %s%s%s, and the service's root is read-only",
                                shown ? "'" : "somewhere", shown ? shown : "", shown ? "'" : ""),
                find_place_remedy(facts, path));
}

/* A port that takes a capability: named, or, since "bind" is about little else, not. */
static gboolean explain_bind(const WhyFacts *facts, const HostEntry *entry, GPtrArray *findings)
{
    guint port = find_port_in(entry->message);

    if (port > PORT_PRIVILEGED_MAX || !(find_word(entry->message, "bind") || find_word(entry->message, "listen")))
        return FALSE;
    g_autofree char *number = port > 0 ? g_strdup_printf("port %u", port) : g_strdup("its port");
    why_add(
        findings, "port-denied", NULL,
        g_strdup_printf("it may not listen on %s: those below %d take a capability", number, PORT_PRIVILEGED_MAX + 1),
        facts->ours
            ? g_strdup("gourd upgrade … --capability CAP_NET_BIND_SERVICE, or let it listen on a higher port")
            : g_strdup_printf("AmbientCapabilities=CAP_NET_BIND_SERVICE in a drop-in (systemctl edit %s), or let it "
                              "listen on a higher port",
                              facts->unit));
    return TRUE;
}

/* Said in passing, as by programs that would like a higher priority, it is no cause. */
static gboolean is_last_word(const WhyFacts *facts, const HostEntry *entry)
{
    const GPtrArray *entries = facts->failure.entries;

    for (guint i = entries->len; i-- > 0;) {
        const HostEntry *other = g_ptr_array_index(entries, i);

        if (!other->is_manager && *other->message)
            return other == entry;
    }
    return FALSE;
}

static void explain_privilege(const WhyFacts *facts, const HostEntry *entry, const char *at, GPtrArray *findings)
{
    if (!is_last_word(facts, entry))
        return;
    why_add(findings, "privilege-missing", NULL,
            g_strdup_printf("it wants to do what takes a privilege that the service does not have: %s", entry->message),
            facts->ours
                ? g_strdup(
                      "gourd upgrade … --capability NAME gives one (CAP_CHOWN, CAP_NET_RAW …: capabilities(7)); --user "
                      "root is for images that insist on it")
                : g_strdup_printf(
                      "CapabilityBoundingSet= and AmbientCapabilities= in a drop-in give one (systemctl edit %s)",
                      facts->unit));
}

static void explain_permission(const WhyFacts *facts, const HostEntry *entry, const char *at, GPtrArray *findings)
{
    g_autofree char *path = find_path_in(entry->message, at);
    g_autofree char *shown = path ? text_escape(path) : NULL;
    g_auto(InsideNode) barrier = {0};
    WhySetting setting;
    g_autofree char *source = path ? why_find_bind(facts, path, &setting, NULL) : NULL;
    gboolean blocked = path &&
                       (why_find_barrier(facts, path, 4, &barrier) || why_find_barrier(facts, path, 6, &barrier));

    if (!path) {
        if (!explain_bind(facts, entry, findings) && find_word(entry->message, "are you root"))
            explain_privilege(facts, entry, at, findings);
        return;
    }
    if (why_is_hidden(facts, path, &setting)) {
        why_add(findings, "permission", &setting, g_strdup_printf("it wants '%s', which the unit hides from it", shown),
                g_strdup("take it out of the setting, or tell the program to do without"));
        return;
    }
    if (!blocked && source) { /* a file in it that is to be made */
        g_autofree char *folder = g_path_get_dirname(path);

        blocked = why_find_barrier(facts, folder, 3, &barrier);
    }
    g_autofree char *mode = blocked ? why_describe_mode(&barrier) : NULL,
                    *where = blocked ? text_escape(barrier.path) : NULL;
    if (blocked && source)
        why_add(findings, "bind-source-denied", &setting,
                g_strdup_printf("the service's user (%u) may not use '%s': '%s' on this host has %s", facts->uid, shown,
                                where, mode),
                g_strdup_printf("chown %u '%s' on this host (with -R for what is in it), or another mode", facts->uid,
                                where));
    else if (blocked)
        why_add(findings, "permission", NULL,
                g_strdup_printf("the service's user (%u) may not use '%s': '%s' has %s", facts->uid, shown, where,
                                mode),
                facts->ours ? g_strdup_printf("change the mode in the image, or gourd upgrade … --user %u", barrier.uid)
                            : g_strdup("change the mode, or let another user run it"));
    else
        why_add(findings, "permission", NULL,
                g_strdup_printf("it may not use '%s': a mode, or the service's sandbox, forbids it", shown),
                g_strdup_printf("see who owns it (ls -ld), and what the sandbox closes: gourd audit %s", facts->unit));
}

static void explain_name(const WhyFacts *facts, const HostEntry *entry, const char *at, GPtrArray *findings)
{
    WhySetting setting;
    gboolean alone = why_is_set(facts, "PrivateNetwork");
    gboolean denied = why_setting(facts, "IPAddressDeny", &setting);

    why_add(
        findings, "name-not-resolved", denied ? &setting : NULL,
        g_strdup_printf("a host name could not be resolved: %s", entry->message),
        alone ? g_strdup("the service has no network (--network none, PrivateNetwork=yes): give it one")
        : denied
            ? g_strdup("the service may not reach all addresses: name servers too must be allowed (IPAddressAllow=)")
            : g_strdup(
                  "is the name right, and does `getent hosts NAME` find it on this host? Then look at /etc/resolv.conf and /etc/hosts"));
}

static void explain_library(const WhyFacts *facts, const HostEntry *entry, const char *at, GPtrArray *findings)
{
    const char *start = at + strlen("error while loading shared libraries: ");
    g_autofree char *name = g_strndup(start, strcspn(start, ": "));

    why_add(findings, "library-missing", NULL,
            g_strdup_printf("the program needs the library '%s', which is not in its root", name),
            g_strdup("install the package that has it where the image is made, and build it again"));
}

static void explain_space(const WhyFacts *facts, const HostEntry *entry, const char *at, GPtrArray *findings)
{
    g_autofree char *path = find_path_in(entry->message, at), *shown = path ? text_escape(path) : NULL;

    why_add(
        findings, "no-space", NULL,
        g_strdup_printf("there is no space left%s%s%s", shown ? " for '" : "", shown ? shown : "", shown ? "'" : ""),
        g_strdup(
            "free some: df -h and df -i on the host show which file system is full; a tmpfs has the size that its setting says"));
}

static void explain_files(const WhyFacts *facts, const HostEntry *entry, const char *at, GPtrArray *findings)
{
    WhySetting setting;
    gboolean has = why_setting(facts, "LimitNOFILE", &setting);

    why_add(findings, "too-many-files", has ? &setting : NULL, g_strdup("it has as many files open as it may"),
            g_strdup_printf("LimitNOFILE= in a drop-in raises the limit: systemctl edit %s", facts->unit));
}

static void explain_processes(const WhyFacts *facts, const HostEntry *entry, const char *at, GPtrArray *findings)
{
    WhySetting setting;
    gboolean has = why_setting(facts, "TasksMax", &setting);

    why_add(findings, "too-many-processes", has ? &setting : NULL,
            g_strdup("it could not start another process or thread"),
            facts->ours ? g_strdup("gourd upgrade … --pids raises the limit")
                        : g_strdup("TasksMax= or LimitNPROC= raises the limit"));
}

/* A device is the host's, and hidden from services with PrivateDevices=. */
static void explain_device(const WhyFacts *facts, const char *path, GPtrArray *findings)
{
    g_autofree char *shown = text_escape(path);
    g_auto(InsideNode) outside = {0};
    WhySetting setting;

    if (!facts->outside || !why_tree_find(facts->outside, path, &outside))
        return;
    if (!outside.found)
        why_add(findings, "device-missing", NULL, g_strdup_printf("there is no device '%s' on this host", shown),
                g_strdup("plug it in or load its driver, or tell the program to do without"));
    else if (why_is_set(facts, "PrivateDevices") && why_setting(facts, "PrivateDevices", &setting))
        why_add(findings, "device-hidden", &setting,
                g_strdup_printf("it wants the device '%s', and the service sees none of the host's", shown),
                facts->ours ? g_strdup_printf("gourd upgrade … --device %s", shown)
                            : g_strdup_printf("PrivateDevices=no and DeviceAllow=%s show it", shown));
}

/* A file that it cannot do without. What is not in the root may be on the host, as people expect. */
static void explain_missing(const WhyFacts *facts, const HostEntry *entry, const char *at, GPtrArray *findings)
{
    g_autofree char *path = find_path_in(entry->message, at), *root = why_name_root(facts);
    g_auto(InsideNode) node = {0};
    g_auto(InsideNode) outside = {0};

    if (path && inside_is_below(path, "/dev"))
        explain_device(facts, path, findings);
    if (!path || !why_look(facts, path, &node) || node.found)
        return;
    g_autofree char *shown = text_escape(path);
    gboolean on_host = facts->root_kind != WHY_ROOT_HOST && facts->outside &&
                       why_tree_find(facts->outside, path, &outside) && outside.found;
    why_add(findings, "file-missing", NULL,
            g_strdup_printf("it wants '%s', which %s has not%s", shown, root,
                            on_host ? "; there is one on this host" : ""),
            on_host && facts->ours ? g_strdup_printf("gourd upgrade … --bind %s:%s:ro shows the host's", shown, shown)
            : on_host              ? g_strdup_printf("BindReadOnlyPaths=%s shows the host's", shown)
                                   : g_strdup("put it there, or tell the program where it is"));
}

/* "sh: 1: curl: not found", "line 3: curl: command not found": of a shell that ends with 127. */
static void explain_command(const WhyFacts *facts, const HostEntry *entry, const char *at, GPtrArray *findings)
{
    const char *start = at;
    g_autofree char *root = why_name_root(facts);

    while (start > entry->message && start[-1] != ' ')
        start--;
    if (start == at || facts->failure.status != 127)
        return;
    g_autofree char *name = g_strndup(start, (gsize)(at - start)), *shown = text_escape(name);
    g_auto(InsideNode) node = {0};
    if (*name == '/' && why_look(facts, name, &node) && node.found) /* a shell says the same of it */
        why_add(findings, "command-missing", NULL,
                g_strdup_printf("it calls '%s', whose interpreter or loader %s has not", shown, root),
                g_strdup("the first line of a script says its interpreter: install that where the root is made"));
    else if (strchr(name, '/'))
        why_add(findings, "command-missing", NULL, g_strdup_printf("it calls '%s', which %s has not", shown, root),
                g_strdup("put it there where the root is made, or call it where it is"));
    else
        why_add(findings, "command-missing", NULL,
                g_strdup_printf("it calls the program '%s', which %s has not in its PATH", shown, root),
                g_strdup("install it where the root is made, or set PATH= to where it is"));
}

/* SquashFS answers so where a block does not expand. */
static void explain_damage(const WhyFacts *facts, const HostEntry *entry, const char *at, GPtrArray *findings)
{
    g_autofree char *shown = facts->root_path ? text_escape(facts->root_path) : NULL;

    if (facts->root_kind == WHY_ROOT_IMAGE)
        why_add(findings, "image-damaged", &facts->root_setting,
                g_strdup_printf("a file could not be read: the image '%s', or the disk that it is on, is damaged",
                                shown),
                g_strdup("'gourd verify' says how much of it; copy it again from where it came from"));
}

static void explain_executable(const WhyFacts *facts, const HostEntry *entry, const char *at, GPtrArray *findings)
{
    why_explain_exec(facts, findings);
}

static const struct {
    const char *text; /* in any case of letters */
    void (*explain)(const WhyFacts *facts, const HostEntry *entry, const char *at, GPtrArray *findings);
} words[] = {
    {"cannot run '", explain_executable},
    {"error while loading shared libraries: ", explain_library},
    {"address already in use", explain_port},
    {"address in use", explain_port},
    {"eaddrinuse", explain_port},
    {"input/output error", explain_damage},
    {"read-only file system", explain_read_only},
    {"erofs", explain_read_only},
    {"no space left on device", explain_space},
    {"disk quota exceeded", explain_space},
    {"too many open files", explain_files},
    {"could not resolve host", explain_name},
    {"name or service not known", explain_name},
    {"temporary failure in name resolution", explain_name},
    {"name does not resolve", explain_name},
    {"host not found", explain_name},
    {"no address associated with hostname", explain_name},
    {"bad address '", explain_name}, /* busybox; EFAULT is without a quote */
    {"enotfound", explain_name},
    {"eai_again", explain_name},
    {"no such host", explain_name},
    {"resource temporarily unavailable", explain_processes},
    {"cannot fork", explain_processes},
    {": not found", explain_command},
    {": command not found", explain_command},
    {"permission denied", explain_permission},
    {"eacces", explain_permission},
    {"operation not permitted", explain_privilege},
    {"eperm", explain_privilege},
    {"must be suid to work properly", explain_privilege},
    {"no such file or directory", explain_missing},
    {"enoent", explain_missing},
};

/* systemd's programs say so of what they can do without. */
static gboolean is_ignored(const HostEntry *entry)
{
    return entry->message && strstr(entry->message, ", ignoring: ") != NULL;
}

/* "[emerg] unknown directive", "FATAL: …", "Error: …": what a program says when it gives up. */
static gboolean is_grave(const char *message)
{
    static const char *const grave[] = {"emerg", "fatal", "panic", "critical", "error", "exception"};

    for (gsize i = 0; i < G_N_ELEMENTS(grave); i++)
        if (find_word(message, grave[i]))
            return TRUE;
    return FALSE;
}

/* What a program got over is not why it ended: it said so in passing, and went on to something grave. */
static gboolean was_got_over(const GPtrArray *entries, guint index)
{
    gboolean went_on = FALSE;

    for (guint i = index + 1; i < entries->len && !went_on; i++) {
        const HostEntry *entry = g_ptr_array_index(entries, i);

        went_on = !entry->is_manager && is_grave(entry->message);
    }
    return went_on && !is_grave(((const HostEntry *)g_ptr_array_index(entries, index))->message);
}

/* The last words count most: what comes before may be a try that something else replaced. */
gboolean why_explain_words(const WhyFacts *facts, GPtrArray *findings)
{
    const GPtrArray *entries = facts->failure.entries;

    for (guint i = entries->len; i-- > 0 && findings->len == 0;) {
        const HostEntry *entry = g_ptr_array_index(entries, i);

        for (guint j = 0; !entry->is_manager && !is_ignored(entry) && j < G_N_ELEMENTS(words) && findings->len == 0;
             j++) {
            const char *at = find_word(entry->message, words[j].text);

            if (at)
                words[j].explain(facts, entry, at, findings);
        }
        if (findings->len > 0)
            return !was_got_over(entries, i);
    }
    return FALSE;
}
