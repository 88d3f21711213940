// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

/* What rpm(8) says about all that is installed: by one query, in a format of ours, so that every version of rpm and every kind of its databases
 * can be read. */

#include "packages.h"

/* For --queryformat. */
extern const char rpm_query_format[];

/* A file, folder or link of a package, that is there: no %ghost, and none that was left out when it was installed. */
typedef struct {
    const char *path, *digest; /* digest: "" if it is no regular file */
    gboolean is_config;
} RpmFile;

typedef struct RpmInventory RpmInventory;

/* Appends all that is installed (HostPackage) to packages, which has to outlive the inventory. Takes text, which is changed, and may have any bytes.
 * INPUT errors with the record; names and versions are such that they can stand in paths. Fuzzed. */
RpmInventory *rpm_inventory_parse(char *text, gsize size, GPtrArray *packages, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;
void rpm_inventory_free(RpmInventory *inventory);
/* Of one package. Borrowed. */
const RpmFile *rpm_inventory_files(const RpmInventory *inventory, const HostPackage *package, guint *ret_count);
/* What is run before and after it is installed; NULL: nothing. Borrowed. */
const char *rpm_inventory_script(const RpmInventory *inventory, const HostPackage *package);

/* Appends the names that a dependency asks for, one of each group (char **) being needed: of "(a or b)" both, of "(a if b)" the first. */
void rpm_depends_append(const char *capability, GPtrArray *depends);

/* Opens the .rpm of a package in the version that is installed: from the caches of dnf and zypper, or else downloaded. NOT_FOUND: neither has it. */
gboolean rpm_open(const char *root_path, int root, const HostPackage *package, int *ret_fd, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;
/* Puts the content of some regular files (absolute paths) of an .rpm into a table path → GBytes that owns both. */
gboolean rpm_read_files(int fd, const char *name, char **paths, GHashTable *contents, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;
