// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

/* Bundles: one file with a SquashFS image and, behind it, gourd's index of its blocks, files and layers.
 *
 * Specified in docs/format.md. Works with any SquashFS file; what needs the index then answers less. */

#include "bundle-file.h"
#include "describe.h"
#include "diff.h"
#include "index-build.h"
#include "index.h"
#include "manifest.h"
#include "verify.h"
