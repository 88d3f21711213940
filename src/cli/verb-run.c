// SPDX-License-Identifier: LGPL-2.1-or-later
#include "deploy-options.h"
#include "report.h"
#include "run-target.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#define IN_SCOPE "GOURD_IN_SCOPE" /* of the environment: systemd-run has put this process into its scope */

typedef struct {
    DeployOptions deploy;
    char *hostname;
    gboolean direct, rm, interactive, terminal;
} RunOptions;

static void show_notes(const Call *call, Notes *notes)
{
    if (!call->common->quiet)
        report_notes(&call->err, notes_list(notes), call->common->verbose);
}

/* --- a bundle ----------------------------------------------------------------------------------------------------- */

static gboolean has_limits(const ServiceOptions *options)
{
    return options->memory || options->swap >= 0 || options->cpus_per_mille > 0 || options->pids > 0;
}

/* The same command line once more, in a scope of systemd; returns only if that cannot be. */
static gboolean execute_in_scope(const RunTarget *target, const ServiceOptions *options, GError **error)
{
    g_autofree char *name = g_strdup_printf("gourd-run-%s-%d.scope", target->name, (int)getpid());
    g_auto(GStrv) scope = scope_words(name, options->memory, options->swap, options->cpus_per_mille, options->pids);
    g_autoptr(GPtrArray) words = g_ptr_array_new();
    g_autofree char *line = NULL;
    gsize size = 0;

    if (!g_file_get_contents("/proc/self/cmdline", &line, &size, NULL))
        return gourd_error_set(error, GOURD_ERROR_FAILED, "cannot read the command line");
    for (char **word = scope; *word; word++)
        g_ptr_array_add(words, *word);
    g_autofree char *self = g_file_read_link("/proc/self/exe", NULL);
    g_ptr_array_add(words, self);
    for (gsize at = strlen(line) + 1; at < size; at += strlen(line + at) + 1)
        g_ptr_array_add(words, line + at);
    g_ptr_array_add(words, NULL);
    g_setenv(IN_SCOPE, "1", TRUE);
    execvp("systemd-run", (char **)words->pdata);
    return gourd_error_set_errno(error, errno, "cannot run systemd-run");
}

/* An ordinary user's scopes are made by a systemd of the user's own, which a session has, and what sudo -u or cron starts has not. */
static gboolean check_session(GError **error)
{
    if (geteuid() == 0 || g_getenv("XDG_RUNTIME_DIR") || g_getenv("DBUS_SESSION_BUS_ADDRESS"))
        return TRUE;
    gourd_error_set(error, GOURD_ERROR_UNSUPPORTED,
                    "limits need the user's own systemd, and this is no session of a user");
    return gourd_error_hint(error,
                            "log in as that user, or: loginctl enable-linger %s && export XDG_RUNTIME_DIR=/run/user/%u",
                            g_get_user_name(), (guint)geteuid());
}

/* As root a scope is for systemctl to see it, too; others need one for limits only. */
static gboolean take_scope(const RunTarget *target, const ServiceOptions *options, GError **error)
{
    gboolean wanted = has_limits(options) || geteuid() == 0;

    if (g_getenv(IN_SCOPE)) {
        g_unsetenv(IN_SCOPE);
        return TRUE;
    }
    if (!has_limits(options) && (!wanted || target->direct || !target->live))
        return TRUE;
    if (target->live && !target->direct)
        return check_session(error) && execute_in_scope(target, options, error);
    gourd_error_set(error, GOURD_ERROR_UNSUPPORTED, "limits need systemd%s",
                    target->live ? ", and --direct does without" : "");
    return gourd_error_hint(error, "without systemd, ulimit(1) and the surroundings of gourd limit what it starts");
}

static gboolean run_bundle(const Call *call, const RunTarget *target, const ServiceOptions *options, int *ret_status,
                           GError **error)
{
    const RunOptions *given = call->options;
    g_autoptr(Notes) notes = notes_new();

    if (!take_scope(target, options, error))
        return FALSE;
    g_autoptr(Bundle) bundle = bundle_open_image(target->bundle, error);
    if (!bundle)
        return FALSE;
    g_autoptr(KernelMount) kernel = direct_mount_begin(bundle_fd(bundle));
    g_autoptr(ServiceSpec) spec = direct_spec_new(bundle, options, TRUE, notes, error);
    DirectRun run = {bundle_fd(bundle), kernel, target->bundle, spec, given->hostname};

    if (!spec)
        return FALSE;
    show_notes(call, notes);
    return direct_run(&run, ret_status, error);
}

