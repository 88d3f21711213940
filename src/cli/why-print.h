// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "session.h"

#include "doctor/doctor.h"

/* What `gourd why` found, for people: units (Why), and the host's findings (WhyFinding) or NULL. */
void why_print(const GPtrArray *whys, const GPtrArray *host, const Call *call);
/* {"host": …, "units": […]} */
void why_print_json(const GPtrArray *whys, const GPtrArray *host, const Call *call);

/* The findings as lines for the message of an error. */
void why_append(GString *text, const Why *why);
