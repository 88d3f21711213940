// SPDX-License-Identifier: LGPL-2.1-or-later
#include "exec-options.h"

#include "machine-target.h"
#include "run-target.h"

#include <errno.h>
#include <unistd.h>

static gboolean find_process(const RunTarget *target, pid_t *ret_pid, GError **error)
{
    HostUnit state;

    if (!host_get_unit(target->session.host, target->unit, &state, error))
        return FALSE;
    *ret_pid = (pid_t)state.main_pid;
    host_unit_clear(&state);
    return TRUE;
}

/* A shell that the image has; the first of the list is the error of those that it has not. */
static gboolean choose_shell(const RunTarget *target, ServiceOptions *options, GError **error)
{
    static const char *const shells[] = {"/bin/bash", "/bin/sh", "/bin/ash"};
    g_autoptr(Bundle) bundle = target->bundle ? bundle_open_image(target->bundle, error) : NULL;
    char *command[] = {NULL, NULL}, *nothing[] = {NULL};

    if (target->bundle && !bundle)
        return FALSE;
    options->entrypoint = g_strdupv(nothing);
    for (gsize i = 0; i < G_N_ELEMENTS(shells); i++) {
        g_autoptr(ServiceSpec) spec = NULL;

        command[0] = (char *)shells[i];
        g_strfreev(options->command);
        options->command = g_strdupv(command);
        spec = bundle ? direct_spec_new(bundle, options, FALSE, NULL, NULL) : NULL;
        if (spec || (!bundle && i == 1))
            return TRUE;
    }
    gourd_error_set(error, GOURD_ERROR_NO_PROGRAM, "there is no shell in the image of %s", target->name);
    return gourd_error_hint(error, "start it, and 'gourd shell --tools %s' brings one along", target->name);
}

/* The service is not there: the same surroundings without it. */
static gboolean run_beside(const Call *call, const RunTarget *target, char *const *command, int *ret_status,
                           GError **error)
{
    const ExecOptions *given = call->options;
    ServiceOptions options;

    if (given->user || given->root || given->tools) {
        gourd_error_set(error, GOURD_ERROR_UNSUPPORTED, "--%s needs a running service, and %s is not running",
                        given->tools  ? "tools"
                        : given->root ? "root"
                                      : "user",
                        target->name);
        return gourd_error_hint(error, "gourd run --user root %s runs its image as root",
                                target->bundle ? target->bundle : "BUNDLE");
    }
    if (!call->common->quiet)
        fprintf(call->err.file, "note: %s is not running: this is its place without it\n", target->name);
    service_options_init(&options);
    options.environment = g_strdupv((char **)given->environment->pdata);
    options.working_dir = g_strdup(given->working_dir);
    if (command)
        options.command = g_strdupv((char **)command);
    gboolean done = (command || choose_shell(target, &options, error)) &&
                    run_target_run(target, &options, ret_status, error);
    service_options_clear(&options);
    return done;
}

/* The whole image as a machine of its own, with a root folder that can be written until it ends. Returns only if that cannot be. */
static gboolean execute_nspawn(const RunTarget *target, GError **error)
{
    g_autofree char *machine = g_strdup_printf("--machine=gourd-%s-%d", target->name, (int)getpid());
    g_autofree char *image = target->bundle ? g_strconcat("--image=", target->bundle, NULL) : NULL;
    ServiceOptions options;

    if (!image) {
        gourd_error_set(error, GOURD_ERROR_UNSUPPORTED, "gourd did not install %s, so it has no bundle", target->unit);
        return gourd_error_hint(error, "systemd-nspawn --image= or --directory= with its RootImage= or RootDirectory=");
    }
    service_options_init(&options);
    gboolean found = choose_shell(target, &options, error);
    const char *const words[] = {"systemd-nspawn",
                                 "--quiet",
                                 "--settings=no",
                                 "--register=no",
                                 "--volatile=overlay",
                                 "--resolv-conf=copy-host",
                                 "--bind-ro=/etc/hosts",
                                 "--as-pid2",
                                 isatty(STDIN_FILENO) && isatty(STDOUT_FILENO) ? "--console=interactive"
                                                                               : "--console=pipe",
                                 machine,
                                 image,
                                 found ? options.command[0] : NULL,
                                 NULL};
    if (found) {
        execvp(words[0], (char *const *)words);
        gourd_error_set_errno(error, errno, "cannot run systemd-nspawn");
        gourd_error_hint(error, "apt install systemd-container");
    }
    service_options_clear(&options);
    return FALSE;
}

/* *ret_is TRUE: the operand is a machine, and this returned only because it could not be entered. */
static gboolean exec_in_machine(const Call *call, char *const *command, gboolean *ret_is, GError **error)
{
    const ExecOptions *given = call->options;
    g_auto(Session) session = {0};

    if (!session_open(&session, call, NULL, FALSE, error))
        return FALSE;
    g_autoptr(MachineRecord) record = machine_target_find(&session, call->operands[0]);
    *ret_is = record != NULL;
    if (!record)
        return TRUE;
    if (given->user || given->working_dir || given->environment->len > 0 || given->tools || given->nspawn) {
        gourd_error_set(error, GOURD_ERROR_UNSUPPORTED, "options of services cannot be used with the machine %s",
                        record->name);
        return gourd_error_hint(error, "machinectl shell and systemd-run --machine=%s have such", record->name);
    }
    return machine_target_execute(&session, record, command, error);
}

gboolean exec_in_service(const Call *call, char *const *command, int *ret_status, GError **error)
{
    const ExecOptions *given = call->options;
    g_auto(RunTarget) target = {0};
    pid_t pid = 0;
    gboolean is_machine = FALSE;
    JoinOptions options = {
        .user = given->user,
        .root = given->root,
        .working_dir = given->working_dir,
        .environment = (char *const *)given->environment->pdata,
        .command = command,
        .tools = given->tools,
    };

    if (given->environment->len > 0)
        env_take_own((char **)given->environment->pdata);
    if (given->root && given->user)
        return gourd_error_set(error, GOURD_ERROR_USAGE, "--root and --user cannot go together");
    if (!exec_in_machine(call, command, &is_machine, error) || is_machine)
        return FALSE;
    if (!run_target_find_service(call, given->index, &target, error))
        return FALSE;
    if (given->nspawn)
        return execute_nspawn(&target, error);
    if (!find_process(&target, &pid, error))
        return FALSE;
    if (pid == 0)
        return run_beside(call, &target, command, ret_status, error);
    return join_run(pid, target.name, &options, ret_status, error);
}
