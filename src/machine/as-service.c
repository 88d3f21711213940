// SPDX-License-Identifier: LGPL-2.1-or-later
#include "machine.h"

static void release_free(gpointer data)
{
    StoreRelease *release = data;

    g_free(release->version);
    g_free(release->bundle);
    service_options_clear(&release->options);
    g_free(release);
}

/* Of the first package that was asked for; the caller frees. */
static char *find_version(const Json *skeleton)
{
    const char *package = json_string_value(json_array_get(json_object_get(skeleton, "origin_packages"), 0));
    const Json *packages = json_object_get(skeleton, "packages");
    const char *version = package ? json_string_value(json_object_get(packages, package)) : NULL;

    return g_strdup(version ? version : "-");
}

StoreService *machine_as_service(const Host *host, const MachineRecord *record)
{
    g_autofree char *wants = machine_wants_path(record->name), *path = host_path(host, wants);
    StoreService *service = g_new0(StoreService, 1);
    StoreRelease *release = g_new0(StoreRelease, 1);

    release->revision = 1;
    release->version = find_version(record->skeleton);
    release->bundle = g_strdup("");
    release->installed_at = record->created_at;
    service_options_init(&release->options);
    service->name = g_strdup(record->name);
    service->unit = g_strdup(record->unit);
    service->enabled = g_file_test(path, G_FILE_TEST_IS_SYMLINK);
    service->active = 1;
    service->releases = g_ptr_array_new_with_free_func(release_free);
    g_ptr_array_add(service->releases, release);
    return service;
}
