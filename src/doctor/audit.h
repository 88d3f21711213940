// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

/* How exposed a service is, as `systemd-analyze security` rates it, in words that say what to do: what is open and which
 * option of gourd closes it, and what each option that opens something costs.
 *
 * Exposure is in tenths: 0 is a perfect sandbox, 100 none at all. A finding's share is what it adds to the whole. */

#include "host/host.h"
#include "service/service.h"

#define AUDIT_EXPOSURE_MAX 100

/* Something that is open. */
typedef struct {
    char *setting; /* "PrivateNetwork="; of several rows that mean one thing, what they have in common */
    char *text;    /* what the service can do because of it: a phrase without subject */
    char *remedy;  /* what closes it, or why it stays open; NULL: the admin knows best */
    guint exposure;
} AuditFinding;

/* What a choice costs, or a drop-in of the admin. */
typedef struct {
    char *option;  /* "--allow jit" */
    char *text;    /* what it is for: a phrase; or why there is no other way */
    gint exposure; /* of the service with it, less that of the service without it; negative: it closes something */
} AuditCost;

typedef struct {
    char *unit;
    guint exposure;
    gboolean ours;       /* gourd wrote the unit, and remedies are given */
    GPtrArray *findings; /* AuditFinding, the worst first */
    GPtrArray *costs;    /* AuditCost, the dearest first */
} Audit;

void audit_free(Audit *audit);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Audit, audit_free)

/* A unit file by its text. */
Audit *audit_unit(const char *unit, const char *text, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* A unit of a host, with the admin's drop-ins in /etc/systemd/system/NAME.d, which count among the costs. NOT_FOUND: there is
 * no such unit. */
Audit *audit_installed_unit(const Host *host, const char *unit, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The unit that a bundle becomes with these options; all that service_render() can refuse. */
Audit *audit_bundle(Bundle *bundle, const ServiceOptions *options, const ServiceContext *context, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;

/* Adds what each of the options costs: the service is rendered without it and rated again. */
gboolean audit_add_costs(Audit *audit, Bundle *bundle, const ServiceOptions *options, const ServiceContext *context,
                         GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* What systemd-analyze calls such a service: "safe", "ok", "medium", "exposed", "unsafe", "dangerous". */
const char *audit_word(guint exposure);

/* {"unit", "exposure", "rating", "open": [{"setting", "exposure", "text", "remedy"}], "costs": [{"option", "text", "exposure"}]}; exposures as on the screen, 1.9. */
Json *audit_to_json(const Audit *audit);
