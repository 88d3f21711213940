// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

/* Names that remove: OCI image-spec 1.1, layer.md, "Whiteouts" and "Opaque Whiteout".
 *
 *   .wh.NAME       NAME of lower layers is gone
 *   .wh..wh..opq   all that lower layers have in this folder is gone
 *   .wh..wh.…      other marks of AUFS, without meaning to us: ".wh..wh.plnk", ".wh..wh.orph" and what lies in these folders of
 *                  the root, as Docker has it (moby, pkg/archive/diff.go) */

#include <glib.h>

typedef enum {
    WHITEOUT_NONE,
    WHITEOUT_NAME,
    WHITEOUT_OPAQUE,
    WHITEOUT_OTHER,
    WHITEOUT_INVALID, /* it names nothing, "." or ".." */
} Whiteout;

/* TRUE if the last name of a clean path begins as a whiteout does, or it lies in a folder of AUFS. */
gboolean whiteout_is(const char *clean_path);
/* Says which; the folder it stands in (the caller frees) and, inside clean_path, the name that it removes. */
Whiteout whiteout_parse(const char *clean_path, char **ret_parent, const char **ret_name);
