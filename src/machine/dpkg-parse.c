// SPDX-License-Identifier: LGPL-2.1-or-later
#include "dpkg.h"
#include "packages-private.h"

#include <string.h>

#define PACKAGES_MAX 100000 /* installed at once: all of Debian has fewer */
#define NAME_LENGTH_MAX 200 /* of a package, version, architecture: each is part of a file's name */

/* --- lines -------------------------------------------------------------------------------------------------------- */

typedef struct {
    const char *at, *end;
    guint number; /* of the line that was read last, from 1 */
} Lines;

/* The next line without its end; FALSE at the end. *ret_line is not terminated. */
static gboolean next_line(Lines *lines, const char **ret_line, gsize *ret_length)
{
    if (lines->at == lines->end)
        return FALSE;
    const char *stop = memchr(lines->at, '\n', (gsize)(lines->end - lines->at));
    const char *line = lines->at;

    *ret_line = line;
    *ret_length = (gsize)((stop ? stop : lines->end) - line);
    lines->at = stop ? stop + 1 : lines->end;
    lines->number++;
    return TRUE;
}

static gboolean fail_line(const Lines *lines, GError **error, const char *what)
{
    return gourd_error_set(error, GOURD_ERROR_INPUT, "line %u: %s", lines->number, what);
}

/* A word that stands in the names of files. */
static gboolean is_word(const char *text)
{
    gsize length = strlen(text);

    if (length == 0 || length > NAME_LENGTH_MAX || !g_ascii_isalnum(*text))
        return FALSE;
    for (const char *at = text; *at; at++) {
        if (!g_ascii_isalnum(*at) && !strchr("+-.~:", *at))
            return FALSE;
    }
    return TRUE;
}

static gboolean is_digest(const char *text)
{
    return strlen(text) == 32 && strspn(text, "0123456789abcdef") == 32;
}

/* --- status ------------------------------------------------------------------------------------------------------- */

/* "a (>= 1) | b:any, c" → {{"a", "b"}, {"c"}} */
static void parse_depends(const char *value, GPtrArray *depends)
{
    g_auto(GStrv) groups = g_strsplit(value, ",", -1);

    for (char **group = groups; *group; group++) {
        g_auto(GStrv) choices = g_strsplit(*group, "|", -1);
        char **names = NULL;

        for (char **choice = choices; *choice; choice++) {
            const char *name = g_strstrip(*choice);

            (*choice)[name - *choice + (gssize)strcspn(name, " \t\n(:[<")] = '\0';
            if (is_word(name))
                vector_append(&names, name);
        }
        if (names)
            g_ptr_array_add(depends, names);
    }
}

static void parse_provides(const char *value, HostPackage *package)
{
    g_autoptr(GPtrArray) groups = g_ptr_array_new_with_free_func((GDestroyNotify)g_strfreev);

    parse_depends(value, groups);
    for (guint i = 0; i < groups->len; i++)
        vector_append(&package->provides, *(char **)g_ptr_array_index(groups, i));
}

/* dpkg(1): what the package has is put beside, and what was deleted stays away. */
static const ConffileRule rule = {.suffix = ".dpkg-dist"};

/* "PATH DIGEST [obsolete] [remove-on-upgrade]": paths may have blanks. An obsolete one is no longer the package's. */
static gboolean parse_conffile(char *line, HostPackage *package)
{
    char *blank = strrchr(g_strstrip(line), ' ');

    if (!blank)
        return FALSE;
    if (strcmp(blank + 1, "obsolete") == 0 || strcmp(blank + 1, "remove-on-upgrade") == 0)
        return TRUE;
    if (strcmp(blank + 1, "newconffile") == 0) /* dpkg has not yet come to it */
        return TRUE;
    *blank = '\0';
    if (!package_path_is_plain(line) || strlen(line) < 2 || !is_digest(blank + 1))
        return FALSE;
    g_ptr_array_add(package->conffiles, machine_conffile_new(line, blank + 1, package->name, &rule));
    return TRUE;
}

