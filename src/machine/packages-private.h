// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

/* What a kind of package database does. */

#include "packages.h"

typedef struct {
    /* Appends all that is installed (HostPackage). */
    gboolean (*load)(MachinePackages *packages, GError **error);
    gboolean (*list_files)(MachinePackages *packages, const HostPackage *package, GPtrArray *paths, GError **error);
    gboolean (*list_digests)(MachinePackages *packages, const HostPackage *package, GHashTable *digests,
                             GError **error);
    gboolean (*read_script)(MachinePackages *packages, const HostPackage *package, char **ret_text, GError **error);
    gboolean (*list_alternatives)(MachinePackages *packages, GPtrArray *alternatives, GError **error);
    gboolean (*read_packaged)(MachinePackages *packages, const HostPackage *package, char **paths, GHashTable *contents,
                              GError **error);
} PackageDatabase;

#define DPKG_FOLDER "/var/lib/dpkg"
#define DPKG_STATUS DPKG_FOLDER "/status"

extern const PackageDatabase dpkg_database;

struct MachinePackages {
    const PackageDatabase *database;
    char *root_path;       /* "/" or a folder */
    int root;              /* the same, open */
    GPtrArray *list;       /* HostPackage, by name; the host's own architecture first */
    GHashTable *by_name;   /* borrowed */
    GHashTable *providers; /* name → HostPackage, borrowed */
    char *architecture;    /* that of the host itself, or NULL */
    GPtrArray *diversions; /* DpkgDiversion; or NULL */
};
