// SPDX-License-Identifier: LGPL-2.1-or-later
#include "deploy-options.h"
#include "report.h"

#include "run/run.h"

typedef struct {
    DeployOptions deploy;
    char *hostname;
    gboolean direct, rm, interactive, terminal;
} RunOptions;

static gboolean run_direct(const Call *call, const ServiceOptions *options, int *ret_status, GError **error)
{
    const RunOptions *given = call->options;
    g_autoptr(Notes) notes = notes_new();
    g_autoptr(Bundle) bundle = bundle_open_image(call->operands[0], error);
    g_autoptr(ServiceSpec) spec = bundle ? direct_spec_new(bundle, options, notes, error) : NULL;
    DirectRun run = {.name = call->operands[0], .spec = spec, .hostname = given->hostname};

    if (!spec)
        return FALSE;
    if (!call->common->quiet)
        report_notes(&call->err, notes_list(notes), call->common->verbose);
    run.fd = bundle_fd(bundle);
    return direct_run(&run, ret_status, error);
}

static ExitCode run(const Call *call, GError **error)
{
    const RunOptions *given = call->options;
    ServiceOptions options;
    int status = EXIT_CODE_NOT_RUN;

    service_options_init(&options);
    if (!deploy_apply(&given->deploy, call->words && call->words[0] ? call->words : NULL, &options, error) ||
        !run_direct(call, &options, &status, error))
        status = EXIT_CODE_NOT_RUN;
    service_options_clear(&options);
    return (ExitCode)status;
}

#define AT(member) .offset = offsetof(RunOptions, member)

static const Option program_rows[] = {
    {"env", 'e', OPTION_STRINGS, DEPLOY_AT(environment), "NAME[=VALUE]",
     "Set a variable; a NAME alone takes the image's away"},
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
static const Operand operands[] = {{"BUNDLE", 1, 1, COMPLETE_SERVICE_OR_BUNDLE}, {NULL, 0, 0, COMPLETE_NOTHING}};

static const char *const description[] = {
    "Runs a program in a bundle, in the foreground: with the image's environment, user and folder, its files read-only, and nothing "
    "left behind. What follows BUNDLE is the command, instead of the image's; options stand before BUNDLE.",
    "Input, output, signals and the exit status are the program's. It has a terminal if standard input and output are terminals.",
    "The process is in namespaces of its own, without privileges that it could gain, as a user of the image. Folders that the image "
    "declares as volumes can be written, and are forgotten at the end, as is what is in `/tmp` and `/run`. Root of the image has "
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
    {"gourd run --writable --user root tools_1.0.raw sh", "A root folder that can be written for a while"},
    {NULL, NULL},
};

static const ExitCode codes[] = {EXIT_CODE_NOT_RUN, EXIT_CODE_NO_EXECUTE, EXIT_CODE_NO_PROGRAM, EXIT_CODE_OK};

const Verb verb_run = {
    .name = "run",
    .topic = "At hand",
    .summary = "Run a program in a bundle",
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
