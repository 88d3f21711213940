// SPDX-License-Identifier: LGPL-2.1-or-later
#include "base/base.h"

#define N 200

typedef struct {
    gint done[N]; /* how often */
    guint bad;    /* numbers from here on fail, N for none */
} Pieces;

static gboolean work(guint number, gpointer data, GError **error)
{
    Pieces *pieces = data;

    g_atomic_int_inc(&pieces->done[number]);
    if (number < pieces->bad)
        return TRUE;
    if (number == pieces->bad) /* the others come first */
        g_usleep(2000);
    return gourd_error_set(error, GOURD_ERROR_INPUT, "number %u", number);
}

static void test_each_once(void)
{
    Pieces pieces = {.bad = N};
    g_autoptr(GError) error = NULL;

    g_assert_true(parallel_run(N, work, &pieces, &error));
    g_assert_no_error(error);
    for (guint i = 0; i < N; i++)
        g_assert_cmpint(pieces.done[i], ==, 1);
    g_assert_true(parallel_run(0, work, &pieces, &error));
    g_assert_cmpint(pieces.done[0], ==, 1);
}

static void test_lowest_error(void)
{
    for (guint bad = 0; bad < N; bad += 7) {
        Pieces pieces = {.bad = bad};
        g_autoptr(GError) error = NULL;
        g_autofree char *expected = g_strdup_printf("number %u", bad);

        g_assert_false(parallel_run(N, work, &pieces, &error));
        g_assert_cmpstr(error->message, ==, expected);
        for (guint i = 0; i < N; i++)
            g_assert_cmpint(pieces.done[i], <=, 1);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/parallel/each-once", test_each_once);
    g_test_add_func("/parallel/lowest-error", test_lowest_error);
    return g_test_run();
}
