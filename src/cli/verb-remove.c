// SPDX-License-Identifier: LGPL-2.1-or-later
#include "human.h"
#include "machine-target.h"
#include "session.h"

#include <string.h>

typedef struct {
    CommonOptions common;
    char *root;
    gboolean purge, dry_run, json;
} RemoveOptions;

static void note_stack(const Session *session, const char *name)
{
    g_autoptr(GPtrArray) stacks = NULL;

    if (!store_list_stacks(session->store, &stacks, NULL))
        return;
    for (guint i = 0; i < stacks->len; i++) {
        const StoreStack *stack = g_ptr_array_index(stacks, i);

        if (g_strv_contains((const char *const *)stack->full_names, name))
            notes_add(session->notes, "stack-member",
                      "it was a service of a stack, whose next 'gourd up' brings it back unless it goes from the file",
                      stack->name);
    }
}

static gboolean remove_service(const Call *call, GError **error)
{
    const RemoveOptions *options = call->options;
    const SessionMode mode = {.dry_run = options->dry_run, .json = options->json};
    g_auto(Session) session = {0};
    gboolean done;

    if (!session_open(&session, call, options->root, !options->dry_run, error))
        return FALSE;
    g_autoptr(StoreChange)
        change = store_plan_remove(session.store, call->operands[0], options->purge, session.notes, error);
    if (!change) {
        g_autofree char *shown = text_escape(call->operands[0]);

        machine_target_refuse(&session, call->operands[0], "gourd machine remove", error);
        return gourd_error_prefix(error, "cannot remove '%s'", shown);
    }
    note_stack(&session, change->name);
    if (!session_run(&session, change, &mode, &done, error))
        return FALSE;
    if (done) {
        g_autofree char *size = size_format(change->bytes);

        fprintf(call->out.file, "%s is removed; %s freed\n", change->name, size);
    }
    return TRUE;
}

static ExitCode run(const Call *call, GError **error)
{
    return remove_service(call, error) ? EXIT_CODE_OK : EXIT_CODE_FAILED;
}

#define AT(member) .offset = offsetof(RemoveOptions, member)

static const Option rows[] = {
    {"purge", 0, OPTION_FLAG, AT(purge), .help = "Remove its volumes and its bundles too: all its data is lost"},
    OPTION_DRY_RUN(AT(dry_run)),
    OPTION_ROOT_WORK(AT(root)),
    OPTION_JSON_CHANGE(AT(json)),
    {NULL},
};

#undef AT

static const OptionGroup groups[] = {{"Options", rows}, {NULL, NULL}};
static const Operand operands[] = {{"SERVICE", 1, 1, COMPLETE_SERVICE}, {NULL, 0, 0, COMPLETE_NOTHING}};

static const char *const description[] = {
    "Stops a service and removes its units and all else that gourd wrote for it, in all its releases.",
    "Its volumes stay, for another installation, and so do its bundles, until `gourd gc`; `--purge` removes both, but for bundles that "
    "other services have releases of. Drop-ins of `systemctl edit` are yours, and always stay; and so does the system user, since files "
    "elsewhere may belong to it.",
    NULL,
};

static const Example examples[] = {
    {"gourd remove web", "The service, but not its data"},
    {"gourd remove web --purge", "All of it"},
    {NULL, NULL},
};

static const ExitCode codes[] = {EXIT_CODE_INPUT, EXIT_CODE_UNSUPPORTED, EXIT_CODE_NOT_FOUND, EXIT_CODE_OK};

const Verb verb_remove = {
    .name = "remove",
    .topic = "Services",
    .summary = "Remove a service",
    .operands = operands,
    .groups = groups,
    .description = description,
    .examples = examples,
    .exit_codes = codes,
    .options_size = sizeof(RemoveOptions),
    .run = run,
};
