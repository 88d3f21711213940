// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

/* Variables in values (Compose Specification, 12-interpolation.md): $NAME, ${NAME}, ${NAME:-default}, ${NAME-default},
 * ${NAME:?message}, ${NAME?message}, ${NAME:+other}, ${NAME+other}, in each other; $$ is a dollar. */

#include "node.h"

#define INTERPOLATION_DEPTH_MAX 20               /* ${…} in each other */
#define INTERPOLATION_SIZE_MAX (4 * 1024 * 1024) /* bytes of a result */

/* Where the values are: name → value, or NULL. */
typedef struct {
    const char *(*get)(const char *name, gpointer data);
    gpointer data;
    Notes *notes;   /* for names without value that have no default; may be NULL */
    gboolean hides; /* texts are of files that may have passwords: errors do not show them */
} Variables;

/* From a table name → value. */
Variables variables_of_table(GHashTable *table, Notes *notes);

/* INPUT errors: no variable after '$', a brace that is not closed, a variable that must be there. The caller frees. Fuzzed. */
char *interpolate(const char *text, const Variables *variables, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* All values below a node. */
gboolean interpolate_tree(ComposeNode *node, const Variables *variables, GError **error) G_GNUC_WARN_UNUSED_RESULT;
