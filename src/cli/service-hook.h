// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

/* Commands of services by which volumes are backed up. */

#include "store/store.h"

/* StoreHookRun: in the namespaces of the service's main process. */
gboolean service_hook_run(Host *host, const StoreHook *hook, Notes *notes, GError **error) G_GNUC_WARN_UNUSED_RESULT;
