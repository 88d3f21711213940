// SPDX-License-Identifier: LGPL-2.1-or-later
#include "build.h"

#include "naming.h"

static gboolean open_source(Build *build, GError **error)
{
    const PackOptions *options = build->options;
    ImageOptions image_options = {
        .platform = options->platform,
        .limits = options->limits,
        .owners = options->owners,
    };

    build->scratch_folder = options->output ? g_path_get_dirname(options->output) : g_strdup(".");
    image_options.scratch_folder = build->scratch_folder;
    build->image = image_open(options->source, &image_options, build->image_notes, error);
    if (!build->image)
        return FALSE;
    GBytes *config = image_config(build->image);
    if (!config)
        return TRUE;
    gsize size;
    const void *bytes = g_bytes_get_data(config, &size);
    build->config = image_config_parse(bytes, size, error);
    return build->config != NULL;
}

static void choose_names(Build *build)
{
    const PackOptions *options = build->options;

    naming_guess(image_reference(build->image), options->source, &build->name, &build->version);
    if (options->name) {
        g_free(build->name);
        build->name = g_strdup(options->name);
    }
    if (options->version) {
        g_free(build->version);
        build->version = g_strdup(options->version);
    }
    build->output_path = options->output ? g_strdup(options->output)
                                         : g_strdup_printf("%s_%s.raw", build->name, build->version);
}

/* The time of what has none of its own: SOURCE_DATE_EPOCH, else when the image was made, else 1970; never the clock. */
static gboolean choose_time(Build *build, GError **error)
{
    const char *epoch = g_getenv("SOURCE_DATE_EPOCH");
    guint64 seconds;

    if (epoch && *epoch) {
        if (!g_ascii_string_to_unsigned(epoch, 10, 0, G_MAXUINT32, &seconds, NULL)) {
            g_autofree char *shown = text_escape(epoch);

            return gourd_error_set(error, GOURD_ERROR_USAGE,
                                   "SOURCE_DATE_EPOCH is '%s', not seconds since 1970 in 32 bits", shown);
        }
        build->time = (gint64)seconds;
    } else if (build->config && build->config->created) {
        g_autoptr(GTimeZone) utc = g_time_zone_new_utc();
        g_autoptr(GDateTime) created = g_date_time_new_from_iso8601(build->config->created, utc);

        build->time = created ? CLAMP(g_date_time_to_unix(created), 0, G_MAXUINT32) : 0;
    }
    return TRUE;
}

gboolean build_open_image(Build *build, GError **error)
{
    if (!open_source(build, error))
        return FALSE;
    choose_names(build);
    return choose_time(build, error);
}
