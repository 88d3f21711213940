// SPDX-License-Identifier: LGPL-2.1-or-later
#include "map.h"

#include <string.h>

/* --- capabilities -------------------------------------------------------------------------------------------------- */

gboolean map_cap_add(Map *map, const ComposeNode *value, GError **error)
{
    map->options->capabilities = map_texts(value);
    return TRUE;
}

gboolean map_cap_drop(Map *map, const ComposeNode *value, GError **error)
{
    map_note(map, "cap_drop", "there is nothing to drop: only root of an image has capabilities, and few");
    return TRUE;
}

gboolean map_privileged(Map *map, const ComposeNode *value, GError **error)
{
    return !value->boolean || map_refuse(map, value, error);
}

/* --- security_opt -------------------------------------------------------------------------------------------------- */

/* NAME, NAME:VALUE or NAME=VALUE. */
static gboolean map_option(Map *map, const ComposeNode *item, GError **error)
{
    g_autofree char *name = g_strndup(item->text, strcspn(item->text, ":="));
    const char *rest = item->text + strlen(name), *value = *rest ? rest + 1 : "";
    gboolean unconfined = strcmp(value, "unconfined") == 0;

    if (strcmp(name, "no-new-privileges") == 0) {
        if (strcmp(value, "false") == 0)
            map_append(&map->options->allow, "new-privileges");
    } else if (strcmp(name, "seccomp") == 0 && unconfined) {
        map_append(&map->options->allow, "syscalls");
    } else if (strcmp(name, "systempaths") == 0 && unconfined) {
        map_append(&map->options->allow, "kernel-tunables");
    } else if (strcmp(name, "apparmor") != 0 || !unconfined) {
        return map_set_unsupported(item, "there is no such setting",
                                   "no-new-privileges, seccomp=unconfined and systempaths=unconfined are known", error);
    }
    return TRUE;
}

gboolean map_security_opt(Map *map, const ComposeNode *value, GError **error)
{
    for (const ComposeNode *item = value->first; item; item = item->next)
        if (!map_option(map, item, error))
            return FALSE;
    return TRUE;
}

/* --- devices ------------------------------------------------------------------------------------------------------- */

gboolean map_devices(Map *map, const ComposeNode *value, GError **error)
{
    for (const ComposeNode *item = value->first; item; item = item->next) {
        const char *source = compose_node_get_text(item, "source"), *target = compose_node_get_text(item, "target");
        const char *access = compose_node_get_text(item, "permissions");

        if (!source || *source != '/')
            return map_set_unsupported(item, "a device is named by its path", "/dev/NAME, for GPUs too", error);
        if (target && strcmp(source, target) != 0)
            return map_set_unsupported(item, "a device keeps its name", "name it as on the host", error);
        map_appendf(&map->options->devices, "%s:%s", source, access ? access : "rwm");
    }
    return TRUE;
}

gboolean map_device_cgroup_rules(Map *map, const ComposeNode *value, GError **error)
{
    return map_refuse(map, value, error);
}

/* --- namespaces ---------------------------------------------------------------------------------------------------- */

gboolean map_ipc(Map *map, const ComposeNode *value, GError **error)
{
    static const char *const own[] = {"private", "shareable", "none", NULL};

    if (strcmp(value->text, "host") == 0)
        map_append(&map->options->allow, "ipc");
    else if (!g_strv_contains(own, value->text))
        return map_set_unsupported(value, "shared memory is shared with nobody, or with the host", "ipc: host", error);
    return TRUE;
}

gboolean map_pid(Map *map, const ComposeNode *value, GError **error)
{
    if (strcmp(value->text, "host") == 0)
        map_append(&map->options->allow, "processes");
    else
        map_note(map, "pid", "processes of others are hidden, not in a namespace of their own");
    return TRUE;
}

gboolean map_uts(Map *map, const ComposeNode *value, GError **error)
{
    return TRUE; /* host is what it says, and what is */
}

gboolean map_userns_mode(Map *map, const ComposeNode *value, GError **error)
{
    return TRUE; /* likewise */
}

gboolean map_cgroup(Map *map, const ComposeNode *value, GError **error)
{
    return map_nothing(map, value, error);
}

gboolean map_runtime(Map *map, const ComposeNode *value, GError **error)
{
    static const char *const usual[] = {"runc", "crun", "io.containerd.runc.v2", NULL};

    return g_strv_contains(usual, value->text) || map_refuse(map, value, error);
}

gboolean map_group_add(Map *map, const ComposeNode *value, GError **error)
{
    return map_set_unsupported(value, "groups are not added yet", "x-gourd has no word for it", error);
}
