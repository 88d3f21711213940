// SPDX-License-Identifier: LGPL-2.1-or-later
#include "build-options.h"

#include <string.h>

#define NAME_LENGTH_MAX 128 /* name and version together stay below NAME_MAX, with room for what units append */

gboolean build_limit_apply(ImageLimits *limits, const char *text, GError **error)
{
    const char *equals = strchr(text, '=');
    g_autofree char *name = equals ? g_strndup(text, (gsize)(equals - text)) : NULL;
    g_autofree char *shown = text_escape(text);
    guint64 value = 0;

    if (!equals) {
        gourd_error_set(error, GOURD_ERROR_USAGE, "'%s' is not of the form NAME=VALUE", shown);
        return gourd_error_hint(error, "for example --limit unpacked-size=200G");
    }
    if (!size_parse(equals + 1, &value, error))
        return FALSE;
    return image_limits_set(limits, name, value, error);
}

static gboolean id_parse(const char *text, gsize length, guint32 *ret_id)
{
    g_autofree char *digits = g_strndup(text, length);
    guint64 id = 0;

    /* The highest number means "none" to the kernel (chown(2)). */
    if (!g_ascii_string_to_unsigned(digits, 10, 0, G_MAXUINT32 - 1, &id, NULL))
        return FALSE;
    *ret_id = (guint32)id;
    return TRUE;
}

gboolean build_owner_parse(const char *text, OwnerMap *ret_owners, GError **error)
{
    const char *colon = strchr(text, ':');
    OwnerMap owners = {0};

    if (strcmp(text, "root") == 0) {
        owners.replace_owner = TRUE;
    } else if (colon) {
        owners.replace_owner = id_parse(text, (gsize)(colon - text), &owners.uid) &&
                               id_parse(colon + 1, strlen(colon + 1), &owners.gid);
    }
    if (owners.replace_owner || strcmp(text, "keep") == 0) {
        *ret_owners = owners;
        return TRUE;
    }
    g_autofree char *shown = text_escape(text);
    gourd_error_set(error, GOURD_ERROR_USAGE, "'%s' is no owner", shown);
    return gourd_error_hint(error, "it is 'keep', 'root', or two numbers as in 1000:1000");
}

gboolean build_check_name(const char *text, const char *what, GError **error)
{
    gboolean is_good = g_ascii_isalnum(*text) && strlen(text) <= NAME_LENGTH_MAX;

    /* "_" stands between name and version, so that only the version may hold one. */
    const char *extra = strcmp(what, "version") == 0 ? "._-+~" : ".-+";
    for (const char *at = text; *at && is_good; at++)
        is_good = g_ascii_isalnum(*at) || strchr(extra, *at);
    if (is_good)
        return TRUE;
    g_autofree char *shown = text_escape(text);
    gourd_error_set(error, GOURD_ERROR_USAGE, "'%s' cannot be the %s of a bundle", shown, what);
    return gourd_error_hint(error, "it begins with a letter or digit; letters, digits and %s may follow, %d at most",
                            extra, NAME_LENGTH_MAX);
}
