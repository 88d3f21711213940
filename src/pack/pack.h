// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

/* From an image and options to a bundle: layers are read once, newest first, blocks compressed as they come and laid out in
 * canonical order at the end. The same image and options give the same bytes, whatever the source's form and however many
 * threads. */

#include "bundle/bundle.h"
#include "image/image.h"

#define PACK_BLOCK_SIZE_DEFAULT (256u * 1024) /* docs/decisions/0003 has the measurements, also of what follows */

/* What the data are laid out for. */
typedef enum {
    PACK_LAYOUT_FAST, /* small files and folders are found quickly: few files share a block, tables are not compressed */
    PACK_LAYOUT_SMALL, /* all that is smaller than a block shares blocks, and tables are compressed */
} PackLayout;

typedef enum {
    PACK_VERIFY_QUICK, /* read the structure back */
    PACK_VERIFY_FULL,  /* read every block back */
    PACK_VERIFY_NONE,
} PackVerify;

typedef struct {
    const char *source;   /* as image_open() takes it */
    const char *output;   /* NULL: NAME_VERSION.raw in the current folder */
    const char *name;     /* NULL: from the image's reference, or the source's file name */
    const char *version;  /* NULL: from the reference's tag, or "latest" */
    const char *platform; /* NULL: this machine's */
    Codec codec;
    int level;          /* CODEC_LEVEL_DEFAULT or in the codec's range */
    guint32 block_size; /* a power of two, SQUASH_BLOCK_SIZE_MIN to _MAX */
    PackLayout layout;
    guint jobs;                     /* threads that compress; 0: one per processor */
    const char *const *exclude;     /* NULL-terminated globs of paths, or NULL */
    const char *const *mountpoints; /* NULL-terminated "PATH" or "PATH:file", or NULL */
    gboolean no_index;
    gboolean force; /* replace the output */
    PackVerify verify;
    ImageLimits limits;
    OwnerMap owners;
} PackOptions;

void pack_options_init(PackOptions *ret_options);

typedef struct {
    const char *phase;   /* "reading layers", "writing", "verifying" */
    guint64 done, total; /* bytes; total 0: not known */
} PackProgress;

/* Called from one thread, at most some 20 times a second. */
typedef void (*PackProgressFunc)(const PackProgress *progress, gpointer user_data);

typedef struct {
    char *output, *name, *version;
    guint64 bundle_size;    /* bytes of the file */
    guint64 squashfs_size;  /* of that, the image */
    guint64 index_size;     /* and the index */
    guint64 content_size;   /* bytes of all files, each name of a file counted once */
    guint64 stored_size;    /* bytes of all stored blocks */
    guint64 duplicate_size; /* bytes of files that are the same as others */
    guint64 hole_size;
    guint64 hidden_size;            /* bytes of files in layers that newer layers hide */
    guint64 files, folders, others; /* inodes */
    guint layers;
    gint64 elapsed_usec;
    Notes *notes;
} PackResult;

void pack_result_free(PackResult *result);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PackResult, pack_result_free)

/* Builds the bundle. Nothing is left behind on error, or when the process is killed. progress may be NULL. */
gboolean pack_build(const PackOptions *options, PackProgressFunc progress, gpointer user_data, PackResult **ret_result,
                    GError **error) G_GNUC_WARN_UNUSED_RESULT;
