// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

/* Shared by the files of src/host only. */

#include "host.h"
#include "libsystemd.h"

struct Host {
    char *root;
    int root_fd;
    gboolean is_live;
    sd_bus *bus;      /* NULL: not asked yet */
    GHashTable *jobs; /* object path of a job that ended → its result; filled while the bus is processed */
    guint version;    /* 0: not known yet */
    char *failed_unit;
    HostUnitEnded unit_ended;
    gpointer unit_ended_data;
};

/* --- bus.c: systemd's manager ------------------------------------------------------------------------------------ */

#define MANAGER_PATH "/org/freedesktop/systemd1"
#define MANAGER_NAME "org.freedesktop.systemd1"
#define MANAGER_INTERFACE MANAGER_NAME ".Manager"

/* A method of the manager, with arguments as sd_bus_message_append(3) takes them. NOT_FOUND: no such unit. */
gboolean bus_call(Host *host, const char *method, guint64 timeout_usec, sd_bus_message **ret_reply, GError **error,
                  const char *types, ...) G_GNUC_WARN_UNUSED_RESULT;
/* The object of a unit, loaded if it was not; the caller frees. */
char *bus_find_unit(Host *host, const char *unit, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Opens the bus, if it is not open. */
gboolean bus_open(Host *host, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void bus_close(Host *host);
/* An error of systemd's, or of errno. Always FALSE. */
gboolean bus_fail(GError **error, const sd_bus_error *failure, int errno_value, const char *what);

#define BUS_TIMEOUT_USEC (30 * G_USEC_PER_SEC)     /* an answer takes milliseconds; a machine that swaps, seconds */
#define RELOAD_TIMEOUT_USEC (300 * G_USEC_PER_SEC) /* all generators run: systemctl has the same */

/* --- job.c ------------------------------------------------------------------------------------------------------- */

/* Asks for a job ("StartUnit", …) and waits until it has ended. */
gboolean job_run(Host *host, const char *method, const char *unit, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Of several units at once, in the order that they themselves ask for; the failure is not one that only follows from another. */
gboolean job_restart_all(Host *host, char *const *units, GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean job_watch_steady(Host *host, char *const *units, guint64 seconds, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* --- journal.c -------------------------------------------------------------------------------------------------------- */

struct HostJournal {
    sd_journal *journal; /* NULL: the host has none */
    char **units;
};

/* A field's value, not NUL-terminated; NULL if there is none. Valid until the next call. */
const char *journal_find_field(sd_journal *journal, const char *field, gsize *ret_size);

/* --- exit-status.c ----------------------------------------------------------------------------------------------- */

/* How the main process of a unit ended, for people: "exit status 203/EXEC", "killed by SIGKILL"; with what systemd means by
 * it, where that is known. NULL: it has not. The caller frees. */
char *exit_status_describe(gint32 code, gint32 status);

/* --- tool.c ------------------------------------------------------------------------------------------------------ */

#define TOOL_TIMEOUT_USEC (120 * G_USEC_PER_SEC)

/* Runs a program of the host's PATH with nothing on standard input; ret_output (may be NULL) gets what it printed. NOT_FOUND
 * if it is not there; FAILED, with the last line it said, if it fails or does not end in time. */
gboolean tool_run_with_input(const char *const *argv, const char *input, guint64 timeout_usec, char **ret_output,
                             GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean tool_run(const char *const *argv, guint64 timeout_usec, char **ret_output, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;

/* --- version.c --------------------------------------------------------------------------------------------------- */

/* The version of the systemd that is installed below a root; 0: none was found. */
guint version_of_files(int root_fd);
/* "252.39-1~deb12u1", "v257" → the number; 0: there is none. */
guint version_parse(const char *text);