static gboolean parse_conffiles(const char *value, HostPackage *package)
{
    g_auto(GStrv) lines = g_strsplit(value, "\n", -1);

    for (char **line = lines; *line; line++) {
        if (*g_strstrip(*line) && !parse_conffile(*line, package))
            return FALSE;
    }
    return TRUE;
}

/* The fields of a package that are looked at. */
enum { NAME, STATUS, ARCHITECTURE, VERSION, PROVIDES, DEPENDS, PRE_DEPENDS, CONFFILES, N_FIELDS };

static const char *const field_names[N_FIELDS] = {
    "Package", "Status", "Architecture", "Version", "Provides", "Depends", "Pre-Depends", "Conffiles",
};

typedef struct {
    GString *values[N_FIELDS]; /* as they stand; NULL: the package has none */
} Stanza;

static void stanza_clear(Stanza *stanza)
{
    for (guint i = 0; i < N_FIELDS; i++) {
        if (stanza->values[i])
            g_string_free(g_steal_pointer(&stanza->values[i]), TRUE);
    }
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Stanza, stanza_clear)

static GString **find_field(Stanza *stanza, const char *key, gsize length)
{
    for (guint i = 0; i < N_FIELDS; i++) {
        if (strlen(field_names[i]) == length && g_ascii_strncasecmp(field_names[i], key, length) == 0)
            return &stanza->values[i];
    }
    return NULL;
}

/* The value without blanks at its ends; "" if it is not there. */
static const char *get_field(Stanza *stanza, guint field)
{
    return stanza->values[field] ? g_strstrip(stanza->values[field]->str) : "";
}

/* The last word of "install ok installed". In the midst of an upgrade packages are in states in which their files are all there. */
static gboolean is_installed(const char *status)
{
    static const char *const states[] = {"installed", "triggers-awaited", "triggers-pending", "unpacked",
                                         "half-configured"};
    const char *last = strrchr(status, ' ');

    for (guint i = 0; last && i < G_N_ELEMENTS(states); i++) {
        if (strcmp(last + 1, states[i]) == 0)
            return TRUE;
    }
    return FALSE;
}

static gboolean add_package(Stanza *stanza, const Lines *lines, GPtrArray *packages, GError **error)
{
    const char *name = get_field(stanza, NAME), *version = get_field(stanza, VERSION);
    const char *architecture = get_field(stanza, ARCHITECTURE);

    if (!is_installed(get_field(stanza, STATUS)))
        return TRUE;
    if (!is_word(name) || strchr(name, ':'))
        return fail_line(lines, error, "the package before has no proper name");
    if (!is_word(version) || !is_word(architecture) || strchr(architecture, ':'))
        return fail_line(lines, error, "the package before has no proper version and architecture");
    if (packages->len >= PACKAGES_MAX)
        return gourd_error_set(error, GOURD_ERROR_LIMIT, "there are more than %d packages", PACKAGES_MAX);
    HostPackage *package = host_package_new(name, version, architecture);
    g_ptr_array_add(packages, package);
    parse_depends(get_field(stanza, PRE_DEPENDS), package->depends);
    parse_depends(get_field(stanza, DEPENDS), package->depends);
    parse_provides(get_field(stanza, PROVIDES), package);
    if (!parse_conffiles(get_field(stanza, CONFFILES), package))
        return fail_line(lines, error, "a conffile of the package before is none");
    return TRUE;
}

/* A line "KEY: VALUE", which lines that begin with a blank continue. */
static gboolean parse_field(const Lines *lines, const char *line, gsize length, Stanza *stanza, GString ***current,
                            GError **error)
{
    if (memchr(line, '\0', length))
        return fail_line(lines, error, "there is a zero byte");
    if (*line == ' ' || *line == '\t') {
        if (*current) {
            g_string_append_c(**current, '\n');
            g_string_append_len(**current, line, (gssize)length);
        }
        return TRUE;
    }
    const char *colon = memchr(line, ':', length);
    if (!colon)
        return fail_line(lines, error, "there is no ':' after the name of a field");
    *current = find_field(stanza, line, (gsize)(colon - line));
    if (!*current)
        return TRUE;
    if (**current)
        return fail_line(lines, error, "the field is there twice");
    **current = g_string_new_len(colon + 1, (gssize)length - (colon + 1 - line));
    return TRUE;
}

