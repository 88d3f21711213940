// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-private.h"

#include <string.h>
#include <unistd.h>

#define SYNC_TIMEOUT_USEC (5 * G_USEC_PER_SEC) /* to have journald write what it has got; then what is there is read */
#define FOREVER G_MAXUINT64

/* sd-messages.h: SD_MESSAGE_COREDUMP_STR, SD_MESSAGE_UNIT_STARTING_STR */
#define COREDUMP_MESSAGE "MESSAGE_ID=fc2e22bc6ee647b6b90729ab34a250b1"
#define STARTING_MESSAGE "MESSAGE_ID=7d4958e842da4a758f6c1cdc7b36dcc5"

/* --- opening ------------------------------------------------------------------------------------------------------ */

static gboolean fail(GError **error, int r)
{
    return gourd_error_set_errno(error, -r, "cannot read the journal");
}

static int open_files(Host *host, sd_journal **ret_journal)
{
    g_autofree char *folder = host_path(host, "/var/log/journal");

    if (g_str_equal(host->root, "/"))
        /* A service may have a journal of its own (LogNamespace=), of which systemd speaks in that of the host. */
        return sd_journal_open_namespace(ret_journal, NULL, SD_JOURNAL_LOCAL_ONLY | SD_JOURNAL_ALL_NAMESPACES);
    return sd_journal_open_directory(ret_journal, folder, 0);
}

/* Where the unit's name stands in a line, and what else has to hold. */
static const struct {
    const char *field;
    const char *others[2];
    gboolean of_system;
} places[] = {
    {"_SYSTEMD_UNIT", {NULL}, FALSE},
    {"UNIT", {"_PID=1"}, TRUE},
    {"COREDUMP_UNIT", {COREDUMP_MESSAGE, "_UID=0"}, TRUE},
    {"OBJECT_SYSTEMD_UNIT", {"_UID=0"}, TRUE},
};

static int add_unit(sd_journal *journal, const char *unit, gboolean own_only)
{
    int r = 0;

    for (guint i = 0; r >= 0 && i < G_N_ELEMENTS(places); i++) {
        if (own_only && places[i].of_system)
            continue;
        g_autofree char *match = g_strconcat(places[i].field, "=", unit, NULL);

        r = sd_journal_add_match(journal, match, 0);
        for (guint j = 0; r >= 0 && j < G_N_ELEMENTS(places[i].others) && places[i].others[j]; j++)
            r = sd_journal_add_match(journal, places[i].others[j], 0);
        if (r >= 0)
            r = sd_journal_add_disjunction(journal);
    }
    return r;
}

/* What a service said just before it died may still be on its way. If that fails, what is there is read. */
static void sync_journal(const Host *host)
{
    static const char *const sync[] = {"journalctl", "--sync", NULL};
    g_autoptr(GError) ignored = NULL;

    if (host->is_live && geteuid() == 0 && !tool_run(sync, SYNC_TIMEOUT_USEC, NULL, &ignored))
        g_clear_error(&ignored);
}

HostJournal *host_journal_open(Host *host, const char *const *units, gboolean own_only, GError **error)
{
    g_autoptr(HostJournal) journal = g_new0(HostJournal, 1);

    if (!libsystemd_load(error))
        return NULL;
    journal->units = g_strdupv((char **)units);
    sync_journal(host);
    int r = open_files(host, &journal->journal);
    if (r == -ENOENT)
        return g_steal_pointer(&journal);
    for (char **unit = journal->units; r >= 0 && *unit; unit++)
        r = add_unit(journal->journal, *unit, own_only);
    if (r < 0) {
        fail(error, r);
        return NULL;
    }
    return g_steal_pointer(&journal);
}

void host_journal_close(HostJournal *journal)
{
    if (!journal)
        return;
    if (journal->journal)
        sd_journal_close(journal->journal);
    g_strfreev(journal->units);
    g_free(journal);
}

