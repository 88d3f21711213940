// SPDX-License-Identifier: LGPL-2.1-or-later
#include "workers.h"

typedef struct {
    Workers *workers;
    WorkerTools tools;
    GThread *thread;
} Worker;

struct Workers {
    GMutex lock;
    GCond work, idle;
    GQueue tasks;
    guint busy; /* tasks being done */
    gboolean ending;
    Worker *list;
    guint count;
};

static gpointer work(gpointer data)
{
    Worker *worker = data;
    Workers *workers = worker->workers;

    g_mutex_lock(&workers->lock);
    for (;;) {
        Task *task = g_queue_pop_head(&workers->tasks);

        if (task) {
            workers->busy++;
            g_mutex_unlock(&workers->lock);
            task->run(task, &worker->tools);
            g_mutex_lock(&workers->lock);
            workers->busy--;
        } else if (workers->ending) {
            break;
        } else {
            if (workers->busy == 0)
                g_cond_broadcast(&workers->idle);
            g_cond_wait(&workers->work, &workers->lock);
        }
    }
    g_mutex_unlock(&workers->lock);
    return NULL;
}

Workers *workers_new(guint threads, Codec codec, int level, gsize block_size, GError **error)
{
    g_autoptr(Workers) workers = g_new0(Workers, 1);

    g_mutex_init(&workers->lock);
    g_cond_init(&workers->work);
    g_cond_init(&workers->idle);
    g_queue_init(&workers->tasks);
    workers->list = g_new0(Worker, threads);
    for (; workers->count < threads; workers->count++) {
        Worker *worker = &workers->list[workers->count];

        worker->workers = workers;
        worker->tools.codec = block_codec_new(codec, level, block_size, error);
        if (!worker->tools.codec)
            return NULL;
        worker->tools.stored = g_malloc(block_size);
        worker->thread = g_thread_new("gourd-compress", work, worker);
    }
    return g_steal_pointer(&workers);
}

void workers_free(Workers *workers)
{
    if (!workers)
        return;
    g_mutex_lock(&workers->lock);
    workers->ending = TRUE;
    g_cond_broadcast(&workers->work);
    g_mutex_unlock(&workers->lock);
    for (guint i = 0; i < workers->count; i++) {
        g_thread_join(workers->list[i].thread);
        block_codec_free(workers->list[i].tools.codec);
        g_free(workers->list[i].tools.stored);
    }
    g_free(workers->list);
    g_mutex_clear(&workers->lock);
    g_cond_clear(&workers->work);
    g_cond_clear(&workers->idle);
    g_free(workers);
}

void workers_push(Workers *workers, Task *task)
{
    g_mutex_lock(&workers->lock);
    g_queue_push_tail(&workers->tasks, task);
    g_cond_signal(&workers->work);
    g_mutex_unlock(&workers->lock);
}

void workers_wait(Workers *workers)
{
    g_mutex_lock(&workers->lock);
    while (workers->busy > 0 || !g_queue_is_empty(&workers->tasks))
        g_cond_wait(&workers->idle, &workers->lock);
    g_mutex_unlock(&workers->lock);
}
