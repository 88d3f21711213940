// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

/* What verbs that look at a host's store, or change it, have in common: opening it, showing a plan, carrying it out with
 * progress, telling why it failed, and undoing it when somebody interrupts. */

#include "verb.h"

#include "store/store.h"

typedef struct {
    const Call *call;
    Host *host;
    Store *store;
    Notes *notes; /* of what is planned and done */
} Session;

void session_close(Session *session);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Session, session_close)

/* Opens the store of the host, or of the system at rest in root (NULL: none). With for_change the lock is taken; what a killed
 * gourd had left, and has been undone, is said. */
gboolean session_open(Session *session, const Call *call, const char *root, gboolean for_change, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;

/* The same in two steps, for who has something long to do before it changes anything; the first fails where the lock could never be
 * taken. */
gboolean session_open_before_lock(Session *session, const Call *call, const char *root, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;
gboolean session_lock(Session *session, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* How a change is to be done. */
typedef struct {
    gboolean dry_run, json;
} SessionMode;

/* Shows the change, or does it. The error of a failure has the lines of the journal that explain it, and says what runs now.
 * *ret_done: it was done, and a sentence about it is in place (no dry run, no JSON, not --quiet). */
gboolean session_run(Session *session, const StoreChange *change, const SessionMode *mode, gboolean *ret_done,
                     GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Prints the notes, unless --quiet. */
void session_print_notes(const Session *session);

/* What a unit does, in a word: "running", "stopped", "failed" …; "-" where nothing runs. The caller frees. */
char *session_describe_unit(const Session *session, const char *unit);
char *host_unit_describe(const HostUnit *status);

/* gourd-init of this gourd: beside the program. NULL if it is not there. The caller frees. */
char *find_init_program(void);
