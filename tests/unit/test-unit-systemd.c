// SPDX-License-Identifier: LGPL-2.1-or-later
/* systemd itself as the judge, without a running one: "systemd-analyze verify" has its parser, says which directives it
 * does not know, and with debugging on prints the units as it has read them. SYSTEMD_ANALYZE names another one. */
#include <glib/gstdio.h>
#include <unistd.h>

#include "unit-fixture.h"

static const char *get_program(void)
{
    const char *named = g_getenv("SYSTEMD_ANALYZE");

    return named ? named : "systemd-analyze";
}

/* What systemd-analyze prints; NULL if it is not there. */
static char *run_analyze(const char *const *arguments, gboolean debug)
{
    g_autoptr(GPtrArray) argv = g_ptr_array_new();
    g_auto(GStrv) environment = g_get_environ();
    char *out = NULL;
    g_autofree char *messages = NULL;

    environment = g_environ_setenv(environment, "SYSTEMD_LOG_LEVEL", debug ? "debug" : "info", TRUE);
    environment = g_environ_setenv(environment, "SYSTEMD_COLORS", "0", TRUE);
    g_ptr_array_add(argv, (gpointer)get_program());
    for (gsize i = 0; arguments[i]; i++)
        g_ptr_array_add(argv, (gpointer)arguments[i]);
    g_ptr_array_add(argv, NULL);
    if (!g_spawn_sync(NULL, (char **)argv->pdata, environment, G_SPAWN_SEARCH_PATH, NULL, NULL, &out, &messages, NULL,
                      NULL))
        return NULL;
    if (debug)
        return out;
    g_free(out);
    return g_steal_pointer(&messages);
}

/* The version, 0 if there is none to ask; the test is then skipped. */
static guint get_version(void)
{
    static const char *const arguments[] = {"--version", NULL};
    g_autofree char *text = run_analyze(arguments, TRUE);
    guint64 version = text && g_str_has_prefix(text, "systemd ") ? g_ascii_strtoull(text + 8, NULL, 10) : 0;

    if (version < UNIT_TARGET_MIN || version > UNIT_TARGET_NEWEST)
        g_test_skip("no systemd-analyze of a version in the table");
    return version < UNIT_TARGET_MIN || version > UNIT_TARGET_NEWEST ? 0 : (guint)version;
}

/* Writes units into a folder of their own, has them verified there and removes them. */
static char *verify(const char *const *names, UnitFile *const *files, gboolean debug)
{
    g_autofree char *folder = g_dir_make_tmp("gourd-unit-XXXXXX", NULL);
    g_autoptr(GPtrArray) arguments = g_ptr_array_new_with_free_func(g_free);

    g_assert_nonnull(folder);
    g_ptr_array_add(arguments, g_strdup("verify"));
    g_ptr_array_add(arguments, g_strdup("--man=no"));
    for (gsize i = 0; names[i]; i++) {
        g_autoptr(GError) error = NULL;
        g_autofree char *text = unit_file_to_text(files[i], &error);
        char *path = g_build_filename(folder, names[i], NULL);

        g_assert_no_error(error);
        g_assert_true(g_file_set_contents(path, text, -1, NULL));
        g_ptr_array_add(arguments, path);
    }
    g_ptr_array_add(arguments, NULL);
    char *output = run_analyze((const char *const *)arguments->pdata, debug);
    for (guint i = 2; i + 1 < arguments->len; i++)
        g_unlink(g_ptr_array_index(arguments, i));
    g_rmdir(folder);
    g_assert_nonnull(output);
    return output;
}

static char *verify_service(UnitFile *file, gboolean debug)
{
    static const char *const names[] = {"gourd-test.service", NULL};

    return verify(names, &file, debug);
}

