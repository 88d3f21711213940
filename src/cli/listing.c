// SPDX-License-Identifier: LGPL-2.1-or-later
#include "listing.h"

#include "text.h"

#define GAP 2 /* columns between cells */

typedef struct {
    char *text;
    Style style;
} Cell;

struct Listing {
    const ListingColumn *columns;
    guint n_columns;
    GArray *cells; /* Cell, row by row */
    guint *widths;
};

static void cell_clear(gpointer data)
{
    g_free(((Cell *)data)->text);
}

Listing *listing_new(const ListingColumn *columns, guint n_columns)
{
    Listing *listing = g_new0(Listing, 1);

    listing->columns = columns;
    listing->n_columns = n_columns;
    listing->cells = g_array_new(FALSE, FALSE, sizeof(Cell));
    g_array_set_clear_func(listing->cells, cell_clear);
    listing->widths = g_new0(guint, n_columns);
    for (guint i = 0; i < n_columns; i++)
        listing->widths[i] = columns[i].title ? text_get_width(columns[i].title) : 0;
    return listing;
}

void listing_free(Listing *listing)
{
    if (!listing)
        return;
    g_array_unref(listing->cells);
    g_free(listing->widths);
    g_free(listing);
}

void listing_take(Listing *listing, char *cell)
{
    guint column = listing->cells->len % listing->n_columns;
    guint *width = &listing->widths[column];
    Cell taken = {.text = cell, .style = listing->columns[column].style};

    *width = MAX(*width, text_get_width(cell));
    g_array_append_val(listing->cells, taken);
}

void listing_add(Listing *listing, const char *cell)
{
    listing_take(listing, g_strdup(cell));
}

void listing_style(Listing *listing, Style style)
{
    g_array_index(listing->cells, Cell, listing->cells->len - 1).style = style;
}

void listing_add_fact(Listing *listing, const char *label, const char *format, ...)
{
    va_list args;

    listing_add(listing, label);
    va_start(args, format);
    listing_take(listing, g_strdup_vprintf(format, args));
    va_end(args);
}

static void print_cell(const Listing *listing, guint column, const char *cell, Style style, const Screen *screen)
{
    guint padding = listing->widths[column] - text_get_width(cell);
    gboolean is_right = listing->columns[column].is_right;
    gboolean is_last = column + 1 == listing->n_columns;

    if (is_right)
        fprintf(screen->file, "%*s", (int)padding, "");
    if (*cell)
        fprintf(screen->file, "%s%s%s", screen_begin(screen, style), cell, screen_end(screen, style));
    if (is_last)
        fputc('\n', screen->file);
    else
        fprintf(screen->file, "%*s", GAP + (is_right ? 0 : (int)padding), "");
}

void listing_print(const Listing *listing, const Screen *screen)
{
    guint n_rows = listing->cells->len / listing->n_columns;

    for (guint i = 0; i < listing->n_columns && listing->columns[0].title; i++)
        print_cell(listing, i, listing->columns[i].title, STYLE_BOLD, screen);
    for (guint i = 0; i < n_rows * listing->n_columns; i++) {
        const Cell *cell = &g_array_index(listing->cells, Cell, i);

        print_cell(listing, i % listing->n_columns, cell->text, cell->style, screen);
    }
}

void json_print(const Json *json, const Screen *screen)
{
    json_dumpf(json, screen->file, JSON_INDENT(2) | JSON_ENCODE_ANY);
    fputc('\n', screen->file);
}
