// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

/* Everything there is to say of a bundle, or of an image that could become one, as JSON: what `gourd inspect` shows. */

#include "bundle-file.h"

#include "image/image.h"

/* {"kind": "bundle", "file", "metadata" (bundle.json as it is, or null), "config" (the OCI configuration as it came, or null),
 * "layers": [{"number", "diff_id", "entries", "files", "size"}], "sizes": {"bundle", "squashfs", "index", "data", "content",
 * "holes", "duplicates", "raw", "stored"}, "counts": {"paths", "files", "blocks", "packs"}, "squashfs": {"compressor",
 * "block_size", "inodes", "mtime", …}, "index": {"version", "compressor", "level", "encoder", "gourd"} or null}. Sizes in
 * bytes: content is that of all inodes; without holes and duplicates it is raw, which compresses to stored. raw and
 * duplicates need an index. The caller owns the result. */
Json *bundle_describe(Bundle *bundle, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* {"kind": "image", "source", "transport", "reference", "config_digest", "manifest_digest", "config", "layers": [{"number",
 * "diff_id", "digest", "size", "compression"}]}. source is what the user typed. */
Json *image_describe(const Image *image, const char *source, GError **error) G_GNUC_WARN_UNUSED_RESULT;
