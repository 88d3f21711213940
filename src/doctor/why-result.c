// SPDX-License-Identifier: LGPL-2.1-or-later
#include "why-private.h"

#include <signal.h>
#include <string.h>

/* How a service that had been started came to its end: killed for memory, by a filter, by its watchdog, for taking too long. */

#define KERNEL_ENTRIES_MAX 500                   /* of the kernel's, to find the one about it */
#define KERNEL_WINDOW_USEC (10 * G_USEC_PER_SEC) /* between the kernel's message and systemd's */

/* --- memory ---------------------------------------------------------------------------------------------------------- */

/* "…, 19.9M memory peak" is in systemd's last words of a run from 256 on; before, the kernel says how much the killed process had. */
static char *find_peak(const WhyFacts *facts)
{
    static const char before[] = " memory peak";
    g_autofree char *property = facts->is_live ? host_get_property(facts->host, facts->unit, "MemoryPeak") : NULL;
    const HostEntry *entry = why_find_message(facts, before);
    guint64 bytes;

    if (entry) {
        const char *end = strstr(entry->message, before), *start = end;

        while (start > entry->message && start[-1] != ' ')
            start--;
        return g_strndup(start, (gsize)(end - start));
    }
    if (property && g_ascii_string_to_unsigned(property, 10, 1, G_MAXUINT64 - 1, &bytes, NULL))
        return g_format_size_full(bytes, G_FORMAT_SIZE_IEC_UNITS);
    return NULL;
}

char *why_find_kernel_message(const WhyFacts *facts, const char *part)
{
    g_autoptr(GPtrArray) entries = NULL;
    const char *found = NULL;

    if (!host_read_entries(facts->host, NULL, 0, KERNEL_ENTRIES_MAX, &entries, NULL))
        return NULL;
    for (guint i = 0; i < entries->len; i++) {
        const HostEntry *entry = g_ptr_array_index(entries, i);

        if (entry->usec + KERNEL_WINDOW_USEC > facts->failure.usec &&
            entry->usec < facts->failure.usec + KERNEL_WINDOW_USEC && strstr(entry->message, part))
            found = entry->message;
    }
    return g_strdup(found);
}

static char *find_killed_size(const WhyFacts *facts)
{
    g_autofree char *message = why_find_kernel_message(facts, "Memory cgroup out of memory: Killed process");
    const char *size = message ? strstr(message, "anon-rss:") : NULL;

    return size ? g_format_size_full(g_ascii_strtoull(size + strlen("anon-rss:"), NULL, 10) * 1024,
                                     G_FORMAT_SIZE_IEC_UNITS)
                : NULL;
}

static void explain_memory(const WhyFacts *facts, GPtrArray *findings)
{
    g_autofree char *peak = find_peak(facts), *killed = find_killed_size(facts);
    g_autofree char *limit_text = facts->is_live ? host_get_property(facts->host, facts->unit, "MemoryMax") : NULL;
    WhySetting setting;
    gboolean has = why_setting(facts, "MemoryMax", &setting);
    guint64 bytes = G_MAXUINT64;
    g_autoptr(GString) text = g_string_new("it was killed because it needed more memory than ");

    if (limit_text && !g_ascii_string_to_unsigned(limit_text, 10, 0, G_MAXUINT64, &bytes, NULL))
        bytes = G_MAXUINT64;
    g_autofree char *limit = bytes < G_MAXUINT64 ? g_format_size_full(bytes, G_FORMAT_SIZE_IEC_UNITS) : NULL;
    if (limit)
        g_string_append_printf(text, "its limit of %s", limit);
    else
        g_string_append(text, has ? "its limit" : "this host has left");
    if (peak)
        g_string_append_printf(text, "; it had up to %s", peak);
    else if (killed)
        g_string_append_printf(text, "; the process that was killed had %s", killed);
    why_add(findings, "out-of-memory", has ? &setting : NULL, g_string_free(g_steal_pointer(&text), FALSE),
            !has ? g_strdup(
                       "give the host more memory or swap, or limit the services that take it (--memory, MemoryMax=)")
            : facts->ours ? g_strdup("gourd upgrade … --memory with a larger limit, or make it need less")
                          : g_strdup("raise MemoryMax=, or make it need less"));
}

/* --- signals ------------------------------------------------------------------------------------------------------- */

static const char *name_of_call(guint64 number)
{
    static const struct {
        guint number;
        const char *name;
    } calls[] = {
#include "doctor/syscall-names.inc"
    };

    for (gsize i = 0; i < G_N_ELEMENTS(calls); i++)
        if (calls[i].number == number)
            return calls[i].name;
    return NULL;
}

/* "audit: type=1326 audit(…): … pid=123 comm="x" exe="/x" sig=31 arch=c000003e syscall=35 compat=0 …", by the kernel or its audit. */
static const char *find_denied_call(const WhyFacts *facts)
{
    g_autofree char *message = why_find_kernel_message(facts, " sig=31 ");
    const char *call = message ? strstr(message, " syscall=") : NULL;

    return call ? name_of_call(g_ascii_strtoull(call + strlen(" syscall="), NULL, 10)) : NULL;
}

