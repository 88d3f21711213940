// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

/* Container images: from any source to a configuration and layers, and from a layer to its entries.
 *
 * Sources are named as in containers-transports(5); a bare path is recognised by its content. Everything that comes from
 * a source is untrusted: digests are verified while reading, sizes limited by name. */

#include "base/base.h"
#include "codec/codec.h"
#include "tree/tree.h"
#include "user.h"

/* --- limits ------------------------------------------------------------------------------------------------------ */

/* Overridable bounds on what an image may make us do; defaults in image_limits_init(). */
typedef struct {
    guint64 unpacked_size; /* bytes of file content in one layer, and of one layer's tar */
    guint64 entries;       /* entries in all layers together */
    guint64 layers;
    guint64 path_length;
    guint64 xattr_size;    /* bytes of all extended attributes of one entry */
    guint64 metadata_size; /* bytes of paths, link targets, extended attributes and lists of blocks in all layers */
} ImageLimits;

void image_limits_init(ImageLimits *ret_limits);
/* Sets one limit by its name on the command line ("unpacked-size", "entries" …); NOT_FOUND names those there are. */
gboolean image_limits_set(ImageLimits *limits, const char *name, guint64 value, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;

/* --- entry readers ----------------------------------------------------------------------------------------------- */

/* Gives the entries of one layer in order, each followed by its content. One thread at a time. */
typedef struct EntryReader EntryReader;

struct EntryReader {
    gboolean (*next)(EntryReader *reader, const Entry **ret_entry, GError **error);
    gboolean (*data)(EntryReader *reader, const guint8 **ret_bytes, gsize *ret_size, GError **error);
    guint64 (*position)(const EntryReader *reader);
    void (*free)(EntryReader *reader);
};

/* The next entry (whose predecessor's content need not have been read), NULL at the end. Valid until the next call. At
 * the end everything behind the last entry has been read too and all digests verified. Errors name the entry's number
 * and path. */
gboolean entry_reader_next(EntryReader *reader, const Entry **ret_entry, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* The next piece of the current file's content: bytes valid until the next call, or NULL for a hole of *ret_size bytes;
 * *ret_size 0 at its end. The pieces add up to entry.size. */
gboolean entry_reader_data(EntryReader *reader, const guint8 **ret_bytes, gsize *ret_size, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;
/* All of the current file's content, holes as zeros; more than size_max bytes are a LIMIT error. */
gboolean entry_reader_load(EntryReader *reader, const Entry *entry, gsize size_max, GBytes **ret_content,
                           GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* How much of the layer as stored (compressed bytes for a compressed one) was read, for progress. */
guint64 entry_reader_position(const EntryReader *reader);
void entry_reader_free(EntryReader *reader);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(EntryReader, entry_reader_free)

/* Reads tar: POSIX ustar and pax (POSIX.1-2017 pax), GNU long names, sparse files (GNU 0.0, 0.1, 1.0 and old), numbers in
 * base 256, SCHILY.xattr, LIBARCHIVE.xattr and SCHILY.acl. Takes source. position_of (may be NULL) is asked for
 * entry_reader_position(), else the position in source counts. */
EntryReader *tar_reader_new(ByteStream *source, const ImageLimits *limits, Notes *notes);

typedef struct {
    gboolean replace_owner; /* all entries get uid and gid below */
    guint32 uid, gid;
} OwnerMap;

/* Reads a folder of the host, in path order, beneath its descriptor (openat2, never out of it), hard links recognised,
 * holes kept. Sockets are entries. A file that changes its size while being read is an error. */
EntryReader *folder_reader_new(const char *path, const OwnerMap *owners, const ImageLimits *limits, Notes *notes,
                               GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* --- images ------------------------------------------------------------------------------------------------------ */

typedef struct {
    char *os;           /* "linux" */
    char *architecture; /* Go's name: "amd64", "arm64", "arm" … */
    char *variant;      /* "v7", or NULL */
} Platform;

gboolean platform_parse(const char *text, Platform *ret_platform, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void platform_init_host(Platform *ret_platform);
void platform_clear(Platform *platform);

typedef struct {
    const char *platform; /* "OS/ARCH[/VARIANT]" or NULL for this machine's */
    ImageLimits limits;
    OwnerMap owners;            /* dir: only */
    const char *scratch_folder; /* where a stream that must be read out of order is kept, unlinked */
} ImageOptions;

typedef struct Image Image;

/* Opens SOURCE and reads its manifest and configuration, but no layer. Of several images one is chosen behind the path:
 * by name and tag ("FILE:web:1.0", also just "FILE:1.0"), number ("FILE:@0") or manifest digest ("FILE:@sha256:…"). An
 * archive on standard input ("-", or "docker-archive:-") is kept in an unlinked file if its format needs it. Notes say
 * what was odd. */
Image *image_open(const char *source, const ImageOptions *options, Notes *notes, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;
void image_free(Image *image);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Image, image_free)

const char *image_transport(const Image *image); /* "docker-archive", "oci", "oci-archive", "tar", "dir" */
const char *image_reference(const Image *image); /* repository and tag that the source gives it, or NULL */
GBytes *image_config(const Image *image);        /* the configuration exactly as it came; NULL for tar: and dir: */
const Digest *image_config_digest(const Image *image);   /* NULL without a configuration */
const Digest *image_manifest_digest(const Image *image); /* NULL where there is none (docker-archive, tar, dir) */

typedef struct {
    guint number;         /* 1 is the lowest */
    gboolean has_diff_id; /* tar: and dir: have none */
    Digest diff_id;       /* of the tar */
    gboolean has_digest;
    Digest digest; /* of the blob as it is stored */
    guint64 size;  /* bytes as stored; 0 if not known (standard input, folders) */
    Codec codec;
    char *description; /* for messages: "layer 3 of 5 (sha256:0123456789ab)" */
} ImageLayer;

guint image_layer_count(const Image *image);
const ImageLayer *image_layer(const Image *image, guint index); /* index 0 is the lowest */

/* Begins to read a layer; the reader must be freed before the image. Different layers may be read side by side by
 * different threads; a layer may be read again unless it comes from a pipe. */
EntryReader *image_layer_read(Image *image, guint index, Notes *notes, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* What of the OCI configuration gourd needs, as plain values (OCI image-spec 1.1, config.md; Docker's additions). */
typedef struct {
    char *architecture, *os, *variant, *created;
    char *user; /* "", "name", "1000:1000" … */
    char **env; /* never NULL, as are the other vectors */
    char **entrypoint, **cmd, **shell;
    char **volumes, **exposed_ports; /* sorted */
    char *working_dir, *stop_signal;
    char **labels; /* key, value, key, value …; sorted by key */
    struct {
        char **test; /* empty vector: none given */
        gint64 interval_nsec, timeout_nsec, start_period_nsec, start_interval_nsec;
        gint64 retries;
    } healthcheck;
    guint diff_id_count;
    Digest *diff_ids;
} ImageConfig;

/* Fuzzed: takes any bytes. */
ImageConfig *image_config_parse(const void *bytes, gsize size, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void image_config_free(ImageConfig *config);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(ImageConfig, image_config_free)

/* --- writing ------------------------------------------------------------------------------------------------------ */

#define TAR_HEADER_SIZE 512
/* The header (ustar) of a file of root's in a tar; its content and zeros up to a multiple of TAR_HEADER_SIZE follow. LIMIT: the path is too long. */
gboolean tar_header_format(const char *path, guint mode, guint64 size, gint64 mtime, guint8 ret_block[TAR_HEADER_SIZE],
                           GError **error) G_GNUC_WARN_UNUSED_RESULT;
