// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

/* Tables with aligned columns, and JSON, for what verbs list. */

#include "screen.h"

#include "base/base.h"

typedef struct {
    const char *title; /* or NULL in all columns: no heading line */
    gboolean is_right; /* numbers line up at their end */
    Style style;       /* of the cells */
} ListingColumn;

typedef struct Listing Listing;

/* columns must outlive the listing. */
Listing *listing_new(const ListingColumn *columns, guint n_columns);
void listing_free(Listing *listing);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Listing, listing_free)

/* Adds the next cell, row by row; valid UTF-8 of one line (names from images through text_escape()). The second takes
 * over its text. */
void listing_add(Listing *listing, const char *cell);
void listing_take(Listing *listing, char *cell);

/* Gives the cell that was added last another style than its column's. */
void listing_style(Listing *listing, Style style);

/* A row of two columns with a label and a formatted value: for lists of facts. */
void listing_add_fact(Listing *listing, const char *label, const char *format, ...) G_GNUC_PRINTF(3, 4);

/* Prints the heading, if there is one, and the complete rows. An empty listing prints its heading only. */
void listing_print(const Listing *listing, const Screen *screen);

/* Prints JSON, indented, keys in the order they were added, and a newline. */
void json_print(const Json *json, const Screen *screen);
