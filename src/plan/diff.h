// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

/* Unified diffs (POSIX diff(1), -u) of small texts, for people. */

#include "base/base.h"

/* Appends the difference of two texts; NULL is one that does not exist (/dev/null). Lines are fit for terminals. Appends
 * nothing if the bytes are the same. Texts that differ in very much are shown as replaced in one piece. */
void diff_append(GString *out, const char *path, GBytes *old_text, GBytes *new_text);
/* Whether bytes are a text: no NUL, and not larger than one would want to see. */
gboolean diff_is_text(GBytes *bytes);
