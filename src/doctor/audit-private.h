// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "audit.h"

/* What a row of systemd-analyze means. */
typedef struct {
    const char *field;       /* its json_field; "*" at the end stands for any rest */
    const char *description; /* how its description begins; NULL: any */
    const char *setting;     /* how rows of one rule are called together; NULL: each by its own name */
    const char *text;        /* AuditFinding; NULL: the description */
    const char *remedy;      /* AuditFinding */
} AuditRule;

/* The rule for a row, or NULL. */
const AuditRule *audit_rule_find(const char *field, const char *description);
/* All of them, for tests. */
const AuditRule *audit_rules(guint *ret_count);

/* The exposure of a unit file's text, alone or with findings; ours: in gourd's words, which suppose a bundle as root. */
gboolean audit_rate(const char *text, guint *ret_exposure, GPtrArray *findings, gboolean ours, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;
void audit_add_cost(Audit *audit, const char *option, const char *text, gint exposure);
