// SPDX-License-Identifier: LGPL-2.1-or-later
#include "file.h"
#include "keys.h"
#include "map.h"

#include <string.h>

/* --- capabilities -------------------------------------------------------------------------------------------------- */

gboolean map_cap_add(Map *map, const ComposeNode *value, GError **error)
{
    map->options->cap_add = map_texts(value);
    return TRUE;
}

gboolean map_cap_drop(Map *map, const ComposeNode *value, GError **error)
{
    map->options->cap_drop = map_texts(value);
    return TRUE;
}

gboolean map_privileged(Map *map, const ComposeNode *value, GError **error)
{
    return !value->boolean || map_refuse(map, value, error);
}

/* --- security_opt -------------------------------------------------------------------------------------------------- */

/* A file beside the Compose file, or a profile that stands there itself, as `docker run` wants it. */
static gboolean map_seccomp(Map *map, const ComposeNode *item, const char *profile, GError **error)
{
    g_autofree char *path = g_canonicalize_filename(profile, map->project->folder), *bytes = NULL;
    g_autoptr(GError) problem = NULL;
    gsize size = 0;

    if (file_read(path, JSON_SIZE_MAX, &bytes, &size, &problem) &&
        seccomp_profile_parse(bytes, size, NULL, (const char *const *)map->options->cap_add, map->notes,
                              &map->options->syscalls, &problem))
        return TRUE;
    return compose_error_at(error, item, problem);
}

/* user:U, role:R, type:T, level:L: each stands for a part of what Docker gives by itself. */
static gboolean map_label(Map *map, const ComposeNode *item, const char *label, GError **error)
{
    static const char *const names[] = {"user:", "role:", "type:", "level:"};
    g_auto(GStrv) parts = g_strsplit(map->options->selinux ? map->options->selinux : "system_u:system_r:container_t:s0",
                                     ":", G_N_ELEMENTS(names));

    if (strcmp(label, "disable") == 0)
        return TRUE;
    for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
        if (!g_str_has_prefix(label, names[i]))
            continue;
        g_free(parts[i]);
        parts[i] = g_strdup(label + strlen(names[i]));
        g_free(map->options->selinux);
        map->options->selinux = g_strjoinv(":", parts);
        return TRUE;
    }
    return map_set_unsupported(item, "there is no such label", "disable, user:, role:, type: and level: are known",
                               error);
}

/* NAME, NAME:VALUE or NAME=VALUE. */
static gboolean map_option(Map *map, const ComposeNode *item, GError **error)
{
    g_autofree char *name = g_strndup(item->text, strcspn(item->text, ":="));
    const char *rest = item->text + strlen(name), *value = *rest ? rest + 1 : "";

    if (strcmp(name, "seccomp") == 0 && strcmp(value, "unconfined") != 0)
        return map_seccomp(map, item, value, error);
    if (strcmp(name, "label") == 0)
        return map_label(map, item, value, error);
    if (strcmp(name, "seccomp") == 0) {
        vector_append(&map->options->allow, "syscalls");
    } else if (strcmp(name, "no-new-privileges") == 0) {
        if (strcmp(value, "false") == 0)
            vector_append(&map->options->allow, "new-privileges");
    } else if (strcmp(name, "apparmor") == 0 && strcmp(value, "docker-default") == 0) {
        map_note(map, "security_opt", "apparmor=docker-default: a profile of Docker's own; the sandbox stands for it");
    } else if (strcmp(name, "apparmor") == 0) {
        g_free(map->options->apparmor);
        map->options->apparmor = strcmp(value, "unconfined") == 0 ? NULL : g_strdup(value);
    } else if (strcmp(name, "systempaths") == 0 && strcmp(value, "unconfined") == 0) {
        vector_append(&map->options->allow, "kernel-tunables");
    } else {
        return map_set_unsupported(item, "there is no such setting",
                                   "no-new-privileges, seccomp, apparmor, label and systempaths are known", error);
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
            return map_set_unsupported(item, "a device is named by its path; nothing here reads CDI",
                                       compose_find_key("gpus")->text, error);
        map_appendf(&map->options->devices, "%s:%s:%s", source, target ? target : source, access ? access : "rwm");
    }
    return TRUE;
}

gboolean map_device_cgroup_rules(Map *map, const ComposeNode *value, GError **error)
{
    map->options->device_rules = map_texts(value);
    return TRUE;
}

/* --- namespaces ---------------------------------------------------------------------------------------------------- */

gboolean map_ipc(Map *map, const ComposeNode *value, GError **error)
{
    static const char *const own[] = {"private", "shareable", "none", NULL};

    if (strcmp(value->text, "host") == 0)
        vector_append(&map->options->allow, "ipc");
    else if (!g_strv_contains(own, value->text))
        return map_set_unsupported(value, "each service has its own /dev/shm, which systemd cannot join to another's",
                                   "'ipc: host' in both shares that of the host", error);
    return TRUE;
}

static gboolean fail_mode(const ComposeNode *value, const char *known, GError **error)
{
    g_autofree char *shown = text_escape(value->text);

    compose_error(error, GOURD_ERROR_INPUT, value, "'%s' is not known here", shown);
    return gourd_error_hint(error, "it may be: %s", known);
}

gboolean map_pid(Map *map, const ComposeNode *value, GError **error)
{
    if (strcmp(value->text, "host") == 0)
        vector_append(&map->options->allow, "processes");
    else if (!g_str_has_prefix(value->text, "service:") && !g_str_has_prefix(value->text, "container:"))
        return fail_mode(value, "host, or service:NAME", error);
    else
        map_note(map, "pid",
                 "there is no namespace of processes to share: those of other users are hidden; 'pid: host' shows all");
    return TRUE;
}

gboolean map_uts(Map *map, const ComposeNode *value, GError **error)
{
    return strcmp(value->text, "host") == 0 || fail_mode(value, "host", error); /* which is what is */
}

gboolean map_userns_mode(Map *map, const ComposeNode *value, GError **error)
{
    return strcmp(value->text, "host") == 0 || fail_mode(value, "host", error); /* likewise */
}

gboolean map_cgroup(Map *map, const ComposeNode *value, GError **error)
{
    return map_nothing(map, value, error);
}

/* systemd has its own tree of control groups, whose branches are slices. */
gboolean map_cgroup_parent(Map *map, const ComposeNode *value, GError **error)
{
    if (!g_str_has_suffix(value->text, ".slice"))
        return map_nothing(map, value, error);
    map->options->slice = g_strdup(value->text);
    return TRUE;
}

gboolean map_runtime(Map *map, const ComposeNode *value, GError **error)
{
    static const char *const usual[] = {"runc", "crun", "io.containerd.runc.v2", NULL};

    return g_strv_contains(usual, value->text) || map_refuse(map, value, error);
}

gboolean map_isolation(Map *map, const ComposeNode *value, GError **error)
{
    return strcmp(value->text, "default") == 0 || map_refuse(map, value, error);
}
