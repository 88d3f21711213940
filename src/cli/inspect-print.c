// SPDX-License-Identifier: LGPL-2.1-or-later
#include "inspect-print.h"

#include "human.h"
#include "listing.h"

#include "image/image.h"

#include <string.h>

#define NSEC_PER_USEC 1000

static const ListingColumn fact_columns[] = {{NULL, FALSE, STYLE_BOLD}, {NULL, FALSE, STYLE_NONE}};

/* Fields that may be missing or of another type: bundle.json may come from anybody. */
static const char *text_of(const Json *object, const char *key)
{
    return json_string_value(json_object_get(object, key));
}

static guint64 number_of(const Json *object, const char *key)
{
    return (guint64)json_integer_value(json_object_get(object, key));
}

static void add_text(Listing *facts, const char *label, const char *text)
{
    g_autofree char *shown = text && *text ? text_escape(text) : NULL;

    if (shown)
        listing_add_fact(facts, label, "%s", shown);
}

/* One line for each; the label stands before the first. */
static void add_lines(Listing *facts, const char *label, char *const *lines)
{
    for (gsize i = 0; lines[i]; i++) {
        g_autofree char *shown = text_escape(lines[i]);

        listing_add_fact(facts, i == 0 ? label : "", "%s", shown);
    }
}

/* A command as a JSON array, so that its words can be told apart. */
static void add_command(Listing *facts, const char *label, char *const *words)
{
    g_autoptr(Json) array = json_array();

    if (!words || !words[0])
        return;
    for (gsize i = 0; words[i]; i++)
        json_array_append_new(array, json_text(words[i]));
    char *text = json_dumps(array, 0);
    listing_add_fact(facts, label, "%s", text);
    free(text); /* jansson's */
}

/* --- configuration ------------------------------------------------------------------------------------------------- */

static void add_user(Listing *facts, const char *spec, const Json *user)
{
    g_autofree char *shown = text_escape(*spec ? spec : "root");

    if (json_is_integer(json_object_get(user, "uid")))
        listing_add_fact(facts, "User", "%s (uid %" G_GUINT64_FORMAT ", gid %" G_GUINT64_FORMAT ")", shown,
                         number_of(user, "uid"), number_of(user, "gid"));
    else
        listing_add_fact(facts, "User", "%s", shown);
}

static void add_healthcheck(Listing *facts, const ImageConfig *config)
{
    const struct {
        const char *label;
        gint64 nsec;
    } times[] = {
        {"  every", config->healthcheck.interval_nsec},
        {"  timeout", config->healthcheck.timeout_nsec},
        {"  start period", config->healthcheck.start_period_nsec},
    };

    if (!config->healthcheck.test[0])
        return;
    add_command(facts, "Health check", config->healthcheck.test);
    for (gsize i = 0; i < G_N_ELEMENTS(times); i++) {
        g_autofree char *text = times[i].nsec > 0 ? duration_format((guint64)times[i].nsec / NSEC_PER_USEC) : NULL;

        if (text)
            listing_add_fact(facts, times[i].label, "%s", text);
    }
    if (config->healthcheck.retries > 0)
        listing_add_fact(facts, "  retries", "%" G_GINT64_FORMAT, config->healthcheck.retries);
}

static void add_labels(Listing *facts, char *const *labels)
{
    const char *title = "Labels";

    for (gsize i = 0; labels[i] && labels[i + 1]; i += 2, title = "") {
        g_autofree char *key = text_escape(labels[i]), *value = text_escape(labels[i + 1]);

        listing_add_fact(facts, title, "%s=%s", key, value);
    }
}

static char *format_platform(const ImageConfig *config)
{
    gboolean has_variant = config->variant && *config->variant;

    return g_strdup_printf("%s/%s%s%s", config->os ? config->os : "?",
                           config->architecture ? config->architecture : "?", has_variant ? "/" : "",
                           has_variant ? config->variant : "");
}

static gboolean add_config(Listing *facts, const Json *description, GError **error)
{
    const Json *document = json_object_get(description, "config");
    const Json *metadata = json_object_get(description, "metadata");

    if (!json_is_object(document))
        return TRUE;
    char *text = json_dumps(document, JSON_COMPACT);
    g_autoptr(ImageConfig) config = image_config_parse(text, strlen(text), error);
    free(text); /* jansson's */
    if (!config)
        return gourd_error_prefix(error, "the configuration");
    g_autofree char *platform = format_platform(config);

    add_text(facts, "Created", config->created);
    add_text(facts, "Platform", platform);
    add_command(facts, "Entrypoint", config->entrypoint);
    add_command(facts, "Command", config->cmd);
    add_text(facts, "Working folder", config->working_dir);
    add_user(facts, config->user ? config->user : "", json_object_get(metadata, "user"));
    add_lines(facts, "Environment", config->env);
    add_lines(facts, "Volumes", config->volumes);
    add_lines(facts, "Ports", config->exposed_ports);
    add_text(facts, "Stop signal", config->stop_signal);
    add_healthcheck(facts, config);
    add_labels(facts, config->labels);
    return TRUE;
}

/* --- the rest ------------------------------------------------------------------------------------------------------ */

static void add_source(Listing *facts, const Json *description)
{
    const Json *metadata = json_object_get(description, "metadata");

    add_text(facts, "Bundle", text_of(description, "file"));
    add_text(facts, "Image", text_of(description, "source"));
    add_text(facts, "Reference", text_of(description, "reference"));
    add_text(facts, "Name", text_of(metadata, "name"));
    add_text(facts, "Version", text_of(metadata, "version"));
    add_text(facts, "Manifest", text_of(description, "manifest_digest"));
    add_text(facts, "Configuration", text_of(description, "config_digest"));
    add_text(facts, "Configuration", text_of(json_object_get(metadata, "source"), "config_digest"));
}

