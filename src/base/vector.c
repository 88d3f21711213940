// SPDX-License-Identifier: LGPL-2.1-or-later
#include "vector.h"

void vector_append(char ***vector, const char *text)
{
    guint length = *vector ? g_strv_length(*vector) : 0;

    *vector = g_renew(char *, *vector, length + 2);
    (*vector)[length] = g_strdup(text);
    (*vector)[length + 1] = NULL;
}

void vector_append_once(char ***vector, const char *text)
{
    if (!*vector || !g_strv_contains((const char *const *)*vector, text))
        vector_append(vector, text);
}
