// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

/* Backups of volumes, and their way back.
 *
 * A backup is a tar with a folder OWNER/NAME for each volume, or a file OWNER/NAME.dump (volume-hook.h). It is unpacked below STAGE, and each volume that is wanted of it then changes places
 * with the one that is there. Before that a file in STAGE says which folder is going to be the volume (its inode's number): so
 * volume_unrestore() knows what to change back, in another process too. With the plan's end STAGE goes, and what was there before with it. */

#include "store-private.h"

#include "codec/codec.h"

#define VOLUME_STAGE PATH_VOLUMES "/.gourd-restore"

/* One volume of a backup. */
typedef struct {
    char *from, *to; /* OWNER/NAME in the backup, and here */
    gboolean maps;   /* what is owned as the volume itself gets these numbers instead */
    char *user;      /* whose they are, asked for when needed; NULL: known */
    guint32 uid, gid;
    char *service; /* of a dump: that reads it; else NULL */
    gboolean is_dump;
    int fd; /* of a dump: what was unpacked; or -1 */
} VolumeMove;

/* A volume that a service dumps. */
typedef struct {
    char *id;      /* OWNER/NAME */
    char *service; /* that does it */
} VolumeDump;

/* What a backup or restore is about. */
typedef struct VolumeTask {
    OutputFile *output; /* of a backup */
    StreamEncoder *encoder;
    GPtrArray *ids;        /* char *: that it has the files of */
    GPtrArray *dumps;      /* VolumeDump: that it has dumps of */
    guint64 dumped;        /* bytes of the one that is being made */
    gboolean live;         /* files may change while they are read */
    guint64 size_estimate; /* bytes on disk, for progress */
    int fd;                /* of a restore: the backup; or -1 */
    char *file;            /* its name, escaped */
    GPtrArray *moves;      /* VolumeMove */
} VolumeTask;

VolumeTask *volume_task_new(void);
void volume_task_free(VolumeTask *task);

/* How much of a backup is written or read. */
void volume_show_progress(const Store *store, guint64 done, guint64 total);

/* Ids (char *) of the volumes that a backup has, in its order, and those of its dumps. Reads all of it, so that a damaged one is found before
 * anything is changed. */
gboolean volume_task_list(Store *store, const VolumeTask *task, GPtrArray **ret_ids, GPtrArray **ret_dumps,
                          GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* The move to a volume; there is one. */
const VolumeMove *volume_task_find_move(const VolumeTask *task, const char *to);

/* The actions archive, keep, unpack, switch OWNER/NAME, and unrestore UNIT…, which stops the units if there is something to change back. */
gboolean volume_archive(Store *store, GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean volume_keep(Store *store, GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean volume_unpack(Store *store, GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean volume_switch(Store *store, const char *id, GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean volume_unrestore(Store *store, const char *units, GError **error) G_GNUC_WARN_UNUSED_RESULT;
