// SPDX-License-Identifier: LGPL-2.1-or-later
#include "listing.h"
#include "report.h"
#include "stack-options.h"

#include <string.h>

enum { FORMAT_YAML = 0, FORMAT_JSON };

typedef struct {
    StackOptions stack;
    int format;
    gboolean services, images, volumes, networks, profiles, environment, no_interpolate;
    char *output, *hash;
} ConfigOptions;

/* --- lists --------------------------------------------------------------------------------------------------------- */

static void print_names(const ComposeProject *project, const char *section, FILE *out)
{
    const ComposeNode *members = compose_node_get(project->root, section);

    for (const ComposeNode *item = members ? members->first : NULL; item; item = item->next)
        fprintf(out, "%s\n", item->key);
}

/* What is only built has the name that docker compose would give it. */
static void print_images(const ComposeProject *project, FILE *out)
{
    const ComposeNode *services = compose_node_get(project->root, "services");

    for (const ComposeNode *item = services->first; item; item = item->next) {
        const char *image = compose_node_get_text(item, "image");

        if (image)
            fprintf(out, "%s\n", image);
        else
            fprintf(out, "%s-%s\n", project->name, item->key);
    }
}

/* What decides whether a service is made anew: how it is built and how many there are do not, as with docker compose. */
static char *compute_hash(const ComposeNode *service)
{
    static const char *const others[] = {"build",    "pull_policy", "pull_refresh_after", "scale", "depends_on",
                                         "profiles", NULL};
    g_autoptr(Json) json = compose_to_json(service, FALSE);

    for (const char *const *key = others; *key; key++)
        json_object_del(json, *key);
    json_object_del(json_object_get(json, "deploy"), "replicas");
    g_autofree char *text = json_dumps(json, JSON_COMPACT | JSON_SORT_KEYS);
    return g_compute_checksum_for_string(G_CHECKSUM_SHA256, text, -1);
}

/* "*" is all. */
static gboolean print_hashes(const ComposeProject *project, const char *wanted, FILE *out, GError **error)
{
    const ComposeNode *services = compose_node_get(project->root, "services");
    g_auto(GStrv) names = g_strsplit(wanted, ",", -1);

    for (char **name = names; *name && strcmp(wanted, "*") != 0; name++)
        if (!compose_find_service(services, *name, error))
            return FALSE;
    for (const ComposeNode *item = services->first; item; item = item->next) {
        g_autofree char *hash = compute_hash(item);

        if (strcmp(wanted, "*") == 0 || g_strv_contains((const char *const *)names, item->key))
            fprintf(out, "%s %s\n", item->key, hash);
    }
    return TRUE;
}

static void print_texts(const GPtrArray *texts, FILE *out)
{
    for (guint i = 0; i < texts->len; i++)
        fprintf(out, "%s\n", (const char *)g_ptr_array_index(texts, i));
}

static void print_environment(GHashTable *environment, FILE *out)
{
    g_autoptr(GList) names = g_list_sort(g_hash_table_get_keys(environment), (GCompareFunc)strcmp);

    for (const GList *at = names; at; at = at->next)
        fprintf(out, "%s=%s\n", (const char *)at->data, (const char *)g_hash_table_lookup(environment, at->data));
}

/* Whether one of the lists was asked for. */
static gboolean print_lists(const ConfigOptions *options, const ComposeProject *project, FILE *out)
{
    static const char *const sections[] = {"services", "volumes", "networks"};
    const gboolean wanted[] = {options->services, options->volumes, options->networks};
    gboolean any = options->images || options->profiles || options->environment;

    for (guint i = 0; i < G_N_ELEMENTS(sections); i++) {
        any |= wanted[i];
        if (wanted[i])
            print_names(project, sections[i], out);
    }
    if (options->images)
        print_images(project, out);
    if (options->profiles)
        print_texts(project->profiles, out);
    if (options->environment)
        print_environment(project->environment, out);
    return any;
}

/* --- the whole ----------------------------------------------------------------------------------------------------- */

static char *format_project(const ConfigOptions *options, const ComposeProject *project)
{
    gboolean escape = !options->no_interpolate;

    if (options->format == FORMAT_YAML)
        return compose_to_yaml(project->root, escape);
    g_autoptr(Json) json = compose_to_json(project->root, escape);
    g_autofree char *text = json_dumps(json, JSON_INDENT(2));
    return g_strconcat(text, "\n", NULL);
}

