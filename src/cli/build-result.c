// SPDX-License-Identifier: LGPL-2.1-or-later
#include "build-result.h"

#include "human.h"
#include "listing.h"
#include "report.h"

static const ListingColumn fact_columns[] = {{NULL, FALSE, STYLE_BOLD}, {NULL, FALSE, STYLE_NONE}};

static void add_size(Listing *facts, const PackResult *result)
{
    g_autofree char *bundle = size_format(result->bundle_size), *content = size_format(result->content_size);
    g_autofree char *percent = percent_format(result->bundle_size, result->content_size);

    if (result->content_size)
        listing_add_fact(facts, "Size", "%s, %s of the %s in it", bundle, percent, content);
    else
        listing_add_fact(facts, "Size", "%s", bundle);
}

static void add_content(Listing *facts, const PackResult *result)
{
    g_autofree char *files = count_format_noun(result->files, "file");
    g_autofree char *folders = count_format_noun(result->folders, "folder");
    g_autofree char *others = count_format_noun(result->others, "other");
    g_autofree char *layers = count_format_noun(result->layers, "layer");

    listing_add_fact(facts, "Content", "%s, %s, %s, of %s", files, folders, others, layers);
}

static void add_time(Listing *facts, const PackResult *result)
{
    guint64 usec = result->elapsed_usec > 0 ? (guint64)result->elapsed_usec : 1;
    double rate = (double)result->content_size * G_USEC_PER_SEC / (double)usec;
    g_autofree char *time = duration_format(usec), *shown_rate = size_format((guint64)rate);

    listing_add_fact(facts, "Time", "%s, %s/s", time, shown_rate);
}

static void add_saving(Listing *facts, const char *label, guint64 bytes)
{
    if (bytes) {
        listing_add(facts, label);
        listing_take(facts, size_format(bytes));
    }
}

void build_result_print(const PackResult *result, const Call *call)
{
    g_autoptr(Listing) facts = listing_new(fact_columns, G_N_ELEMENTS(fact_columns));
    g_autofree char *output = text_escape(result->output);

    listing_add_fact(facts, "Bundle", "%s", output);
    add_size(facts, result);
    add_content(facts, result);
    if (call->common->verbose) {
        add_saving(facts, "Index", result->index_size);
        add_saving(facts, "Duplicates", result->duplicate_size);
        add_saving(facts, "Holes", result->hole_size);
        add_saving(facts, "Hidden", result->hidden_size);
    }
    add_time(facts, result);
    listing_print(facts, &call->out);
    fflush(call->out.file);
    report_notes(&call->err, notes_list(result->notes), call->common->verbose);
}

void build_result_print_json(const PackResult *result, const Screen *screen)
{
    g_autoptr(Json) json = json_object();
    const struct {
        const char *key;
        guint64 value;
    } numbers[] = {
        {"bundle_size", result->bundle_size},
        {"squashfs_size", result->squashfs_size},
        {"index_size", result->index_size},
        {"content_size", result->content_size},
        {"stored_size", result->stored_size},
        {"duplicate_size", result->duplicate_size},
        {"hole_size", result->hole_size},
        {"hidden_size", result->hidden_size},
        {"files", result->files},
        {"folders", result->folders},
        {"others", result->others},
        {"layers", result->layers},
        {"elapsed_usec", (guint64)result->elapsed_usec},
    };

    json_object_set_new(json, "output", json_text_lossless(result->output));
    json_object_set_new(json, "name", json_text(result->name));
    json_object_set_new(json, "version", json_text(result->version));
    for (guint i = 0; i < G_N_ELEMENTS(numbers); i++)
        json_object_set_new(json, numbers[i].key, json_integer((json_int_t)numbers[i].value));
    json_object_set_new(json, "notes", notes_to_json(notes_list(result->notes)));
    json_print(json, screen);
}
