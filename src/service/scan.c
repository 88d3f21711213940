// SPDX-License-Identifier: LGPL-2.1-or-later
#include "scan.h"
#include "inside.h"

#include <fnmatch.h>
#include <string.h>

/* --- programs that open their output by name ------------------------------------------------------------------------ */

/* A service's output is the journal's socket, which open(2) refuses with ENXIO. */
static const char *const outputs[] = {"/dev/stdout",     "/dev/stderr", "/proc/self/fd/1",
                                      "/proc/self/fd/2", "/dev/fd/1",   "/dev/fd/2"};

/* Folders whose small files say where programs log to. */
static const char *const configuration_folders[] = {
    "etc", "usr/local/etc", "usr/local/apache2/conf", "docker-entrypoint.d", "entrypoint.d",
};

#define CONFIGURATION_SIZE_MAX (64 * 1024) /* bytes of a file that a person wrote */
#define CONFIGURATION_FILES_MAX 4096       /* that are looked into */

static gboolean names_output(const char *text, gsize size)
{
    for (gsize i = 0; i < G_N_ELEMENTS(outputs); i++)
        if (g_strstr_len(text, (gssize)size, outputs[i]))
            return TRUE;
    return FALSE;
}

static gboolean any_names_output(char *const *texts)
{
    for (; texts && *texts; texts++)
        if (names_output(*texts, strlen(*texts)))
            return TRUE;
    return FALSE;
}

static gboolean is_configuration(const SquashNode *node)
{
    if (node->type != ENTRY_FILE || node->size == 0 || node->size > CONFIGURATION_SIZE_MAX)
        return FALSE;
    for (gsize i = 0; i < G_N_ELEMENTS(configuration_folders); i++)
        if (g_str_has_prefix(node->path, configuration_folders[i]) &&
            node->path[strlen(configuration_folders[i])] == '/')
            return TRUE;
    return FALSE;
}

/* --- compilers at run time ------------------------------------------------------------------------------------------ */

/* Names of files, wherever they are. */
static const char *const jits[] = {
    "node",         "nodejs",         "bun",      "deno",         "java",         "libjvm.so",  "libcoreclr.so",
    "php",          "php[0-9]*",      "php-fpm*", "libphp*.so",   "luajit*",      "openresty",  "libluajit*.so*",
    "beam.smp",     "julia",          "pypy*",    "libpypy*.so*", "libLLVM*.so*", "llvmjit.so", "libmozjs*.so*",
    "mongod",       "clickhouse",     "rspamd",   "chrome",       "chromium",     "libv8*.so*", "libmono*.so*",
    "guile-[0-9]*", "libjavascript*", "wasmtime", "libwasmtime*",
};

static gboolean is_jit(const SquashNode *node)
{
    if (node->type != ENTRY_FILE || ((node->mode & 0111) == 0 && !strstr(node->name, ".so")))
        return FALSE;
    for (gsize i = 0; i < G_N_ELEMENTS(jits); i++)
        if (fnmatch(jits[i], node->name, 0) == 0)
            return TRUE;
    return FALSE;
}

/* --- programs that become another user ------------------------------------------------------------------------------ */

/* As the first word of a command line, or in an entrypoint script. */
static const char *const switchers[] = {"gosu",         "su-exec",   "setpriv", "runuser", "chroot --userspec",
                                        "s6-setuidgid", "setuidgid", "chpst",   "su -s",   "su -c"};

/* Masters that start workers as somebody else, by their names. */
static const char *const masters[] = {"nginx", "httpd", "apache2", "php-fpm", "dovecot", "postfix", "cron", "crond"};

static gboolean is_word_char(char c)
{
    return g_ascii_isalnum(c) || c == '_' || c == '-' || c == '/' || c == '.';
}

/* Whether text has the words, not as part of longer ones; a path in front is fine. Lines that are comments do not count. */
static gboolean has_words(const char *line, const char *words)
{
    gsize length = strlen(words);
    const char *start = line + strspn(line, " \t");

    if (*start == '#')
        return FALSE;
    for (const char *at = strstr(start, words); at; at = strstr(at + 1, words))
        if ((at == start || at[-1] == '/' || !is_word_char(at[-1])) && !is_word_char(at[length]))
            return TRUE;
    return FALSE;
}

