// SPDX-License-Identifier: LGPL-2.1-or-later
#include "libsystemd.h"

#include "base/base.h"

#include <dlfcn.h>

#define LIBRARY "libsystemd.so.0"

typedef struct {
    Libsystemd functions;
    char *problem; /* NULL: all of them are there */
} Loaded;

static gpointer find(Loaded *loaded, void *library, const char *name)
{
    void *function = library && !loaded->problem ? dlsym(library, name) : NULL;

    if (!function && !loaded->problem)
        loaded->problem = g_strdup(dlerror());
    return function;
}

static gpointer load(gpointer data)
{
    static Loaded loaded;
    void *library = dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL);

#define FIND(NAME) loaded.functions.NAME = find(&loaded, library, "sd_" #NAME);
    LIBSYSTEMD_FUNCTIONS(FIND)
#undef FIND
    return &loaded;
}

static const Loaded *get_loaded(void)
{
    static GOnce once = G_ONCE_INIT;

    return g_once(&once, load, NULL);
}

gboolean libsystemd_load(GError **error)
{
    const Loaded *loaded = get_loaded();

    return !loaded->problem ||
           gourd_error_set(error, GOURD_ERROR_FAILED, "cannot load " LIBRARY ": %s", loaded->problem);
}

const Libsystemd *libsystemd(void)
{
    const Loaded *loaded = get_loaded();

    if (loaded->problem)
        g_error("cannot load " LIBRARY ": %s", loaded->problem);
    return &loaded->functions;
}
