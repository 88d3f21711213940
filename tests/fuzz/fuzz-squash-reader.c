/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A SquashFS image, with or without an index, from any bytes: opened, walked, read, verified. */

#include "bundle/bundle.h"

#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

#define CONTENT_MAX (4u << 20) /* bytes read of one file */
#define NODES_MAX 1000u        /* visited: an image of some KiB can name many */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

typedef struct {
    SquashReader *image;
    SquashExpander *expander;
    guint nodes;
} Visit;

static GBytes *load(const Visit *state, const SquashNode *node)
{
    GBytes *content = squash_file_load(state->expander, node, CONTENT_MAX, NULL);

    return content ? content : g_bytes_new_static("", 0);
}

static gboolean visit(const SquashNode *node, gpointer data, GError **error)
{
    Visit *state = data;
    g_autoptr(Xattrs) xattrs = NULL;

    if (++state->nodes > NODES_MAX)
        return gourd_error_set(error, GOURD_ERROR_LIMIT, "enough");
    if (!squash_reader_read_xattrs(state->image, node->xattrs, &xattrs, NULL))
        xattrs = NULL;
    if (node->type == ENTRY_FILE)
        g_bytes_unref(load(state, node));
    g_autoptr(Json) json = manifest_entry(node, xattrs, NULL);
    return TRUE;
}

static void ignore_problem(const char *path, const GError *problem, gpointer data)
{
}

static void use_bundle(Bundle *bundle)
{
    g_autoptr(SquashExpander) expander = squash_expander_new(bundle_image(bundle), NULL);
    Visit state = {bundle_image(bundle), expander, 0};
    SquashWalk walk = {.visit = visit, .problem = ignore_problem, .data = &state, .depth = G_MAXUINT};

    if (!squash_reader_walk(bundle_image(bundle), "", &walk, NULL) && state.nodes > NODES_MAX)
        return;
    g_autoptr(GPtrArray) findings = g_ptr_array_new_with_free_func((GDestroyNotify)bundle_finding_free);
    g_autoptr(GError) error = NULL;
    BundleVerifyReport report;

    if (!bundle_verify(bundle, BUNDLE_VERIFY_FULL, 1, NULL, NULL, findings, &report, &error) && !error)
        g_error("a failure without an error");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    autofd fd = memfd_create("fuzz", MFD_CLOEXEC);

    if (fd < 0 || write(fd, data, size) != (ssize_t)size)
        return 0;
    g_autoptr(Bundle) bundle = bundle_open_fd(fd, "fuzz", NULL);
    if (bundle)
        use_bundle(bundle);
    return 0;
}
