// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

/* A shell and commands for images that have none: a busybox of the host that needs no libraries. */

#include "base/base.h"

/* An open descriptor, or -1 with an error that says what to install. */
int tools_open(GError **error) G_GNUC_WARN_UNUSED_RESULT;
