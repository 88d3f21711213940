// SPDX-License-Identifier: LGPL-2.1-or-later
#include "image.h"

#include <stddef.h>
#include <string.h>

/* Each limit by its name on the command line (`--limit NAME=VALUE`), its default and the reason for it. */
static const struct {
    const char *name;
    gsize offset;
    guint64 standard;
} known_limits[] = {
    /* Ten times the largest images in public registries (CUDA and ROCm development images, 6 GiB). */
    {"unpacked-size", offsetof(ImageLimits, unpacked_size), (guint64)64 << 30},
    /* Names and inodes are held in memory, some 200 bytes each; the largest known images have 1.5 million. */
    {"entries", offsetof(ImageLimits, entries), 8 * 1000 * 1000},
    /* Docker's storage drivers stop at 127 layers, overlayfs at 500. */
    {"layers", offsetof(ImageLimits, layers), 1024},
    /* PATH_MAX of Linux: nobody can open a longer path in one call. */
    {"path-length", offsetof(ImageLimits, path_length), 4096},
    /* Linux allows 64 KiB for one value; 16 such values on one file are more than anything sane has. */
    {"xattr-size", offsetof(ImageLimits, xattr_size), 1024 * 1024},
    /* Held in memory, some of it twice. Entries of usual images have 100 to 150 bytes: 1.5 million of them have 200 MiB. */
    {"metadata-size", offsetof(ImageLimits, metadata_size), 1024 * 1024 * 1024},
};

static guint64 *limit_at(ImageLimits *limits, gsize index)
{
    return G_STRUCT_MEMBER_P(limits, known_limits[index].offset);
}

void image_limits_init(ImageLimits *ret_limits)
{
    for (gsize i = 0; i < G_N_ELEMENTS(known_limits); i++)
        *limit_at(ret_limits, i) = known_limits[i].standard;
}

gboolean image_limits_set(ImageLimits *limits, const char *name, guint64 value, GError **error)
{
    g_autoptr(GString) names = g_string_new(NULL);

    for (gsize i = 0; i < G_N_ELEMENTS(known_limits); i++) {
        if (strcmp(known_limits[i].name, name) == 0) {
            *limit_at(limits, i) = value;
            return TRUE;
        }
        g_string_append_printf(names, "%s%s", i > 0 ? ", " : "", known_limits[i].name);
    }
    g_autofree char *shown = text_escape(name);
    gourd_error_set(error, GOURD_ERROR_NOT_FOUND, "there is no limit '%s'", shown);
    return gourd_error_hint(error, "the limits are %s", names->str);
}
