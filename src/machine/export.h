// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

/* A machine as one file: a tar, compressed by gzip, of its record (first) and its tree. */

#include "machine.h"

#include "image/image.h"

#define MACHINE_EXPORT_RECORD "gourd-machine.json"
#define MACHINE_EXPORT_TREE "tree"

/* The record of an export, which is the entry that the reader has come to. name: of the machine that it becomes. */
gboolean machine_export_read_record(EntryReader *reader, const Entry *entry, const char *name,
                                    MachineRecord **ret_record, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Reads an export from its beginning; fd outlives the reader. INPUT: it is compressed by nothing that is known. */
EntryReader *machine_export_open(int fd, const char *name, Notes *notes, GError **error) G_GNUC_WARN_UNUSED_RESULT;
