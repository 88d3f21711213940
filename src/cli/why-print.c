// SPDX-License-Identifier: LGPL-2.1-or-later
#include "why-print.h"

#include "listing.h"

static void print_finding(const WhyFinding *finding, const Screen *out)
{
    fprintf(out->file, "    %s\n", finding->text);
    if (finding->place)
        fprintf(out->file, "      %sin%s %s\n", screen_begin(out, STYLE_FAINT), screen_end(out, STYLE_FAINT),
                finding->place);
    if (finding->remedy)
        fprintf(out->file, "      %shint:%s %s\n", screen_begin(out, STYLE_CYAN), screen_end(out, STYLE_CYAN),
                finding->remedy);
}

static void print_findings(const GPtrArray *findings, const Screen *out)
{
    for (guint i = 0; i < findings->len; i++)
        print_finding(g_ptr_array_index(findings, i), out);
}

static char *format_time(guint64 usec)
{
    g_autoptr(GDateTime) time = g_date_time_new_from_unix_local((gint64)(usec / G_USEC_PER_SEC));

    return time ? g_date_time_format(time, "%Y-%m-%d %H:%M:%S") : g_strdup("?");
}

static void print_why(const Why *why, gboolean verbose, const Screen *out)
{
    Style style = why->is_wrong ? STYLE_RED : STYLE_GREEN;

    fprintf(out->file, "%s%s%s: %s%s%s", screen_begin(out, STYLE_BOLD), why->unit, screen_end(out, STYLE_BOLD),
            screen_begin(out, style), why->state, screen_end(out, style));
    if (why->failed_usec > 0) {
        g_autofree char *time = format_time(why->failed_usec);

        fprintf(out->file, "%s %s", g_str_equal(why->state, "failed") ? " since" : ", failed last", time);
    }
    if (why->ended)
        fprintf(out->file, " (%s)", why->ended);
    fputc('\n', out->file);
    print_findings(why->findings, out);
    for (guint i = 0; verbose && i < why->lines->len; i++)
        fprintf(out->file, "      %s%s%s\n", screen_begin(out, STYLE_FAINT),
                (const char *)g_ptr_array_index(why->lines, i), screen_end(out, STYLE_FAINT));
}

void why_print(const GPtrArray *whys, const GPtrArray *host, const Call *call)
{
    const Screen *out = &call->out;

    if (host) {
        Style style = host->len > 0 ? STYLE_RED : STYLE_GREEN;

        fprintf(out->file, "%sthis host%s: %s%s%s\n", screen_begin(out, STYLE_BOLD), screen_end(out, STYLE_BOLD),
                screen_begin(out, style), host->len > 0 ? "not fit for services" : "fit for services",
                screen_end(out, style));
        print_findings(host, out);
    }
    for (guint i = 0; i < whys->len; i++)
        print_why(g_ptr_array_index(whys, i), call->common->verbose, out);
}

void why_print_json(const GPtrArray *whys, const GPtrArray *host, const Call *call)
{
    g_autoptr(Json) json = json_object();
    Json *units = json_array();

    for (guint i = 0; i < whys->len; i++)
        json_array_append_new(units, why_to_json(g_ptr_array_index(whys, i)));
    json_object_set_new(json, "host", host ? why_findings_to_json(host) : json_null());
    json_object_set_new(json, "units", units);
    json_print(json, &call->out);
}

void why_append(GString *text, const Why *why)
{
    for (guint i = 0; i < why->findings->len; i++) {
        const WhyFinding *finding = g_ptr_array_index(why->findings, i);

        g_string_append_printf(text, "\nwhy: %s", finding->text);
        if (finding->place)
            g_string_append_printf(text, "\n    in %s", finding->place);
    }
}
