// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-private.h"

void host_entry_free(HostEntry *entry)
{
    g_free(entry->message);
    g_free(entry->identifier);
    g_free(entry->id);
    g_free(entry->invocation);
    g_free(entry->exit_code);
    g_free(entry->command);
    g_free(entry->executable);
    g_free(entry->result);
    g_free(entry);
}

/* A field's value, fit for a terminal, or NULL. */
static char *read_field(sd_journal *journal, const char *field)
{
    gsize size;
    const char *value = journal_find_field(journal, field, &size);

    return value ? line_escape(value, size) : NULL;
}

static char *read_either(sd_journal *journal, const char *field, const char *other)
{
    g_autofree char *text = read_field(journal, field);

    return text && *text ? g_steal_pointer(&text) : read_field(journal, other);
}

static gint64 read_number(sd_journal *journal, const char *field, gint64 otherwise)
{
    g_autofree char *text = read_field(journal, field);
    gint64 number;

    return text && g_ascii_string_to_signed(text, 10, G_MININT32, G_MAXINT32, &number, NULL) ? number : otherwise;
}

/* Fields of systemd.journal-fields(7), and those that systemd adds to its own messages. */
static HostEntry *read_entry(sd_journal *journal)
{
    HostEntry *entry = g_new0(HostEntry, 1);

    entry->message = read_field(journal, "MESSAGE");
    if (!entry->message)
        entry->message = g_strdup("");
    entry->identifier = read_either(journal, "SYSLOG_IDENTIFIER", "_COMM");
    entry->id = read_field(journal, "MESSAGE_ID");
    entry->invocation = read_either(journal, "INVOCATION_ID", "_SYSTEMD_INVOCATION_ID");
    entry->exit_code = read_field(journal, "EXIT_CODE");
    entry->exit_status = (int)read_number(journal, "EXIT_STATUS", -1);
    entry->command = read_field(journal, "COMMAND");
    entry->executable = read_field(journal, "EXECUTABLE");
    entry->result = read_either(journal, "UNIT_RESULT", "JOB_RESULT");
    entry->errno_value = (int)read_number(journal, "ERRNO", 0);
    entry->is_manager = read_number(journal, "_PID", 0) == 1;
    if (sd_journal_get_realtime_usec(journal, &entry->usec) < 0)
        entry->usec = 0;
    return entry;
}

/* The last main process of a unit, in CLOCK_REALTIME; pid 0: it had none. */
typedef struct {
    guint32 pid;
    guint64 start_usec, end_usec;
    char *invocation; /* of the unit's run; or NULL */
} Process;

static void process_clear(Process *process)
{
    g_free(process->invocation);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Process, process_clear)

static Process find_process(Host *host, const char *unit)
{
    Process process = {0};
    HostUnit state;

    if (!host_is_live(host) || !host_get_unit(host, unit, &state, NULL))
        return process;
    process.pid = state.exec_main_pid;
    process.start_usec = state.exec_main_start_usec;
    process.invocation = host_get_property(host, unit, "InvocationID");
    process.end_usec = state.exec_main_exit_usec ? state.exec_main_exit_usec : G_MAXUINT64;
    host_unit_clear(&state);
    return process;
}

static int match_process(sd_journal *journal, guint32 pid)
{
    char boot[SD_ID128_STRING_MAX];
    sd_id128_t id;
    int r = sd_id128_get_boot(&id);

    if (r < 0)
        return r;
    g_autofree char *by_pid = g_strdup_printf("_PID=%u", pid);
    g_autofree char *by_boot = g_strconcat("_BOOT_ID=", sd_id128_to_string(id, boot), NULL);
    r = sd_journal_add_disjunction(journal);
    if (r >= 0)
        r = sd_journal_add_match(journal, by_pid, 0);
    return r < 0 ? r : sd_journal_add_match(journal, by_boot, 0);
}

static gboolean is_of(sd_journal *journal, const char *field, const char *unit)
{
    g_autofree char *value = read_field(journal, field);

    return g_strcmp0(value, unit) == 0;
}

/* Whether an entry was found by the number of its process alone. */
static gboolean is_by_number(sd_journal *journal, const char *unit, const Process *process)
{
    return process->pid > 0 && read_number(journal, "_PID", 0) == process->pid &&
           !is_of(journal, "_SYSTEMD_UNIT", unit) && !is_of(journal, "UNIT", unit);
}

/* That number may have been another's before or after. */
static gboolean is_from(sd_journal *journal, const Process *process)
{
    /* When the kernel took it, which may be long before it was written. */
    g_autofree char *text = read_field(journal, "_SOURCE_REALTIME_TIMESTAMP"),
                    *owner = read_field(journal, "_SYSTEMD_UNIT");
    return !owner && text && g_ascii_string_to_unsigned(text, 10, process->start_usec, process->end_usec, NULL, NULL);
}

/* Besides what journalctl -u finds: what a process that systemd has just made says before it becomes the program, and which was gone
 * before the journal could look whose it was; and of its main process. */
static HostJournal *open_unit(Host *host, const char *unit, const Process *process, GError **error)
{
    const char *const units[] = {unit, NULL};
    g_autoptr(HostJournal) journal = host_journal_open(host, units, FALSE, error);
    g_autofree char *match = g_strconcat("UNIT=", unit, NULL);
    int r = 0;

    if (journal && journal->journal) {
        r = sd_journal_add_match(journal->journal, match, 0);
        if (r >= 0)
            r = sd_journal_add_match(journal->journal, "_UID=0", 0);
        if (r >= 0 && process->pid > 0)
            r = match_process(journal->journal, process->pid);
    }
    if (r < 0) {
        gourd_error_set_errno(error, -r, "cannot read the journal");
        return NULL;
    }
    return g_steal_pointer(&journal);
}

/* The kernel's own lines, and those of its audit (of which the kills of seccomp(2) are). */
static HostJournal *open_kernel(Host *host, GError **error)
{
    const char *const none[] = {NULL};
    g_autoptr(HostJournal) journal = host_journal_open(host, none, FALSE, error);
    int r = 0;

    if (journal && journal->journal) {
        r = sd_journal_add_match(journal->journal, "_TRANSPORT=kernel", 0);
        if (r >= 0)
            r = sd_journal_add_match(journal->journal, "_TRANSPORT=audit", 0);
    }
    if (r < 0) {
        gourd_error_set_errno(error, -r, "cannot read the journal");
        return NULL;
    }
    return g_steal_pointer(&journal);
}

gboolean host_read_entries(Host *host, const char *unit, guint64 since_usec, guint max, GPtrArray **ret_entries,
                           GError **error)
{
    g_auto(Process) process = unit ? find_process(host, unit) : (Process){0};
    g_autoptr(HostJournal) journal = unit ? open_unit(host, unit, &process, error) : open_kernel(host, error);
    g_autoptr(GPtrArray) entries = g_ptr_array_new_with_free_func((GDestroyNotify)host_entry_free);

    if (!journal || !host_journal_seek(journal, since_usec, max, error))
        return FALSE;
    while (journal->journal && entries->len < max && sd_journal_next(journal->journal) > 0) {
        const gboolean by_number = is_by_number(journal->journal, unit, &process);

        if (by_number && !is_from(journal->journal, &process))
            continue;
        HostEntry *entry = read_entry(journal->journal);
        if (by_number && !entry->invocation)
            entry->invocation = g_strdup(process.invocation);
        g_ptr_array_add(entries, entry);
    }
    *ret_entries = g_steal_pointer(&entries);
    return TRUE;
}
