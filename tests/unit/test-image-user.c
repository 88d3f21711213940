// SPDX-License-Identifier: LGPL-2.1-or-later
/* Whom an image's program runs as. */
#include "image/image.h"

#include <string.h>

#define PASSWD                                     \
    "root:x:0:0:root:/root:/bin/sh\n"              \
    "broken\n"                                     \
    "app:x:1000:1001:An app:/home/app:/bin/bash\n" \
    "short:x:7:8\n"                                \
    "33:x:44:44::/:/bin/sh\n"
#define GROUP "root:x:0:app\napp:x:1001:\nextra:x:50:other,app\nmore:x:40:app\n"

typedef struct {
    const char *spec;
    gboolean known;
    guint32 uid, gid;
    const char *name, *home, *group;
    const char *groups; /* supplementary, with blanks */
} Case;

static char *groups_text(const ImageUser *user)
{
    GString *text = g_string_new(NULL);

    for (guint i = 0; i < user->groups->len; i++)
        g_string_append_printf(text, "%s%u", i ? " " : "", g_array_index(user->groups, guint32, i));
    return g_string_free(text, FALSE);
}

static void check(const Case *data, const char *passwd_text, const char *group_text)
{
    g_autoptr(GBytes) passwd = passwd_text ? g_bytes_new_static(passwd_text, strlen(passwd_text)) : NULL;
    g_autoptr(GBytes) group = group_text ? g_bytes_new_static(group_text, strlen(group_text)) : NULL;
    ImageUser user;

    g_test_message("'%s'", data->spec);
    image_user_resolve(data->spec, passwd, group, &user);
    g_assert_cmpint(user.known, ==, data->known);
    if (data->known) {
        g_autofree char *groups = groups_text(&user);

        g_assert_cmpuint(user.uid, ==, data->uid);
        g_assert_cmpuint(user.gid, ==, data->gid);
        g_assert_cmpstr(user.name, ==, data->name);
        g_assert_cmpstr(user.home, ==, data->home);
        g_assert_cmpstr(user.group, ==, data->group);
        g_assert_cmpstr(groups, ==, data->groups ? data->groups : "");
    }
    image_user_clear(&user);
}

static void names_and_numbers_are_those_of_the_image(void)
{
    static const Case cases[] = {
        {"", TRUE, 0, 0, "root", "/root", "root", NULL},
        {"root", TRUE, 0, 0, "root", "/root", "root", NULL},
        {"app", TRUE, 1000, 1001, "app", "/home/app", "app", "0 40 50"},
        {"1000", TRUE, 1000, 1001, "app", "/home/app", "app", "0 40 50"},
        {"app:more", TRUE, 1000, 40, "app", "/home/app", "more", NULL},
        {"app:77", TRUE, 1000, 77, "app", "/home/app", NULL, NULL},
        {"app:", TRUE, 1000, 1001, "app", "/home/app", "app", "0 40 50"},
        {"4242", TRUE, 4242, 0, NULL, NULL, "root", NULL},
        {"4242:extra", TRUE, 4242, 50, NULL, NULL, "extra", NULL},
        {"short", TRUE, 7, 8, "short", NULL, NULL, NULL},
        {"33", TRUE, 44, 44, "33", "/", NULL, NULL}, /* a name first, then a number */
        {":app", TRUE, 0, 1001, "root", "/root", "app", NULL},
        {"nobody", FALSE, 0, 0, NULL, NULL, NULL, NULL},
        {"app:nobody", FALSE, 0, 0, NULL, NULL, NULL, NULL},
        {"-1", FALSE, 0, 0, NULL, NULL, NULL, NULL},
        {"4294967295", FALSE, 0, 0, NULL, NULL, NULL, NULL}, /* "no user" of system calls */
    };

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++)
        check(&cases[i], PASSWD, GROUP);
}

static void an_image_without_the_files_knows_numbers_only(void)
{
    check(&(Case){"", TRUE, 0, 0, NULL, NULL, NULL, NULL}, NULL, NULL);
    check(&(Case){"10:20", TRUE, 10, 20, NULL, NULL, NULL, NULL}, NULL, NULL);
    check(&(Case){"root", FALSE, 0, 0, NULL, NULL, NULL, NULL}, NULL, NULL);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/image-user/names_and_numbers_are_those_of_the_image", names_and_numbers_are_those_of_the_image);
    g_test_add_func("/image-user/an_image_without_the_files_knows_numbers_only",
                    an_image_without_the_files_knows_numbers_only);
    return g_test_run();
}
