// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

/* What `gourd inspect` says to people, from the description that --json prints. */

#include "verb.h"

/* description: of bundle_describe() or image_describe(). */
gboolean inspect_print(const Json *description, const Call *call, GError **error) G_GNUC_WARN_UNUSED_RESULT;
