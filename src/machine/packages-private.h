// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

/* What a kind of package database does. */

#include "packages.h"

typedef struct {
    const char *hint; /* how files of packages can be had */
    /* Appends all that is installed (HostPackage). */
    gboolean (*load)(MachinePackages *packages, GError **error);
    gboolean (*list_files)(MachinePackages *packages, const HostPackage *package, GPtrArray *paths, GError **error);
    gboolean (*list_digests)(MachinePackages *packages, const HostPackage *package, GHashTable *digests,
                             GError **error);
    gboolean (*read_script)(MachinePackages *packages, const HostPackage *package, char **ret_text, GError **error);
    gboolean (*list_alternatives)(MachinePackages *packages, GPtrArray *alternatives, GError **error);
    gboolean (*read_packaged)(MachinePackages *packages, const HostPackage *package, char **paths, GHashTable *contents,
                              GError **error);
    void (*close)(gpointer data); /* frees MachinePackages.data; or NULL */
    /* See machine_packages_locate(). */
    gboolean (*locate)(int root, char **ret_file, char **ret_lock, GError **error);
} PackageDatabase;

#define DPKG_FOLDER "/var/lib/dpkg"
#define DPKG_STATUS DPKG_FOLDER "/status"

extern const PackageDatabase dpkg_database, rpm_database;

/* The path of rpm's database; NULL: there is none. The caller frees. */
gboolean rpm_find_database(int root, char **ret_path, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* An absolute path that is as short as it can be: no "..", no "//", no line feed. */
gboolean package_path_is_plain(const char *text);
/* Whether this is a word of digits as a digest of a kind that is known. */
gboolean package_digest_is_known(const char *text);

struct MachinePackages {
    const PackageDatabase *database;
    char *root_path;       /* "/" or a folder */
    int root;              /* the same, open */
    GPtrArray *list;       /* HostPackage, by name; the host's own architecture first */
    GHashTable *by_name;   /* borrowed */
    GHashTable *providers; /* name → HostPackage, borrowed */
    char *architecture;    /* that of the host itself, or NULL */
    gpointer data;         /* what the database keeps besides; or NULL */
};
