// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

/* What GLib lacks: gourd's errors with hints, notes, digests, files that appear whole or not at all, paths of another root.
 *
 * Every fallible function of gourd takes a GError last and sets it in the domain GOURD_ERROR; outputs are written only
 * on success. */

#include "content-digest.h"
#include "digest.h"
#include "error.h"
#include "fields.h"
#include "io.h"
#include "json.h"
#include "library.h"
#include "nearest.h"
#include "notes.h"
#include "parallel.h"
#include "root-files.h"
#include "root.h"
#include "sweep.h"
#include "vector.h"
