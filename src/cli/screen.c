// SPDX-License-Identifier: LGPL-2.1-or-later
#include "screen.h"

#include <langinfo.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define WIDTH_FALLBACK 80
#define WIDTH_MAX 10000

/* ECMA-48, select graphic rendition. */
static const char *const style_sequences[] = {
    [STYLE_NONE] = "",          [STYLE_BOLD] = "\033[1m",    [STYLE_FAINT] = "\033[2m", [STYLE_RED] = "\033[1;31m",
    [STYLE_GREEN] = "\033[32m", [STYLE_YELLOW] = "\033[33m", [STYLE_BLUE] = "\033[34m", [STYLE_CYAN] = "\033[36m",
};

static gboolean environment_has(const char *name)
{
    const char *value = g_getenv(name);

    return value && *value;
}

void screen_init(Screen *screen, FILE *file, ColorMode color)
{
    const char *term = g_getenv("TERM");

    *screen = (Screen){.file = file};
    screen->is_terminal = isatty(fileno(file)) == 1;
    screen->is_dumb = !term || !*term || strcmp(term, "dumb") == 0;
    screen->is_utf8 = strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
    screen->is_colored = color == COLOR_ALWAYS || (color == COLOR_AUTO && screen->is_terminal && !screen->is_dumb &&
                                                   !environment_has("NO_COLOR"));
}

guint screen_get_width(const Screen *screen)
{
    struct winsize size = {0};
    guint64 width = 0;

    if (screen->is_terminal && ioctl(fileno(screen->file), TIOCGWINSZ, &size) == 0)
        width = size.ws_col;
    if (width == 0 && environment_has("COLUMNS"))
        width = g_ascii_strtoull(g_getenv("COLUMNS"), NULL, 10);
    if (width == 0)
        width = WIDTH_FALLBACK;
    return (guint)CLAMP(width, SCREEN_WIDTH_MIN, WIDTH_MAX);
}

const char *style_begin(Style style, gboolean colored)
{
    return colored ? style_sequences[style] : "";
}

const char *style_end(Style style, gboolean colored)
{
    return colored && style != STYLE_NONE ? "\033[0m" : "";
}

const char *screen_begin(const Screen *screen, Style style)
{
    return style_begin(style, screen->is_colored);
}

const char *screen_end(const Screen *screen, Style style)
{
    return style_end(style, screen->is_colored);
}
