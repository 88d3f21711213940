// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

/* Numbers for people. Callers free the results. */

#include <glib.h>

/* Bytes as `docker images` shows them: powers of 1000, three digits: "46.6 MB", "1.23 GB", "512 B". */
char *size_format(guint64 bytes);
/* The same for memory, in powers of 1024, as its limits are given: "256 MiB". */
char *memory_format(guint64 bytes);

/* With commas between thousands: "12,345". */
char *count_format(guint64 count);

/* A count with its noun: "1 file", "12,345 files"; plural is the noun with an s. */
char *count_format_noun(guint64 count, const char *noun);

/* Two units at most: "0.8 s", "12 s", "3 min 05 s", "2 h 10 min", "3 d 04 h". */
char *duration_format(guint64 usec);

/* part of whole in per cent with one digit: "38.2 %"; "0.0 %" of nothing. */
char *percent_format(guint64 part, guint64 whole);
