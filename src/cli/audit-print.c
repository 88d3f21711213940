// SPDX-License-Identifier: LGPL-2.1-or-later
#include "audit-print.h"

#include "listing.h"

/* Up to here a score is shown in green, and up to here in yellow: what gourd's default profile promises, and where
 * systemd-analyze stops calling it ok. In tenths. */
#define EXPOSURE_GREEN 20
#define EXPOSURE_YELLOW 50

char *audit_format_exposure(gint tenths)
{
    return g_strdup_printf("%s%d.%d", tenths < 0 ? "-" : "", ABS(tenths) / 10, ABS(tenths) % 10);
}

static Style style_of(guint exposure)
{
    return exposure <= EXPOSURE_GREEN ? STYLE_GREEN : exposure <= EXPOSURE_YELLOW ? STYLE_YELLOW : STYLE_RED;
}

static void print_findings(const Audit *audit, gboolean settings_too, const Screen *out)
{
    static const ListingColumn columns[] = {{NULL, TRUE, STYLE_NONE},
                                            {NULL, FALSE, STYLE_NONE},
                                            {NULL, FALSE, STYLE_FAINT},
                                            {NULL, FALSE, STYLE_FAINT}};
    gboolean both = settings_too && audit->ours;
    g_autoptr(Listing) listing = listing_new(columns, both ? 4 : 3);

    for (guint i = 0; i < audit->findings->len; i++) {
        const AuditFinding *finding = g_ptr_array_index(audit->findings, i);
        g_autofree char *exposure = audit_format_exposure((gint)finding->exposure);

        listing_take(listing, g_strdup_printf("  %s", exposure));
        listing_add(listing, finding->text);
        if (both)
            listing_add(listing, finding->setting);
        listing_add(listing, finding->remedy || both ? finding->remedy ? finding->remedy : "" : finding->setting);
    }
    listing_print(listing, out);
}

static void print_costs(const Audit *audit, const Screen *out)
{
    static const ListingColumn columns[] = {{NULL, TRUE, STYLE_NONE},
                                            {NULL, FALSE, STYLE_BOLD},
                                            {NULL, FALSE, STYLE_NONE}};
    g_autoptr(Listing) listing = listing_new(columns, G_N_ELEMENTS(columns));

    for (guint i = 0; i < audit->costs->len; i++) {
        const AuditCost *cost = g_ptr_array_index(audit->costs, i);
        g_autofree char *exposure = audit_format_exposure(cost->exposure);

        listing_take(listing, g_strdup_printf("  %s", exposure));
        listing_add(listing, cost->option);
        listing_add(listing, cost->text);
    }
    listing_print(listing, out);
}

static void print_audit(const Audit *audit, gboolean settings_too, const Screen *out)
{
    g_autofree char *exposure = audit_format_exposure((gint)audit->exposure);
    Style style = style_of(audit->exposure);

    fprintf(out->file, "%s%s%s: exposure %s%s, %s%s\n", screen_begin(out, STYLE_BOLD), audit->unit,
            screen_end(out, STYLE_BOLD), screen_begin(out, style), exposure, audit_word(audit->exposure),
            screen_end(out, style));
    if (audit->findings->len > 0)
        fputs("\nThe service\n", out->file);
    print_findings(audit, settings_too, out);
    if (audit->costs->len > 0)
        fputs("\nWhat options cost\n", out->file);
    print_costs(audit, out);
}

/* One line for each service. */
static void print_summary(const GPtrArray *audits, const Screen *out)
{
    static const ListingColumn columns[] = {{"SERVICE", FALSE, STYLE_BOLD},
                                            {"EXPOSURE", TRUE, STYLE_NONE},
                                            {"RATING", FALSE, STYLE_NONE},
                                            {"WHAT OPTIONS COST", FALSE, STYLE_FAINT}};
    g_autoptr(Listing) listing = listing_new(columns, G_N_ELEMENTS(columns));

    for (guint i = 0; i < audits->len; i++) {
        const Audit *audit = g_ptr_array_index(audits, i);
        GString *costs = g_string_new(NULL);

        for (guint j = 0; j < audit->costs->len; j++) {
            const AuditCost *cost = g_ptr_array_index(audit->costs, j);
            g_autofree char *exposure = audit_format_exposure(cost->exposure);

            g_string_append_printf(costs, "%s%s (%s)", j > 0 ? ", " : "", cost->option, exposure);
        }
        listing_add(listing, audit->unit);
        listing_take(listing, audit_format_exposure((gint)audit->exposure));
        listing_add(listing, audit_word(audit->exposure));
        listing_take(listing, g_string_free(costs, FALSE));
    }
    listing_print(listing, out);
}

void audit_print(const GPtrArray *audits, gboolean as_json, const Call *call)
{
    g_autoptr(Json) list = NULL;

    if (as_json) {
        list = json_array();
        for (guint i = 0; i < audits->len; i++)
            json_array_append_new(list, audit_to_json(g_ptr_array_index(audits, i)));
        json_print(list, &call->out);
    } else if ((call->n_operands == 0 || audits->len > call->n_operands) && !call->common->verbose) {
        print_summary(audits, &call->out);
    } else {
        for (guint i = 0; i < audits->len; i++) {
            if (i > 0)
                fputc('\n', call->out.file);
            print_audit(g_ptr_array_index(audits, i), call->common->verbose, &call->out);
        }
    }
}
