// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

/* What `gourd build` says when it is done. */

#include "verb.h"

#include "pack/pack.h"

/* Facts on call->out, notes on call->err; more of both with --verbose. */
void build_result_print(const PackResult *result, const Call *call);

void build_result_print_json(const PackResult *result, const Screen *screen);
