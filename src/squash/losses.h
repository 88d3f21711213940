// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

/* What SquashFS cannot hold. squash_note_losses() is in writer.h. */

#include <glib.h>

/* TRUE for user.*, trusted.* and security.*. */
gboolean squash_can_hold_xattr(const char *name);