static void explain_filter(const WhyFacts *facts, GPtrArray *findings)
{
    const char *call = find_denied_call(facts);
    WhySetting setting;
    gboolean has = why_setting(facts, "SystemCallFilter", &setting);

    why_add(
        findings, "system-call-denied", has ? &setting : NULL,
        call ? g_strdup_printf("it was killed because it made the system call '%s', which its filter forbids", call)
             : g_strdup(
                   "it was killed because it made a system call that its filter forbids; the kernel did not log which"),
        call
            ? g_strdup_printf("allow it, if it is to be: SystemCallFilter=%s in a drop-in (systemctl edit %s)", call,
                              facts->unit)
            : g_strdup(
                  "with SystemCallErrorNumber=EPERM in a drop-in it gets an error instead, and may say what it wanted; strace -f shows it"));
}

static void explain_signal(const WhyFacts *facts, GPtrArray *findings)
{
    const char *name = sigabbrev_np(facts->failure.status);
    g_autofree char *signal_name = name ? g_strconcat("SIG", name, NULL)
                                        : g_strdup_printf("signal %d", facts->failure.status);

    switch (facts->failure.status) {
    case SIGSYS:
        explain_filter(facts, findings);
        return;
    case SIGSEGV:
    case SIGBUS:
    case SIGILL:
    case SIGFPE:
    case SIGABRT:
    case SIGTRAP:
        why_add(
            findings, "crashed", NULL,
            g_strdup_printf("the program crashed (%s): a mistake in it, or something that it does not expect",
                            signal_name),
            g_strdup_printf("'coredumpctl info %s' shows where, if systemd-coredump is installed; its log may say why",
                            facts->unit));
        return;
    default:
        why_add(findings, "killed", NULL,
                g_strdup_printf("somebody killed it with %s; neither systemd nor a limit of its own did", signal_name),
                g_strdup("if nobody did by hand, look for what watches processes: earlyoom, systemd-oomd, a script"));
    }
}

/* --- time ------------------------------------------------------------------------------------------------------------ */

/* What the last health probe said: gourd-init's words. */
static const char *find_probe(const WhyFacts *facts)
{
    const char *found = NULL;

    for (guint i = 0; i < facts->failure.entries->len; i++) {
        const HostEntry *entry = g_ptr_array_index(facts->failure.entries, i);
        const char *text = strstr(entry->message, "health probe ");
        const char *said = text ? strstr(text, "failed: ") : NULL;

        if (said)
            found = said + strlen("failed: ");
    }
    return found;
}

static void explain_unhealthy(const WhyFacts *facts, const char *when, GPtrArray *findings)
{
    const char *probe = find_probe(facts);

    why_add(
        findings, "unhealthy", NULL,
        g_strdup_printf("its health check failed%s%s%s", when, probe ? ": " : "", probe ? probe : ""),
        g_strdup(
            "see with its log why it does not answer; the check itself can be changed: gourd upgrade … --health-cmd, --health-timeout, "
            "--health-start-period"));
}

static gboolean has_health(const WhyFacts *facts)
{
    WhySetting setting;

    return why_setting(facts, "ExecStart", &setting) && strstr(setting.value, PATH_INIT_INSIDE) &&
           strstr(setting.value, "--health-");
}

static void explain_watchdog(const WhyFacts *facts, GPtrArray *findings)
{
    WhySetting setting = {.value = "?"};
    gboolean has = why_setting(facts, "WatchdogSec", &setting);

    if (has_health(facts)) {
        explain_unhealthy(facts, " too often in a row, so it was stopped", findings);
        return;
    }
    why_add(findings, "watchdog", has ? &setting : NULL,
            g_strdup_printf("it did not say within %s that it is alive (WATCHDOG=1), so systemd stopped it",
                            setting.value),
            g_strdup("it hangs, or is not made for a watchdog: see its log, raise WatchdogSec= or leave it out"));
}

static void explain_timeout(const WhyFacts *facts, GPtrArray *findings)
{
    WhySetting setting;
    const HostEntry *stop = why_find_message(facts, "stop-sigterm"),
                    *runtime = why_find_message(facts, "runtime time limit");
    const char *key = runtime ? "RuntimeMaxSec" : stop ? "TimeoutStopSec" : "TimeoutStartSec";
    gboolean has = why_setting(facts, key, &setting) || why_setting(facts, "TimeoutSec", &setting);

    if (runtime)
        why_add(findings, "runtime-limit", has ? &setting : NULL,
                g_strdup("it ran as long as it may, so systemd stopped it"),
                g_strdup("raise RuntimeMaxSec=, or leave it out"));
    else if (stop)
        why_add(
            findings, "stop-timeout", has ? &setting : NULL,
            g_strdup("it did not end in time when it was told to stop, so it was killed"),
            g_strdup(
                "give it longer (--stop-timeout, TimeoutStopSec=), or the signal that it listens to (--stop-signal, KillSignal=)"));
    else if (has_health(facts))
        explain_unhealthy(facts, " from the start, and it was not waited for longer", findings);
    else
        why_add(findings, "start-timeout", has ? &setting : NULL,
                g_strdup("it did not say in time that it is ready, so systemd stopped it"),
                g_strdup("raise TimeoutStartSec=, or use Type=exec if the program never calls sd_notify(3)"));
}

