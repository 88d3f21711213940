// SPDX-License-Identifier: LGPL-2.1-or-later
/* Maps of ids, of which nothing can be seen from outside. */
#include "run/id-map.h"

static void assert_words(guint32 inside, guint32 outside, guint32 first, const char *expected)
{
    g_auto(GStrv) words = id_map_words(inside, outside, first);
    g_autofree char *joined = g_strjoinv(" ", words);

    g_assert_cmpstr(joined, ==, expected);
}

static void the_caller_is_the_user_of_the_image(void)
{
    assert_words(0, 1000, 100000, "0 1000 1 1 100000 65535");
    assert_words(999, 1000, 100000, "0 100000 999 999 1000 1 1000 100999 64536");
    assert_words(65535, 7, 100000, "0 100000 65535 65535 7 1");
    assert_words(65536, 7, 100000, "0 100000 65536 65536 7 1");
    assert_words(1000000, 7, 100000, "0 100000 65536 1000000 7 1");
}

static void ranges_are_of_users_and_large_enough(void)
{
    static const char text[] =
        "bob:100000:65536\n7:200000:70000\nsmall:1:100\nroot:0:65536\nodd:x:y\nshort:1\nlast:4294902000:70000";
    guint32 first = 0;

    g_assert_true(id_range_find(text, "bob", 1, &first));
    g_assert_cmpuint(first, ==, 100000);
    g_assert_true(id_range_find(text, NULL, 7, &first));
    g_assert_cmpuint(first, ==, 200000);
    for (const char *const *name = (const char *const[]){"small", "root", "odd", "short", "last", "b", "", NULL}; *name;
         name++)
        g_assert_false(id_range_find(text, *name, 1, &first));
    g_assert_false(id_range_find("", "bob", 1, &first));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/run-ids/the_caller_is_the_user_of_the_image", the_caller_is_the_user_of_the_image);
    g_test_add_func("/run-ids/ranges_are_of_users_and_large_enough", ranges_are_of_users_and_large_enough);
    return g_test_run();
}
