// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

/* Backups of what runs, by commands of the services themselves (ServiceBackup): a dump stands for the files of a volume, or the files are
 * copied between two commands. Who runs a command is StoreHookRun; all else is here.
 *
 * A dump is the member OWNER/NAME.dump of the backup, in front of all files: a tar header that is filled in when the length is known, then what
 * the command wrote. */

#include "volume-task.h"

#define DUMP_SUFFIX ".dump"

typedef enum {
    HOOK_DUMP,    /* what dumps the volume */
    HOOK_RESTORE, /* what reads a dump of it */
    HOOK_COPY,    /* what says enough of itself that files are copied while it runs */
    HOOK_AROUND,  /* what wants to know when that is */
} HookKind;

/* Services (char *) that run, use the volume, and have commands of that kind. *ret_idle (may be NULL): one that has and does not run, or NULL; the
 * caller frees both. */
gboolean volume_find_hooks(Store *store, const StoreVolume *volume, HookKind kind, GPtrArray **ret_services,
                           char **ret_idle, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Whether a tar can have the dump of a volume: LIMIT. */
gboolean volume_dump_check(const char *id, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The actions dump OWNER/NAME, load OWNER/NAME, before SERVICE and after SERVICE. */
gboolean volume_dump(Store *store, const char *id, GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean volume_load(Store *store, const char *id, GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean volume_before(Store *store, const char *service, GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean volume_after(Store *store, const char *service, GError **error) G_GNUC_WARN_UNUSED_RESULT;