static gboolean write_output(const char *path, const char *text, GError **error)
{
    g_autoptr(OutputFile) file = output_file_new(path, TRUE, error);
    g_autofree char *shown = text_escape(path);

    return file && fd_pwrite(output_file_fd(file), shown, text, strlen(text), 0, error) &&
           output_file_commit(file, 0644, error);
}

static gboolean config(const Call *call, GError **error)
{
    const ConfigOptions *options = call->options;
    g_autoptr(Notes) notes = notes_new();
    g_autoptr(ComposeProject) project = options->no_interpolate
                                            ? stack_options_load_raw(&options->stack, call->operands, notes, error)
                                            : stack_options_load(&options->stack, call->operands, notes, error);

    if (!project || (call->n_operands > 0 && !compose_project_select(project, call->operands, error)))
        return FALSE;
    if (call->common->quiet)
        return TRUE;
    report_notes(&call->err, notes_list(notes), call->common->verbose);
    if (options->hash)
        return print_hashes(project, options->hash, call->out.file, error);
    if (print_lists(options, project, call->out.file))
        return TRUE;
    g_autofree char *text = format_project(options, project);
    if (options->output)
        return write_output(options->output, text, error);
    fputs(text, call->out.file);
    return TRUE;
}

static ExitCode run(const Call *call, GError **error)
{
    return config(call, error) ? EXIT_CODE_OK : EXIT_CODE_FAILED;
}

#define AT(member) .offset = offsetof(ConfigOptions, member)

static const OptionChoice formats[] = {{"yaml", FORMAT_YAML, NULL}, {"json", FORMAT_JSON, NULL}, {NULL, 0, NULL}};

static const Option rows[] = {
    {"format", 0, OPTION_CHOICE, AT(format), "FORMAT", "Write the tree so", .fallback = "yaml", .choices = formats},
    {"output", 'o', OPTION_STRING, AT(output), "FILE", "Write it to a file", .completion = COMPLETE_FILE},
    {"no-interpolate", 0, OPTION_FLAG, AT(no_interpolate), .help = "Leave variables as they are written"},
    {"services", 0, OPTION_FLAG, AT(services), .help = "Print the names of the services instead"},
    {"images", 0, OPTION_FLAG, AT(images), .help = "Print the names of their images instead"},
    {"volumes", 0, OPTION_FLAG, AT(volumes), .help = "Print the names of the volumes instead"},
    {"networks", 0, OPTION_FLAG, AT(networks), .help = "Print the names of the networks instead"},
    {"profiles", 0, OPTION_FLAG, AT(profiles), .help = "Print all profiles that services are of instead"},
    {"hash", 0, OPTION_STRING, AT(hash), "SERVICE[,SERVICE]...",
     "Print a digest of what is said of each of these services instead",
     .details =
         "`*` is all. It changes when the service would be made anew: not with `build`, `depends_on` or the number of replicas. "
         "The form is that of `docker compose`, the digits are not.",
     .completion = COMPLETE_NOTHING},
    {"environment", 0, OPTION_FLAG, AT(environment), .help = "Print what variables are replaced from instead"},
    {NULL},
};

#undef AT

static const OptionGroup groups[] = {{"Options", rows}, {"Stack", stack_option_rows}, {NULL, NULL}};
static const Operand operands[] = {{"SERVICE", 0, OPERANDS_ANY, COMPLETE_OF_FILE}, {NULL, 0, 0, COMPLETE_NOTHING}};

static const char *const description[] = {
    "Reads the Compose files of a stack as `docker compose` does, checks them, and prints what they say: one file with all that they "
    "include and extend, long forms only, absolute paths. What it prints can be read again and means the same.",
    "Only the SERVICEs are printed if some are named, with what they depend on. With `--quiet` the files are only checked.",
    "docs/compose.md says what gourd makes of each key.",
    NULL,
};

static const Example examples[] = {
    {"gourd config", "The stack of this folder"},
    {"gourd config --quiet && echo fine", "Only check it"},
    {"gourd config -f compose.yaml -f production.yaml web", "One service, with what another file changes"},
    {"gourd config --format json | jq '.services | map_values(.ports)'", "For a script"},
    {NULL, NULL},
};

static const ExitCode codes[] = {
    EXIT_CODE_INPUT, EXIT_CODE_LIMIT, EXIT_CODE_UNSUPPORTED, EXIT_CODE_NOT_FOUND, EXIT_CODE_OK,
};

const Verb verb_config = {
    .name = "config",
    .topic = "Stacks",
    .summary = "Check Compose files, and print what they say",
    .operands = operands,
    .groups = groups,
    .description = description,
    .examples = examples,
    .exit_codes = codes,
    .options_size = sizeof(ConfigOptions),
    .run = run,
};
