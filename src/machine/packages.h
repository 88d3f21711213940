// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

/* The host's package database, only read: what is installed, what it needs, which files are its own and how they were packaged. */

#include "base/base.h"

/* What package managers do to a file that an admin may change, when he and the package both did. */
typedef struct {
    const char *suffix;    /* of the one that is put beside the other */
    gboolean package_wins; /* what is put beside is the admin's */
    gboolean comes_back;   /* one that was deleted is there again when the package has another */
} ConffileRule;

/* A file that an admin may change, and the digest of what the package has, in hexadecimal (conffile_digest_type()). */
typedef struct {
    char *path, *digest, *package;
    const ConffileRule *rule; /* static */
} MachineConffile;

MachineConffile *machine_conffile_new(const char *path, const char *digest, const char *package,
                                      const ConffileRule *rule);
/* Of what kind a digest is, by its length: MD5, SHA-256 or SHA-512. */
GChecksumType conffile_digest_type(const char *digest);
void machine_conffile_free(MachineConffile *conffile);

/* A package that is installed. */
typedef struct {
    char *name, *architecture, *version;
    char **provides;      /* names; or NULL */
    GPtrArray *depends;   /* char **: names, one of which is needed */
    GPtrArray *conffiles; /* MachineConffile */
} HostPackage;

HostPackage *host_package_new(const char *name, const char *version, const char *architecture);
void host_package_free(HostPackage *package);

/* A name below /usr that leads to one of several programs (update-alternatives(1)), by a link in /etc/alternatives. */
typedef struct {
    char *name, *target;
} MachineAlternative;

MachineAlternative *machine_alternative_new(const char *name, const char *target);
void machine_alternative_free(MachineAlternative *alternative);

typedef struct MachinePackages MachinePackages;

/* The database of the host whose "/" root is; it stays open until the database is freed. UNSUPPORTED: there is none. */
MachinePackages *machine_packages_open(const char *root_path, int root, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void machine_packages_free(MachinePackages *packages);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MachinePackages, machine_packages_free)

/* The file that is another after each change of the database, and the one that is locked (fcntl(2)) as long as a package manager changes it: paths
 * below the root, that the caller frees. UNSUPPORTED as above. */
gboolean machine_packages_locate(const char *root_path, int root, char **ret_file, char **ret_lock, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;

/* All (HostPackage), by name. Borrowed. */
const GPtrArray *machine_packages_list(const MachinePackages *packages);
/* The one of that name; or else one that provides it; NULL. Borrowed. */
const HostPackage *machine_packages_find(const MachinePackages *packages, const char *name);
/* What the package consists of: absolute paths, folders too, where they are now if somebody diverted them. The caller frees the vector. */
gboolean machine_packages_list_files(MachinePackages *packages, const HostPackage *package, char ***ret_paths,
                                     GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* The digests of its files that are no conffiles: path → hexadecimal. The caller unrefs. */
gboolean machine_packages_list_digests(MachinePackages *packages, const HostPackage *package, GHashTable **ret_digests,
                                       GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* The text of what is run when it is installed; NULL without error: nothing is. The caller frees. */
gboolean machine_packages_read_script(MachinePackages *packages, const HostPackage *package, char **ret_text,
                                      GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* What /etc/alternatives holds (MachineAlternative, by name) where nobody chose by hand. The caller unrefs. */
gboolean machine_packages_list_alternatives(MachinePackages *packages, GPtrArray **ret_alternatives, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;
/* The content of some files as the package has it: path → GBytes, from the files that packages are installed from, which are looked for in
 * caches and else downloaded into a folder that is gone afterwards. NOT_FOUND: it cannot be had. The caller unrefs. */
gboolean machine_packages_read_packaged(MachinePackages *packages, const HostPackage *package, char **paths,
                                        GHashTable **ret_contents, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* How an admin makes them to be had: "put …". */
const char *machine_packages_hint(const MachinePackages *packages);