/* "Unknown key 'X' in section [Y]" and "Unknown key name 'X' in section 'Y'": the set of "Y.X". */
static GHashTable *read_unknown_keys(const char *messages)
{
    GHashTable *unknown = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    g_autoptr(GRegex) regex = g_regex_new("Unknown key (?:name )?'(\\w+)' in section ['\\[](\\w+)", 0, 0, NULL);
    g_autoptr(GMatchInfo) match = NULL;

    for (g_regex_match(regex, messages, 0, &match); g_match_info_matches(match); g_match_info_next(match, NULL)) {
        g_autofree char *key = g_match_info_fetch(match, 1);
        g_autofree char *section = g_match_info_fetch(match, 2);

        g_hash_table_add(unknown, g_strdup_printf("%s.%s", section, key));
    }
    return unknown;
}

static const struct {
    const char *name;
    const char *section; /* NULL: none of its own */
} kinds[] = {{"gourd-test.service", "Service"}, {"gourd-test.socket", "Socket"}, {"gourd-test.slice", "Slice"},
             {"gourd-test.timer", "Timer"},     {"gourd.mount", "Mount"},        {"gourd-test.path", "Path"}};

/* An empty value takes a setting back; where that is not possible, systemd says so and goes on, but for one. */
static const char *get_harmless_value(const UnitDirective *directive)
{
    if (directive->policy == UNIT_POLICY_REPLACE)
        return "yes";
    return strcmp(directive->name, "DynamicUser") == 0 ? "no" : "";
}

/* A unit with each directive of the table in each of its sections, all empty. */
static UnitFile *make_unit_of_everything(const char *section)
{
    UnitFile *file = unit_file_new();
    const char *const sections[] = {"Unit", section, "Install"};
    guint n = 0;
    const UnitDirective *directives = unit_directives(&n);

    for (gsize s = 0; s < G_N_ELEMENTS(sections); s++)
        for (guint i = 0; i < n; i++)
            if (directives[i].sections & unit_section_from_name(sections[s]))
                unit_file_add(file, sections[s], directives[i].name, get_harmless_value(&directives[i]));
    return file;
}

static void the_table_agrees_with_systemd(void)
{
    guint version = get_version();
    UnitFile *files[G_N_ELEMENTS(kinds)];
    const char *names[G_N_ELEMENTS(kinds) + 1] = {NULL};
    guint n = 0;
    guint wrong = 0;
    const UnitDirective *directives = unit_directives(&n);

    if (!version)
        return;
    for (gsize i = 0; i < G_N_ELEMENTS(kinds); i++) {
        names[i] = kinds[i].name;
        files[i] = make_unit_of_everything(kinds[i].section);
    }
    g_autofree char *messages = verify(names, files, FALSE);
    g_autoptr(GHashTable) unknown = read_unknown_keys(messages);
    for (gsize i = 0; i < G_N_ELEMENTS(kinds); i++)
        unit_file_free(files[i]);

    for (guint i = 0; i < n; i++)
        for (guint bit = UNIT_SECTION_UNIT; bit <= UNIT_SECTION_PATH; bit <<= 1) {
            if (!(directives[i].sections & bit))
                continue;
            g_autofree char *key = g_strdup_printf("%s.%s", unit_section_to_name(bit), directives[i].name);
            gboolean known = !g_hash_table_contains(unknown, key);

            if (known != (directives[i].since <= version)) {
                g_test_message("%s: in the table since %u, %s by %u", key, directives[i].since,
                               known ? "known" : "unknown", version);
                wrong++;
            }
        }
    g_assert_cmpuint(wrong, ==, 0);
    g_test_message("%u directives, %u of them unknown to systemd %u", n, g_hash_table_size(unknown), version);
}

