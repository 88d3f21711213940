// SPDX-License-Identifier: LGPL-2.1-or-later
/* The store's files as values, and what decides about them. What verbs do with them is in tests/cli/service*.test. */
#include "store/bundles.h"

#include <string.h>

/* --- names -------------------------------------------------------------------------------------------------------- */

static void a_bundles_file_name_has_two_parts(void)
{
    static const struct {
        const char *text, *name, *version;
    } rows[] = {
        {"web_1.0.raw", "web", "1.0"},
        {"web_1.0", "web", "1.0"},
        {"my-web.x+y_1.0~rc1+b_2-3.raw", "my-web.x+y", "1.0~rc1+b_2-3"},
        {"web.raw", NULL, NULL},
        {"web_.raw", NULL, NULL},
        {"_1.0.raw", NULL, NULL},
        {"a/b_1.raw", NULL, NULL},
        {"web_1/0.raw", NULL, NULL},
        {"-web_1.raw", NULL, NULL},
        {"web_.1.raw", NULL, NULL},
        {"", NULL, NULL},
    };

    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *name = NULL, *version = NULL;

        g_assert_cmpint(store_bundle_split(rows[i].text, &name, &version), ==, rows[i].name != NULL);
        g_assert_cmpstr(name, ==, rows[i].name);
        g_assert_cmpstr(version, ==, rows[i].version);
    }
}

static void names_of_services_are_fit_for_files_and_units(void)
{
    static const char *const good[] = {"web", "a", "9", "my-web.2+x"};
    static const char *const bad[] = {"",           "-web",      ".web",    "we b",        "web/1",         "..",
                                      "web_1",      "w\xc3\xa4", "journal", "gourd-names", "gourd-names.x", "a@b",
                                      "web.service"};
    g_autofree char *longest = g_strnfill(128, 'x'), *longer = g_strnfill(129, 'x');

    for (guint i = 0; i < G_N_ELEMENTS(good); i++)
        g_assert_true(service_name_check(good[i], NULL));
    for (guint i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autoptr(GError) error = NULL;

        g_assert_false(service_name_check(bad[i], &error));
        g_assert_error(error, GOURD_ERROR, GOURD_ERROR_USAGE);
    }
    g_assert_true(service_name_check(longest, NULL));
    g_assert_false(service_name_check(longer, NULL));
}

static void the_highest_version_is_found_as_people_count(void)
{
    static StoreBundle bundles[] = {
        {.file = (char *)"web_1.9.raw", .name = (char *)"web", .version = (char *)"1.9"},
        {.file = (char *)"web_1.10.raw", .name = (char *)"web", .version = (char *)"1.10"},
        {.file = (char *)"web-x_2.raw", .name = (char *)"web-x", .version = (char *)"2"},
    };
    g_autoptr(GPtrArray) list = g_ptr_array_new();

    for (guint i = 0; i < G_N_ELEMENTS(bundles); i++)
        g_ptr_array_add(list, &bundles[i]);
    g_assert_true(store_bundle_find(list, "web") == &bundles[1]);
    g_assert_true(store_bundle_find(list, "web_1.9") == &bundles[0]);
    g_assert_true(store_bundle_find(list, "web_1.9.raw") == &bundles[0]);
    g_assert_null(store_bundle_find(list, "web_2"));
    g_assert_null(store_bundle_find(list, "we"));
}

static void files_of_all_services_are_known_by_their_names(void)
{
    g_assert_true(file_is_shared("/etc/systemd/system/gourd-names.service"));
    g_assert_true(file_is_shared("gourd-names.path"));
    g_assert_false(file_is_shared("/etc/systemd/system/web.service"));
    g_assert_false(file_is_shared("/etc/systemd/system/gourd-names.service.wants/web.service"));
}

/* --- records ------------------------------------------------------------------------------------------------------ */

static void add_file(GPtrArray *files, const char *path, mode_t mode, const void *bytes, gsize size, const char *target)
{
    ServiceFile *file = g_new0(ServiceFile, 1);

    file->path = g_strdup(path);
    file->mode = mode;
    file->content = bytes ? g_bytes_new(bytes, size) : NULL;
    file->target = g_strdup(target);
    g_ptr_array_add(files, file);
}

static Record *make_record(void)
{
    static const char minimal[] = "{\"format\": 1, \"revision\": 7, \"unit\": \"web.service\", \"units\": "
                                  "[\"web-80.socket\", \"web.service\"], \"start\": [\"web.service\"], \"user\": "
                                  "\"gourd-web\", \"uid\": 5, \"steady_sec\": 5, \"has_health\": true, \"volumes\": "
                                  "[{\"path\": \"/var/lib/gourd/volumes/web/data\", \"image_path\": \"/data\"}]}";
    g_autoptr(GError) error = NULL;
    Record *record = record_parse(minimal, strlen(minimal), &error);

    g_assert_no_error(error);
    return record;
}

