// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

/* What is known of a stack that is up: one small JSON file beside those of its services (docs/state.md). */

#include "store-private.h"

char *stack_state_path(const char *name);
GBytes *stack_state_format(const StoreStack *stack);
/* Fuzzed. */
StoreStack *stack_state_parse(const char *name, const void *bytes, gsize size, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;
/* NULL without error if it is not up. */
gboolean stack_state_read(Store *store, const char *name, StoreStack **ret_stack, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;
