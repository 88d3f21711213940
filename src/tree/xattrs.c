// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tree.h"

#include <string.h>

struct Xattrs {
    gint references;
    GArray *list; /* Xattr, by name */
};

static void xattr_clear(gpointer data)
{
    Xattr *xattr = data;

    g_free(xattr->name);
    g_free(xattr->value);
}

Xattrs *xattrs_new(void)
{
    Xattrs *xattrs = g_new0(Xattrs, 1);

    xattrs->references = 1;
    xattrs->list = g_array_new(FALSE, FALSE, sizeof(Xattr));
    g_array_set_clear_func(xattrs->list, xattr_clear);
    return xattrs;
}

Xattrs *xattrs_ref(Xattrs *xattrs)
{
    g_atomic_int_inc(&xattrs->references);
    return xattrs;
}

void xattrs_unref(Xattrs *xattrs)
{
    if (!xattrs || !g_atomic_int_dec_and_test(&xattrs->references))
        return;
    g_array_unref(xattrs->list);
    g_free(xattrs);
}

void xattrs_set(Xattrs *xattrs, const char *name, const void *value, gsize size)
{
    Xattr xattr = {g_strdup(name), g_memdup2(value, size), size};
    guint at = 0, end = xattrs->list->len;

    while (at < end) {
        guint middle = (at + end) / 2;

        if (strcmp(xattrs_get(xattrs, middle)->name, name) < 0)
            at = middle + 1;
        else
            end = middle;
    }
    if (at < xattrs->list->len && strcmp(xattrs_get(xattrs, at)->name, name) == 0)
        g_array_remove_index(xattrs->list, at);
    g_array_insert_val(xattrs->list, at, xattr);
}

gsize xattrs_count(const Xattrs *xattrs)
{
    return xattrs ? xattrs->list->len : 0;
}

const Xattr *xattrs_get(const Xattrs *xattrs, gsize index)
{
    return &g_array_index(xattrs->list, Xattr, index);
}
