// SPDX-License-Identifier: LGPL-2.1-or-later
#include "deploy-options.h"
#include "stack-image.h"
#include "stack-load.h"

typedef struct {
    StackOptions stack;
    GPtrArray *images, *scales;
    char *root, *target, *builder;
    int verify, network;
    gboolean no_start, no_enable, build, no_build, secure_env, detach, wait, dry_run, json;
} UpOptions;

static void print_member(const Session *session, const StoreChange *change, const StoreChange *member)
{
    FILE *out = session->call->out.file;
    g_autofree char *state = change->started && member->unit ? session_describe_unit(session, member->unit) : NULL;

    if (member->to == 0)
        fprintf(out, "%s is removed\n", member->name);
    else if (member->from == member->to)
        fprintf(out, "%s %s is as before%s\n", member->name, member->to_version,
                member->started ? ", and was started again" : "");
    else
        fprintf(out, "%s %s is %s%s%s\n", member->name, member->to_version, member->from ? "changed" : "new",
                state ? " and " : "", state ? state : "");
}

static void print_summary(const Session *session, const StoreChange *change)
{
    FILE *out = session->call->out.file;

    if (plan_length(change->plan) == 0) {
        fprintf(out, "%s: nothing to do, all of it is up\n", change->name);
        return;
    }
    for (guint i = 0; change->members && i < change->members->len; i++)
        print_member(session, change, g_ptr_array_index(change->members, i));
    if (change->network == STACK_NETWORK_HOST)
        fprintf(out, "network: the host's (%s)\n", change->network_reason);
    else if (change->network == STACK_NETWORK_PRIVATE)
        fprintf(out, "network: one of its own for each service (%s)\n", change->network_reason);
    if (change->started)
        fprintf(out, "%s is up: gourd ps %s, gourd logs %s, gourd ports %s\n", change->name, change->name, change->name,
                change->name);
    else
        fprintf(out, "%s is installed; nothing was started\n", change->name);
}

static gboolean up(const Call *call, GError **error)
{
    const UpOptions *options = call->options;
    const SessionMode mode = {.dry_run = options->dry_run, .json = options->json};
    g_auto(Session) session = {0};
    g_autoptr(StoreChange) change = NULL;
    g_autoptr(Stack) stack = NULL;
    StoreStackRequest request = {
        .full_verify = options->verify,
        .no_start = options->no_start,
        .no_enable = options->no_enable,
    };
    gboolean done;

    if ((options->target && !unit_target_parse(options->target, &request.target, error)) ||
        !(options->dry_run ? session_open(&session, call, options->root, FALSE, error)
                           : session_open_before_lock(&session, call, options->root, error)))
        return FALSE;
    const StackLoad load = {
        .services = call->operands,
        .images = (const char *const *)options->images->pdata,
        .scales = (const char *const *)options->scales->pdata,
        .builder = options->builder,
        .network = options->network,
        .build = !options->no_build && !options->dry_run,
        .rebuild = options->build,
        .secure_env = options->secure_env,
        .lock = !options->dry_run,
    };
    if (!stack_plan_up(&options->stack, &session, &load, &request, &stack, &change, error) ||
        !session_run(&session, change, &mode, &done, error))
        return FALSE;
    if (done)
        print_summary(&session, change);
    return TRUE;
}

static ExitCode run(const Call *call, GError **error)
{
    return up(call, error) ? EXIT_CODE_OK : EXIT_CODE_FAILED;
}

#define AT(member) .offset = offsetof(UpOptions, member)