gboolean host_journal_is_closed(const Host *host)
{
    static const char *const folders[] = {"/var/log/journal", "/run/log/journal"};
    g_autofree char *id = NULL;
    gboolean exists = FALSE;

    if (geteuid() == 0 || !host->is_live || !g_file_get_contents("/etc/machine-id", &id, NULL, NULL))
        return FALSE;
    for (guint i = 0; i < G_N_ELEMENTS(folders); i++) {
        g_autofree char *path = g_build_filename(folders[i], g_strstrip(id), "system.journal", NULL);

        if (access(path, R_OK) == 0)
            return FALSE;
        exists |= access(path, F_OK) == 0;
    }
    return exists;
}

/* --- going to a line ---------------------------------------------------------------------------------------------- */

/* From the end backwards: a journal of gigabytes costs no more than the lines that are wanted. */
static int seek_back(HostJournal *journal, guint64 since_usec, guint max_lines)
{
    int r = sd_journal_seek_tail(journal->journal);

    for (guint i = 0; r >= 0 && i <= max_lines; i++) {
        guint64 usec;

        r = sd_journal_previous(journal->journal);
        if (r == 0)
            return sd_journal_seek_head(journal->journal);
        if (r > 0)
            r = sd_journal_get_realtime_usec(journal->journal, &usec);
        if (r >= 0 && usec < since_usec)
            break;
    }
    return r;
}

gboolean host_journal_seek(HostJournal *journal, guint64 since_usec, guint max_lines, GError **error)
{
    int r = 0;

    if (!journal->journal)
        return TRUE;
    if (max_lines < G_MAXUINT)
        r = seek_back(journal, since_usec, max_lines);
    else if (since_usec > 0)
        r = sd_journal_seek_realtime_usec(journal->journal, since_usec);
    else
        r = sd_journal_seek_head(journal->journal);
    return r >= 0 || fail(error, r);
}

gboolean host_journal_wait(HostJournal *journal, GError **error)
{
    int r = journal->journal ? sd_journal_wait(journal->journal, FOREVER) : -ENOENT;

    return r >= 0 || fail(error, r);
}

static int match_starts(sd_journal *journal, const char *unit)
{
    g_autofree char *match = g_strconcat("UNIT=", unit, NULL);
    int r = sd_journal_add_match(journal, match, 0);

    if (r >= 0)
        r = sd_journal_add_match(journal, STARTING_MESSAGE, 0);
    if (r >= 0)
        r = sd_journal_add_match(journal, "_PID=1", 0);
    return r;
}

/* since_usec FOREVER: the last one. */
static gboolean find_start(Host *host, const char *unit, guint64 since_usec, guint64 *ret_usec, GError **error)
{
    const char *const units[] = {NULL};
    g_autoptr(HostJournal) reader = host_journal_open(host, units, FALSE, error);

    *ret_usec = 0;
    if (!reader || !reader->journal)
        return reader != NULL;
    int r = match_starts(reader->journal, unit);
    if (r >= 0)
        r = since_usec == FOREVER ? sd_journal_seek_tail(reader->journal)
                                  : sd_journal_seek_realtime_usec(reader->journal, since_usec);
    if (r >= 0)
        r = since_usec == FOREVER ? sd_journal_previous(reader->journal) : sd_journal_next(reader->journal);
    if (r > 0)
        r = sd_journal_get_realtime_usec(reader->journal, ret_usec);
    return r >= 0 || fail(error, r);
}

gboolean host_journal_last_start(Host *host, const char *unit, guint64 *ret_usec, GError **error)
{
    return find_start(host, unit, FOREVER, ret_usec, error);
}

gboolean host_journal_first_start(Host *host, const char *unit, guint64 since_usec, guint64 *ret_usec, GError **error)
{
    return find_start(host, unit, since_usec, ret_usec, error);
}

/* --- lines -------------------------------------------------------------------------------------------------------- */

const char *journal_find_field(sd_journal *journal, const char *field, gsize *ret_size)
{
    const void *data;
    gsize size, skip = strlen(field) + 1;

    if (sd_journal_get_data(journal, field, &data, &size) < 0 || size < skip)
        return NULL;
    *ret_size = size - skip;
    return (const char *)data + skip;
}

