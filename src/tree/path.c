// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tree.h"

#include <string.h>

gboolean path_clean(const char *path, char **ret_clean, GError **error)
{
    g_autofree char *clean = g_malloc(strlen(path) + 1);
    char *end = clean; /* behind the last component, without a slash */

    for (const char *at = path; *at != '\0';) {
        gsize length = strcspn(at, "/");

        if (length == 2 && at[0] == '.' && at[1] == '.') {
            if (end == clean) {
                g_autofree char *shown = text_escape(path);

                return gourd_error_set(error, GOURD_ERROR_INPUT, "path '%s' leaves the root of the image", shown);
            }
            while (end > clean && *--end != '/')
                ;
        } else if (length > 0 && !(length == 1 && at[0] == '.')) {
            if (end > clean)
                *end++ = '/';
            memcpy(end, at, length);
            end += length;
        }
        at += length;
        at += *at == '/';
    }
    *end = '\0';
    *ret_clean = g_steal_pointer(&clean);
    return TRUE;
}
