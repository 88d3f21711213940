// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

/* From the canonical tree to a stack: a function for each key, in groups by subject. */

#include "compose.h"

typedef struct {
    const ComposeProject *project;
    Notes *notes;
    Stack *stack;
    StackService *service;         /* whose keys are read */
    const ComposeNode *definition; /* its map */
} Map;

/* A key of a service with a value that is not null. */
typedef gboolean (*MapKey)(Map *map, const ComposeNode *value, GError **error);

typedef struct {
    const char *key;
    MapKey read;
} MapRow;

/* Each ends with a NULL key. */
extern const MapRow map_program_rows[], map_life_rows[], map_storage_rows[], map_limit_rows[];

/* Appends to an option that is a vector. */
void map_append(char ***vector, const char *text);
G_GNUC_PRINTF(2, 3) void map_appendf(char ***vector, const char *format, ...);
/* A list or a single scalar as texts. The caller frees. */
char **map_texts(const ComposeNode *value);