/* --- what systemd could not do ------------------------------------------------------------------------------------- */

static void explain_environment_file(const WhyFacts *facts, GPtrArray *findings)
{
    g_autoptr(GArray) settings = why_settings(facts, "EnvironmentFile");

    for (guint i = 0; i < settings->len; i++) {
        const WhySetting *setting = &g_array_index(settings, WhySetting, i);
        g_auto(InsideNode) node = {0};

        if (*setting->value == '-' || !facts->outside || !why_tree_find(facts->outside, setting->value, &node) ||
            node.found)
            continue;
        g_autofree char *shown = text_escape(setting->value);
        why_add(findings, "environment-file-missing", setting,
                g_strdup_printf("there is no file '%s' on this host with variables", shown),
                g_strdup("write it, or put '-' in front of its path if it may be missing"));
        return;
    }
}

/* systemd 257 takes that for a success. */
void why_explain_socket(const WhyFacts *facts, GPtrArray *findings)
{
    WhySetting setting;
    gboolean told = FALSE;

    for (guint i = facts->entries->len; i-- > 0 && !told;) {
        const HostEntry *entry = g_ptr_array_index(facts->entries, i);

        /* Of 262, whose words before this one the journal may have without the unit. */
        told = strstr(entry->message, "Got no socket") || strstr(entry->message, "Failed at step SUCCESS spawning ");
        if (g_str_has_prefix(entry->message, "Starting "))
            break;
    }
    if (told && why_setting(facts, "StandardInput", &setting))
        why_add(findings, "socket-missing", &setting,
                g_strdup("it is to be started by a connection, and was started without one"),
                g_strdup("start its .socket unit instead, or leave StandardInput=socket out"));
}

/* Of a socket unit. */
static void explain_listening(const WhyFacts *facts, GPtrArray *findings)
{
    const HostEntry *entry = why_find_message(facts, "Failed to create listening socket");

    if (entry && strstr(entry->message, "Address already in use"))
        why_explain_port(facts, entry, findings);
}

static void explain_resources(const WhyFacts *facts, GPtrArray *findings)
{
    const HostEntry *entry = why_find_message(facts, "Failed to run '");

    explain_listening(facts, findings);
    if (findings->len == 0)
        explain_environment_file(facts, findings);
    if (findings->len == 0)
        why_explain_socket(facts, findings);
    if (findings->len == 0)
        why_add(findings, "systemd-failed", NULL,
                g_strdup_printf("systemd could not start a process for it%s%s",
                                entry && entry->errno_value > 0 ? ": " : "",
                                entry && entry->errno_value > 0 ? g_strerror(entry->errno_value) : ""),
                g_strdup(
                    "see what it says just before: journalctl -u, and whether the host has memory and processes left"));
}

static void explain_protocol(const WhyFacts *facts, GPtrArray *findings)
{
    WhySetting setting, command;
    gboolean has = why_setting(facts, "Type", &setting);

    if (facts->ours && why_setting(facts, "ExecStart", &command) && strstr(command.value, " --health-")) {
        why_add(findings, "never-ready", NULL,
                g_strdup("the program ended by itself, without an error, before its health check had succeeded"),
                g_strdup("a service's program must stay in the foreground; its log may say why it ends"));
        return;
    }
    why_add(findings, "never-ready", has ? &setting : NULL,
            has && g_str_has_prefix(setting.value, "notify")
                ? g_strdup("it ended without having said that it is ready (READY=1)")
                : g_strdup("it ended, or wrote no process number, in another way than its type promises"),
            g_strdup("see its log for why it ends; if it never calls sd_notify(3), use Type=exec"));
}

void why_explain_result(const WhyFacts *facts, GPtrArray *findings)
{
    const WhyFailure *failure = &facts->failure;
    const char *result = failure->result ? failure->result : "";

    if (strcmp(result, "oom-kill") == 0 || why_find_message(facts, "killed by the OOM killer"))
        explain_memory(facts, findings);
    else if (strcmp(result, "watchdog") == 0)
        explain_watchdog(facts, findings);
    else if (strcmp(result, "timeout") == 0)
        explain_timeout(facts, findings);
    else if (strcmp(result, "resources") == 0)
        explain_resources(facts, findings);
    else if (strcmp(result, "exec-condition") == 0)
        why_add(findings, "condition-unmet", NULL,
                g_strdup("the command of its ExecCondition= said that it is not to run now"),
                g_strdup("that may be as it should be: see what the command looks for"));
    else if (failure->code && strcmp(failure->code, "exited") != 0)
        explain_signal(facts, findings);
    else if (strcmp(result, "protocol") == 0 && failure->status == 0)
        explain_protocol(facts, findings);
}
