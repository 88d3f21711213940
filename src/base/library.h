// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

/* Libraries that are loaded when they are first needed, and not when gourd starts. */

#include <glib.h>

typedef struct {
    const char *name; /* "libcrypto.so.3" */
    void *handle;
    char *problem; /* the first; NULL: it is there, and all that was looked for in it */
} Library;

/* It stays loaded. One that is loaded already is found by its name, without a file being opened. */
void library_load(const char *name, Library *ret_library);
/* A function of it, or NULL. */
gpointer library_find(Library *library, const char *function);
/* FAILED if there is a problem. */
gboolean library_check(const Library *library, GError **error) G_GNUC_WARN_UNUSED_RESULT;