/* --- a service ---------------------------------------------------------------------------------------------------- */

/* What a service has its own of. */
static gboolean check_service_options(const RunOptions *given, GError **error)
{
    const DeployOptions *deploy = &given->deploy;
    const struct {
        const char *option;
        gboolean is_given;
    } rows[] = {
        {"user", deploy->user != NULL},          {"hostname", given->hostname != NULL},
        {"tmpfs", deploy->tmpfs->len > 0},       {"volume", deploy->volumes->len > 0},
        {"writable", deploy->writable->len > 0}, {"capability", deploy->capabilities->len > 0},
        {"device", deploy->devices->len > 0},    {"allow", deploy->allow->len > 0},
    };

    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++)
        if (rows[i].is_given) {
            gourd_error_set(error, GOURD_ERROR_USAGE, "--%s is for bundles: a service's is in its unit",
                            rows[i].option);
            return gourd_error_hint(error, "to run its bundle without the rest: gourd run FILE.raw");
        }
    return TRUE;
}

static ExitCode run(const Call *call, GError **error)
{
    const RunOptions *given = call->options;
    const char *const *words = call->words && call->words[0] ? call->words : NULL;
    g_auto(RunTarget) target = {0};
    ServiceOptions options;
    int status = EXIT_CODE_NOT_RUN;

    service_options_init(&options);
    if (given->deploy.environment->len > 0)
        env_take_own((char **)given->deploy.environment->pdata);
    if (deploy_apply(&given->deploy, words, &options, error) && run_target_find(call, given->direct, &target, error)) {
        if (target.unit ? !check_service_options(given, error) || !run_target_run(&target, &options, &status, error)
                        : !run_bundle(call, &target, &options, &status, error))
            status = EXIT_CODE_NOT_RUN;
    }
    service_options_clear(&options);
    return (ExitCode)status;
}

#define AT(member) .offset = offsetof(RunOptions, member)

static const Option program_rows[] = {
    {"env", 'e', OPTION_STRINGS, DEPLOY_AT(environment), "NAME[=VALUE]",
     "Set a variable; a NAME alone takes the value that it has here",
     .details = "One that is not set here is taken away, if the image sets it."},
    {"env-file", 0, OPTION_STRINGS, DEPLOY_AT(env_files), "FILE",
     "Set the variables that FILE has, one NAME=VALUE a line",
     .details =
         "Read as `docker run` reads it: no quotes, no variables; `#` begins a comment line; a NAME alone takes its "
         "value from the environment of gourd.",
     .completion = COMPLETE_FILE},
    {"entrypoint", 0, OPTION_STRING, DEPLOY_AT(entrypoint), "COMMAND", "Run this program instead of the image's",
     .details =
         "It is split into words as a shell would do it; nothing else of a shell happens. An empty COMMAND is no "
         "entrypoint at all.",
     .shown_default = "the image's"},
    {"workdir", 'w', OPTION_STRING, DEPLOY_AT(working_dir), "PATH", "Run it in this folder of the image",
     .shown_default = "the image's"},
    {"user", 'u', OPTION_STRING, DEPLOY_AT(user), "USER[:GROUP]", "Run it as this user of the image",
     .shown_default = "the image's"},
    {"hostname", 0, OPTION_STRING, AT(hostname), "NAME", "What it takes for the name of the host",
     .shown_default = "the host's"},
    {NULL},
};

static const Option storage_rows[] = {
    {"bind", 0, OPTION_STRINGS, DEPLOY_AT(binds), "SOURCE:PATH[:ro]", "Show a file or folder of the host at PATH"},
    {"tmpfs", 0, OPTION_STRINGS, DEPLOY_AT(tmpfs), "PATH[:OPTIONS]", "Put an empty folder in memory at PATH",
     .details = "OPTIONS are those of tmpfs(5), as in `size=100M`."},
    {"volume", 0, OPTION_STRINGS, DEPLOY_AT(volumes), "PATH",
     "Let it write to this folder of the image, and forget it at the end",
     .details = "As with the volumes that the image declares."},
    {"writable", 0, OPTION_STRINGS, DEPLOY_AT(writable), "PATH", "Let it write below PATH of the image, or anywhere",
     .details = "By an overlay over the image, in memory; what is written is forgotten at the end.", .optional = "/"},
    {NULL},
};

static const OptionChoice networks[] = {
    {"host", SERVICE_NETWORK_HOST + 1, "that of the host; the default"},
    {"none", SERVICE_NETWORK_NONE + 1, "one of its own, with nothing in it"},
    {NULL, 0, NULL},
};

