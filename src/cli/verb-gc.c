// SPDX-License-Identifier: LGPL-2.1-or-later
#include "human.h"
#include "session.h"

#define KEEP_MAX 1000000

typedef struct {
    CommonOptions common;
    char *root;
    gint64 keep;
    gboolean dry_run, json;
} GcOptions;

static gboolean collect(const Call *call, GError **error)
{
    const GcOptions *options = call->options;
    const SessionMode mode = {.dry_run = options->dry_run, .json = options->json};
    g_auto(Session) session = {0};
    gboolean done;

    if (!session_open(&session, call, options->root, !options->dry_run, error))
        return FALSE;
    g_autoptr(StoreChange) change = store_plan_gc(session.store, (guint)options->keep, session.notes, error);
    if (!change || !session_run(&session, change, &mode, &done, error))
        return FALSE;
    g_autofree char *size = size_format(change->bytes);
    if (done)
        fprintf(call->out.file, "%s freed\n", size);
    else if (options->dry_run && !options->json)
        fprintf(call->out.file, "%s would be freed\n", size);
    return TRUE;
}

static ExitCode run(const Call *call, GError **error)
{
    return collect(call, error) ? EXIT_CODE_OK : EXIT_CODE_FAILED;
}

#define AT(member) .offset = offsetof(GcOptions, member)

static const Option rows[] = {
    {"keep", 'k', OPTION_INT, AT(keep), "N", "Keep N releases of each service besides the active one", .fallback = "2",
     .max = KEEP_MAX},
    {"dry-run", 'n', OPTION_FLAG, AT(dry_run), .help = "Show what would go, and remove nothing"},
    OPTION_ROOT_WORK(AT(root)),
    OPTION_JSON_CHANGE(AT(json)),
    {NULL},
};

#undef AT

static const OptionGroup groups[] = {{"Options", rows}, {NULL, NULL}};
static const Operand operands[] = {{NULL, 0, 0, COMPLETE_NOTHING}};

static const char *const description[] = {
    "Drops old releases of all services, bundles in the store that no release is left of, and helpers that no unit names any more.",
    "Of each service the active release stays, the one that was active before, and of the others the newest, `--keep` of them in all. Volumes are "
    "never touched.",
    NULL,
};

static const Example examples[] = {
    {"gourd gc --dry-run", "What would go, and how much that is"},
    {"gourd gc --keep 0", "Only what is active"},
    {NULL, NULL},
};

static const ExitCode codes[] = {EXIT_CODE_INPUT, EXIT_CODE_UNSUPPORTED, EXIT_CODE_NOT_FOUND, EXIT_CODE_OK};

const Verb verb_gc = {
    .name = "gc",
    .topic = "Services",
    .summary = "Drop old releases and bundles",
    .operands = operands,
    .groups = groups,
    .description = description,
    .examples = examples,
    .exit_codes = codes,
    .options_size = sizeof(GcOptions),
    .run = run,
};
