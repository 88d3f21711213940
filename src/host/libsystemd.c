// SPDX-License-Identifier: LGPL-2.1-or-later
#include "libsystemd.h"

#include "base/base.h"

typedef struct {
    Library library;
    Libsystemd functions;
} Loaded;

static gpointer load(gpointer data)
{
    static Loaded loaded;

    library_load("libsystemd.so.0", &loaded.library);
#define FIND(NAME) loaded.functions.NAME = library_find(&loaded.library, "sd_" #NAME);
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
    return library_check(&get_loaded()->library, error);
}

const Libsystemd *libsystemd(void)
{
    const Loaded *loaded = get_loaded();

    if (loaded->library.problem)
        g_error("libsystemd: %s", loaded->library.problem);
    return &loaded->functions;
}