static void a_fitted_unit_has_nothing_that_systemd_does_not_know(void)
{
    guint version = get_version();
    guint n = 0;
    const UnitDirective *directives = unit_directives(&n);
    g_autoptr(UnitFile) file = unit_file_new();
    g_autoptr(GError) error = NULL;

    if (!version)
        return;
    unit_file_add(file, "Service", "ExecStart", "/bin/true");
    for (guint i = 0; i < n; i++)
        if (directives[i].policy != UNIT_POLICY_REFUSE && (directives[i].sections & UNIT_SECTION_SERVICE))
            unit_file_add(file, "Service", directives[i].name, get_harmless_value(&directives[i]));
    unit_file_set(file, "Service", "ExecStart", "/bin/true");
    unit_file_set(file, "Service", "PrivateTmp", "disconnected");
    unit_file_set(file, "Service", "ProtectControlGroups", "strict");
    unit_file_set(file, "Service", "Type", "notify-reload");
    g_assert_true(unit_file_fit(file, version, NULL, &error));
    g_assert_no_error(error);

    g_autofree char *messages = verify_service(file, FALSE);

    g_assert_null(strstr(messages, "Unknown key"));
    g_assert_null(strstr(messages, "disconnected"));
    g_assert_null(strstr(messages, " strict"));
    g_assert_null(strstr(messages, "notify-reload"));
}

/* The words of a "Command Line:" as systemd prints it: double quotes, C escapes with octal digits. */
static char **read_dumped_words(const char *line)
{
    g_autoptr(GStrvBuilder) words = g_strv_builder_new();

    while (*line) {
        g_autoptr(GString) word = g_string_new(NULL);
        gboolean quoted = *line == '"';

        for (line += quoted; *line && *line != (quoted ? '"' : ' '); line++) {
            if (g_str_has_prefix(line, "\\a")) { /* the one escape that g_strcompress() does not know */
                g_string_append(word, "\\007");
                line++;
                continue;
            }
            if (*line == '\\')
                g_string_append_c(word, *line++);
            g_string_append_c(word, *line);
        }
        line += quoted;
        line += *line == ' ';
        g_autofree char *plain = g_strcompress(word->str);
        g_strv_builder_add(words, plain);
    }
    return g_strv_builder_end(words);
}

static void undouble_dollars(char **argv)
{
    for (gsize i = 0; argv[i]; i++) {
        g_auto(GStrv) parts = g_strsplit(argv[i], "$$", -1);

        g_free(argv[i]);
        argv[i] = g_strjoinv("$", parts);
    }
}

/* Has all commands read by systemd in one unit, and compares. */
static void check_commands(GPtrArray *commands)
{
    g_autoptr(UnitFile) file = unit_file_new();
    guint at = 0;

    unit_file_add(file, "Service", "Type", "oneshot");
    for (guint i = 0; i < commands->len; i++) {
        g_autoptr(GError) error = NULL;
        g_autofree char *text = unit_quote_exec("/bin/true", g_ptr_array_index(commands, i), 0, &error);

        g_assert_no_error(error);
        unit_file_add(file, "Service", "ExecStart", text);
    }

    g_autofree char *dump = verify_service(file, TRUE);
    g_auto(GStrv) lines = g_strsplit(dump, "\n", -1);

    for (gsize i = 0; lines[i]; i++) {
        const char *line = strstr(lines[i], "Command Line: ");

        if (!line)
            continue;
        g_auto(GStrv) got = read_dumped_words(line + strlen("Command Line: "));
        char **wanted = g_ptr_array_index(commands, at++);

        undouble_dollars(got);
        g_assert_cmpuint(g_strv_length(got), ==, g_strv_length(wanted));
        for (gsize k = 0; wanted[k]; k++)
            g_assert_cmpstr(got[k], ==, wanted[k]);
        if (at == commands->len)
            break;
    }
    g_assert_cmpuint(at, ==, commands->len);
}

static void systemd_reads_hard_commands_as_meant(void)
{
    g_autoptr(Json) cases = fixture_load_cases();
    g_autoptr(GPtrArray) commands = g_ptr_array_new_with_free_func((GDestroyNotify)g_strfreev);
    gsize i = 0;
    Json *one;

    if (!get_version())
        return;
    json_array_foreach(json_object_get(cases, "argv"), i, one)
        g_ptr_array_add(commands, fixture_argv(one));
    check_commands(commands);
}

static void systemd_reads_random_commands_as_meant(void)
{
    g_autoptr(GPtrArray) commands = g_ptr_array_new_with_free_func((GDestroyNotify)g_strfreev);
    g_autoptr(GRand) rand = g_rand_new_with_seed(2);

    if (!get_version())
        return;
    for (guint i = 0; i < 500; i++) {
        char **argv = g_new0(char *, 7);

        argv[0] = g_strdup("/bin/true");
        for (guint k = 1; k < 6; k++)
            argv[k] = fixture_random_text(rand);
        g_ptr_array_add(commands, argv);
    }
    check_commands(commands);
}

