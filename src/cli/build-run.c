// SPDX-License-Identifier: LGPL-2.1-or-later
#include "build-options.h"
#include "build-result.h"
#include "progress.h"
#include "report.h"
#include "stack-load.h"

/* Said here and not only by the codec: before anything is read. */
static gboolean check_level(const PackOptions *options, GError **error)
{
    int lowest = 0, highest = 0;

    codec_level_range(options->codec, &lowest, &highest);
    if (options->level == CODEC_LEVEL_DEFAULT || (options->level >= lowest && options->level <= highest))
        return TRUE;
    gourd_error_set(error, GOURD_ERROR_USAGE, "option '--level': %s has no level %d", codec_to_name(options->codec),
                    options->level);
    return highest > 0 ? gourd_error_hint(error, "it has levels %d to %d", lowest, highest)
                       : gourd_error_hint(error, "it has no levels at all");
}

static gboolean fill_options(const Call *call, PackOptions *ret_options, GError **error)
{
    const BuildOptions *options = call->options;

    pack_options_init(ret_options);
    ret_options->source = call->operands[0];
    ret_options->output = options->output;
    ret_options->name = options->name;
    ret_options->version = options->version;
    ret_options->platform = options->platform;
    ret_options->codec = (Codec)options->compressor;
    ret_options->level = options->level == OPTION_INT_UNSET ? CODEC_LEVEL_DEFAULT : (int)options->level;
    ret_options->block_size = (guint32)options->block_size;
    ret_options->layout = (PackLayout)options->layout;
    ret_options->jobs = options->jobs == OPTION_INT_UNSET ? 0 : (guint)options->jobs;
    ret_options->exclude = (const char *const *)options->excludes->pdata;
    ret_options->mountpoints = (const char *const *)options->mountpoints->pdata;
    ret_options->no_index = !options->index;
    ret_options->force = options->force;
    ret_options->verify = (PackVerify)options->verify;
    for (guint i = 0; i < options->limits->len; i++) {
        if (!build_limit_apply(&ret_options->limits, g_ptr_array_index(options->limits, i), error))
            return FALSE;
    }
    return check_level(ret_options, error) && build_owner_parse(options->owner, &ret_options->owners, error);
}

static void show_progress(const PackProgress *progress, gpointer user_data)
{
    progress_update(user_data, progress->phase, progress->done, progress->total);
}

static gboolean fail_option(const char *name, GError **error)
{
    return gourd_error_set(error, GOURD_ERROR_USAGE, "option '--%s' is for a SOURCE", name);
}

static ExitCode build_stack(const Call *call, GError **error)
{
    const BuildOptions *options = call->options;
    g_autoptr(Notes) notes = notes_new();

    if ((options->output && !fail_option("output", error)) || (options->name && !fail_option("name", error)) ||
        (options->version && !fail_option("version", error)) || (options->json && !fail_option("json", error)))
        return EXIT_CODE_USAGE;
    gboolean built = stack_build_bundles(&options->stack, call, (const char *const *)options->services->pdata,
                                         options->builder, notes, error);
    if (built && !call->common->quiet)
        report_notes(&call->err, notes_list(notes), call->common->verbose);
    return built ? EXIT_CODE_OK : EXIT_CODE_FAILED;
}

ExitCode build_run(const Call *call, GError **error)
{
    const BuildOptions *options = call->options;
    g_autoptr(PackResult) result = NULL;
    PackOptions pack_options;

    if (call->n_operands == 0)
        return build_stack(call, error);
    if (!fill_options(call, &pack_options, error))
        return EXIT_CODE_USAGE;
    Progress *progress = call->common->quiet ? NULL : progress_new(&call->err, NULL);
    gboolean is_built = pack_build(&pack_options, show_progress, progress, &result, error);
    progress_free(progress);
    if (!is_built) {
        g_autofree char *shown = text_escape(pack_options.source);

        gourd_error_prefix(error, "cannot build '%s'", shown);
        return EXIT_CODE_FAILED;
    }
    if (options->json)
        build_result_print_json(result, &call->out);
    else if (!call->common->quiet)
        build_result_print(result, call);
    return EXIT_CODE_OK;
}
