// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

/* YAML to trees and back: YAML 1.2 with what Go's yaml.v3, and so docker compose, takes besides: merge keys, octal numbers with
 * a leading zero, "_" in numbers. */

#include "node.h"

#define YAML_SIZE_MAX (4 * 1024 * 1024) /* bytes of a file: the largest real ones have some 100 KiB */
#define YAML_NODES_MAX 100000 /* of a file, aliases expanded: so no file of aliases of aliases fills the memory */
#define YAML_DEPTH_MAX 40     /* lists and maps in each other: Compose needs 10 */

/* The documents of a file (ComposeNode, each a map), of which there is at least one. Aliases and merge keys are expanded; a node
 * has the place of its key, an item of a list its own. INPUT errors with file, line and column: a text that is no YAML, a key
 * that is there twice, an unknown tag or alias. The caller unrefs the array. Fuzzed. */
GPtrArray *yaml_read(ComposeArena *arena, const char *file, const char *bytes, gsize size, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;

/* What a scalar that is written without quotes is: sets kind and value of the node. */
void yaml_resolve_plain(ComposeNode *node, const char *text);

/* Makes the node a number, which is finite, with the text that YAML gives it: without a fraction it is written without one, and is
 * then an integer for who reads it. */
void yaml_set_number(ComposeNode *node, double value);