static const char *const loosenings[] = {"new-privileges", NULL};

static const Option sandbox_rows[] = {
    {"network", 0, OPTION_CHOICE, DEPLOY_AT(network), "WHICH", "Network of the process", .choices = networks},
    {"capability", 0, OPTION_STRINGS, DEPLOY_AT(capabilities), "NAME", "Give it a capability (capabilities(7))"},
    {"device", 0, OPTION_STRINGS, DEPLOY_AT(devices), "PATH[:rw]", "Show it a device of the host"},
    {"allow", 0, OPTION_STRINGS, DEPLOY_AT(allow), "WHAT", "Loosen the sandbox at one place",
     .details =
         "`new-privileges`: programs that are setuid or have file capabilities, such as sudo and ping, get them.",
     .suggestions = loosenings, .completion = COMPLETE_VALUES},
    {NULL},
};

static const Option run_rows[] = {
    {"direct", 0, OPTION_FLAG, AT(direct), .help = "Run it without systemd, even where systemd is there"},
    {"rm", 0, OPTION_FLAG, AT(rm), .help = "Nothing: it never leaves anything behind"},
    {"interactive", 'i', OPTION_FLAG, AT(interactive), .help = "Nothing: standard input is always passed on"},
    {"tty", 't', OPTION_FLAG, AT(terminal),
     .help = "Nothing: it has a terminal if standard input and output are terminals"},
    {NULL},
};

#undef AT

static const OptionGroup groups[] = {
    {"Options", run_rows},     {"Program", program_rows},     {"Storage", storage_rows},
    {"Sandbox", sandbox_rows}, {"Limits", deploy_limit_rows}, {NULL, NULL},
};
static const Operand operands[] = {{"BUNDLE|SERVICE", 1, 1, COMPLETE_SERVICE_OR_BUNDLE},
                                   {NULL, 0, 0, COMPLETE_NOTHING}};

static const char *const description[] = {
    "Runs a program in a bundle, in the foreground: with the image's environment, user and folder, its files read-only, and nothing "
    "left behind. What follows BUNDLE is the command, instead of the image's; options stand before BUNDLE.",
    "With the name of an installed service it runs beside that, as root: a unit of its own with the service's mounts, user, limits and "
    "sandbox, and a `/tmp` of its own. What follows is the whole command then, without the image's entrypoint; without it, what the service "
    "runs is started once more. `gourd exec` goes into the running service instead. NAME_VERSION is a bundle of the store.",
    "Input, output, signals and the exit status are the program's. It has a terminal if standard input and output are terminals.",
    "The process is in namespaces of its own, without privileges that it could gain, as a user of the image. Folders that the image "
    "declares as volumes, and, without `--entrypoint`, empty ones of programs in `/var/cache`, `/var/lib`, `/var/log` and `/var/spool`, can be written, and are forgotten at the end, as is what is in `/tmp` and `/run`. Root of the image has "
    "no more than the capabilities that programs need to become somebody else.",
    "It needs neither systemd nor root. Ordinary users need user namespaces and squashfuse(1); with ranges in subuid(5) and "
    "newuidmap(1) all users of the image are there, else only one. That user is whoever runs gourd, so files of `--bind` have the "
    "right owner.",
    NULL,
};

static const Example examples[] = {
    {"gourd run tools_1.0.raw", "As the image says"},
    {"gourd run --network none tools_1.0.raw sh -c 'echo $PATH'", "Another command, without a network"},
    {"tar c . | gourd run --bind \"$PWD\":/work --workdir /work tools_1.0.raw tar t",
     "With files of the host, in a pipe"},
    {"gourd run web printenv", "Beside a service, as it runs"},
    {"gourd run --writable --user root tools_1.0.raw sh", "A root folder that can be written for a while"},
    {NULL, NULL},
};

static const ExitCode codes[] = {EXIT_CODE_NOT_RUN, EXIT_CODE_NO_EXECUTE, EXIT_CODE_NO_PROGRAM, EXIT_CODE_OK};

const Verb verb_run = {
    .name = "run",
    .topic = "At hand",
    .summary = "Run a program in a bundle, or beside a service",
    .operands = operands,
    .words = "WORD",
    .words_follow = TRUE,
    .runs_program = TRUE,
    .groups = groups,
    .description = description,
    .examples = examples,
    .exit_codes = codes,
    .options_size = sizeof(RunOptions),
    .run = run,
};
