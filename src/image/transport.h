// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

/* Inside of an Image, and what each transport has to do. A new one (a registry, a daemon) is one more row in image.c:
 * it fills an Image from its manifest, with a BlobStore that gives layers by their path in a layout. */

#include "blob.h"
#include "manifest.h"
#include "reference.h"

#include <string.h>

typedef struct {
    /* Reads manifest and configuration from image->input, which is open, into image. */
    gboolean (*open)(Image *image, const Choice *choice, GError **error);
    EntryReader *(*read_layer)(Image *image, guint index, Notes *notes, GError **error);
} Transport;

extern const Transport docker_archive_transport;
extern const Transport oci_transport; /* folder or archive, by image->input */
extern const Transport tar_transport;
extern const Transport dir_transport;

/* A layer and where its bytes are. */
typedef struct {
    ImageLayer info;
    char *path;      /* in image->blobs */
    GBytes *inlined; /* instead of path, or NULL */
} StoredLayer;

struct Image {
    TransportKind kind;
    const Transport *transport;
    Input *input;
    BlobStore *blobs; /* or NULL */
    ImageLimits limits;
    OwnerMap owners;
    char *scratch_folder;
    gboolean platform_asked; /* by --platform, not only this machine's */
    Platform platform;
    char *reference;
    GBytes *config;
    gboolean has_manifest_digest;
    Digest config_digest, manifest_digest;
    GPtrArray *layers; /* StoredLayer * */
    Notes *notes;      /* only while it is being opened */
};

/* Adds a layer above those there are. */
StoredLayer *image_add_layer(Image *image);

/* Takes the configuration as it came, checks it against the count of layers and the platform and gives each layer its
 * diff_id. The last step of opening. */
gboolean image_set_config(Image *image, GBytes *config, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Finishes what is known of layers from the store: size, codec, description. */
gboolean image_describe_layers(Image *image, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Transport.read_layer for images whose layers are blobs. */
EntryReader *image_read_stored_layer(Image *image, guint index, Notes *notes, GError **error);

/* An EntryReader over a tar reader whose errors begin with `what` and whose position is that of raw, its lowest stage.
 * Takes tar, and what must stay alive for it in blob (whose stream is part of tar already). */
EntryReader *layer_reader_new(EntryReader *tar, const ByteStream *raw, Blob *blob, const char *what);
