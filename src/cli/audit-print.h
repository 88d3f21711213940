// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

/* Audits for people, or as JSON. */

#include "verb.h"

#include "doctor/doctor.h"

/* Audits (Audit): without operands one line each unless --verbose, else all of them. */
void audit_print(const GPtrArray *audits, gboolean as_json, const Call *call);

/* Tenths as "1.9". The caller frees. */
char *audit_format_exposure(gint tenths);