static void add_metadata(Listing *facts, const Json *metadata)
{
    const Json *init = json_object_get(metadata, "needs_init");
    const Json *point, *note;
    const char *label = "Mount points";
    size_t i;

    if (text_of(init, "kind")) {
        g_autofree char *kind = text_escape(text_of(init, "kind"));
        g_autofree char *reason = text_escape(text_of(init, "reason") ? text_of(init, "reason") : "");

        listing_add_fact(facts, "Needs PID 1", "%s: %s", kind, reason);
    }
    json_array_foreach(json_object_get(metadata, "mount_points"), i, point) {
        const char *type = text_of(point, "type");
        g_autofree char *path = text_escape(text_of(point, "path") ? text_of(point, "path") : "");

        listing_add_fact(facts, label, "%s%s", path, g_strcmp0(type, "file") == 0 ? " (file)" : "");
        label = "";
    }
    label = "Notes";
    json_array_foreach(json_object_get(metadata, "notes"), i, note) {
        g_autofree char *text = text_escape(text_of(note, "text") ? text_of(note, "text") : "");

        listing_add_fact(facts, label, "%s (%" G_GUINT64_FORMAT ")", text, number_of(note, "count"));
        label = "";
    }
}

static void add_sizes(Listing *facts, const Json *description)
{
    const Json *sizes = json_object_get(description, "sizes"), *counts = json_object_get(description, "counts");
    const Json *squashfs = json_object_get(description, "squashfs"), *index = json_object_get(description, "index");
    const struct {
        const char *label, *key;
    } rows[] = {
        {"  content", "content"}, {"  holes", "holes"},   {"  duplicates", "duplicates"},
        {"  to store", "raw"},    {"  stored", "stored"}, {"  index", "index"},
    };

    if (!sizes)
        return;
    g_autofree char *size = size_format(number_of(sizes, "bundle"));
    g_autofree char *percent = percent_format(number_of(sizes, "bundle"), number_of(sizes, "content"));
    g_autofree char *files = count_format_noun(number_of(counts, "files"), "file");
    listing_add_fact(facts, "Size", "%s, %s of its content; %s", size, percent, files);
    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        if (number_of(sizes, rows[i].key) > 0) {
            listing_add(facts, rows[i].label);
            listing_take(facts, size_format(number_of(sizes, rows[i].key)));
        }
    }
    listing_add_fact(facts, "Format", "SquashFS, %s%s%s, blocks of %" G_GUINT64_FORMAT " KiB",
                     text_of(squashfs, "compressor"), text_of(index, "encoder") ? " by " : "",
                     text_of(index, "encoder") ? text_of(index, "encoder") : "",
                     number_of(squashfs, "block_size") / 1024);
    if (index && json_is_object(index))
        listing_add_fact(facts, "Index", "version %s, gourd %s, level %" G_GUINT64_FORMAT, text_of(index, "version"),
                         text_of(index, "gourd"), number_of(index, "level"));
    else if (text_of(description, "index_problem"))
        listing_add_fact(facts, "Index", "%s", text_of(description, "index_problem"));
    else
        listing_add_fact(facts, "Index", "none");
}

static void print_layers(const Json *description, const Screen *out)
{
    static const ListingColumn columns[] = {
        {"LAYER", TRUE, STYLE_NONE},
        {"SIZE", TRUE, STYLE_NONE},
        {"FILES", TRUE, STYLE_NONE},
        {"DIGEST", FALSE, STYLE_NONE},
    };
    g_autoptr(Listing) table = listing_new(columns, G_N_ELEMENTS(columns));
    const Json *layers = json_object_get(description, "layers");
    const Json *layer;
    size_t i;

    if (json_array_size(layers) == 0)
        return;
    json_array_foreach(layers, i, layer) {
        const char *digest = text_of(layer, "diff_id") ? text_of(layer, "diff_id") : text_of(layer, "digest");

        listing_take(table, g_strdup_printf("%" G_GUINT64_FORMAT, number_of(layer, "number")));
        listing_take(table, size_format(number_of(layer, "size")));
        listing_take(table, json_object_get(layer, "files") ? count_format(number_of(layer, "files")) : g_strdup("-"));
        listing_add(table, digest ? digest : "-");
    }
    fputc('\n', out->file);
    listing_print(table, out);
}

static void add_service(Listing *facts, const Json *service)
{
    const char *label = "As a service", *failure = text_of(service, "error");
    const Json *note;
    size_t i;

    if (failure) {
        const char *hint = text_of(service, "hint");

        listing_add_fact(facts, label, "cannot run: %s%s%s", failure, hint ? "; " : "", hint ? hint : "");
    }
    json_array_foreach(json_object_get(service, "notes"), i, note) {
        const char *subject = json_string_value(json_array_get(json_object_get(note, "subjects"), 0));

        listing_add_fact(facts, label, "%s%s%s", text_of(note, "text"), subject ? ": " : "", subject ? subject : "");
        label = "";
    }
}

gboolean inspect_print(const Json *description, const Call *call, GError **error)
{
    g_autoptr(Listing) facts = listing_new(fact_columns, G_N_ELEMENTS(fact_columns));

    add_source(facts, description);
    if (!add_config(facts, description, error))
        return FALSE;
    add_metadata(facts, json_object_get(description, "metadata"));
    add_service(facts, json_object_get(description, "service"));
    add_sizes(facts, description);
    listing_print(facts, &call->out);
    print_layers(description, &call->out);
    return TRUE;
}