static char *read_field(sd_journal *journal, const char *field)
{
    gsize size;
    const char *value = journal_find_field(journal, field, &size);

    return value ? g_strndup(value, size) : NULL;
}

static void read_unit(const HostJournal *journal, HostLine *line)
{
    for (guint i = 0; !line->unit && i < G_N_ELEMENTS(places); i++) {
        g_autofree char *value = read_field(journal->journal, places[i].field);

        for (char **unit = journal->units; value && *unit; unit++)
            if (g_str_equal(*unit, value))
                line->unit = *unit;
        line->of_system = places[i].of_system;
    }
}

static void read_line(const HostJournal *journal, HostLine *line)
{
    gsize size;
    const char *message = journal_find_field(journal->journal, "MESSAGE", &size);

    line->message = message ? g_bytes_new(message, size) : NULL;
    line->identifier = read_field(journal->journal, "SYSLOG_IDENTIFIER");
    if (!line->identifier)
        line->identifier = read_field(journal->journal, "_COMM");
    line->pid = read_field(journal->journal, "_PID");
    line->version = read_field(journal->journal, "GOURD_VERSION");
    const char *priority = journal_find_field(journal->journal, "PRIORITY", &size);
    line->priority = priority && size == 1 && *priority >= '0' && *priority <= '7' ? *priority - '0' : -1;
    read_unit(journal, line);
}

gboolean host_journal_next(HostJournal *journal, HostLine *ret_line, gboolean *ret_found, GError **error)
{
    int r = journal->journal ? sd_journal_next(journal->journal) : 0;

    *ret_line = (HostLine){0};
    *ret_found = FALSE;
    if (r > 0)
        r = sd_journal_get_realtime_usec(journal->journal, &ret_line->usec) < 0 ? -EIO : 1;
    if (r < 0)
        return fail(error, r);
    if (r > 0) {
        read_line(journal, ret_line);
        *ret_found = TRUE;
    }
    return TRUE;
}

void host_line_clear(HostLine *line)
{
    g_free(line->identifier);
    g_free(line->pid);
    g_free(line->version);
    g_clear_pointer(&line->message, g_bytes_unref);
}

/* --- as text ------------------------------------------------------------------------------------------------------ */

static char *format_line(const HostLine *line)
{
    g_autoptr(GDateTime) time = g_date_time_new_from_unix_local((gint64)(line->usec / G_USEC_PER_SEC));
    g_autofree char *shown_time = time ? g_date_time_format(time, "%Y-%m-%d %H:%M:%S") : g_strdup("?");
    const char *name = line->identifier ? line->identifier : "?";
    g_autofree char *shown_name = line_escape(name, strlen(name));
    gsize size = 0;
    const void *bytes = line->message ? g_bytes_get_data(line->message, &size) : NULL;
    g_autofree char *message = line_escape(bytes ? bytes : "", size);

    return g_strdup_printf("%s %s%s%s%s: %s", shown_time, shown_name, line->pid ? "[" : "", line->pid ? line->pid : "",
                           line->pid ? "]" : "", message);
}

gboolean host_read_journal(Host *host, const char *unit, guint64 since_usec, guint max_lines, GPtrArray **ret_lines,
                           GError **error)
{
    const char *const units[] = {unit, NULL};
    g_autoptr(GPtrArray) lines = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(HostJournal) journal = host_journal_open(host, units, FALSE, error);
    gboolean found = TRUE;

    if (!journal || !host_journal_seek(journal, since_usec, max_lines, error))
        return FALSE;
    while (found && lines->len < max_lines) {
        g_auto(HostLine) line = {0};

        if (!host_journal_next(journal, &line, &found, error))
            return FALSE;
        if (found)
            g_ptr_array_add(lines, format_line(&line));
    }
    *ret_lines = g_steal_pointer(&lines);
    return TRUE;
}
