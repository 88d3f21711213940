// SPDX-License-Identifier: LGPL-2.1-or-later
#include "progress.h"
#include "service-status.h"

typedef struct {
    CommonOptions common;
} RestartOptions;

/* What stopped with a service of its stack that was removed cannot start without it. */
static gboolean explain(const Session *session, GError **error)
{
    const char *failed = host_failed_unit(session->host);
    g_autofree char *path = failed ? host_find_unit(session->host, failed) : NULL;

    if (path && g_error_matches(*error, GOURD_ERROR, GOURD_ERROR_NOT_FOUND)) {
        gourd_error_prefix(error, "cannot start '%s'", failed);
        return gourd_error_hint(error, "it needs that; 'gourd up' brings back what was removed from a stack");
    }
    return failed ? gourd_error_hint(error, "gourd why %s", failed) : FALSE;
}

static gboolean restart(const Call *call, GError **error)
{
    g_auto(Session) session = {0};
    g_autoptr(GPtrArray) services = NULL;
    g_autoptr(GString) units = g_string_new(NULL);

    if (!session_open(&session, call, NULL, FALSE, error) || !service_status_find(&session, &services, error))
        return FALSE;
    if (!host_is_live(session.host))
        return gourd_error_set(error, GOURD_ERROR_UNSUPPORTED,
                               "nothing runs here: this machine was not booted by systemd");
    for (guint i = 0; i < services->len; i++)
        g_string_append_printf(units, "%s%s", units->len ? " " : "",
                               ((const StoreService *)g_ptr_array_index(services, i))->unit);
    Progress *progress = call->common->quiet ? NULL : progress_new(&call->err, NULL);
    progress_wait(progress, "restarting");
    gboolean restarted = host_act("restart-all", units->str, session.host, error);
    progress_free(progress);
    for (guint i = 0; i < services->len && !call->common->quiet; i++) {
        const StoreService *service = g_ptr_array_index(services, i);
        g_autofree char *state = session_describe_unit(&session, service->unit);

        fprintf(call->out.file, "%s is %s\n", service->name, state);
    }
    return restarted || explain(&session, error);
}

static ExitCode run(const Call *call, GError **error)
{
    return restart(call, error) ? EXIT_CODE_OK : EXIT_CODE_FAILED;
}

static const OptionGroup groups[] = {{NULL, NULL}};
static const Operand operands[] = {{"SERVICE|STACK|MACHINE", 1, OPERANDS_ANY, COMPLETE_RUNNING},
                                   {NULL, 0, 0, COMPLETE_NOTHING}};

static const char *const description[] = {
    "Restarts services, or all services of stacks, together and in the order that they need each other, and waits until they have "
    "started: until they are healthy, where they have a health check. What is stopped is started. Machines are restarted by their names, too.",
    "What needs a restarted service is restarted too. `systemctl restart` does the same for one unit.",
    NULL,
};

static const Example examples[] = {
    {"gourd restart shop", "All of a stack"},
    {"gourd restart shop-db shop-web", "Two of its services"},
    {NULL, NULL},
};

static const ExitCode codes[] = {EXIT_CODE_INPUT, EXIT_CODE_UNSUPPORTED, EXIT_CODE_NOT_FOUND, EXIT_CODE_OK};

const Verb verb_restart = {
    .name = "restart",
    .topic = "Services",
    .summary = "Restart services, or the services of stacks",
    .operands = operands,
    .groups = groups,
    .description = description,
    .examples = examples,
    .exit_codes = codes,
    .options_size = sizeof(RestartOptions),
    .run = run,
};
