// SPDX-License-Identifier: LGPL-2.1-or-later
#include "deploy-options.h"
#include "human.h"
#include "listing.h"
#include "session.h"
#include "stack-load.h"

#include "bundle/bundle.h"

#include <string.h>

typedef struct {
    StackOptions stack; /* without bundles */
    GPtrArray *scales;
    char *root, *target;
    int network;
    gboolean stat, json, secure_env;
} DiffOptions;

static void append_changes(GString *line, guint what)
{
    const char *separator = "";
    const char *name;

    g_string_append(line, "  (");
    for (guint bit = 0; (name = bundle_diff_what_name(bit)); bit++) {
        if (what & 1u << bit) {
            g_string_append_printf(line, "%s%s", separator, name);
            separator = ", ";
        }
    }
    g_string_append_c(line, ')');
}

static void print_difference(const BundleDifference *difference, const Screen *out)
{
    static const struct {
        const char *sign;
        Style style;
    } looks[] = {
        [BUNDLE_DIFF_ADDED] = {"+", STYLE_GREEN},
        [BUNDLE_DIFF_REMOVED] = {"-", STYLE_RED},
        [BUNDLE_DIFF_CHANGED] = {"~", STYLE_YELLOW},
    };
    g_autoptr(GString) line = g_string_new(NULL);
    g_autofree char *path = text_escape(difference->path);
    Style style = looks[difference->kind].style;

    g_string_append_printf(line, "/%s%s", path, difference->type == ENTRY_DIRECTORY && *path ? "/" : "");
    if (difference->kind == BUNDLE_DIFF_CHANGED)
        append_changes(line, difference->what);
    fprintf(out->file, "%s%s%s %s\n", screen_begin(out, style), looks[difference->kind].sign, screen_end(out, style),
            line->str);
}

static void print_stat(const BundleDiff *diff, const Screen *out)
{
    g_autofree char *added = count_format(diff->n_added), *removed = count_format(diff->n_removed);
    g_autofree char *changed = count_format(diff->n_changed), *same = count_format(diff->n_same);
    g_autofree char *blocks = size_format(diff->new_bytes), *tables = size_format(diff->table_bytes);
    g_autofree char *shared = percent_format(diff->shared_bytes, diff->shared_bytes + diff->new_bytes);
    g_autofree char *count = count_format_noun(diff->new_blocks, "block");

    fprintf(out->file, "%s added, %s removed, %s changed, %s the same\n", added, removed, changed, same);
    if (diff->has_transfer)
        fprintf(out->file, "an update transfers %s in %s, and %s of tables; %s of the data are there already\n", blocks,
                count, tables, shared);
    else
        fprintf(out->file, "what an update would transfer is known only between bundles that have an index\n");
}

static Json *difference_to_json(const BundleDifference *difference)
{
    static const char *const kinds[] = {
        [BUNDLE_DIFF_ADDED] = "added",
        [BUNDLE_DIFF_REMOVED] = "removed",
        [BUNDLE_DIFF_CHANGED] = "changed",
    };
    g_autofree char *path = g_strconcat("/", difference->path, NULL);
    Json *object = json_object();
    const char *name;

    json_object_set_new(object, "change", json_string(kinds[difference->kind]));
    json_object_set_new(object, "path", json_text_lossless(path));
    json_object_set_new(object, "type", json_string(manifest_type_name(difference->type)));
    if (difference->kind == BUNDLE_DIFF_CHANGED) {
        Json *what = json_array();

        for (guint bit = 0; (name = bundle_diff_what_name(bit)); bit++) {
            if (difference->what & 1u << bit)
                json_array_append_new(what, json_string(name));
        }
        json_object_set_new(object, "what", what);
    }
    if (difference->kind != BUNDLE_DIFF_ADDED)
        json_object_set_new(object, "old_size", json_integer((json_int_t)difference->old_size));
    if (difference->kind != BUNDLE_DIFF_REMOVED)
        json_object_set_new(object, "new_size", json_integer((json_int_t)difference->new_size));
    return object;
}

