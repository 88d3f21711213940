// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-private.h"

#include <errno.h>
#include <string.h>
#include <systemd/sd-journal.h>
#include <unistd.h>

#define SYNC_TIMEOUT_USEC (5 * G_USEC_PER_SEC) /* to have journald write what it has got; then what is there is read */
#define COREDUMP_MESSAGE "MESSAGE_ID=fc2e22bc6ee647b6b90729ab34a250b1" /* sd-messages.h, SD_MESSAGE_COREDUMP_STR */

static int open_journal(Host *host, sd_journal **ret_journal)
{
    g_autofree char *folder = host_path(host, "/var/log/journal");

    if (g_str_equal(host->root, "/"))
        return sd_journal_open(ret_journal, SD_JOURNAL_LOCAL_ONLY);
    return sd_journal_open_directory(ret_journal, folder, 0);
}

/* FIELD=unit, and what else has to hold; NULL ends. */
static int add_terms(sd_journal *journal, const char *field, const char *unit, const char *const *others)
{
    g_autofree char *match = g_strconcat(field, unit, NULL);
    int r = sd_journal_add_match(journal, match, 0);

    for (guint i = 0; r >= 0 && others[i]; i++)
        r = sd_journal_add_match(journal, others[i], 0);
    return r < 0 ? r : sd_journal_add_disjunction(journal);
}

/* The same as `journalctl -u`: the unit's own lines, systemd's about it, core dumps, and those of root's helpers. */
static int add_matches(sd_journal *journal, const char *unit)
{
    static const char *const none[] = {NULL};
    static const char *const of_manager[] = {"_PID=1", NULL};
    static const char *const of_coredump[] = {COREDUMP_MESSAGE, "_UID=0", NULL};
    static const char *const of_root[] = {"_UID=0", NULL};
    int r = add_terms(journal, "_SYSTEMD_UNIT=", unit, none);

    if (r >= 0)
        r = add_terms(journal, "UNIT=", unit, of_manager);
    if (r >= 0)
        r = add_terms(journal, "COREDUMP_UNIT=", unit, of_coredump);
    if (r >= 0)
        r = add_terms(journal, "OBJECT_SYSTEMD_UNIT=", unit, of_root);
    return r;
}

/* A field's value, fit for a terminal, or NULL. */
static char *read_field(sd_journal *journal, const char *field)
{
    const void *data;
    gsize size, skip = strlen(field) + 1;

    if (sd_journal_get_data(journal, field, &data, &size) < 0 || size < skip)
        return NULL;
    return line_escape((const char *)data + skip, size - skip);
}

static char *read_time(sd_journal *journal)
{
    guint64 usec;

    if (sd_journal_get_realtime_usec(journal, &usec) < 0)
        return NULL;
    g_autoptr(GDateTime) time = g_date_time_new_from_unix_local((gint64)(usec / G_USEC_PER_SEC));
    return time ? g_date_time_format(time, "%Y-%m-%d %H:%M:%S") : NULL;
}

static char *read_line(sd_journal *journal)
{
    g_autofree char *time = read_time(journal);
    g_autofree char *message = read_field(journal, "MESSAGE");
    g_autofree char *name = read_field(journal, "SYSLOG_IDENTIFIER");
    g_autofree char *pid = read_field(journal, "_PID");

    if (!name)
        name = read_field(journal, "_COMM");
    return g_strdup_printf("%s %s%s%s%s: %s", time ? time : "?", name ? name : "?", pid ? "[" : "", pid ? pid : "",
                           pid ? "]" : "", message ? message : "");
}

/* From the end backwards: a journal of gigabytes costs no more than the lines that are wanted. */
static int collect(sd_journal *journal, guint64 since_usec, guint max_lines, GPtrArray *lines)
{
    int r = sd_journal_seek_tail(journal);

    while (r >= 0 && lines->len < max_lines && (r = sd_journal_previous(journal)) > 0) {
        guint64 usec;

        r = sd_journal_get_realtime_usec(journal, &usec);
        if (r < 0 || usec < since_usec)
            break;
        g_ptr_array_add(lines, read_line(journal));
    }
    return r;
}

static GPtrArray *reverse(GPtrArray *lines)
{
    for (guint i = 0; i < lines->len / 2; i++) {
        gpointer line = lines->pdata[i];

        lines->pdata[i] = lines->pdata[lines->len - 1 - i];
        lines->pdata[lines->len - 1 - i] = line;
    }
    return lines;
}

gboolean host_read_journal(Host *host, const char *unit, guint64 since_usec, guint max_lines, GPtrArray **ret_lines,
                           GError **error)
{
    static const char *const sync[] = {"journalctl", "--sync", NULL};
    g_autoptr(GPtrArray) lines = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GError) ignored = NULL;
    sd_journal *journal = NULL;

    /* What a service said just before it died may still be on its way. If that fails, what is there is read. */
    if (host->is_live && geteuid() == 0 && !tool_run(sync, SYNC_TIMEOUT_USEC, NULL, &ignored))
        g_clear_error(&ignored);
    int r = open_journal(host, &journal);
    if (r == -ENOENT) {
        *ret_lines = g_steal_pointer(&lines);
        return TRUE;
    }
    if (r >= 0)
        r = add_matches(journal, unit);
    if (r >= 0)
        r = collect(journal, since_usec, max_lines, lines);
    sd_journal_close(journal);
    if (r < 0)
        return gourd_error_set_errno(error, -r, "cannot read the journal");
    *ret_lines = reverse(g_steal_pointer(&lines));
    return TRUE;
}
