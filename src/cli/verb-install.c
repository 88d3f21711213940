// SPDX-License-Identifier: LGPL-2.1-or-later
#include "deploy-options.h"
#include "session.h"

static gboolean plan(Session *session, const Call *call, ServiceOptions *options, StoreChange **ret_change,
                     GError **error)
{
    const DeployOptions *given = call->options;
    g_autofree char *init = find_init_program();
    StoreRequest request = {
        .bundle = call->operands[0],
        .name = given->name,
        .options = options,
        .full_verify = given->verify,
        .no_start = given->no_start,
        .no_enable = given->no_enable,
        .init_path = init,
    };

    if (given->target && !unit_target_parse(given->target, &request.target, error))
        return FALSE;
    store_secure_options(session->store, NULL, options, session->notes);
    *ret_change = store_plan_install(session->store, &request, session->notes, error);
    return *ret_change != NULL;
}

static void print_summary(const Session *session, const StoreChange *change)
{
    FILE *out = session->call->out.file;

    if (!change->started) {
        fprintf(out, "%s %s is installed; nothing was started\n", change->name, change->to_version);
        return;
    }
    g_autofree char *state = session_describe_unit(session, change->unit);
    fprintf(out, "%s %s is installed and %s: systemctl status %s\n", change->name, change->to_version, state,
            change->unit);
}

static gboolean install(const Call *call, ServiceOptions *options, GError **error)
{
    const DeployOptions *given = call->options;
    const SessionMode mode = {.dry_run = given->dry_run, .json = given->json};
    g_auto(Session) session = {0};
    g_autoptr(StoreChange) change = NULL;
    gboolean done;

    if (!session_open(&session, call, given->root, !given->dry_run, error))
        return FALSE;
    if (!plan(&session, call, options, &change, error)) {
        g_autofree char *shown = text_escape(call->operands[0]);

        return gourd_error_prefix(error, "cannot install '%s'", shown);
    }
    if (!session_run(&session, change, &mode, &done, error))
        return FALSE;
    if (done)
        print_summary(&session, change);
    return TRUE;
}

static ExitCode run(const Call *call, GError **error)
{
    ServiceOptions options;

    service_options_init(&options);
    gboolean installed = deploy_apply(call->options, call->words, &options, error) && install(call, &options, error);
    service_options_clear(&options);
    return installed ? EXIT_CODE_OK : EXIT_CODE_FAILED;
}

static const Option rows[] = {
    DEPLOY_RUN_ROWS,
    {"no-enable", 0, OPTION_FLAG, DEPLOY_AT(no_enable), .help = "Do not start it at boot"},
    {NULL},
};

static const OptionGroup groups[] = {{"Options", rows}, DEPLOY_SERVICE_GROUPS, {NULL, NULL}};
static const Operand operands[] = {{"BUNDLE", 1, 1, COMPLETE_BUNDLE}, {NULL, 0, 0, COMPLETE_NOTHING}};

static const char *const description[] = {
    "Makes a bundle a service of this host: puts it into the store, `/var/lib/gourd`, writes a unit and what else the service "
    "needs, starts it now and at every boot, and waits until it is healthy, or has run for some seconds.",
    "BUNDLE is a file that `gourd build` wrote, or the NAME or NAME_VERSION of one in the store. Words behind `--` are the "
    "command that the program gets, instead of the image's.",
    "What is written can be seen before with `--dry-run`. It is plain systemd: the unit is in `/etc/systemd/system`, and `systemctl`, "
    "`journalctl` and `systemctl edit` are how one deals with it; gourd need not stay installed. If anything fails, a health "
    "check too, everything is as before; only a system user that was made stays. A unit that gourd did not write is never "
    "replaced.",
    "The service runs as a user of its own, in a sandbox, with the image read-only. What the image declares as volumes is kept "
    "in `/var/lib/gourd/volumes`, filled from the image the first time.",
    NULL,
};

static const Example examples[] = {
    {"gourd install web_1.0.raw", "As the image says"},
    {"gourd install web_1.0.raw --dry-run", "What that would do"},
    {"gourd install db_15.raw --memory 2G --env-file db.env --volume /var/lib/postgresql/data", "With options"},
    {"gourd install web_1.0.raw --name web-test --no-enable --publish 8080:80 -- nginx -g 'daemon off;'",
     "A second one beside it, with another command"},
    {"gourd install web_1.0.raw --root /mnt/image --target debian12", "Into the system of another machine"},
    {NULL, NULL},
};

static const ExitCode codes[] = {
    EXIT_CODE_INPUT,       EXIT_CODE_LIMIT,     EXIT_CODE_EXISTS, EXIT_CODE_DIFFERS,
    EXIT_CODE_UNSUPPORTED, EXIT_CODE_NOT_FOUND, EXIT_CODE_OK,
};

const Verb verb_install = {
    .name = "install",
    .topic = "Services",
    .summary = "Run a bundle as a service",
    .operands = operands,
    .words = "WORD",
    .groups = groups,
    .description = description,
    .examples = examples,
    .exit_codes = codes,
    .options_size = sizeof(DeployOptions),
    .run = run,
};
