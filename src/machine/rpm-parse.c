// SPDX-License-Identifier: LGPL-2.1-or-later
#include "packages-private.h"
#include "rpm.h"

#include <string.h>
#include <sys/stat.h>

#define PACKAGES_MAX 100000  /* installed at once: all of Fedora has fewer */
#define FILES_MAX 20000000   /* of all packages: a full desktop has half a million */
#define NAME_LENGTH_MAX 200  /* of a package, version, architecture: each is part of a file's name */
#define VALUES_MAX 6         /* of a record */
#define NONE "(none)"        /* what rpm prints for a value that is not there */
#define KEYS "gpg-pubkey"    /* keys are kept as if they were packages */
#define RPMLIB "rpmlib("     /* what is asked of rpm itself */
#define PATH_KEY_SKIP "/usr" /* /bin and /usr/bin are the same */

/* rpmfiles.h and rpmds.h of rpm. */
#define FILE_CONFIG (1u << 0)
#define FILE_NOREPLACE (1u << 4)
#define FILE_GHOST (1u << 6)
#define FILE_STATE_NORMAL "0"
#define SENSE_INSTALLING \
    (1u << 5 | 1u << 7 | 1u << 8 | 1u << 9 | 1u << 10 | 1u << 11 | 1u << 12) /* for scripts alone */

/* A record is a line; but texts, in quotes of the shell, may have several:
 *
 *     package 'NAME' EPOCH 'VERSION' 'RELEASE' 'ARCHITECTURE'
 *     requires 'CAPABILITY' FLAGS
 *     provides 'CAPABILITY'
 *     script 'TEXT'
 *     file 'PATH' FLAGS MODE STATE 'DIGEST'
 *
 * rpm(8), --queryformat; ":shescape" is there in all versions. */
const char rpm_query_format[] =
    "package %{NAME:shescape} %{EPOCH} %{VERSION:shescape} %{RELEASE:shescape} %{ARCH:shescape}\\n"
    "%|REQUIRENAME?{[requires %{REQUIRENAME:shescape} %{REQUIREFLAGS}\\n]}|"
    "%|PROVIDENAME?{[provides %{PROVIDENAME:shescape}\\n]}|"
    "%|PREIN?{script %{PREIN:shescape}\\n}|"
    "%|POSTIN?{script %{POSTIN:shescape}\\n}|"
    "%|BASENAMES?{[file %{FILENAMES:shescape} %{FILEFLAGS} %{FILEMODES} %{FILESTATES} %{FILEDIGESTS:shescape}\\n]}|";

/* What rpm does when both changed a file: %config(noreplace), and %config. */
static const ConffileRule rule_noreplace = {.suffix = ".rpmnew", .comes_back = TRUE};
static const ConffileRule rule_replace = {.suffix = ".rpmsave", .package_wins = TRUE, .comes_back = TRUE};

typedef struct {
    guint first, count; /* of its files */
    GString *script;    /* or NULL */
    GPtrArray *provides;
} RpmPackage;

struct RpmInventory {
    char *text;           /* what files point into */
    GArray *files;        /* RpmFile */
    GHashTable *packages; /* HostPackage → RpmPackage */
};

static void rpm_package_free(RpmPackage *package)
{
    if (package->script)
        g_string_free(package->script, TRUE);
    g_clear_pointer(&package->provides, g_ptr_array_unref);
    g_free(package);
}

void rpm_inventory_free(RpmInventory *inventory)
{
    g_hash_table_unref(inventory->packages);
    g_array_unref(inventory->files);
    g_free(inventory->text);
    g_free(inventory);
}

const RpmFile *rpm_inventory_files(const RpmInventory *inventory, const HostPackage *package, guint *ret_count)
{
    const RpmPackage *known = g_hash_table_lookup(inventory->packages, package);

    *ret_count = known ? known->count : 0;
    return *ret_count ? &g_array_index(inventory->files, RpmFile, known->first) : NULL;
}

const char *rpm_inventory_script(const RpmInventory *inventory, const HostPackage *package)
{
    const RpmPackage *known = g_hash_table_lookup(inventory->packages, package);

    return known && known->script ? known->script->str : NULL;
}

/* --- records ------------------------------------------------------------------------------------------------------ */

typedef struct {
    char *at;
    const char *end;
    guint number; /* of the record that was read last, from 1 */
    char *values[VALUES_MAX];
    guint count;
} Records;

