// SPDX-License-Identifier: LGPL-2.1-or-later
#include "library.h"

#include "error.h"

#include <dlfcn.h>

void library_load(const char *name, Library *ret_library)
{
    *ret_library = (Library){.name = name, .handle = dlopen(name, RTLD_NOW | RTLD_LOCAL)};
    if (!ret_library->handle)
        ret_library->problem = g_strdup(dlerror());
}

gpointer library_find(Library *library, const char *function)
{
    void *found = library->handle ? dlsym(library->handle, function) : NULL;

    if (!found && !library->problem)
        library->problem = g_strdup(dlerror());
    return found;
}

gboolean library_check(const Library *library, GError **error)
{
    return !library->problem ||
           gourd_error_set(error, GOURD_ERROR_FAILED, "cannot load %s: %s", library->name, library->problem);
}