gboolean dpkg_status_parse(const char *bytes, gsize size, GPtrArray *packages, GError **error)
{
    Lines lines = {.at = bytes, .end = bytes + size};
    g_auto(Stanza) stanza = {0};
    GString **current = NULL;
    const char *line;
    gsize length;

    while (next_line(&lines, &line, &length)) {
        if (length > 0) {
            if (!parse_field(&lines, line, length, &stanza, &current, error))
                return FALSE;
            continue;
        }
        if (!add_package(&stanza, &lines, packages, error))
            return FALSE;
        stanza_clear(&stanza);
        current = NULL;
    }
    return add_package(&stanza, &lines, packages, error);
}

/* --- files of a package ------------------------------------------------------------------------------------------- */

gboolean dpkg_list_parse(const char *bytes, gsize size, GPtrArray *paths, GError **error)
{
    Lines lines = {.at = bytes, .end = bytes + size};
    const char *line;
    gsize length;

    while (next_line(&lines, &line, &length)) {
        g_autofree char *path = g_strndup(line, length);

        if (strcmp(path, "/.") == 0)
            continue;
        if (strlen(path) != length || !package_path_is_plain(path))
            return fail_line(&lines, error, "this is no absolute path");
        g_ptr_array_add(paths, g_steal_pointer(&path));
    }
    return TRUE;
}

gboolean dpkg_md5sums_parse(const char *bytes, gsize size, GHashTable *digests, GError **error)
{
    Lines lines = {.at = bytes, .end = bytes + size};
    const char *line;
    gsize length;

    while (next_line(&lines, &line, &length)) {
        g_autofree char *text = g_strndup(line, length);
        gsize digits = strspn(text, "0123456789abcdef");

        /* md5sum(1): two blanks; paths are relative. */
        if (strlen(text) != length || digits != 32 || !g_str_has_prefix(text + digits, "  "))
            return fail_line(&lines, error, "this is no digest and path");
        g_autofree char *path = g_strconcat(text[digits + 2] == '/' ? "" : "/", text + digits + 2, NULL);
        if (!package_path_is_plain(path))
            return fail_line(&lines, error, "this is no path");
        g_hash_table_replace(digests, g_steal_pointer(&path), g_strndup(text, digits));
    }
    return TRUE;
}

void dpkg_diversion_free(DpkgDiversion *diversion)
{
    g_free(diversion->path);
    g_free(diversion->diverted);
    g_free(diversion->by);
    g_free(diversion);
}

/* Three lines each: path, where it is diverted to, the package that keeps its own. */
gboolean dpkg_diversions_parse(const char *bytes, gsize size, GPtrArray *diversions, GError **error)
{
    Lines lines = {.at = bytes, .end = bytes + size};
    const char *line;
    gsize length;

    while (next_line(&lines, &line, &length)) {
        DpkgDiversion *diversion = g_new0(DpkgDiversion, 1);

        g_ptr_array_add(diversions, diversion);
        diversion->path = g_strndup(line, length);
        if (!next_line(&lines, &line, &length))
            return fail_line(&lines, error, "a diversion is cut off");
        diversion->diverted = g_strndup(line, length);
        if (!next_line(&lines, &line, &length))
            return fail_line(&lines, error, "a diversion is cut off");
        diversion->by = g_strndup(line, length);
        if (!package_path_is_plain(diversion->path) || !package_path_is_plain(diversion->diverted))
            return fail_line(&lines, error, "a diversion has no absolute paths");
    }
    return TRUE;
}