static void print_json(const BundleDiff *diff, gboolean stat, const Screen *out)
{
    g_autoptr(Json) json = json_pack("{s:I, s:I, s:I, s:I}", "added", (json_int_t)diff->n_added, "removed",
                                     (json_int_t)diff->n_removed, "changed", (json_int_t)diff->n_changed, "same",
                                     (json_int_t)diff->n_same);
    Json *transfer = json_null();

    if (diff->has_transfer)
        transfer = json_pack("{s:I, s:I, s:I, s:I, s:I}", "new_blocks", (json_int_t)diff->new_blocks, "new_bytes",
                             (json_int_t)diff->new_bytes, "shared_blocks", (json_int_t)diff->shared_blocks,
                             "shared_bytes", (json_int_t)diff->shared_bytes, "table_bytes",
                             (json_int_t)diff->table_bytes);
    json_object_set_new(json, "transfer", transfer);
    if (!stat) {
        Json *list = json_array();

        for (guint i = 0; i < diff->differences->len; i++)
            json_array_append_new(list, difference_to_json(g_ptr_array_index(diff->differences, i)));
        json_object_set_new(json, "differences", list);
    }
    json_print(json, out);
}

/* --- what `gourd up` would change ---------------------------------------------------------------------------------- */

static void print_member(const StoreChange *member, FILE *out)
{
    if (member->to == 0)
        fprintf(out, "%s would be removed\n", member->name);
    else if (member->from == 0)
        fprintf(out, "%s %s would be new%s\n", member->name, member->to_version, member->started ? " and started" : "");
    else if (member->from != member->to && strcmp(member->from_version, member->to_version) != 0)
        fprintf(out, "%s would be changed from %s to %s%s\n", member->name, member->from_version, member->to_version,
                member->started ? " and started again" : "");
    else if (member->from != member->to)
        fprintf(out, "%s %s would be changed%s\n", member->name, member->to_version,
                member->started ? " and started again" : "");
    else if (member->started)
        fprintf(out, "%s %s would be started again\n", member->name, member->to_version);
}

/* All files and actions, then what that means to each service. */
static gboolean show_change(Session *session, const StoreChange *change, gboolean json, GError **error)
{
    const SessionMode mode = {.dry_run = TRUE, .json = json};
    gboolean done;

    if (session->call->common->quiet && !json)
        return TRUE;
    if (!session_run(session, change, &mode, &done, error))
        return FALSE;
    for (guint i = 0; change->members && i < change->members->len && !json; i++)
        print_member(g_ptr_array_index(change->members, i), session->call->out.file);
    return TRUE;
}

static ExitCode diff_stack(const Call *call, GError **error)
{
    const DiffOptions *options = call->options;
    const StackLoad load = {.scales = (const char *const *)options->scales->pdata,
                            .network = options->network,
                            .secure_env = options->secure_env};
    StoreStackRequest request = {0};
    g_auto(Session) session = {0};
    g_autoptr(Stack) stack = NULL;
    g_autoptr(StoreChange) change = NULL;

    if ((options->target && !unit_target_parse(options->target, &request.target, error)) ||
        !session_open(&session, call, options->root, FALSE, error) ||
        !stack_plan_up(&options->stack, &session, &load, &request, &stack, &change, error) ||
        !show_change(&session, change, options->json, error))
        return EXIT_CODE_FAILED;
    return plan_length(change->plan) > 0 ? EXIT_CODE_DIFFERS : EXIT_CODE_OK;
}

/* --- two bundles --------------------------------------------------------------------------------------------------- */

