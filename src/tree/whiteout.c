// SPDX-License-Identifier: LGPL-2.1-or-later
#include "whiteout.h"

#include <string.h>

#define WHITEOUT_PREFIX ".wh."
#define WHITEOUT_OPAQUE_NAME ".wh..wh..opq"
#define WHITEOUT_META_PREFIX ".wh..wh."

static const char *last_name(const char *clean_path)
{
    const char *slash = strrchr(clean_path, '/');

    return slash ? slash + 1 : clean_path;
}

gboolean whiteout_is(const char *clean_path)
{
    return g_str_has_prefix(last_name(clean_path), WHITEOUT_PREFIX) ||
           g_str_has_prefix(clean_path, WHITEOUT_META_PREFIX);
}

Whiteout whiteout_parse(const char *clean_path, char **ret_parent, const char **ret_name)
{
    const char *name = last_name(clean_path);
    gsize parent_length = name == clean_path ? 0 : (gsize)(name - clean_path - 1);

    if (!whiteout_is(clean_path))
        return WHITEOUT_NONE;
    *ret_parent = g_strndup(clean_path, parent_length);
    *ret_name = name;
    if (name != clean_path && g_str_has_prefix(clean_path, WHITEOUT_META_PREFIX))
        return WHITEOUT_OTHER;
    *ret_name = name + strlen(WHITEOUT_PREFIX);
    if (strcmp(name, WHITEOUT_OPAQUE_NAME) == 0)
        return WHITEOUT_OPAQUE;
    if (g_str_has_prefix(name, WHITEOUT_META_PREFIX))
        return WHITEOUT_OTHER;
    if (**ret_name == '\0' || strcmp(*ret_name, ".") == 0 || strcmp(*ret_name, "..") == 0)
        return WHITEOUT_INVALID;
    return WHITEOUT_NAME;
}
