// SPDX-License-Identifier: LGPL-2.1-or-later
#include "audit-private.h"

#include <string.h>

/* The service as it is asked for, of which one thing after the other is taken away. */
typedef struct {
    Audit *audit;
    ServiceImage *image;
    const ServiceOptions *options;
    const ServiceContext *context;
    guint exposure; /* with all of them */
} Costing;

/* The text of NAME.service. */
static char *render(ServiceImage *image, const ServiceOptions *options, const ServiceContext *context, Notes *notes,
                    GError **error)
{
    g_autoptr(ServiceSpec) spec = service_spec_new(image, options, context, notes, error);
    g_autoptr(ServiceFiles) files = spec ? service_render(spec, context, notes, error) : NULL;
    g_autofree char *path = files ? g_build_filename(PATH_UNITS, files->unit, NULL) : NULL;

    if (!files)
        return NULL;
    for (guint i = 0; i < files->files->len; i++) {
        const ServiceFile *file = g_ptr_array_index(files->files, i);
        gsize size;

        if (strcmp(file->path, path) == 0) {
            const char *bytes = g_bytes_get_data(file->content, &size);

            return g_strndup(bytes, size);
        }
    }
    g_assert_not_reached();
}

Audit *audit_bundle(Bundle *bundle, const ServiceOptions *options, const ServiceContext *context, GError **error)
{
    g_autoptr(ServiceImage) image = service_image_new(bundle);
    g_autofree char *text = render(image, options, context, NULL, error);
    g_autofree char *unit = text ? unit_name_for_service(NULL, context->name, ".service", error) : NULL;
    g_autoptr(Audit) audit = unit ? audit_unit(unit, text, error) : NULL;

    if (!audit || !audit_add_costs(audit, bundle, options, context, error))
        return NULL;
    return g_steal_pointer(&audit);
}

/* Rates the service with other options, and adds the difference. */
static gboolean add_cost(const Costing *costing, const char *option, const char *text, const ServiceOptions *others,
                         GError **error)
{
    g_autofree char *unit = render(costing->image, others, costing->context, NULL, error);
    guint exposure;

    if (!unit || !audit_rate(unit, &exposure, NULL, FALSE, error))
        return gourd_error_prefix(error, "without %s", option);
    audit_add_cost(costing->audit, option, text, (gint)costing->exposure - (gint)exposure);
    return TRUE;
}

/* Takes one string out of a vector. */
static void remove_string(char **strings, guint index)
{
    g_free(strings[index]);
    do
        strings[index] = strings[index + 1];
    while (strings[index++]);
}

static const char *describe_loosening(const char *name)
{
    for (const ServiceLoosening *loosening = service_loosenings(); loosening->name; loosening++)
        if (strcmp(loosening->name, name) == 0)
            return loosening->text;
    return "";
}

static gboolean add_loosenings(const Costing *costing, GError **error)
{
    char **names = costing->options->allow;

    for (guint i = 0; names && names[i]; i++) {
        g_autofree char *option = g_strdup_printf("--allow %s", names[i]);
        ServiceOptions others;

        service_options_copy(costing->options, &others);
        remove_string(others.allow, i);
        gboolean ok = add_cost(costing, option, describe_loosening(names[i]), &others, error);
        service_options_clear(&others);
        if (!ok)
            return FALSE;
    }
    return TRUE;
}

static gboolean add_capabilities(const Costing *costing, GError **error)
{
    char **names = costing->options->capabilities;

    for (guint i = 0; names && names[i]; i++) {
        g_autofree char *shown = text_escape(names[i]);
        g_autofree char *option = g_strdup_printf("--capability %s", shown);
        ServiceOptions others;

        service_options_copy(costing->options, &others);
        remove_string(others.capabilities, i);
        gboolean ok = add_cost(costing, option, "a capability of root", &others, error);
        service_options_clear(&others);
        if (!ok)
            return FALSE;
    }
    return TRUE;
}

/* --- what is one choice -------------------------------------------------------------------------------------------------- */

static gboolean has_devices(const ServiceOptions *options)
{
    return options->devices && options->devices[0];
}

