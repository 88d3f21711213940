// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

/* One 512 byte tar header block as values, and the ways in which numbers are written in it.
 *
 *   offset size  field        ustar (POSIX.1-2017 pax, "ustar Interchange Format")    old GNU (GNU tar manual, "Basic Tar Format")
 *        0  100  name         bytes, NUL-terminated if shorter                       same
 *      100    8  mode         octal                                                   octal or base 256, as all numbers
 *      108    8  uid
 *      116    8  gid
 *      124   12  size
 *      136   12  mtime
 *      148    8  chksum       sum of all bytes, chksum taken as spaces
 *      156    1  typeflag
 *      157  100  linkname
 *      257    8  magic        "ustar\0" "00"                                          "ustar  \0"
 *      265   32  uname
 *      297   32  gname
 *      329    8  devmajor
 *      337    8  devminor
 *      345  155  prefix       put before name with '/'                                sparse map, see tar-sparse.c */

#include "tree/tree.h"

#define TAR_BLOCK_SIZE 512

typedef enum {
    TAR_FORMAT_V7,
    TAR_FORMAT_USTAR,
    TAR_FORMAT_GNU,
} TarFormat;

typedef struct {
    TarFormat format;
    char type;      /* the type flag */
    char name[258]; /* prefix, '/', name */
    char linkname[101];
    guint16 mode;
    guint32 uid, gid;
    guint32 device_major, device_minor;
    guint64 size;
    gint64 mtime;
} TarHeader;

/* TRUE if the block is all zero: the mark of the end. */
gboolean tar_block_is_zero(const guint8 *block);

/* Reads a header block; the checksum is verified (unsigned or, as some old writers did, signed sum). */
gboolean tar_header_parse(const guint8 *block, TarHeader *ret_header, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Reads a number field: octal digits between spaces and NULs (none at all is 0), or base 256 in two's complement if the
 * first bit is set (GNU tar manual, "Extensions"). `field` names it in messages. */
gboolean tar_number_parse(const guint8 *bytes, gsize length, const char *field, gint64 *ret_value, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;
