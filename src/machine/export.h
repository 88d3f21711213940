// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

/* A machine as one file: a tar, compressed by gzip, of its record (first) and its tree. */

#include "machine.h"

#include "image/image.h"

#define MACHINE_EXPORT_RECORD "gourd-machine.json"
#define MACHINE_EXPORT_TREE "tree"

/* Reads an export from its beginning; fd outlives the reader. INPUT: it is compressed by nothing that is known. */
EntryReader *machine_export_open(int fd, const char *name, Notes *notes, GError **error) G_GNUC_WARN_UNUSED_RESULT;
