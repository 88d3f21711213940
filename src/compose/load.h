// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

/* How the files of a project become one tree of long forms: each is read, its variables are replaced, it is checked, its
 * services extend others, what it includes is brought in; then the next is laid over it. */

#include "compose.h"
#include "schema.h"

#define LOAD_DEPTH_MAX 20  /* files that include each other, services that extend each other */
#define LOAD_FILES_MAX 500 /* that are read for one project */

typedef struct {
    ComposeProject *project;
    gboolean raw;
    const char *home;
    Notes *notes;
    GHashTable *extended; /* absolute path → ComposeNode: files that services extend from */
    GHashTable *parsed;   /* path → GPtrArray: documents that were looked at for the name, and not used yet */
} ComposeLoader;

/* The documents of a file (borrowed nodes), as they are written; it is added to the project's files. path is absolute, or "-". */
GPtrArray *load_documents(ComposeLoader *loader, const char *path, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* One tree of files that are laid over each other. paths: char *; environment: name → value, for variables; folder: what
 * relative paths are relative to. chain: char *, the files that are being included, for cycles. */
ComposeNode *load_layers(ComposeLoader *loader, const GPtrArray *paths, GHashTable *environment, const char *folder,
                         GPtrArray *chain, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* One document made ready: variables, shapes, long forms. The tree itself is changed. */
gboolean load_prepare(ComposeLoader *loader, ComposeNode *document, GHashTable *environment, const char *folder,
                      GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Each service with `extends` gets what it extends. */
gboolean load_extends(ComposeLoader *loader, ComposeNode *document, const char *path, GHashTable *environment,
                      GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* What `include` names is added to the document. */
gboolean load_includes(ComposeLoader *loader, ComposeNode *document, GHashTable *environment, GPtrArray *chain,
                       GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Variables of a file; those that are there already keep their values. */
gboolean load_env_file(const char *path, GHashTable *environment, Notes *notes, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;

/* Names, defaults and references of the whole: normalize.c and references.c. Profiles of the services in `named` are active too. */
gboolean compose_normalize(ComposeLoader *loader, const char *const *profiles, const char *const *named, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;
/* INPUT, LIMIT: a number of replicas that there cannot be. */
gboolean compose_check_scale(const ComposeNode *service, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* How many there are of a service; FALSE in *ret_said: nothing is said, and it is one without a number. */
guint compose_count_replicas(const ComposeNode *service, gboolean *ret_said);
/* Of a service, in place: env_file and label_file are read, variables without value looked up. */
gboolean compose_resolve_environment(ComposeLoader *loader, ComposeNode *service, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;
/* INPUT: limits that are said twice and differently, what is external and described, secrets and configs with two contents. */
gboolean compose_check_contradictions(const ComposeNode *root, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* INPUT: a service, network, volume, secret or config that there is not; keys that contradict each other. What nobody uses is
 * dropped. */
gboolean compose_check_references(ComposeNode *root, GHashTable *disabled, GError **error) G_GNUC_WARN_UNUSED_RESULT;
