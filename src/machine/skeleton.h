// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

/* What a machine has of its own, found out from the host's package database: reads only. Whose numbers these are: owners are as they are inside. */

#include "packages.h"

#include <sys/stat.h>

/* Where a machine's files come from. */
typedef struct {
    const char *root;          /* of the host: "/" or a folder */
    const char *machine;       /* its name, for /etc/hostname */
    char **packages;           /* names; or NULL */
    gboolean host_config;      /* configuration as the host has it, not as packaged */
    const char *like;          /* a folder that has a machine's own files; or NULL */
    gboolean trims;            /* the machine is there, with a /usr of its own so far */
    const char *from;          /* a bundle; or NULL */
    char **command;            /* of a machine without systemd inside; or NULL */
    gboolean network;          /* systemd-networkd is wanted inside */
    GHashTable *known;         /* path → digest of conffiles that need not be had again; or NULL */
    MachinePackages *database; /* of the root, if it is open already; or NULL */
} MachineOrigin;

/* A file, folder or link of the tree. */
typedef struct {
    char *path;  /* "/etc/frr/daemons" */
    mode_t mode; /* with its type: S_IFREG, S_IFDIR, S_IFLNK, S_IFIFO; 0, among a drift's changes: it goes */
    guint32 uid, gid;
    char *target;          /* of a link; of a file: the path that it is another name of, or NULL */
    GBytes *content;       /* of a file; NULL: that of its item */
    guint64 item;          /* of the skeleton's source, that has attributes and perhaps content; 0: none */
    char *package;         /* that it belongs to; or NULL */
    struct timespec mtime; /* zero: now */
} MachineEntry;

void machine_entry_free(MachineEntry *entry);

typedef struct {
    char *name, *version;
} MachinePackage;

typedef struct {
    GPtrArray *entries;     /* MachineEntry, parents before what is in them */
    GHashTable *by_path;    /* the same, borrowed */
    GPtrArray *packages;    /* MachinePackage, by name: those asked for, and those that they and a booted system need */
    GPtrArray *conffiles;   /* MachineConffile, by path */
    char **origin_packages; /* that were asked for */
    gboolean host_config;   /* configuration is as the host has it */
    char **users, **groups;
    char **units; /* enabled */
    char **masks; /* paths of links that keep units and generators of others away */
    Json *record; /* of what machine_skeleton_to_json() says instead, for one that comes from elsewhere; or NULL */
    char **binds; /* folders of the host that are shown inside, at the same path: "/usr" */

    char *source; /* file or folder that entries have items of, which is read again when they are written; or NULL */
    gboolean source_is_folder;
    Notes *notes; /* gets what the source has and a file system cannot hold; borrowed, may be NULL */
} MachineSkeleton;

MachineSkeleton *machine_skeleton_new(const MachineOrigin *origin, Notes *notes, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;
void machine_skeleton_free(MachineSkeleton *skeleton);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MachineSkeleton, machine_skeleton_free)
/* Adds a file of root's, in place of one that is there; folders that are missing above it too. */
void machine_skeleton_add_file(MachineSkeleton *skeleton, const char *path, mode_t mode, const char *text);
/* Borrowed; NULL if there is none. */
const MachineEntry *machine_skeleton_find(const MachineSkeleton *skeleton, const char *path);
/* Writes the tree into an open empty folder. Needs root, for the owners. */
gboolean machine_skeleton_write(const MachineSkeleton *skeleton, int folder, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Packages, conffiles, users, units: what check and refresh compare with. */
Json *machine_skeleton_to_json(const MachineSkeleton *skeleton);
