// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

/* Where output goes, and what it can show there. */

#include <glib.h>
#include <stdio.h>

typedef enum {
    COLOR_AUTO,
    COLOR_ALWAYS,
    COLOR_NEVER,
} ColorMode;

typedef struct {
    FILE *file;
    gboolean is_terminal;
    gboolean is_dumb; /* a terminal that cannot go back in its line */
    gboolean is_utf8;
    gboolean is_colored;
} Screen;

typedef enum {
    STYLE_NONE,
    STYLE_BOLD,
    STYLE_FAINT,
    STYLE_RED,
    STYLE_GREEN,
    STYLE_YELLOW,
    STYLE_BLUE,
    STYLE_CYAN,
} Style;

/* Looks at the file, the locale and the environment. With COLOR_AUTO colour is for terminals only, and not where NO_COLOR
 * is set (no-color.org) or TERM is "dumb". */
void screen_init(Screen *screen, FILE *file, ColorMode color);

/* Columns: of the terminal now, else COLUMNS, else 80. Never below SCREEN_WIDTH_MIN. */
guint screen_get_width(const Screen *screen);

#define SCREEN_WIDTH_MIN 20

/* Escape sequences that begin and end a style; empty strings without colour. Static. */
const char *screen_begin(const Screen *screen, Style style);
const char *screen_end(const Screen *screen, Style style);
const char *style_begin(Style style, gboolean colored);
const char *style_end(Style style, gboolean colored);
