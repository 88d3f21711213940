// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

/* From short forms to long ones, a function for each form (ComposeLengthen). A value that is of none of the shapes that they
 * know is left alone: what the table says of its shape decides. */

#include "schema.h"

/* --- values: lengthen-values.c --- */
ComposeNode *lengthen_strings(ComposeNode *node, const ComposeReading *reading, GError **error); /* a text → a list */
ComposeNode *lengthen_command(ComposeNode *node, const ComposeReading *reading,
                              GError **error);                                                /* a text → its words */
ComposeNode *lengthen_text(ComposeNode *node, const ComposeReading *reading, GError **error); /* 80 → "80" */
ComposeNode *lengthen_duration(ComposeNode *node, const ComposeReading *reading, GError **error); /* "90s" → "1m30s" */
ComposeNode *lengthen_size(ComposeNode *node, const ComposeReading *reading, GError **error);     /* "1k" → 1024 */
ComposeNode *lengthen_mode(ComposeNode *node, const ComposeReading *reading, GError **error);     /* 0440 → "0440" */
ComposeNode *lengthen_path(ComposeNode *node, const ComposeReading *reading, GError **error);     /* absolute */
ComposeNode *lengthen_context(ComposeNode *node, const ComposeReading *reading, GError **error);  /* a path, or a URL */
/* NAME=VALUE of a list, or a map → a map of texts; a NAME alone is null, or with _texts "". */
ComposeNode *lengthen_pairs(ComposeNode *node, const ComposeReading *reading, GError **error);
ComposeNode *lengthen_pairs_texts(ComposeNode *node, const ComposeReading *reading, GError **error);
ComposeNode *lengthen_names(ComposeNode *node, const ComposeReading *reading,
                            GError **error); /* a list → a map of nulls */

/* --- parts of services: lengthen-ports.c, lengthen-volumes.c, lengthen-service.c --- */
ComposeNode *lengthen_ports(ComposeNode *node, const ComposeReading *reading, GError **error);
ComposeNode *lengthen_expose(ComposeNode *node, const ComposeReading *reading, GError **error);
ComposeNode *lengthen_volume(ComposeNode *node, const ComposeReading *reading, GError **error);
ComposeNode *lengthen_secret(ComposeNode *node, const ComposeReading *reading, GError **error);
ComposeNode *lengthen_config(ComposeNode *node, const ComposeReading *reading, GError **error);
ComposeNode *lengthen_depends_on(ComposeNode *node, const ComposeReading *reading, GError **error);
ComposeNode *lengthen_build(ComposeNode *node, const ComposeReading *reading, GError **error);
ComposeNode *lengthen_device(ComposeNode *node, const ComposeReading *reading, GError **error);
ComposeNode *lengthen_extra_hosts(ComposeNode *node, const ComposeReading *reading, GError **error);
ComposeNode *lengthen_extends(ComposeNode *node, const ComposeReading *reading, GError **error);
ComposeNode *lengthen_env_file(ComposeNode *node, const ComposeReading *reading, GError **error);
ComposeNode *lengthen_health_test(ComposeNode *node, const ComposeReading *reading, GError **error);
ComposeNode *lengthen_gpus(ComposeNode *node, const ComposeReading *reading, GError **error);
ComposeNode *lengthen_include(ComposeNode *node, const ComposeReading *reading, GError **error);
ComposeNode *lengthen_external(ComposeNode *node, const ComposeReading *reading,
                               GError **error); /* of a volume and so on */

/* An absolute path of what a file of the folder calls `path`. The caller frees. */
char *compose_absolute_path(const char *path, const ComposeReading *reading);
/* A map with the node's place; it takes the node's place in the tree. */
ComposeNode *lengthen_into_map(ComposeNode *node);
