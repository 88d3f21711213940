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

/* Besides what journalctl -u finds: what a process that systemd has just made says before it becomes the program, and which was gone
 * before the journal could look whose it was. */
static HostJournal *open_unit(Host *host, const char *unit, GError **error)
{
    const char *const units[] = {unit, NULL};
    g_autoptr(HostJournal) journal = host_journal_open(host, units, FALSE, error);
    g_autofree char *match = g_strconcat("UNIT=", unit, NULL);
    int r = 0;

    if (journal && journal->journal) {
        r = sd_journal_add_match(journal->journal, match, 0);
        if (r >= 0)
            r = sd_journal_add_match(journal->journal, "_UID=0", 0);
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
    g_autoptr(HostJournal) journal = unit ? open_unit(host, unit, error) : open_kernel(host, error);
    g_autoptr(GPtrArray) entries = g_ptr_array_new_with_free_func((GDestroyNotify)host_entry_free);

    if (!journal || !host_journal_seek(journal, since_usec, max, error))
        return FALSE;
    while (journal->journal && entries->len < max && sd_journal_next(journal->journal) > 0)
        g_ptr_array_add(entries, read_entry(journal->journal));
    *ret_entries = g_steal_pointer(&entries);
    return TRUE;
}
