// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

/* Errors, warnings and notes for people. */

#include "screen.h"

#include "base/base.h"

/* "gourd: MESSAGE", and the hint on a line of its own. */
void report_error(const Screen *screen, const GError *error);

/* One line for each kind of note, with its count and an example; all kept subjects if verbose; and no more than
 * REPORT_NOTES_MAX kinds unless verbose. */
void report_notes(const Screen *screen, const GPtrArray *notes, gboolean verbose);

#define REPORT_NOTES_MAX 8

/* The list for --json: [{"kind", "text", "count", "subjects"}]. */
Json *notes_to_json(const GPtrArray *notes);