static ExitCode diff_bundles(const Call *call, GError **error)
{
    const DiffOptions *options = call->options;
    g_autoptr(Bundle) a = bundle_open(call->operands[0], error);
    g_autoptr(Bundle) b = a ? bundle_open(call->operands[1], error) : NULL;
    BundleDiff diff;

    if (!b || !bundle_diff(a, b, &diff, error))
        return EXIT_CODE_FAILED;
    guint n_differences = diff.differences->len;
    if (options->json) {
        print_json(&diff, options->stat, &call->out);
    } else {
        for (guint i = 0; i < n_differences && !options->stat; i++)
            print_difference(g_ptr_array_index(diff.differences, i), &call->out);
        if (!call->common->quiet)
            print_stat(&diff, &call->out);
    }
    bundle_diff_clear(&diff);
    return n_differences > 0 ? EXIT_CODE_DIFFERS : EXIT_CODE_OK;
}

static ExitCode run(const Call *call, GError **error)
{
    const DiffOptions *options = call->options;

    if (call->n_operands == 0 && !options->stat)
        return diff_stack(call, error);
    if (call->n_operands == 2)
        return diff_bundles(call, error);
    gourd_error_set(error, GOURD_ERROR_USAGE,
                    "two bundles can be compared, or, without any, a Compose file with what is up");
    return EXIT_CODE_USAGE;
}

#define AT(member) .offset = offsetof(DiffOptions, member)

static const Option rows[] = {
    {"stat", 0, OPTION_FLAG, AT(stat), .help = "Show the counts only, of bundles"},
    {"json", 0, OPTION_FLAG, AT(json), .help = "Print the result as JSON"},
    {NULL},
};

static const Option up_rows[] = {
    {"scale", 0, OPTION_STRINGS, AT(scales), "SERVICE=NUMBER", "As `gourd up --scale`"},
    {"network", 0, OPTION_CHOICE, AT(network), "MODE", "As `gourd up --network`", .fallback = "auto",
     .choices = stack_networks},
    {"secure-env", 0, OPTION_FLAG, AT(secure_env), .help = "As `gourd up --secure-env`"},
    {"target", 0, OPTION_STRING, AT(target), "SYSTEM", "As `gourd up --target`", .shown_default = "this host's",
     .suggestions = deploy_targets, .completion = COMPLETE_VALUES, .check = deploy_check_target},
    OPTION_ROOT_LOOK(AT(root)),
    {NULL},
};

#undef AT

static const OptionGroup groups[] = {
    {"Options", rows},
    {"What gourd up would change, without bundles", up_rows},
    {"Stack", stack_option_rows},
    {NULL, NULL},
};
static const Operand operands[] = {
    {"A", 0, 1, COMPLETE_BUNDLE},
    {"B", 0, 1, COMPLETE_BUNDLE},
    {NULL, 0, 0, COMPLETE_NOTHING},
};

static const char *const description[] = {
    "Shows what is different in bundle B compared with bundle A: `+` added, `-` removed, `~` changed and what of it (type, "
    "content, mode, owner, mtime, target, device, xattrs, number of links); and how many bytes an update from A to B would "
    "have to transfer.",
    "Content is compared by the digests in the indexes; where one is missing, or block sizes differ, by reading both.",
    "Without bundles it shows what `gourd up` would change on this host: each file as a unified diff, what would be started "
    "and stopped, and at the end what becomes of each service. Nothing is built: bundles that are there are meant.",
    NULL,
};

static const Example examples[] = {
    {"gourd diff web_1.0.raw web_1.1.raw", "What the new release brings"},
    {"gourd diff --stat web_1.0.raw web_1.1.raw", "How large the update is"},
    {"gourd diff", "What `gourd up` would change in the stack of this folder"},
    {"gourd diff --quiet || gourd up", "Bring it up if anything would change"},
    {NULL, NULL},
};

static const ExitCode codes[] = {
    EXIT_CODE_INPUT, EXIT_CODE_DIFFERS, EXIT_CODE_UNSUPPORTED, EXIT_CODE_NOT_FOUND, EXIT_CODE_OK,
};

const Verb verb_diff = {
    .name = "diff",
    .topic = "Bundles",
    .summary = "Compare two bundles, or a Compose file with what is up",
    .operands = operands,
    .groups = groups,
    .description = description,
    .examples = examples,
    .exit_codes = codes,
    .options_size = sizeof(DiffOptions),
    .run = run,
};
