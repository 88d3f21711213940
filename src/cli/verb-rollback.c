// SPDX-License-Identifier: LGPL-2.1-or-later
#include "machine-target.h"
#include "session.h"

typedef struct {
    CommonOptions common;
    char *root;
    gboolean no_start, dry_run, json;
} RollbackOptions;

static void print_summary(const Session *session, const StoreChange *change)
{
    FILE *out = session->call->out.file;

    if (!change->started) {
        fprintf(out, "%s is now %s (release %u); nothing was restarted\n", change->name, change->to_version,
                change->to);
        return;
    }
    g_autofree char *state = session_describe_unit(session, change->unit);
    fprintf(out, "%s is now %s (release %u) and %s; it was %s (release %u)\n", change->name, change->to_version,
            change->to, state, change->from_version, change->from);
}

static gboolean roll_back(const Call *call, GError **error)
{
    const RollbackOptions *options = call->options;
    const SessionMode mode = {.dry_run = options->dry_run, .json = options->json};
    const char *version = call->n_operands > 1 ? call->operands[1] : NULL;
    g_auto(Session) session = {0};
    gboolean done;

    if (!session_open(&session, call, options->root, !options->dry_run, error))
        return FALSE;
    g_autoptr(StoreChange) change = store_plan_rollback(session.store, call->operands[0], version, options->no_start,
                                                        session.notes, error);
    if (!change) {
        g_autofree char *shown = text_escape(call->operands[0]);

        machine_target_refuse(&session, call->operands[0], NULL, error);
        return gourd_error_prefix(error, "cannot roll '%s' back", shown);
    }
    if (!session_run(&session, change, &mode, &done, error))
        return FALSE;
    if (done)
        print_summary(&session, change);
    return TRUE;
}

static ExitCode run(const Call *call, GError **error)
{
    return roll_back(call, error) ? EXIT_CODE_OK : EXIT_CODE_FAILED;
}

#define AT(member) .offset = offsetof(RollbackOptions, member)

static const Option rows[] = {
    {"no-start", 0, OPTION_FLAG, AT(no_start), .help = "Write all files, but restart nothing"},
    OPTION_DRY_RUN(AT(dry_run)),
    OPTION_ROOT_WORK(AT(root)),
    OPTION_JSON_CHANGE(AT(json)),
    {NULL},
};

#undef AT

static const OptionGroup groups[] = {{"Options", rows}, {NULL, NULL}};
static const Operand operands[] = {
    {"SERVICE", 1, 1, COMPLETE_SERVICE},
    {"VERSION", 0, 1, COMPLETE_NOTHING},
    {NULL, 0, 0, COMPLETE_NOTHING},
};

static const char *const description[] = {
    "Makes an earlier release of a service the active one: the one that was active before, or the newest other one of VERSION. Its "
    "units and its other files are put back exactly as they were, and the service is restarted. A second rollback goes forth again.",
    "It takes as long as the restart, since all that is needed is on the host: `gourd list SERVICE` shows the releases. Data in volumes is "
    "not rolled back. If the earlier release does not start, the later one runs again.",
    NULL,
};

static const Example examples[] = {
    {"gourd rollback web", "To the release before"},
    {"gourd rollback web 1.0 --dry-run", "What going back to that version would change"},
    {NULL, NULL},
};

static const ExitCode codes[] = {
    EXIT_CODE_INPUT, EXIT_CODE_EXISTS, EXIT_CODE_DIFFERS, EXIT_CODE_UNSUPPORTED, EXIT_CODE_NOT_FOUND, EXIT_CODE_OK,
};

const Verb verb_rollback = {
    .name = "rollback",
    .topic = "Services",
    .summary = "Go back to an earlier release of a service",
    .operands = operands,
    .groups = groups,
    .description = description,
    .examples = examples,
    .exit_codes = codes,
    .options_size = sizeof(RollbackOptions),
    .run = run,
};
