// SPDX-License-Identifier: LGPL-2.1-or-later
#include "spec.h"

#include <string.h>

static gboolean take_units(char *const *units, const char *option, char ***ret_units, GError **error)
{
    for (gsize i = 0; units && units[i]; i++)
        if (!unit_name_is_valid(units[i], UNIT_NAME_PLAIN | UNIT_NAME_INSTANCE)) {
            g_autofree char *shown = text_escape(units[i]);

            gourd_error_set(error, GOURD_ERROR_USAGE, "%s '%s' is not the name of a unit", option, shown);
            return gourd_error_hint(error, "with its suffix: postgresql.service");
        }
    *ret_units = g_strdupv((char **)units);
    return TRUE;
}

/* "db" of "shop-db". */
static char *title_in_stack(const char *name, const char *stack)
{
    gsize length = strlen(stack);

    return g_strdup(strncmp(name, stack, length) == 0 && name[length] == '-' && name[length + 1] ? name + length + 1
                                                                                                 : name);
}

/* The units of a stack are its own: they are only named here. */
static gboolean add_stack(ServiceSpec *spec, const char *stack, gboolean shares_user, GError **error)
{
    if (!stack)
        return TRUE;
    spec->stack = g_strdup(stack);
    spec->shares_user = shares_user && spec->user.kind == SERVICE_USER_OWN;
    spec->target = unit_name_for_stack(stack, ".target", error);
    spec->slice = spec->target ? unit_name_for_stack(stack, ".slice", error) : NULL;
    return spec->slice != NULL;
}

static gboolean take_slice(ServiceSpec *spec, const char *slice, GError **error)
{
    if (!slice)
        return TRUE;
    if (!unit_name_is_valid(slice, UNIT_NAME_PLAIN) || !g_str_has_suffix(slice, ".slice")) {
        g_autofree char *shown = text_escape(slice);

        return gourd_error_set(error, GOURD_ERROR_USAGE, "'%s' is not the name of a slice, as in shop.slice", shown);
    }
    g_free(spec->slice);
    spec->slice = g_strdup(slice);
    return TRUE;
}

static gboolean add_aliases(SpecSource *source, GError **error)
{
    g_autoptr(GStrvBuilder) units = g_strv_builder_new();

    for (char **alias = source->options->aliases; alias && *alias; alias++) {
        g_autofree char *unit = unit_name_for_service(NULL, *alias, ".service", error);

        if (!unit)
            return gourd_error_prefix(error, "--alias");
        if (strcmp(*alias, source->context->name) != 0)
            g_strv_builder_add(units, unit);
    }
    source->spec->aliases = g_strv_builder_end(units);
    return TRUE;
}

gboolean spec_add_place(SpecSource *source, GError **error)
{
    const ServiceOptions *options = source->options;
    const char *name = source->context->name;
    ServiceSpec *spec = source->spec;

    if (options->log_tag)
        spec->title = g_strdup(options->log_tag);
    else
        spec->title = options->stack ? title_in_stack(name, options->stack) : g_strdup(name);
    spec->log_max = options->log_max;
    spec->no_log = options->no_log;
    spec->labels = g_strdupv(options->labels);
    return add_stack(spec, options->stack, options->share_user, error) && take_slice(spec, options->slice, error) &&
           take_units(options->after, "--after", &spec->after, error) &&
           take_units(options->requires, "--requires", &spec->requires, error) &&
           take_units(options->wants, "--wants", &spec->wants, error) &&
           take_units(options->part_of, "part_of", &spec->part_of, error) && add_aliases(source, error);
}