static gboolean fail_record(const Records *records, const char *what, GError **error)
{
    return gourd_error_set(error, GOURD_ERROR_INPUT, "record %u: %s", records->number, what);
}

/* Takes the quotes away where they stand: 'it'\''s' → it's. Returns the end of the text; NULL: the quote has none. */
static char *unquote(Records *records)
{
    char *to = records->at++;

    for (;;) {
        char *stop = memchr(records->at, '\'', (gsize)(records->end - records->at));

        if (!stop)
            return NULL;
        memmove(to, records->at, (gsize)(stop - records->at));
        to += stop - records->at;
        records->at = stop + 1;
        if (records->end - records->at < 3 || memcmp(records->at, "\\''", 3) != 0)
            return to;
        *to++ = '\'';
        records->at += 3;
    }
}

static char *find_word_end(Records *records)
{
    while (records->at < records->end && *records->at != ' ' && *records->at != '\n')
        records->at++;
    return records->at;
}

static gboolean read_record(Records *records, GError **error)
{
    gboolean more = TRUE;

    records->number++;
    for (records->count = 0; more; records->count++) {
        if (records->count == VALUES_MAX)
            return fail_record(records, "there are more values than there should be", error);
        records->values[records->count] = records->at;
        char *stop = *records->at == '\'' ? unquote(records) : find_word_end(records);
        if (!stop)
            return fail_record(records, "a quote does not end", error);
        if (records->at == records->end || (*records->at != ' ' && *records->at != '\n'))
            return fail_record(records, "a value does not end", error);
        more = *records->at++ == ' ';
        *stop = '\0';
    }
    return TRUE;
}

static gboolean parse_number(const char *text, guint32 *ret_value)
{
    guint64 value;

    if (!g_ascii_string_to_unsigned(text, 10, 0, G_MAXUINT32, &value, NULL))
        return FALSE;
    *ret_value = (guint32)value;
    return TRUE;
}

/* A word that stands in the names of files. */
static gboolean is_word(const char *text)
{
    const gsize length = strlen(text);

    if (length == 0 || length > NAME_LENGTH_MAX || !(g_ascii_isalnum(*text) || *text == '_'))
        return FALSE;
    for (const char *at = text; *at; at++) {
        if (!g_ascii_isalnum(*at) && !strchr("+-._~^", *at))
            return FALSE;
    }
    return TRUE;
}

/* --- dependencies ------------------------------------------------------------------------------------------------- */

static gboolean is_one_of(const char *word, const char *const *words)
{
    return g_strv_contains(words, word);
}

static void append_group(GPtrArray *depends, const char *name)
{
    char **names = NULL;

    vector_append(&names, name);
    g_ptr_array_add(depends, names);
}

/* "(a >= 1 or b)": names, operators, comparisons with versions; and further parentheses. Capabilities may have parentheses too, in pairs and without
 * blanks: "libc.so.6()(64bit)". */
static void append_rich(const char *text, GPtrArray *depends)
{
    static const char *const comparisons[] = {"<", "<=", "=", ">=", ">", NULL};
    static const char *const conditions[] = {"if", "unless", "else", "without", NULL};
    g_auto(GStrv) words = g_strsplit(text, " ", -1);
    const gboolean is_choice = g_strv_contains((const char *const *)words, "or");
    char **choices = NULL;

    for (char **word = words; *word; word++) {
        char *name = *word + strspn(*word, "(");
        guint open = 0;

        if (is_one_of(name, conditions))
            break;
        if (is_one_of(name, comparisons)) {
            word += word[1] ? 1 : 0;
            continue;
        }
        for (char *at = name; *at; at++) { /* parentheses that end a group, not one of the name's */
            open += *at == '(';
            if (*at == ')' && open-- == 0) {
                *at = '\0';
                break;
            }
        }
        if (!*name || strcmp(name, "or") == 0 || strcmp(name, "and") == 0 || strcmp(name, "with") == 0)
            continue;
        if (is_choice)
            vector_append(&choices, name);
        else
            append_group(depends, name);
    }
    if (choices)
        g_ptr_array_add(depends, choices);
}

void rpm_depends_append(const char *capability, GPtrArray *depends)
{
    if (*capability == '(')
        append_rich(capability, depends);
    else if (*capability)
        append_group(depends, capability);
}

