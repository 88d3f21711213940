// SPDX-License-Identifier: LGPL-2.1-or-later
#include "init-kind.h"

/* Programs as images start them, and a path that tells apart what shares a name. tini, dumb-init and catatonit are not here:
 * they work under any process number. */
static const struct {
    const char *program; /* the first word of entrypoint and command */
    const char *witness; /* a path of the image that must exist, or NULL */
    InitKind init;
} inits[] = {
    {"/init", "/etc/s6-overlay", {"s6-overlay", "/init of s6-overlay 3 refuses to run unless it is process 1"}},
    {"/init",
     "/package/admin/s6-overlay",
     {"s6-overlay", "/init of s6-overlay 3 refuses to run unless it is process 1"}},
    {"/init", "/etc/s6", {"s6-overlay", "/init of s6-overlay supervises its services as process 1"}},
    {"/init", NULL, {"init", "/init is an init of the image's own"}},
    {"/sbin/init", "/lib/systemd/systemd", {"systemd", "systemd manages the system only as process 1"}},
    {"/sbin/init", "/usr/lib/systemd/systemd", {"systemd", "systemd manages the system only as process 1"}},
    {"/usr/sbin/init", "/usr/lib/systemd/systemd", {"systemd", "systemd manages the system only as process 1"}},
    {"/lib/systemd/systemd", NULL, {"systemd", "systemd manages the system only as process 1"}},
    {"/usr/lib/systemd/systemd", NULL, {"systemd", "systemd manages the system only as process 1"}},
    {"/bin/systemd", NULL, {"systemd", "systemd manages the system only as process 1"}},
    {"/sbin/my_init", NULL, {"my_init", "my_init of phusion/baseimage reaps all processes as process 1"}},
    {"/sbin/runit-init", NULL, {"runit", "runit-init is an init of its own"}},
    {"/sbin/openrc-init", NULL, {"openrc", "openrc-init is an init of its own"}},
    {"/sbin/init", NULL, {"init", "/sbin/init is an init of its own"}},
};

const InitKind *init_kind_find(const ImageConfig *config, gboolean (*exists)(const char *path, gpointer user_data),
                               gpointer user_data)
{
    const char *program = config->entrypoint[0] ? config->entrypoint[0] : config->cmd[0];

    for (gsize i = 0; program && i < G_N_ELEMENTS(inits); i++)
        if (g_str_equal(inits[i].program, program) && (!inits[i].witness || exists(inits[i].witness, user_data)))
            return &inits[i].init;
    return NULL;
}
