// SPDX-License-Identifier: LGPL-2.1-or-later
#include "inspect-print.h"
#include "listing.h"
#include "report.h"
#include "verb.h"

#include "service/service.h"

#include <fcntl.h>

typedef struct {
    CommonOptions common;
    char *platform;
    gboolean json;
} InspectOptions;

/* A bundle begins like SquashFS; anything else must be a source. */
static gboolean is_bundle(const char *operand)
{
    autofd fd = open(operand, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    guint8 bytes[16];
    gsize got = 0;

    return fd >= 0 && fd_pread(fd, operand, bytes, sizeof bytes, 0, &got, NULL) && squash_detect(bytes, got);
}

/* How `install` without options would see it: {"notes"}, or {"error", "hint"} if it could not run. */
static Json *describe_as_service(Bundle *bundle)
{
    g_autoptr(Notes) notes = notes_new();
    g_autoptr(GError) failure = NULL;

    if (service_preview(bundle, notes, &failure))
        return json_pack("{s:o}", "notes", notes_to_json(notes_list(notes)));
    g_autofree char *message = NULL, *hint = NULL;
    gourd_error_split(failure, &message, &hint);
    return json_pack("{s:s, s:o}", "error", message, "hint", json_text_or_null(hint));
}

static Json *describe_bundle(const char *operand, GError **error)
{
    g_autoptr(Bundle) bundle = bundle_open(operand, error);
    Json *json = bundle ? bundle_describe(bundle, error) : NULL;

    if (json)
        json_object_set_new(json, "service", describe_as_service(bundle));
    return json;
}

static Json *describe_image(const Call *call, GError **error)
{
    const InspectOptions *options = call->options;
    g_autoptr(Notes) notes = notes_new();
    ImageOptions image_options = {.platform = options->platform, .scratch_folder = g_get_tmp_dir()};

    image_limits_init(&image_options.limits);
    g_autoptr(Image) image = image_open(call->operands[0], &image_options, notes, error);
    if (!image)
        return NULL;
    if (!call->common->quiet)
        report_notes(&call->err, notes_list(notes), call->common->verbose);
    return image_describe(image, call->operands[0], error);
}

static ExitCode run(const Call *call, GError **error)
{
    const InspectOptions *options = call->options;
    const char *operand = call->operands[0];
    g_autoptr(Json) json = is_bundle(operand) ? describe_bundle(operand, error) : describe_image(call, error);

    if (!json) {
        g_autofree char *shown = text_escape(operand);

        gourd_error_prefix(error, "cannot inspect '%s'", shown);
        return EXIT_CODE_FAILED;
    }
    if (options->json)
        json_print(json, &call->out);
    else if (!inspect_print(json, call, error))
        return EXIT_CODE_FAILED;
    return EXIT_CODE_OK;
}

#define AT(member) .offset = offsetof(InspectOptions, member)

static const Option rows[] = {
    {"json", 0, OPTION_FLAG, AT(json), .help = "Print everything as JSON, the configuration exactly as it came"},
    {"platform", 0, OPTION_STRING, AT(platform), "OS/ARCH[/VARIANT]", "Inspect the image for this platform",
     .shown_default = "this machine's"},
    {NULL},
};

#undef AT

static const OptionGroup groups[] = {{"Options", rows}, {NULL, NULL}};
static const Operand operands[] = {{"BUNDLE|SOURCE", 1, 1, COMPLETE_SOURCE}, {NULL, 0, 0, COMPLETE_NOTHING}};

static const char *const description[] = {
    "Shows what a bundle, or an image that could become one, is: its name and version, the container configuration "
    "(entrypoint, command, environment, user, volumes, ports, stop signal, health check, labels), its layers, where its "
    "size comes from, the mount points that were added and the notes of the build; and of a bundle, what `gourd install` without "
    "options would do differently from a container, or why it could not run.",
    "For an image nothing but its manifest and configuration is read. `gourd help sources` tells how sources are named.",
    NULL,
};

static const Example examples[] = {
    {"gourd inspect web_1.0.raw", "A bundle"},
    {"gourd inspect docker-archive:web.tar", "An image, before it is built"},
    {"gourd inspect --json web_1.0.raw | jq .config.config.Env", "One part of it, for a script"},
    {NULL, NULL},
};

static const ExitCode codes[] = {
    EXIT_CODE_INPUT, EXIT_CODE_LIMIT, EXIT_CODE_UNSUPPORTED, EXIT_CODE_NOT_FOUND, EXIT_CODE_OK,
};

const Verb verb_inspect = {
    .name = "inspect",
    .topic = "Bundles",
    .summary = "Show what a bundle or an image is",
    .operands = operands,
    .groups = groups,
    .description = description,
    .examples = examples,
    .exit_codes = codes,
    .options_size = sizeof(InspectOptions),
    .run = run,
};
