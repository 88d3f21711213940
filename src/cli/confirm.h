// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "verb.h"

/* Asks whether data may be lost: "This removes all data of WHAT." TRUE if the user agrees; elsewhere than on a terminal a USAGE error whose hint
 * is --yes. */
gboolean confirm_loss(const Call *call, const char *what, GError **error) G_GNUC_WARN_UNUSED_RESULT;