static void a_record_keeps_every_byte_of_its_files(void)
{
    static const char odd[] = "\0\xff binary";
    g_autoptr(Record) record = make_record();
    g_autoptr(GError) error = NULL;

    add_file(record->files->files, "/etc/systemd/system/web.service", 0644, "# x\n", 4, NULL);
    add_file(record->files->files, "/var/lib/gourd/services/web/7/environment", 0600, odd, sizeof odd, NULL);
    add_file(record->files->files, "/etc/tmpfiles.d/gourd-web.conf", 0644, "", 0, NULL);
    add_file(record->files->files, "/etc/systemd/system/x", 0, NULL, 0, "/dev/null");
    g_autoptr(GBytes) text = record_format(record);
    g_autoptr(Record) again = record_parse(g_bytes_get_data(text, NULL), g_bytes_get_size(text), &error);
    g_assert_no_error(error);
    g_assert_cmpuint(again->revision, ==, 7);
    g_assert_cmpuint(again->files->files->len, ==, 4);
    g_assert_cmpuint(again->files->uid, ==, 5);
    g_assert_true(again->files->has_health);
    g_assert_cmpstr(g_ptr_array_index(again->files->units, 0), ==, "web-80.socket");
    for (guint i = 0; i < 4; i++) {
        const ServiceFile *want = g_ptr_array_index(record->files->files, i);
        const ServiceFile *got = record_find(again, want->path);

        g_assert_nonnull(got);
        g_assert_cmpuint(got->mode, ==, want->mode);
        g_assert_cmpstr(got->target, ==, want->target);
        g_assert_true(want->content ? g_bytes_equal(got->content, want->content) : !got->content);
    }
}

static void a_record_never_leads_to_files_of_others(void)
{
    static const char *const paths[] = {
        "/etc/passwd",
        "/etc/systemd/system/../../passwd",
        "/etc/systemd/system/",
        "etc/systemd/system/x",
        "/etc/systemd/system//x",
        "/etc/systemd/systemx",
        "/var/lib/gourd/state/web.json",
        "/usr/lib/systemd/system/x",
    };

    for (guint i = 0; i < G_N_ELEMENTS(paths); i++) {
        g_autoptr(Record) record = make_record();
        g_autoptr(GError) error = NULL;

        add_file(record->files->files, paths[i], 0644, "x", 1, NULL);
        g_autoptr(GBytes) text = record_format(record);
        g_assert_null(record_parse(g_bytes_get_data(text, NULL), g_bytes_get_size(text), &error));
        g_assert_error(error, GOURD_ERROR, GOURD_ERROR_INPUT);
    }
}

/* --- links -------------------------------------------------------------------------------------------------------- */

static char *links_to_text(const char *unit, const char *content)
{
    g_autoptr(GPtrArray) links = g_ptr_array_new_with_free_func((GDestroyNotify)service_file_free);
    g_autoptr(GBytes) bytes = g_bytes_new(content, strlen(content));
    g_autoptr(GError) error = NULL;
    GString *text = g_string_new(NULL);

    g_assert_true(links_of_unit(unit, bytes, links, &error));
    g_assert_no_error(error);
    for (guint i = 0; i < links->len; i++) {
        const ServiceFile *link = g_ptr_array_index(links, i);

        g_string_append_printf(text, "%s -> %s\n", link->path, link->target);
    }
    return g_string_free(text, FALSE);
}

static void links_are_those_that_systemctl_enable_makes(void)
{
    g_autofree char *one = links_to_text("web.service", "[Unit]\n[Install]\nWantedBy=multi-user.target\n");
    g_autofree char *more =
        links_to_text("web.socket",
                      "[Install]\nWantedBy=a.target b.target\nRequiredBy=c.service\nWantedBy=../x.target\n");
    g_autofree char *none = links_to_text("web.service", "[Service]\nWantedBy=multi-user.target\n");

    g_assert_cmpstr(one, ==,
                    "/etc/systemd/system/multi-user.target.wants/web.service -> /etc/systemd/system/web.service\n");
    g_assert_cmpstr(more, ==,
                    "/etc/systemd/system/a.target.wants/web.socket -> /etc/systemd/system/web.socket\n"
                    "/etc/systemd/system/b.target.wants/web.socket -> /etc/systemd/system/web.socket\n"
                    "/etc/systemd/system/c.service.requires/web.socket -> /etc/systemd/system/web.socket\n");
    g_assert_cmpstr(none, ==, "");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
#define TEST(name) g_test_add_func("/store/" #name, name)
    TEST(a_bundles_file_name_has_two_parts);
    TEST(names_of_services_are_fit_for_files_and_units);
    TEST(the_highest_version_is_found_as_people_count);
    TEST(files_of_all_services_are_known_by_their_names);
    TEST(a_record_keeps_every_byte_of_its_files);
    TEST(a_record_never_leads_to_files_of_others);
    TEST(links_are_those_that_systemctl_enable_makes);
    return g_test_run();
}