static char *find_switcher(const char *path, GBytes *script)
{
    gsize size;
    const char *text = g_bytes_get_data(script, &size);
    g_autofree char *copy = g_strndup(text ? text : "", size);
    g_auto(GStrv) lines = g_strsplit(copy, "\n", -1);

    if (!g_str_has_prefix(copy, "#!"))
        return NULL;
    for (char **line = lines; *line; line++)
        for (gsize i = 0; i < G_N_ELEMENTS(switchers); i++)
            if (has_words(*line, switchers[i]))
                return g_strdup_printf("%s: %s", path, switchers[i]);
    return NULL;
}

/* Whether argv itself starts such a program: `gosu postgres postgres`, `nginx -g …`. */
static char *find_in_argv(char *const *argv)
{
    for (gsize i = 0; argv[i]; i++) {
        const char *slash = strrchr(argv[i], '/'), *name = slash ? slash + 1 : argv[i];

        for (gsize k = 0; i == 0 && k < G_N_ELEMENTS(switchers); k++)
            if (strcmp(name, switchers[k]) == 0)
                return g_strdup(argv[i]);
        for (gsize k = 0; k < G_N_ELEMENTS(masters); k++)
            if (strcmp(name, masters[k]) == 0)
                return g_strdup(argv[i]);
    }
    return NULL;
}

/* --- files of the image's user ------------------------------------------------------------------------------------- */

/* Whether nobody else may use it: a folder to search and list, a file to read. */
static gboolean is_private(const ServiceSpec *spec, const SquashNode *node)
{
    guint wanted = node->type == ENTRY_DIRECTORY ? 05 : 04;

    if (!spec->user.in_image || node->uid != spec->user.uid || (node->mode & wanted) == wanted ||
        (node->type != ENTRY_DIRECTORY && node->type != ENTRY_FILE))
        return FALSE;
    g_autofree char *path = g_strconcat("/", node->path, NULL);

    return !spec_is_mounted_over(spec, path);
}

/* --- all of it ------------------------------------------------------------------------------------------------------ */

typedef struct {
    const ServiceSpec *spec;
    SquashExpander *expander;
    ImageScan *scan;
    guint n_configurations;
} Scanner;

static gboolean visit_node(const SquashNode *node, gpointer data, GError **error)
{
    Scanner *scanner = data;
    ImageScan *scan = scanner->scan;

    if (!scan->jit && is_jit(node))
        scan->jit = g_strconcat("/", node->path, NULL);
    if (!scan->private_path && is_private(scanner->spec, node))
        scan->private_path = g_strconcat("/", node->path, NULL);
    if (scan->opens_output || g_str_has_prefix(node->path, "dev/"))
        return TRUE;
    if (node->type == ENTRY_SYMLINK)
        scan->opens_output = names_output(node->target, strlen(node->target));
    else if (is_configuration(node) && scanner->n_configurations++ < CONFIGURATION_FILES_MAX) {
        g_autoptr(GBytes) bytes = squash_file_load(scanner->expander, node, CONFIGURATION_SIZE_MAX, error);
        gsize size = 0;
        const char *text = bytes ? g_bytes_get_data(bytes, &size) : NULL;

        if (!bytes)
            return FALSE;
        scan->opens_output = text && names_output(text, size);
    }
    return TRUE;
}

gboolean image_scan(const SpecSource *source, ImageScan *ret_scan, GError **error)
{
    const ServiceSpec *spec = source->spec;
    g_autoptr(SquashExpander) expander = squash_expander_new(source->image, error);
    g_autoptr(GBytes) script = inside_load_start(source->image, spec->program, INSIDE_SCRIPT_MAX);
    g_auto(ImageScan) scan = {0};
    Scanner scanner = {.spec = spec, .expander = expander, .scan = &scan};
    SquashWalk walk = {.visit = visit_node, .data = &scanner, .depth = G_MAXUINT};
    gsize size = 0;
    const char *text = script ? g_bytes_get_data(script, &size) : NULL;

    if (!expander)
        return FALSE;
    scan.opens_output = any_names_output(spec->argv) || any_names_output(spec->environment) ||
                        (text && names_output(text, size));
    if (!squash_reader_walk(source->image, "", &walk, error))
        return gourd_error_prefix(error, "cannot look through the image");
    scan.drops = script ? find_switcher(spec->program, script) : NULL;
    if (!scan.drops)
        scan.drops = find_in_argv(spec->argv);
    *ret_scan = scan;
    scan = (ImageScan){0};
    return TRUE;
}

void image_scan_clear(ImageScan *scan)
{
    g_free(scan->jit);
    g_free(scan->private_path);
    g_free(scan->drops);
    *scan = (ImageScan){0};
}
