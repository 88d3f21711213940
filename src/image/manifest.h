// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

/* Manifests and indexes of images: OCI (image-spec 1.1, descriptor.md, manifest.md, image-index.md), Docker's version 2
 * schema 2, which has the same shape (distribution, manifest-v2-2.md), and the manifest.json of docker save. */

#include "platform.h"

#define MANIFEST_SIZE_MAX \
    (4 * 1024 * 1024)         /* registries refuse larger ones (distribution-spec 1.1, Pushing Manifests) */
#define DESCRIPTORS_MAX 65536 /* in one index or manifest; bounds the memory of a hostile one */

typedef enum {
    MEDIA_UNKNOWN,
    MEDIA_INDEX,
    MEDIA_MANIFEST,
    MEDIA_CONFIG,
    MEDIA_LAYER,         /* whatever its compression: that is recognised by content */
    MEDIA_FOREIGN_LAYER, /* "nondistributable": often kept elsewhere, at `urls` */
    MEDIA_ENCRYPTED_LAYER,
    MEDIA_SCHEMA1, /* Docker's manifests from before 2016 */
} MediaKind;

/* NULL and "" are MEDIA_UNKNOWN. */
MediaKind media_kind(const char *media_type);

/* What one document says of another. */
typedef struct {
    char *media_type; /* "" if not given */
    MediaKind kind;
    Digest digest;
    guint64 size;
    gboolean has_platform;
    Platform platform;
    gboolean is_attestation; /* provenance or SBOM of another image (BuildKit), not an image */
    char *ref_name;          /* org.opencontainers.image.ref.name, or NULL */
    char *image_name;        /* io.containerd.image.name, or NULL */
    char *url;               /* the first of `urls`, or NULL */
    GBytes *data;            /* the content itself, not verified yet; or NULL */
} Descriptor;

void descriptor_free(Descriptor *descriptor);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Descriptor, descriptor_free)
Descriptor *descriptor_copy(const Descriptor *descriptor);
/* "manifest sha256:0123…", "blob sha256:…"; for messages; the caller frees. */
char *descriptor_to_text(const Descriptor *descriptor);

/* An index or a manifest. */
typedef struct {
    gboolean is_index;
    GPtrArray *manifests; /* Descriptor *; of an index */
    Descriptor *config;   /* of a manifest */
    GPtrArray *layers;    /* Descriptor *, lowest first; of a manifest */
} Manifest;

/* Reads either, by what it holds; media_type is what led here ("" if nothing did) and must not contradict it. A text that
 * could be read as both is refused (CVE-2021-41190), schema 1 and what is no image are UNSUPPORTED. Fuzzed: takes any
 * bytes. */
Manifest *manifest_parse(const void *bytes, gsize size, const char *media_type, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;
void manifest_free(Manifest *manifest);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Manifest, manifest_free)

/* One image of a docker save archive (moby image/spec/v1.2, "Combined Image JSON + Filesystem Changeset Format"). */
typedef struct {
    char *config;  /* path in the archive */
    char **tags;   /* may be empty, never NULL */
    char **layers; /* paths, lowest first; never NULL */
} DockerImage;

/* Reads manifest.json: DockerImage *, at least one. Fuzzed: takes any bytes. */
GPtrArray *docker_manifest_parse(const void *bytes, gsize size, GError **error) G_GNUC_WARN_UNUSED_RESULT;
