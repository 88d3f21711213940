// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

/* A plan inside. Shared by the files of src/plan only. */

#include "plan.h"

typedef enum {
    CHANGE_WRITE,
    CHANGE_LINK,
    CHANGE_REMOVE,
    CHANGE_FOLDER,
    CHANGE_COPY,
    CHANGE_PURGE,
    CHANGE_ACT,
} ChangeKind;

typedef struct {
    ChangeKind kind;
    char *path; /* NULL for CHANGE_ACT */
    mode_t mode;
    GBytes *content;
    char *target; /* of a link */
    char *source; /* of a copy */
    gboolean has_digest;
    Digest digest;
    char *verb, *argument, *undo_verb, *undo_argument;
} Change;

struct Plan {
    char *title;
    char *brief;        /* folder, or NULL */
    GPtrArray *changes; /* Change */
};

/* Adds an empty change. */
Change *plan_add(Plan *plan, ChangeKind kind, const char *path);
const Change *plan_change(const Plan *plan, guint number);
/* "write", "link" …; static. */
const char *change_kind_name(ChangeKind kind);
gboolean change_kind_parse(const char *name, ChangeKind *ret_kind);
/* "write /etc/x", "restart web.service": one line for people. The caller frees. */
char *change_describe(const Change *change);
/* Content that is for root only. */
gboolean change_is_secret(const Change *change);

/* INPUT: a path is not absolute and plain ("/a/b", no "..", UTF-8), or a word of an action is not UTF-8. A journal has
 * to pass this too. */
gboolean plan_check(const Plan *plan, GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean path_check(const char *path, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* "cannot WHAT 'PATH'" and errno; a full disk gets its hint. Always FALSE. */
gboolean fail_path(GError **error, int errno_value, const char *what, const char *path);