static gboolean starts_with_any(const char *path, const char *const *prefixes)
{
    for (; *prefixes; prefixes++) {
        if (g_str_has_prefix(path, *prefixes))
            return TRUE;
    }
    return FALSE;
}

/* A path as it is known whether /bin is /usr/bin or not. Points into it. */
static const char *path_key(const char *path)
{
    static const char *const merged[] = {"/usr/bin/", "/usr/sbin/", "/usr/lib/", "/usr/lib64/", NULL};

    return starts_with_any(path, merged) ? path + strlen(PATH_KEY_SKIP) : path;
}

static void want_path(GHashTable *wanted, const char *key, const char *name)
{
    g_autofree char *old_key = NULL;
    char **names = NULL;

    if (!g_hash_table_steal_extended(wanted, key, (gpointer *)&old_key, (gpointer *)&names))
        names = NULL;
    vector_append_once(&names, name);
    g_hash_table_insert(wanted, g_strdup(key), names);
}

/* The paths that packages ask for: key → names. What is asked of /usr/sbin may be in /usr/bin, where these are one. */
static GHashTable *collect_paths(const GPtrArray *packages)
{
    GHashTable *wanted = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, (GDestroyNotify)g_strfreev);

    for (guint i = 0; i < packages->len; i++) {
        const HostPackage *package = g_ptr_array_index(packages, i);

        for (guint k = 0; k < package->depends->len; k++) {
            for (char **name = g_ptr_array_index(package->depends, k); *name; name++) {
                if (**name != '/')
                    continue;
                const char *key = path_key(*name);
                want_path(wanted, key, *name);
                if (g_str_has_prefix(key, "/sbin/")) {
                    g_autofree char *other = g_strconcat("/bin/", key + strlen("/sbin/"), NULL);

                    want_path(wanted, other, *name);
                }
            }
        }
    }
    return wanted;
}

/* A file that another package asks for is something that its own package provides. */
static void provide_paths(RpmInventory *inventory, const GPtrArray *packages)
{
    g_autoptr(GHashTable) wanted = collect_paths(packages);

    for (guint i = 0; i < packages->len; i++) {
        HostPackage *package = g_ptr_array_index(packages, i);
        RpmPackage *known = g_hash_table_lookup(inventory->packages, package);

        for (guint k = 0; k < known->count; k++) {
            const char *path = g_array_index(inventory->files, RpmFile, known->first + k).path;

            for (char **name = g_hash_table_lookup(wanted, path_key(path)); name && *name; name++)
                g_ptr_array_add(known->provides, g_strdup(*name));
        }
        g_ptr_array_add(known->provides, NULL);
        package->provides = (char **)g_ptr_array_steal(known->provides, NULL);
        g_clear_pointer(&known->provides, g_ptr_array_unref);
    }
}

/* --- what is installed -------------------------------------------------------------------------------------------- */

typedef struct {
    RpmInventory *inventory;
    GPtrArray *packages;
    HostPackage *package; /* whose records these are; NULL: they are of no interest */
    RpmPackage *known;
    gboolean begun;
} Parse;

static gboolean parse_package(Parse *parse, const Records *records, GError **error)
{
    char *const *values = records->values;
    const char *epoch = strcmp(values[2], NONE) == 0 ? "0" : values[2];
    guint32 number;

    parse->begun = TRUE;
    parse->package = NULL;
    if (strcmp(values[1], KEYS) == 0)
        return TRUE;
    if (!is_word(values[1]) || !is_word(values[3]) || !is_word(values[4]) || !is_word(values[5]) ||
        !parse_number(epoch, &number))
        return fail_record(records, "the package has no proper name, version and architecture", error);
    if (parse->packages->len >= PACKAGES_MAX)
        return gourd_error_set(error, GOURD_ERROR_LIMIT, "there are more than %d packages", PACKAGES_MAX);
    g_autofree char *version = number == 0 ? g_strdup_printf("%s-%s", values[3], values[4])
                                           : g_strdup_printf("%u:%s-%s", number, values[3], values[4]);
    parse->package = host_package_new(values[1], version, values[5]);
    g_ptr_array_add(parse->packages, parse->package);
    parse->known = g_new0(RpmPackage, 1);
    parse->known->first = parse->inventory->files->len;
    parse->known->provides = g_ptr_array_new_with_free_func(g_free);
    g_hash_table_insert(parse->inventory->packages, parse->package, parse->known);
    return TRUE;
}