static const Option rows[] = {
    {"image", 0, OPTION_STRINGS, AT(images), "SERVICE=SOURCE", "Build the bundle of SERVICE from SOURCE",
     .details =
         "SOURCE is what `gourd build` takes, such as `docker-archive:web.tar`. The bundle is written beside the Compose "
         "file, with the mount points that the stack needs, and made again when SOURCE is newer."},
    {"scale", 0, OPTION_STRINGS, AT(scales), "SERVICE=NUMBER", "Have this many replicas of SERVICE",
     .details =
         "What the file says of it (`scale`, `deploy.replicas`) does not count then. Replicas are services of their own, "
         "`STACK-SERVICE-1` and so on; their name leads to all of them. It holds for this "
         "time: the next `gourd up` goes by the file."},
    {"network", 0, OPTION_CHOICE, AT(network), "MODE", "Whose network the services have", .fallback = "auto",
     .choices = stack_networks,
     .details =
         "`auto` is the host's, unless two services want one port, a port is published under another number, or the file "
         "keeps services apart."},
    {"build", 0, OPTION_FLAG, AT(build),
     .help = "Build images that the file says how to build, also those that are there",
     .details = "Without it they are built where there is no bundle of them, as with `docker compose`."},
    {"builder", 0, OPTION_STRING, AT(builder), "PROGRAM", "Build images with this one",
     .shown_default = "the first that is there", .suggestions = stack_builder_names, .completion = COMPLETE_VALUES,
     .check = stack_image_check_builder},
    {"secure-env", 0, OPTION_FLAG, AT(secure_env), .help = "Give what is secret in environments by credentials",
     .details = "As `gourd install --secure-env`; `x-gourd: {secure_env: true}` in the file does it for a service."},
    {"no-build", 0, OPTION_FLAG, AT(no_build), .help = "Build no bundles: those that are there are meant"},
    {"verify", 0, OPTION_CHOICE, AT(verify), "HOW", "Check bundles before they become active", .fallback = "quick",
     .choices = deploy_verifications},
    {"no-start", 0, OPTION_FLAG, AT(no_start), .help = "Write all files, but start nothing"},
    {"no-enable", 0, OPTION_FLAG, AT(no_enable), .help = "Do not start it at boot"},
    {"detach", 'd', OPTION_FLAG, AT(detach), .help = "Nothing: services always run in the background"},
    {"wait", 0, OPTION_FLAG, AT(wait), .help = "Nothing: it always waits until all are up"},
    OPTION_DRY_RUN(AT(dry_run)),
    {"target", 0, OPTION_STRING, AT(target), "SYSTEM", "Write units for this system's systemd",
     .details = "`debian12`, `ubuntu24.04` or another name, or `systemd=N`.", .shown_default = "this host's",
     .suggestions = deploy_targets, .completion = COMPLETE_VALUES, .check = deploy_check_target},
    {"root", 0, OPTION_STRING, AT(root), "FOLDER", "Work on the system in FOLDER, at rest",
     .details = "Nothing is started.", .completion = COMPLETE_FOLDER},
    OPTION_JSON_CHANGE(AT(json)),
    {NULL},
};

#undef AT

static const OptionGroup groups[] = {{"Options", rows}, {"Stack", stack_option_rows}, {NULL, NULL}};
static const Operand operands[] = {{"SERVICE", 0, OPERANDS_ANY, COMPLETE_OF_FILE}, {NULL, 0, 0, COMPLETE_NOTHING}};

static const char *const description[] = {
    "Makes the services of a Compose file services of this host: units, users, volumes and networks are written, what is new or "
    "different is started in the order that they need each other, and `gourd up` waits until all are healthy. Run again, it "
    "changes only what differs; nothing, if nothing does.",
    "If one of them does not become healthy, the whole stack is as before, and what went wrong is shown. Services that the file does not "
    "have any more are removed; their data stays.",
    "With SERVICEs only these are brought up, and what they depend on, also those of a profile that is not active. What else the "
    "stack has stays as it is, running or stopped, even if the file says something else of it by now; nothing is removed.",
    "The stack STACK is `STACK.target`, its services are `STACK-SERVICE.service`: `systemctl stop STACK.target` stops them all.",
    "The image of a service is a bundle: `NAME_VERSION.raw` beside the Compose file or in the store, or built from what `--image`, or "
    "`x-gourd: {source: SOURCE}` in the file, names, or from the image that buildah, podman or docker builds as `build:` in the file says.",
    NULL,
};

static const Example examples[] = {
    {"gourd up", "The stack of the Compose file in this folder or above"},
    {"gourd up --dry-run", "What that would do"},
    {"gourd up web", "One service of it, and what that depends on"},
    {"gourd up --build", "After a change of the sources of its images"},
    {"gourd up --scale worker=3", "With three of a service"},
    {"gourd up -f shop.yaml --image web=docker-archive:web.tar", "With a bundle that is built from an archive"},
    {NULL, NULL},
};

static const ExitCode codes[] = {
    EXIT_CODE_INPUT,       EXIT_CODE_LIMIT,     EXIT_CODE_EXISTS, EXIT_CODE_DIFFERS,
    EXIT_CODE_UNSUPPORTED, EXIT_CODE_NOT_FOUND, EXIT_CODE_OK,
};

const Verb verb_up = {
    .name = "up",
    .topic = "Stacks",
    .summary = "Bring a Compose file's services up",
    .operands = operands,
    .groups = groups,
    .description = description,
    .examples = examples,
    .exit_codes = codes,
    .options_size = sizeof(UpOptions),
    .run = run,
};
