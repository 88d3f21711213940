// SPDX-License-Identifier: LGPL-2.1-or-later
#include "scan.h"

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

/* Up to the first NUL: what follows one is no text. */
static gboolean names_output(const char *text, gsize size)
{
    gsize length = strnlen(text, size);

    for (gsize i = 0; i < G_N_ELEMENTS(outputs); i++)
        if (memmem(text, length, outputs[i], strlen(outputs[i])))
            return TRUE;
    return FALSE;
}

gboolean scan_names_output(char *const *texts)
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

/* Names of files, wherever they are; their first characters are no wildcards. */
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
        if (jits[i][0] == node->name[0] && fnmatch(jits[i], node->name, 0) == 0)
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

const char *scan_find_switcher(char *const *argv)
{
    for (gsize i = 0; argv[i]; i++) {
        const char *slash = strrchr(argv[i], '/'), *name = slash ? slash + 1 : argv[i];

        for (gsize k = 0; i == 0 && k < G_N_ELEMENTS(switchers); k++)
            if (strcmp(name, switchers[k]) == 0)
                return argv[i];
        for (gsize k = 0; k < G_N_ELEMENTS(masters); k++)
            if (strcmp(name, masters[k]) == 0)
                return argv[i];
    }
    return NULL;
}

/* --- programs ------------------------------------------------------------------------------------------------------- */

ProgramScan *program_scan_new(SquashReader *image, const char *path)
{
    ProgramScan *scan = g_new0(ProgramScan, 1);
    g_autoptr(GBytes) bytes = inside_load_start(image, path, PROGRAM_FILE_START);
    gsize size = 0;
    const guint8 *start = bytes ? g_bytes_get_data(bytes, &size) : NULL;

    if (!start)
        return scan;
    program_file_parse(start, size, &scan->file);
    if (scan->file.kind == PROGRAM_FILE_ELF)
        return scan;
    if (size == PROGRAM_FILE_START) { /* of a text there may be more to be read */
        g_bytes_unref(bytes);
        bytes = inside_load_start(image, path, INSIDE_SCRIPT_MAX);
        start = bytes ? g_bytes_get_data(bytes, &size) : NULL;
    }
    scan->opens_output = start && names_output((const char *)start, size);
    scan->switcher = start ? find_switcher(path, bytes) : NULL;
    return scan;
}

void program_scan_free(ProgramScan *scan)
{
    program_file_clear(&scan->file);
    g_free(scan->switcher);
    g_free(scan);
}

/* --- files that are not for everybody ----------------------------------------------------------------------------------- */

#define PRIVATE_PATHS_MAX 256 /* of a user: one that nothing is mounted over is enough */

typedef struct {
    char *folder; /* the last private one; what is in it goes with it */
    guint n_paths;
} PrivateUser;

static void private_user_free(gpointer data)
{
    PrivateUser *user = data;

    g_free(user->folder);
    g_free(user);
}

static void private_path_free(gpointer data)
{
    PrivatePath *private = data;

    g_free(private->path);
    g_free(private);
}

/* Whether others than its user may not use it: search and list a folder, read a file. */
static gboolean is_private(const SquashNode *node)
{
    guint wanted = node->type == ENTRY_DIRECTORY ? 05 : 04;

    return node->uid != 0 && (node->mode & wanted) != wanted &&
           (node->type == ENTRY_DIRECTORY || node->type == ENTRY_FILE);
}

static void add_private(GHashTable *users, const SquashNode *node, GPtrArray *paths)
{
    PrivateUser *user = g_hash_table_lookup(users, GUINT_TO_POINTER(node->uid));
    g_autofree char *path = g_strconcat("/", node->path, NULL);

    if (!user) {
        user = g_new0(PrivateUser, 1);
        g_hash_table_insert(users, GUINT_TO_POINTER(node->uid), user);
    }
    if (user->n_paths >= PRIVATE_PATHS_MAX || (user->folder && inside_is_below(path, user->folder)))
        return;
    user->n_paths++;
    if (node->type == ENTRY_DIRECTORY) {
        g_free(user->folder);
        user->folder = g_strdup(path);
    }
    PrivatePath *private = g_new0(PrivatePath, 1);
    private->uid = node->uid;
    private->path = g_steal_pointer(&path);
    g_ptr_array_add(paths, private);
}

/* --- all of it ------------------------------------------------------------------------------------------------------ */

typedef struct {
    SquashReader *image;
    ImageScan *scan;
    GHashTable *private_users; /* uid → PrivateUser */
    guint n_configurations;
} Scanner;

static gboolean look_into(Scanner *scanner, const SquashNode *node, GError **error)
{
    SquashExpander *expander = squash_reader_expander(scanner->image, error);
    g_autoptr(GBytes) bytes = expander ? squash_file_load(expander, node, CONFIGURATION_SIZE_MAX, error) : NULL;
    gsize size = 0;
    const char *text = bytes ? g_bytes_get_data(bytes, &size) : NULL;

    scanner->scan->opens_output = text && names_output(text, size);
    return bytes != NULL;
}

static gboolean visit_node(const SquashNode *node, gpointer data, GError **error)
{
    Scanner *scanner = data;
    ImageScan *scan = scanner->scan;

    if (!scan->jit && is_jit(node))
        scan->jit = g_strconcat("/", node->path, NULL);
    if (is_private(node))
        add_private(scanner->private_users, node, scan->private_paths);
    if (scan->opens_output || g_str_has_prefix(node->path, "dev/"))
        return TRUE;
    if (node->type == ENTRY_SYMLINK)
        scan->opens_output = names_output(node->target, strlen(node->target));
    else if (is_configuration(node) && scanner->n_configurations++ < CONFIGURATION_FILES_MAX)
        return look_into(scanner, node, error);
    return TRUE;
}

gboolean image_scan(SquashReader *image, ImageScan *ret_scan, GError **error)
{
    g_autoptr(GHashTable) users = g_hash_table_new_full(NULL, NULL, NULL, private_user_free);
    ImageScan scan = {.private_paths = g_ptr_array_new_with_free_func(private_path_free)};
    Scanner scanner = {.image = image, .scan = &scan, .private_users = users};
    SquashWalk walk = {.visit = visit_node, .data = &scanner, .depth = G_MAXUINT};

    if (!squash_reader_walk(image, "", &walk, error)) {
        image_scan_clear(&scan);
        return gourd_error_prefix(error, "cannot look through the image");
    }
    *ret_scan = scan;
    return TRUE;
}

void image_scan_clear(ImageScan *scan)
{
    g_free(scan->jit);
    g_clear_pointer(&scan->private_paths, g_ptr_array_unref);
    *scan = (ImageScan){0};
}
