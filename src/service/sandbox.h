// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

/* What a service may do: profiles and loosenings as tables. */

#include "service.h"

#include "unit/unit.h"

/* A setting that depends on nothing but the profile: a row of the table in sandbox.c. */
typedef struct {
    const char *key;
    const char *values[3]; /* by ServiceProfile; NULL: not written. A line break separates assignments */
} SandboxSetting;

const SandboxSetting *sandbox_settings(guint *ret_count);

/* What the settings become with loosenings (bits by place in service_loosenings()): assignments in [Service]. */
void sandbox_render(int profile, guint64 allow, UnitFile *file);
/* Whether a loosening of that name is among the bits. */
gboolean sandbox_allows(guint64 allow, const char *name);
/* The bit of a loosening; 0 if there is none of that name. */
guint64 sandbox_loosening(const char *name);
