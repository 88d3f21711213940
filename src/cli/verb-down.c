// SPDX-License-Identifier: LGPL-2.1-or-later
#include "confirm.h"
#include "human.h"
#include "session.h"
#include "stack-options.h"

typedef struct {
    StackOptions stack;
    char *root;
    gboolean volumes, yes, dry_run, json;
} DownOptions;

/* The stack that is named, or that of the Compose file. */
static char *find_name(const Call *call, Session *session, GError **error)
{
    const DownOptions *options = call->options;

    if (call->n_operands > 0)
        return g_strdup(call->operands[0]);
    if (options->stack.project_name)
        return g_strdup(options->stack.project_name);
    g_autoptr(ComposeProject) project = stack_options_load(&options->stack, NULL, session->notes, error);
    return project ? g_strdup(project->name) : NULL;
}

/* Of a stack that is down already. */
static gboolean hint_at_data(const Session *session, const char *name, GError **error)
{
    g_autoptr(GPtrArray) volumes = NULL;
    g_autofree char *folder = g_strconcat(name, "/", NULL), *service = g_strconcat(name, "-", NULL);

    for (guint i = 0; store_list_volumes(session->store, &volumes, NULL) && i < volumes->len; i++) {
        const StoreVolume *volume = g_ptr_array_index(volumes, i);

        if (volume->users->len > 0 || !(g_str_has_prefix(volume->id, folder) || g_str_has_prefix(volume->id, service)))
            continue;
        g_clear_error(error);
        gourd_error_set(error, GOURD_ERROR_NOT_FOUND, "'%s' is down already; its data is still there", name);
        return gourd_error_hint(error, "gourd volume rm %s, for one; gourd volume ls shows all", volume->id);
    }
    return FALSE;
}

static gboolean down(const Call *call, GError **error)
{
    const DownOptions *options = call->options;
    const SessionMode mode = {.dry_run = options->dry_run, .json = options->json};
    g_auto(Session) session = {0};
    gboolean done;

    if (!session_open(&session, call, options->root, !options->dry_run, error))
        return FALSE;
    g_autofree char *name = find_name(call, &session, error);
    if (!name)
        return FALSE;
    g_autoptr(StoreStack) stack = store_find_stack(session.store, name, error);
    if (!stack)
        return options->volumes ? hint_at_data(&session, name, error) : FALSE;
    if (options->volumes && !options->yes && !options->dry_run && !confirm_loss(call, name, error))
        return FALSE;
    g_autoptr(StoreChange) change = store_plan_down(session.store, name, options->volumes, session.notes, error);
    if (!change || !session_run(&session, change, &mode, &done, error))
        return FALSE;
    if (done) {
        g_autofree char *size = size_format(change->bytes);

        fprintf(call->out.file, "%s is down and removed; %s freed\n", name, size);
    }
    return TRUE;
}

static ExitCode run(const Call *call, GError **error)
{
    return down(call, error) ? EXIT_CODE_OK : EXIT_CODE_FAILED;
}

#define AT(member) .offset = offsetof(DownOptions, member)

static const Option rows[] = {
    {"volumes", 'v', OPTION_FLAG, AT(volumes), .help = "Remove its volumes and its bundles too: all its data is lost"},
    {"verbose", 0, OPTION_FLAG, AT(stack.common.verbose), .help = "Say more"}, /* -v is as of docker compose */
    {"yes", 'y', OPTION_FLAG, AT(yes), .help = "Do not ask"},
    OPTION_DRY_RUN(AT(dry_run)),
    OPTION_ROOT_WORK(AT(root)),
    OPTION_JSON_CHANGE(AT(json)),
    {NULL},
};

#undef AT

static const OptionGroup groups[] = {{"Options", rows}, {"Stack", stack_option_rows}, {NULL, NULL}};
static const Operand operands[] = {{"STACK", 0, 1, COMPLETE_STACK}, {NULL, 0, 0, COMPLETE_NOTHING}};

static const char *const description[] = {
    "Stops all services of a stack, in the reverse of their order, and removes their units and networks.",
    "STACK is its name; without one, it is that of the Compose file in this folder or above. The data stays, and so do bundles: "
    "`gourd up` has all of it again. With `-v` both are removed, after a question.",
    "To stop a stack without removing it: `systemctl stop STACK.target`.",
    NULL,
};

static const Example examples[] = {
    {"gourd down", "The stack of the Compose file in this folder"},
    {"gourd down shop -v", "One by its name, with its data"},
    {NULL, NULL},
};

static const ExitCode codes[] = {EXIT_CODE_INPUT, EXIT_CODE_UNSUPPORTED, EXIT_CODE_NOT_FOUND, EXIT_CODE_OK};

const Verb verb_down = {
    .name = "down",
    .topic = "Stacks",
    .summary = "Stop and remove a stack",
    .operands = operands,
    .groups = groups,
    .description = description,
    .examples = examples,
    .exit_codes = codes,
    .options_size = sizeof(DownOptions),
    .run = run,
};
