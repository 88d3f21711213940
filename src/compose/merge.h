// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

/* One Compose file laid over another, both with long forms (Compose Specification, 13-merge.md). */

#include "node.h"

/* Changes base to what it says with `over` laid over it; over is taken apart. Maps are merged, lists appended, other values
 * replaced; what is of the same port, target or text is there once; !reset takes away, !override replaces. */
void compose_merge(ComposeNode *base, ComposeNode *over);
/* The same of two services. */
void compose_merge_service(ComposeNode *base, ComposeNode *over);
/* What is of the same port, target or text is there once in one file too. */
void compose_drop_repeated(ComposeNode *root);
/* What !reset is left of takes itself away. */
void compose_drop_reset(ComposeNode *node);
