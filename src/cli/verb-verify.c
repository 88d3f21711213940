// SPDX-License-Identifier: LGPL-2.1-or-later
#include "human.h"
#include "listing.h"
#include "progress.h"
#include "verb.h"

#include "bundle/bundle.h"

#define JOBS_MAX 1024

typedef struct {
    CommonOptions common;
    gboolean quick, full, json;
    gint64 jobs;
} VerifyOptions;

static void show_progress(guint64 done, guint64 total, gpointer data)
{
    progress_update(data, "verifying", done, total);
}

static void print_finding(const BundleFinding *finding, FILE *file)
{
    g_autofree char *path = finding->path ? text_escape(finding->path) : NULL;

    if (path)
        fprintf(file, "/%s: ", path);
    if (finding->block != BUNDLE_NO_BLOCK)
        fprintf(file, "block %" G_GUINT64_FORMAT ": ", finding->block);
    if (finding->offset != BUNDLE_NO_BLOCK)
        fprintf(file, "at byte %" G_GUINT64_FORMAT ": ", finding->offset);
    fprintf(file, "%s\n", finding->text);
}

static void print_summary(const Call *call, const Bundle *bundle, const BundleVerifyReport *report, guint n_findings,
                          gboolean full)
{
    g_autofree char *files = count_format_noun(report->files, "file");
    g_autofree char *blocks = count_format_noun(report->blocks, "block");
    g_autofree char *size = size_format(report->raw_size);
    g_autofree char *problems = count_format_noun(n_findings + report->more_findings, "problem");
    g_autofree char *name = text_escape(bundle_name(bundle));
    const char *compared = report->has_index ? ", all as the index says" : "; there is no index to compare with";

    if (n_findings > 0)
        fprintf(call->out.file, "%s: %s\n", name, problems);
    else if (full)
        fprintf(call->out.file, "%s: sound: %s, %s with %s%s\n", name, files, blocks, size, compared);
    else
        fprintf(call->out.file, "%s: sound, as far as its tables tell: %s, %s%s\n", name, files, blocks, compared);
}

static Json *finding_to_json(const BundleFinding *finding)
{
    Json *object = json_object();

    json_object_set_new(object, "kind", json_string(finding->kind));
    if (finding->path) {
        g_autofree char *path = g_strconcat("/", finding->path, NULL);

        json_object_set_new(object, "path", json_text_lossless(path));
    }
    if (finding->block != BUNDLE_NO_BLOCK)
        json_object_set_new(object, "block", json_integer((json_int_t)finding->block));
    if (finding->offset != BUNDLE_NO_BLOCK)
        json_object_set_new(object, "offset", json_integer((json_int_t)finding->offset));
    json_object_set_new(object, "text", json_text(finding->text));
    return object;
}

static void print_json(const Call *call, const Bundle *bundle, const BundleVerifyReport *report,
                       const GPtrArray *findings, gboolean full)
{
    Json *list = json_array();

    for (guint i = 0; i < findings->len; i++)
        json_array_append_new(list, finding_to_json(g_ptr_array_index(findings, i)));
    g_autoptr(Json)
        json = json_pack("{s:o, s:b, s:s, s:b, s:I, s:I, s:I, s:I, s:I, s:I, s:o}", "bundle",
                         json_text_lossless(bundle_name(bundle)), "sound", findings->len == 0, "mode",
                         full ? "full" : "quick", "has_index", report->has_index, "paths", (json_int_t)report->paths,
                         "files", (json_int_t)report->files, "blocks", (json_int_t)report->blocks, "stored_size",
                         (json_int_t)report->stored_size, "raw_size", (json_int_t)report->raw_size, "more_findings",
                         (json_int_t)report->more_findings, "findings", list);

    json_print(json, &call->out);
}

static gboolean verify(const Call *call, Bundle *bundle, BundleVerifyMode mode, GPtrArray *findings,
                       BundleVerifyReport *ret_report, GError **error)
{
    const VerifyOptions *options = call->options;
    guint jobs = options->jobs == OPTION_INT_UNSET ? 0 : (guint)options->jobs;
    g_autoptr(Progress) progress = call->common->quiet ? NULL : progress_new(&call->err, NULL);

    return bundle_verify(bundle, mode, jobs, show_progress, progress, findings, ret_report, error);
}

static ExitCode run(const Call *call, GError **error)
{
    const VerifyOptions *options = call->options;
    gboolean full = !options->quick;
    g_autoptr(GPtrArray) findings = g_ptr_array_new_with_free_func((GDestroyNotify)bundle_finding_free);
    BundleVerifyReport report;

    if (options->quick && options->full) {
        gourd_error_set(error, GOURD_ERROR_USAGE, "options '--quick' and '--full' exclude each other");
        return EXIT_CODE_USAGE;
    }
    g_autoptr(Bundle) bundle = bundle_open(call->operands[0], error);
    if (!bundle || !verify(call, bundle, full ? BUNDLE_VERIFY_FULL : BUNDLE_VERIFY_QUICK, findings, &report, error))
        return EXIT_CODE_FAILED;
    if (options->json) {
        print_json(call, bundle, &report, findings, full);
    } else {
        for (guint i = 0; i < findings->len; i++)
            print_finding(g_ptr_array_index(findings, i), call->out.file);
        if (!call->common->quiet)
            print_summary(call, bundle, &report, findings->len, full);
    }
    return findings->len > 0 ? EXIT_CODE_DIFFERS : EXIT_CODE_OK;
}

#define AT(member) .offset = offsetof(VerifyOptions, member)

static const Option rows[] = {
    {"full", 0, OPTION_FLAG, AT(full), .help = "Expand every block and compare every digest; the default"},
    {"quick", 0, OPTION_FLAG, AT(quick), .help = "Look at tables and index only",
     .details = "Takes a moment, and finds a truncated or badly assembled bundle, but no damaged content."},
    {"jobs", 'j', OPTION_INT, AT(jobs), "N", "Use N threads", .shown_default = "the number of processors", .min = 1,
     .max = JOBS_MAX},
    {"json", 0, OPTION_FLAG, AT(json), .help = "Print the result as JSON"},
    {NULL},
};

#undef AT

static const OptionGroup groups[] = {{"Options", rows}, {NULL, NULL}};
static const Operand operands[] = {{"BUNDLE", 1, 1, COMPLETE_BUNDLE}, {NULL, 0, 0, COMPLETE_NOTHING}};

static const char *const description[] = {
    "Verifies that a bundle is well formed and undamaged: the superblock and all tables, that every inode is in a folder, "
    "that blocks lie in the data and do not overlap, that every block expands to what its digest in the index says, that "
    "index and inodes agree, and that the padding is zero.",
    "Each problem is a line with path, block and byte. Any other SquashFS file can be verified too; without an index there "
    "are no digests to compare with.",
    NULL,
};

static const Example examples[] = {
    {"gourd verify web_1.0.raw", "After copying it from somewhere"},
    {"gourd verify --quick --json web_1.0.raw", "For scripts"},
    {NULL, NULL},
};

static const ExitCode codes[] = {
    EXIT_CODE_INPUT, EXIT_CODE_DIFFERS, EXIT_CODE_UNSUPPORTED, EXIT_CODE_NOT_FOUND, EXIT_CODE_OK,
};

const Verb verb_verify = {
    .name = "verify",
    .topic = "Bundles",
    .summary = "Check a bundle for damage",
    .operands = operands,
    .groups = groups,
    .description = description,
    .examples = examples,
    .exit_codes = codes,
    .options_size = sizeof(VerifyOptions),
    .run = run,
};
