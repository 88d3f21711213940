// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

/* Backups of volumes, and their way back.
 *
 * A backup is a tar with a folder OWNER/NAME for each volume. It is unpacked below STAGE, and each volume that is wanted of it then changes places
 * with the one that is there. Before that a file in STAGE says which folder is going to be the volume (its inode's number): so
 * volume_unrestore() knows what to change back, in another process too. With the plan's end STAGE goes, and what was there before with it. */

#include "store-private.h"

#define VOLUME_STAGE PATH_VOLUMES "/.gourd-restore"

/* One volume of a backup. */
typedef struct {
    char *from, *to; /* OWNER/NAME in the backup, and here */
    gboolean maps;   /* what is owned as the volume itself gets these numbers instead */
    char *user;      /* whose they are, asked for when needed; NULL: known */
    guint32 uid, gid;
} VolumeMove;

/* What a backup or restore is about. */
typedef struct VolumeTask {
    OutputFile *output;    /* of a backup */
    GPtrArray *ids;        /* char *: that it has */
    gboolean live;         /* files may change while they are read */
    guint64 size_estimate; /* bytes on disk, for progress */
    int fd;                /* of a restore: the backup; or -1 */
    char *file;            /* its name */
    GPtrArray *moves;      /* VolumeMove */
} VolumeTask;

VolumeTask *volume_task_new(void);
void volume_task_free(VolumeTask *task);

/* Ids (char *) of the volumes that a backup has, in its order. Reads all of it, so that a damaged one is found before anything is changed. */
gboolean volume_task_list(Store *store, const VolumeTask *task, GPtrArray **ret_ids, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;

/* The actions archive, unpack, switch OWNER/NAME, and unrestore UNIT…, which stops the units if there is something to change back. */
gboolean volume_archive(Store *store, GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean volume_unpack(Store *store, GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean volume_switch(Store *store, const char *id, GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean volume_unrestore(Store *store, const char *units, GError **error) G_GNUC_WARN_UNUSED_RESULT;
