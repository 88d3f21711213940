// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

/* Threads that do tasks in the order in which they are given, each with its own tools. */

#include "codec/codec.h"

/* What each thread has for itself. */
typedef struct {
    BlockCodec *codec;
    guint8 *stored; /* room for a compressed block */
} WorkerTools;

typedef struct Task Task;
typedef void (*TaskFunc)(Task *task, const WorkerTools *tools);

/* Put first in every kind of task. */
struct Task {
    TaskFunc run; /* the last thing it does with the task is to hand it on or free it */
};

typedef struct Workers Workers;

Workers *workers_new(guint threads, Codec codec, int level, gsize block_size, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Waits for all tasks to be done. */
void workers_free(Workers *workers);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Workers, workers_free)
void workers_push(Workers *workers, Task *task);
/* Waits until nothing is queued or being done. */
void workers_wait(Workers *workers);
