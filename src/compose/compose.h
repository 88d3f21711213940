// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

/* From Compose files to one canonical tree.
 *
 * files ─→ YAML ─→ variables replaced ─→ checked ─→ long forms ─→ extends, include, merge ─→ names and defaults ─→ project
 *
 * The canonical tree is what `docker compose config` prints: long forms only, absolute paths, names of the project's
 * resources. `gourd config` shows it, and everything else is made from it. */

#include "node.h"

#include "service/service.h"

/* Where a project comes from; all strings are borrowed, NULL for what was not given. */
typedef struct {
    const char *const
        *files; /* -f, "-" is standard input; none: COMPOSE_FILE, or found by name from the folder upwards */
    const char *project_name;       /* -p */
    const char *project_folder;     /* --project-directory */
    const char *const *env_files;   /* --env-file; none: COMPOSE_ENV_FILES, or .env in the project's folder */
    const char *const *profiles;    /* --profile; "*" is all; those of COMPOSE_PROFILES besides */
    const char *const *services;    /* named by who asks: profiles of these are active too */
    const char *const *environment; /* NAME=VALUE, as of the process; NULL: none */
    const char *working_folder;     /* absolute: from where relative paths are meant */
    gboolean no_interpolate;        /* variables stay as they are written */
} ComposeSources;

typedef struct {
    ComposeArena *arena;
    char *name;              /* of the project, and so of the stack */
    char *folder;            /* of the project, absolute */
    ComposeNode *root;       /* canonical: name, services, networks, volumes, secrets, configs, x-… */
    GPtrArray *files;        /* char *: all that were read, absolute, in order; "-" for standard input */
    GHashTable *environment; /* char * → char *: what variables are replaced from */
    GPtrArray *profiles;     /* char *: all that services name, sorted */
} ComposeProject;

/* Reads and checks all of it. NOT_FOUND: no file; INPUT with file, line, column and path of the key; LIMIT; UNSUPPORTED. Notes:
 * variables that are not set. */
ComposeProject *compose_project_load(const ComposeSources *sources, Notes *notes, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;
void compose_project_free(ComposeProject *project);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(ComposeProject, compose_project_free)

/* The service of that name; NOT_FOUND with the nearest name. */
ComposeNode *compose_find_service(const ComposeNode *services, const char *name, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;

/* The named services (NULL-terminated) and all that they depend on: names (char *), in the order of the file, the array NULL-terminated.
 * NOT_FOUND with the nearest name. */
gboolean compose_project_list_needed(const ComposeProject *project, const char *const *services, GPtrArray **ret_names,
                                     GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Leaves only the named services (NULL-terminated), what they depend on, and what those use. NOT_FOUND with the nearest name. */
gboolean compose_project_select(ComposeProject *project, const char *const *services, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;

/* As `scale: N` of the service in a last file would. NOT_FOUND with the nearest name; INPUT, LIMIT: it cannot have so many. */
gboolean compose_project_scale(ComposeProject *project, const char *name, guint replicas, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;

/* The stack that a project means: its services in the order of their start, each without bundle. INPUT and UNSUPPORTED errors with
 * the place of the key; notes for all that is done in another way than Docker does it. */
Stack *compose_to_stack(const ComposeProject *project, Notes *notes, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* As text that is read back as the same tree, if dollars are escaped ("$$"). The caller frees. */
char *compose_to_yaml(const ComposeNode *node, gboolean escape_dollars);
Json *compose_to_json(const ComposeNode *node, gboolean escape_dollars);

/* docs/compose.md: what becomes of each key. The caller frees. */
char *compose_keys_document(void);
