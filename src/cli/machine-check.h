// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

/* `gourd machine check`, `refresh` and `hook`: what the host's packages became since a machine was made. */

#include "session.h"

/* Those of the operand, or all (MachineRecord); the caller unrefs. */
gboolean machine_find_records(const Session *session, GPtrArray **ret_records, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;

/* DIFFERS: a machine is to be refreshed or restarted. */
gboolean machine_check(Session *session, GError **error);
gboolean machine_refresh(Session *session, GError **error);
gboolean machine_hook(Session *session, GError **error);