static gboolean parse_requires(Parse *parse, const Records *records, GError **error)
{
    guint32 flags;

    if (!parse_number(records->values[2], &flags))
        return fail_record(records, "a dependency has no proper flags", error);
    if (!(flags & SENSE_INSTALLING) && !g_str_has_prefix(records->values[1], RPMLIB))
        rpm_depends_append(records->values[1], parse->package->depends);
    return TRUE;
}

static gboolean parse_provides(Parse *parse, const Records *records, GError **error G_GNUC_UNUSED)
{
    g_ptr_array_add(parse->known->provides, g_strdup(records->values[1]));
    return TRUE;
}

static gboolean parse_script(Parse *parse, const Records *records, GError **error G_GNUC_UNUSED)
{
    if (!parse->known->script)
        parse->known->script = g_string_new(NULL);
    g_string_append_printf(parse->known->script, "%s\n", records->values[1]);
    return TRUE;
}

static gboolean parse_file(Parse *parse, const Records *records, GError **error)
{
    const char *path = records->values[1], *digest = records->values[5];
    RpmFile file = {.path = path, .digest = ""};
    guint32 flags, mode;

    if (!package_path_is_plain(path) || !parse_number(records->values[2], &flags) ||
        !parse_number(records->values[3], &mode))
        return fail_record(records, "a file has no proper path, flags and mode", error);
    if ((flags & FILE_GHOST) || strcmp(path, "/") == 0 ||
        (strcmp(records->values[4], FILE_STATE_NORMAL) != 0 && strcmp(records->values[4], NONE) != 0))
        return TRUE;
    if (parse->inventory->files->len >= FILES_MAX)
        return gourd_error_set(error, GOURD_ERROR_LIMIT, "there are more than %d files", FILES_MAX);
    if (S_ISREG(mode) && package_digest_is_known(digest))
        file.digest = digest;
    file.is_config = (flags & FILE_CONFIG) && *file.digest;
    if (file.is_config)
        g_ptr_array_add(parse->package->conffiles,
                        machine_conffile_new(path, digest, parse->package->name,
                                             flags & FILE_NOREPLACE ? &rule_noreplace : &rule_replace));
    g_array_append_val(parse->inventory->files, file);
    parse->known->count++;
    return TRUE;
}

static const struct {
    const char *kind;
    guint count; /* of values, with the kind */
    gboolean (*parse)(Parse *parse, const Records *records, GError **error);
} kinds[] = {
    {"package", 6, parse_package}, {"requires", 3, parse_requires}, {"provides", 2, parse_provides},
    {"script", 2, parse_script},   {"file", 6, parse_file},
};

static gboolean parse_record(Parse *parse, const Records *records, GError **error)
{
    for (guint i = 0; i < G_N_ELEMENTS(kinds); i++) {
        if (strcmp(records->values[0], kinds[i].kind) != 0 || records->count != kinds[i].count)
            continue;
        if (kinds[i].parse != parse_package && !parse->begun)
            return fail_record(records, "it belongs to no package", error);
        return (kinds[i].parse != parse_package && !parse->package) || kinds[i].parse(parse, records, error);
    }
    return fail_record(records, "this is no record of the query", error);
}

static gboolean parse_all(Parse *parse, char *text, gsize size, GError **error)
{
    Records records = {.at = text, .end = text + size};

    if (memchr(text, '\0', size))
        return gourd_error_set(error, GOURD_ERROR_INPUT, "there is a zero byte");
    while (records.at < records.end) {
        if (!read_record(&records, error) || !parse_record(parse, &records, error))
            return FALSE;
    }
    return TRUE;
}

RpmInventory *rpm_inventory_parse(char *text, gsize size, GPtrArray *packages, GError **error)
{
    RpmInventory *inventory = g_new0(RpmInventory, 1);
    Parse parse = {.inventory = inventory, .packages = packages};

    inventory->text = text;
    inventory->files = g_array_new(FALSE, FALSE, sizeof(RpmFile));
    inventory->packages = g_hash_table_new_full(NULL, NULL, NULL, (GDestroyNotify)rpm_package_free);
    if (!parse_all(&parse, text, size, error)) {
        rpm_inventory_free(inventory);
        return NULL;
    }
    provide_paths(inventory, packages);
    return inventory;
}
