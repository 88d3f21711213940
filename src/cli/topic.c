// SPDX-License-Identifier: LGPL-2.1-or-later
#include "topic.h"

#include "exit-code.h"
#include "text.h"

#include "doctor/doctor.h"

#include <string.h>

#define TEXT_INDENT 6
#define LABEL_INDENT 2
#define WIDTH_MAX 100

const char gourd_summary[] = "Turns container images into single-file SquashFS bundles that systemd runs as ordinary "
                             "services.";

static const char *const sources_paragraphs[] = {
    "An image is named by where it is and in which form, as in containers-transports(5). A path without a prefix is "
    "recognised by its content. Archives may be compressed with gzip, zstd or xz, and may come from standard input, which is "
    "called `-`.",
    "Where one file or folder holds several images, TAG chooses one: by its tag or name, by its place as in `@0`, or by the "
    "digest of its manifest as in `@sha256:DIGEST`. Where an image exists for several platforms, the one of "
    "this machine is taken unless `--platform` names another.",
    NULL,
};

static const TopicRow sources_rows[] = {
    {"docker-archive:FILE[:TAG]", "What `docker save` and `podman save` write."},
    {"oci-archive:FILE[:TAG]", "An OCI image layout in one tar file."},
    {"oci:FOLDER[:TAG]", "An OCI image layout in a folder."},
    {"tar:FILE", "The files of a root file system, as `docker export` writes them; without image configuration."},
    {"dir:FOLDER", "A folder with a root file system; owners as found there, unless `--owner` says otherwise."},
    {NULL, NULL},
};

static const char *const exit_paragraphs[] = {
    "The same for all verbs, so that scripts can tell an answer from an accident:",
    NULL,
};

static const char *const environment_paragraphs[] = {
    "These variables are respected:",
    NULL,
};

static const TopicRow environment_rows[] = {
    {"NO_COLOR", "If set and not empty, nothing is coloured unless `--color=always` is given."},
    {"COLUMNS", "The width of the output where it is no terminal."},
    {"SOURCE_DATE_EPOCH",
     "Seconds since 1970: the time stamp of what a bundle gets that no image has given a time. It is 0 if "
     "not set, so that equal images make equal bundles."},
    {"TMPDIR", "Is not used: temporary data goes to unnamed files beside the output, which vanish with the program."},
    {NULL, NULL},
};

static const char *const causes_paragraphs[] = {
    "What `gourd why` can find wrong. With `--json` these names stand beside each sentence; they stay the same.",
    NULL,
};

const Topic topics[] = {
    {"sources", "SOURCES", "How images are named", sources_paragraphs, sources_rows, FALSE, FALSE},
    {"causes", "CAUSES", "What gourd why can find wrong", causes_paragraphs, NULL, FALSE, TRUE},
    {"exit-codes", "EXIT STATUS", "What the exit status means", exit_paragraphs, NULL, TRUE, FALSE},
    {"environment", "ENVIRONMENT", "Variables that gourd looks at", environment_paragraphs, environment_rows, FALSE,
     FALSE},
    {NULL, NULL, NULL, NULL, NULL, FALSE, FALSE},
};

const Topic *topic_find(const char *name)
{
    for (const Topic *topic = topics; topic->name; topic++) {
        if (strcmp(topic->name, name) == 0)
            return topic;
    }
    return NULL;
}

static void append_row(GString *out, const char *label, const char *text, guint width, gboolean colored)
{
    g_string_append_printf(out, "\n%*s%s%s%s\n%*s", LABEL_INDENT, "", style_begin(STYLE_BOLD, colored), label,
                           style_end(STYLE_BOLD, colored), TEXT_INDENT, "");
    text_append_wrapped(out, text, TEXT_INDENT, TEXT_INDENT, width, colored);
}

char *topic_format(const Topic *topic, guint width, gboolean colored)
{
    GString *out = g_string_new(NULL);

    width = MIN(width, WIDTH_MAX);
    for (const char *const *paragraph = topic->paragraphs; *paragraph; paragraph++) {
        if (out->len)
            g_string_append_c(out, '\n');
        text_append_wrapped(out, *paragraph, 0, 0, width, colored);
        g_string_append_c(out, '\n');
    }
    for (const TopicRow *row = topic->rows; row && row->label; row++)
        append_row(out, row->label, row->text, width, colored);
    for (const WhyCause *cause = why_causes(); topic->lists_causes && cause->name; cause++)
        append_row(out, cause->name, cause->text, width, colored);
    for (const ExitCodeRow *row = exit_codes; topic->lists_exit_codes && row->name; row++)
        g_string_append_printf(out, "\n%*s%d  %s", LABEL_INDENT, "", (int)row->code, row->meaning);
    g_string_append_c(out, '\n');
    return g_string_free(out, FALSE);
}
