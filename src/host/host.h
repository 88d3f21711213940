// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

/* The system that services are installed on: the running one with its systemd (bus, journal), or a root folder at rest.
 *
 * libsystemd is used here and nowhere else. On a root folder at rest nothing can be started or asked; what can be done to
 * files only (sysusers, tmpfiles) is done with --root where the tools are there, and else left to the next boot. */

#include "plan/plan.h"

typedef struct Host Host;

/* root NULL or "/" is the running system. */
Host *host_open(const char *root, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void host_free(Host *host);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Host, host_free)
const char *host_root(const Host *host); /* "/" or the folder, absolute, without a slash at the end */
/* Whether units can be started: the root is "/", and systemd runs it (sd_booted(3)). */
gboolean host_is_live(const Host *host);
/* A path of the host as this process can open it. The caller frees. */
char *host_path(const Host *host, const char *path);
/* The version of its systemd: of a live host from the bus, else from the name of libsystemd-shared-N.so below the root.
 * NOT_FOUND with a hint (--target) if there is none. */
gboolean host_systemd_version(Host *host, guint *ret_version, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Where a unit file of that name is found first (systemd.unit(5), search path of the system manager), or NULL without error.
 * The caller frees. */
char *host_find_unit(const Host *host, const char *unit);
/* A user of the host's passwd (and on a live host of its NSS). FALSE without error if there is none. */
gboolean host_find_user(const Host *host, const char *name, guint32 *ret_uid, guint32 *ret_gid);

/* --- units ------------------------------------------------------------------------------------------------------- */

/* A unit as systemd sees it. */
typedef struct {
    char *load_state, *active_state, *sub_state; /* "loaded", "active", "running" … */
    char *result;                                /* "success", "exit-code", "oom-kill" … */
    char *status_text;                           /* what the service says of itself, or "" */
    char *unit_file_state;                       /* "enabled" … */
    char *control_group;                         /* path below /sys/fs/cgroup; "": it has none */
    gboolean needs_reload;                       /* its files changed since systemd read them */
    guint32 n_restarts, main_pid;
    guint32 exec_main_pid; /* of its last main process, which may have ended; 0: it had none */
    gint32 exec_main_code, exec_main_status;
    guint64 exec_main_start_usec, exec_main_exit_usec;     /* CLOCK_REALTIME; 0: not (yet) */
    guint64 active_since_usec;                             /* CLOCK_REALTIME; 0: never */
    guint64 memory_current, cpu_usage_nsec, tasks_current; /* G_MAXUINT64: unknown */
    guint64 memory_max;                                    /* bytes; G_MAXUINT64: no limit */
} HostUnit;

/* Needs a live host. */
gboolean host_get_unit(Host *host, const char *unit, HostUnit *ret_unit, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Names (char *) of the units that systemd is asked to stop, and has not stopped yet. */
gboolean host_list_stopping(Host *host, GPtrArray **ret_units, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void host_unit_clear(HostUnit *unit);

/* Where programs of a unit can be reached from outside of it. */
typedef struct {
    gboolean is_udp;
    guint16 port;
    char *address; /* "127.0.0.1", "fe80::1"; NULL: all of the host's */
} HostPort;

/* The ports (HostPort, by number) that processes of a control group listen on in this process's network: none of a network of their
 * own. Root sees all; others what /proc lets them, with NULL and no error when that is nothing. */
GPtrArray *host_list_ports(const HostUnit *unit);

/* --- the journal -------------------------------------------------------------------------------------------------- */

/* A line of the journal. */
typedef struct {
    guint64 usec;       /* CLOCK_REALTIME */
    const char *unit;   /* that of the asked ones which it is about; borrowed from the reader */
    gboolean of_system; /* systemd or one of its helpers says it about the unit */
    gint32 priority;    /* 0 (emergency) to 7 (debug); -1 unknown */
    char *identifier;   /* the program's name for itself, or what it is called; any bytes; or NULL */
    char *pid;          /* or NULL */
    char *version;      /* of the bundle that it came from (GOURD_VERSION=), or NULL */
    GBytes *message;    /* any bytes, several lines too; NULL: there is none */
} HostLine;

void host_line_clear(HostLine *line);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(HostLine, host_line_clear)

/* Reads the lines of some units by time, the same that `journalctl -u` has: their own, systemd's about them, core dumps, and those of
 * root's helpers. */
typedef struct HostJournal HostJournal;

/* units: NULL-terminated; own_only: not what others say about them. What was written before this call is seen, if root calls. A host
 * without a journal has no lines. */
HostJournal *host_journal_open(Host *host, const char *const *units, gboolean own_only, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;
void host_journal_close(HostJournal *journal);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(HostJournal, host_journal_close)
/* Goes before the newest max_lines of the lines since a time (CLOCK_REALTIME). */
gboolean host_journal_seek(HostJournal *journal, guint64 since_usec, guint max_lines, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;
/* The next line. *ret_found FALSE: there is none (yet). ret_line need not be initialised. */
gboolean host_journal_next(HostJournal *journal, HostLine *ret_line, gboolean *ret_found, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;
/* Waits until there may be more. */
gboolean host_journal_wait(HostJournal *journal, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* When systemd last began to start the unit, as far back as the journal goes; 0: it never did. */
gboolean host_journal_last_start(Host *host, const char *unit, guint64 *ret_usec, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;
/* The same for the first time since since_usec. */
gboolean host_journal_first_start(Host *host, const char *unit, guint64 since_usec, guint64 *ret_usec, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;
/* Whether this user cannot read what services write (systemd-journald.service(8), "ACCESS CONTROL"). */
gboolean host_journal_is_closed(const Host *host);

/* The newest max_lines lines of a unit since a time, the oldest first, as "TIME IDENTIFIER[PID]: MESSAGE", escaped for terminals. */
gboolean host_read_journal(Host *host, const char *unit, guint64 since_usec, guint max_lines, GPtrArray **ret_lines,
                           GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* An entry of the journal: its text, and what systemd adds to its own messages. Texts are fit for a terminal; NULL if they
 * are not there. */
typedef struct {
    guint64 usec; /* CLOCK_REALTIME */
    char *message, *identifier;
    char *id;            /* of the kind of message (sd-messages.h): 32 hexadecimal digits */
    char *invocation;    /* of the unit's run that it belongs to: likewise */
    char *exit_code;     /* "exited", "killed", "dumped": a process of the unit ended */
    int exit_status;     /* or the signal; -1 */
    char *command;       /* which that was: "ExecStart" … */
    char *executable;    /* that could not be started */
    char *result;        /* of the unit or of its job: "exit-code", "dependency" */
    int errno_value;     /* 0: none */
    gboolean is_manager; /* systemd says it of the unit, and not the unit itself */
} HostEntry;

void host_entry_free(HostEntry *entry);
/* The newest `max` entries of a unit, as host_read_journal() chooses and orders them, and what its last main process said of which the journal
 * could not tell whose it is (HostEntry; the caller unrefs); of unit NULL what the kernel and its audit say. */
gboolean host_read_entries(Host *host, const char *unit, guint64 since_usec, guint max, GPtrArray **ret_entries,
                           GError **error);

/* A property of a unit or service (org.freedesktop.systemd1(5)) as text: a string, a number, "yes" or "no"; of a list its elements,
 * one a line, of bytes hexadecimal digits. NULL: the unit has none of that name, or there is no systemd to be asked. The caller frees. */
char *host_get_property(Host *host, const char *unit, const char *property);

/* A unit of the systemd in a machine, fit for a terminal. */
typedef struct {
    char *name;
    char *result; /* "exit-code", "oom-kill" …; or NULL */
    char *lines;  /* the last of its log, in one line */
} HostFailedUnit;

/* The first that failed in a machine of systemd-nspawn (HostFailedUnit); none if nobody inside can be asked: that takes root. What is inside
 * may answer whatever it likes. The caller unrefs. */
GPtrArray *host_list_failed_inside(const Host *host, const char *machine);

/* The addresses of a running machine with a network of its own, as machined(8) reports them, link-local ones apart: "10.0.0.2". The caller
 * frees the vector. */
char **host_list_machine_addresses(const Host *host, const char *machine);

/* Who listens on a port of this machine. */
typedef struct {
    guint32 pid;          /* 0: it could not be found out */
    char *program;        /* its name, or NULL */
    char *unit;           /* that it belongs to, or NULL */
    gboolean is_loopback; /* on an address that nobody outside reaches */
} HostListener;

/* FALSE without error: nobody. */
gboolean host_find_listener(guint port, gboolean is_udp, HostListener *ret_listener);
void host_listener_clear(HostListener *listener);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(HostListener, host_listener_clear)

/* The networks that this machine has routes to, default routes apart: "192.168.0.0/24" (proc(5), /proc/net/route). The caller frees
 * the vector. */
char **host_list_subnets(void);

/* --- credentials --------------------------------------------------------------------------------------------------------- */

/* Whether the host has a key already; the first encryption makes one. */
gboolean host_has_credential_key(const Host *host);
/* By systemd-creds(1): what LoadCredentialEncrypted= takes for a credential of that name, on this host only; and back. Both need root.
 * UNSUPPORTED for a root at rest, NOT_FOUND without the program. The caller frees. */
gboolean host_encrypt_credential(const Host *host, const char *name, const char *secret, char **ret_encrypted,
                                 GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean host_decrypt_credential(const Host *host, const char *name, const char *encrypted, char **ret_secret,
                                 GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* --- actions ----------------------------------------------------------------------------------------------------- */

/* Does an action of a plan; data of a PlanActor is the Host, or the callback calls this. Verbs, with what they do on a host
 * that is not live in brackets:
 *
 *   sysusers PATH      systemd-sysusers PATH                                     (--root)
 *   tmpfiles PATH      systemd-tmpfiles --create PATH                            (--root)
 *   reload             the manager reads all units again                         (nothing)
 *   start UNIT         and waits for the job; a failure is FAILED, and says Result= and the exit status
 *   stop UNIT          likewise; a unit that does not exist is stopped already
 *   restart UNIT       likewise
 *   reset-failed UNIT  forgets its failure and restart counter
 *   restart-all UNIT…  starts some units, or restarts those that run, all at once, in the order that they themselves ask for
 *   steady UNIT… SECONDS  waits so long and fails as soon as one of the units is not active or has restarted since the call
 *   (the last six: nothing)
 *
 * An unknown verb is an UNSUPPORTED error: callers handle their own before. */
gboolean host_act(const char *verb, const char *argument, Host *host, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Whether it is one of these verbs. */
gboolean host_has_act(const char *verb);

/* The unit that the last action failed for; NULL: none did. Borrowed. */
const char *host_failed_unit(const Host *host);

/* Is told when the job of a unit has ended, of actions with several. */
typedef void (*HostUnitEnded)(const char *unit, gboolean ok, gpointer data);
void host_on_unit_ended(Host *host, HostUnitEnded ended, gpointer data);

/* What `systemd-analyze security --offline=true` of this machine says of a unit file's text: exposure in tenths (0 to 100),
 * and its rows as JSON ([{"set", "name", "json_field", "description", "exposure"}]); ret_rows may be NULL. NOT_FOUND if the tool is missing. */
gboolean host_analyze_security(const char *unit_name, const char *unit_text, guint *ret_exposure, Json **ret_rows,
                               GError **error) G_GNUC_WARN_UNUSED_RESULT;