static void drop_devices(ServiceOptions *options)
{
    g_clear_pointer(&options->devices, g_strfreev);
}

static gboolean adds_capabilities(const ServiceOptions *options)
{
    return options->cap_add && options->cap_add[0];
}

static void drop_added(ServiceOptions *options)
{
    g_clear_pointer(&options->cap_add, g_strfreev);
}

static gboolean is_trusted(const ServiceOptions *options)
{
    return options->profile == SERVICE_PROFILE_TRUSTED;
}

static void drop_trust(ServiceOptions *options)
{
    options->profile = SERVICE_PROFILE_DEFAULT;
}

static gboolean is_root(const ServiceOptions *options)
{
    g_auto(GStrv) parts = g_strsplit(options->user ? options->user : "", ":", 2);

    return parts[0] && (strcmp(parts[0], "root") == 0 || strcmp(parts[0], "0") == 0);
}

static void drop_user(ServiceOptions *options)
{
    g_clear_pointer(&options->user, g_free);
}

static gboolean notifies(const ServiceOptions *options)
{
    return options->notify;
}

static void drop_notify(ServiceOptions *options)
{
    options->notify = FALSE;
}

static const struct {
    const char *option, *text;
    gboolean (*is_used)(const ServiceOptions *options);
    void (*drop)(ServiceOptions *options);
} choices[] = {
    {"cap_add", "capabilities of root, and what they are for", adds_capabilities, drop_added},
    {"--device", "device nodes of the host", has_devices, drop_devices},
    {"--profile trusted", "what a container usually has", is_trusted, drop_trust},
    {"--user root", "root of the host, within what the sandbox leaves", is_root, drop_user},
    {"--notify", "the program itself says when it is ready", notifies, drop_notify},
};

static gboolean add_choices(const Costing *costing, GError **error)
{
    for (gsize i = 0; i < G_N_ELEMENTS(choices); i++) {
        ServiceOptions others;

        if (!choices[i].is_used(costing->options))
            continue;
        service_options_copy(costing->options, &others);
        choices[i].drop(&others);
        gboolean ok = add_cost(costing, choices[i].option, choices[i].text, &others, error);
        service_options_clear(&others);
        if (!ok)
            return FALSE;
    }
    return TRUE;
}

/* What gourd allows by itself where an image has a compiler at run time: no option can be left out, so the unit is rated with the
 * line that it would have. */
static gboolean add_found_jit(const Costing *costing, const char *text, Notes *notes, GError **error)
{
    const GPtrArray *list = notes_list(notes);
    gboolean found = FALSE;
    guint exposure;

    for (guint i = 0; i < list->len; i++)
        found |= strcmp(((const Note *)g_ptr_array_index(list, i))->kind, "jit-allowed") == 0;
    if (!found)
        return TRUE;
    g_autoptr(UnitFile) file = unit_file_parse(text, strlen(text), NULL, error);
    if (!file)
        return FALSE;
    unit_file_set(file, "Service", "MemoryDenyWriteExecute", "yes");
    g_autofree char *tight = unit_file_to_text(file, error);
    if (!tight || !audit_rate(tight, &exposure, NULL, FALSE, error))
        return FALSE;
    audit_add_cost(costing->audit, "--allow jit, as the image needs it", describe_loosening("jit"),
                   (gint)costing->exposure - (gint)exposure);
    return TRUE;
}

gboolean audit_add_costs(Audit *audit, Bundle *bundle, const ServiceOptions *options, const ServiceContext *context,
                         GError **error)
{
    g_autoptr(Notes) notes = notes_new();
    g_autoptr(ServiceImage) image = service_image_new(bundle);
    g_autofree char *text = render(image, options, context, notes, error);
    Costing costing = {.audit = audit, .image = image, .options = options, .context = context};

    return text && audit_rate(text, &costing.exposure, NULL, FALSE, error) && add_loosenings(&costing, error) &&
           add_capabilities(&costing, error) && add_choices(&costing, error) &&
           add_found_jit(&costing, text, notes, error);
}