static void systemd_reads_environments_as_meant(void)
{
    g_autoptr(Json) cases = fixture_load_cases();
    gsize i = 0;
    Json *one;

    if (!get_version())
        return;
    json_array_foreach(json_object_get(cases, "environment"), i, one) {
        g_autoptr(UnitFile) file = unit_file_new();
        const char *name;
        Json *value;

        unit_file_add(file, "Service", "ExecStart", "/bin/true");
        json_object_foreach(json_object_get(one, "variables"), name, value) {
            g_autofree char *text = unit_quote_environment(name, json_string_value(value), NULL);

            unit_file_add(file, "Service", "Environment", text);
        }
        g_autofree char *dump = verify_service(file, TRUE);
        json_object_foreach(json_object_get(one, "variables"), name, value) {
            g_autofree char *wanted = g_strdup_printf("\tEnvironment: %s=%s\n", name, json_string_value(value));

            if (!strstr(dump, wanted))
                g_error("%s is not in the dump", wanted);
        }
    }
}

static void systemd_reads_paths_as_meant(void)
{
    static const char *const paths[] = {"/srv/data", "/a b",   "/a:b",    "/a\"b",     "/a'b",  "/a\"'b",
                                        "/a\\b",     "/a%n",   "/$HOME",  "/ä",        "/-a",   "/a;b",
                                        "/\"a\"",    "/a\\:b", "/a\\\"b", "/\\\\:\"'", "/a\\n", "/x\\x41"};

    if (!get_version())
        return;
    for (gsize i = 0; i < G_N_ELEMENTS(paths); i++) {
        const char *other = paths[(i + 3) % G_N_ELEMENTS(paths)];
        g_autoptr(UnitFile) file = unit_file_new();
        g_autofree char *path = unit_quote_path("-", paths[i], NULL);
        g_autofree char *bind = unit_quote_bind("", paths[i], other, "norbind", NULL);
        g_autofree char *tmpfs = unit_quote_tmpfs(paths[i], "mode=0700", NULL);
        g_autofree char *single = unit_quote_single_path("", paths[i], NULL);
        g_autofree char *wanted_path = g_strdup_printf("ReadWritePaths: -%s\n", paths[i]);
        g_autofree char *wanted_bind = g_strdup_printf("BindPaths: %s:%s:", paths[i], other);
        g_autofree char *wanted_tmpfs = g_strdup_printf("TemporaryFileSystem: %s:mode=0700\n", paths[i]);
        g_autofree char *wanted_single = g_strdup_printf("WorkingDirectory: %s\n", paths[i]);
        const char *const wanted[] = {wanted_path, wanted_bind, wanted_tmpfs, wanted_single};

        unit_file_add(file, "Service", "ExecStart", "/bin/true");
        unit_file_add(file, "Service", "ReadWritePaths", path);
        unit_file_add(file, "Service", "BindPaths", bind);
        unit_file_add(file, "Service", "TemporaryFileSystem", tmpfs);
        unit_file_add(file, "Service", "WorkingDirectory", single);

        g_autofree char *dump = verify_service(file, TRUE);

        for (gsize k = 0; k < G_N_ELEMENTS(wanted); k++)
            if (!strstr(dump, wanted[k]))
                g_error("not in the dump: %s", wanted[k]);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
#define TEST(NAME) g_test_add_func("/unit/systemd/" #NAME, NAME)
    TEST(the_table_agrees_with_systemd);
    TEST(a_fitted_unit_has_nothing_that_systemd_does_not_know);
    TEST(systemd_reads_hard_commands_as_meant);
    TEST(systemd_reads_random_commands_as_meant);
    TEST(systemd_reads_environments_as_meant);
    TEST(systemd_reads_paths_as_meant);
    return g_test_run();
}
