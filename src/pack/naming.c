// SPDX-License-Identifier: LGPL-2.1-or-later
#include "naming.h"

#include <string.h>

/* What is guessed must do as --name and --version (128 bytes each), and with "_" and ".raw" as the name of a file (255). */
enum {
    NAME_MAX_GUESSED = 120,
    VERSION_MAX_GUESSED = 128,
};

static const char *const archive_endings[] = {".tar", ".tgz", ".tar.gz", ".tar.zst", ".tar.xz", ".tzst", ".txz"};

/* "_" parts name and version, so only versions have it. */
static char *sanitise(const char *text, const char *allowed, gsize size_max, const char *fallback)
{
    g_autofree char *result = g_strdup(text);

    for (char *at = result; *at; at++)
        if (!g_ascii_isalnum(*at) && !strchr(allowed, *at))
            *at = '-';
    const char *begin = result;
    while (*begin && !g_ascii_isalnum(*begin))
        begin++;
    return *begin ? g_strndup(begin, size_max) : g_strdup(fallback);
}

static char *file_stem(const char *source)
{
    const char *colon = strchr(source, ':');
    const char *path = colon && !memchr(source, '/', (gsize)(colon - source)) ? colon + 1 : source;
    char *stem = g_path_get_basename(path);

    for (gsize i = G_N_ELEMENTS(archive_endings); i-- > 0;)
        if (g_str_has_suffix(stem, archive_endings[i]) && strlen(stem) > strlen(archive_endings[i])) {
            stem[strlen(stem) - strlen(archive_endings[i])] = '\0';
            break;
        }
    return stem;
}

void naming_guess(const char *reference, const char *source, char **ret_name, char **ret_version)
{
    g_autofree char *name = reference ? g_path_get_basename(reference) : file_stem(source);
    const char *version = "latest";
    char *digest = strchr(name, '@');

    if (digest)
        *digest = '\0';
    char *colon = reference ? strchr(name, ':') : NULL;
    if (colon) {
        *colon = '\0';
        version = colon + 1;
    }
    *ret_name = sanitise(name, ".-+", NAME_MAX_GUESSED, "image");
    *ret_version = sanitise(version, "._-+~", VERSION_MAX_GUESSED, "latest");
}
