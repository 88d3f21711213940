// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

/* Verbs about a service whose operand is a machine: what systemd's own tools do then. */

#include "exec-options.h"

#include "machine/machine.h"

/* The machine that an operand means: none if a service is called so, or nothing. */
MachineRecord *machine_target_find(const Session *session, const char *text);

/* Where *error has it that there is no service of that name, and a machine has it: says so, with what is to be typed before the name, or NULL, as
 * hint. Returns FALSE. */
gboolean machine_target_refuse(const Session *session, const char *name, const char *instead, GError **error);

/* Becomes a shell, or a command, in a machine. Returns only if that cannot be. */
gboolean machine_target_execute(const Session *session, const MachineRecord *record, char *const *command,
                                GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Becomes journalctl(1) with these arguments (char *), of the machine's own journal, also when it does not run. Returns only if that cannot be. */
gboolean machine_target_show_journal(const Session *session, const MachineRecord *record, const GPtrArray *arguments,
                                     GError **error) G_GNUC_WARN_UNUSED_RESULT;
