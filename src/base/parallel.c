// SPDX-License-Identifier: LGPL-2.1-or-later
#include "parallel.h"

typedef struct {
    ParallelWork work;
    gpointer data;
    GMutex lock;
    guint next, n;
    guint failed; /* the lowest number that failed; n if none did */
    GError *error;
} Parallel;

static gboolean take(Parallel *parallel, guint *ret_number)
{
    g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&parallel->lock);

    if (parallel->failed < parallel->n || parallel->next == parallel->n)
        return FALSE;
    *ret_number = parallel->next++;
    return TRUE;
}

/* Takes error. */
static void fail(Parallel *parallel, guint number, GError *error)
{
    g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&parallel->lock);

    if (number > parallel->failed) {
        g_error_free(error);
        return;
    }
    g_clear_error(&parallel->error);
    parallel->failed = number;
    parallel->error = error;
}

static gpointer run(gpointer data)
{
    Parallel *parallel = data;
    guint number;

    while (take(parallel, &number)) {
        GError *error = NULL;

        if (!parallel->work(number, parallel->data, &error))
            fail(parallel, number, error);
    }
    return NULL;
}

gboolean parallel_run(guint n, ParallelWork work, gpointer data, GError **error)
{
    Parallel parallel = {.work = work, .data = data, .n = n, .failed = n};
    guint n_threads = MIN(n, g_get_num_processors());
    g_autofree GThread **threads = g_new0(GThread *, n_threads + 1);

    g_mutex_init(&parallel.lock);
    for (guint i = 1; i < n_threads; i++) /* where there may be no more processes, fewer do it */
        threads[i] = g_thread_try_new("gourd-parallel", run, &parallel, NULL);
    run(&parallel);
    for (guint i = 1; i < n_threads; i++)
        g_clear_pointer(&threads[i], g_thread_join);
    g_mutex_clear(&parallel.lock);
    if (parallel.failed == n)
        return TRUE;
    g_propagate_error(error, parallel.error);
    return FALSE;
}
