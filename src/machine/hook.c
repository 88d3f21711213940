// SPDX-License-Identifier: LGPL-2.1-or-later
#include "plan-private.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

/* apt(8) runs this after each run of dpkg (apt.conf(5), DPkg::Post-Invoke). A failure of ours is not one of the upgrade. */

#define FOLDER "/etc/apt/apt.conf.d"
#define HOOK FOLDER "/90gourd-machines"
#define HOOK_MODE 0644

static gboolean check_folder(Host *host, GError **error)
{
    autofd root = open(host_root(host), O_PATH | O_DIRECTORY | O_CLOEXEC);
    struct stat status;
    gboolean found;

    if (root < 0)
        return gourd_error_set_errno(error, errno, "cannot open '%s'", host_root(host));
    if (!root_look(root, FOLDER, &status, &found, error))
        return FALSE;
    if (found)
        return TRUE;
    gourd_error_set(error, GOURD_ERROR_UNSUPPORTED, "there is no " FOLDER " on this host, and so no apt to hook into");
    return gourd_error_hint(error, "call gourd machine refresh after each upgrade");
}

/* The name stands in a shell's command in a string of apt's. */
static gboolean check_program(const char *program, GError **error)
{
    gboolean good = *program == '/';

    for (const char *at = program; *at && good; at++)
        good = g_ascii_isalnum(*at) || strchr("/._+-", *at);
    return good || gourd_error_set(error, GOURD_ERROR_UNSUPPORTED, "apt cannot call a program named '%s'", program);
}

StoreChange *machine_plan_hook(Host *host, gboolean on, const char *program, GError **error)
{
    g_autofree char *text = g_strdup_printf(
        "// Written by gourd: machines follow each upgrade of this host. `gourd machine hook off` removes it.\n"
        "DPkg::Post-Invoke { \"if [ -x %s ]; then %s machine refresh || true; fi\"; };\n",
        program, program);

    if (on && (!check_folder(host, error) || !check_program(program, error)))
        return NULL;
    StoreChange *change = store_change_new_other(on ? "machines follow upgrades" : "machines follow no upgrades", NULL,
                                                 NULL);
    g_autoptr(GBytes) content = g_bytes_new(text, strlen(text));
    if (on)
        plan_write(change->plan, HOOK, HOOK_MODE, content);
    else
        plan_remove(change->plan, HOOK);
    return change;
}
