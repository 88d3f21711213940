// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

/* `gourd machine export` and `import`: a machine as one file. */

#include "session.h"

/* Carries out what makes a machine (NULL: error is set), and says so. verb: what was asked for, for errors. */
gboolean machine_run_create(Session *session, const StoreChange *change, const char *verb, GError **error);

gboolean machine_export_to(Session *session, GError **error);
gboolean machine_import_from(Session *session, GError **error);
