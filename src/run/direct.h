// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

/* A process in a bundle, in namespaces of its own: without systemd, and without being root where the kernel lets users make
 * namespaces. */

#include "kernel-mount.h"
#include "service/service.h"

typedef struct {
    int fd;                  /* the bundle */
    KernelMount *kernel;     /* direct_mount_begin() */
    const char *name;        /* for messages */
    const ServiceSpec *spec; /* of a one-off process */
    const char *hostname;    /* NULL: the host's */
} DirectRun;

/* Begins to mount a bundle, before it is known what will run in it; NULL where the kernel does it for root only, and we are not. */
KernelMount *direct_mount_begin(int fd);

/* What such a process is asked to be. Notes say what is different from a service. tried: it is executed at once, which shows
 * whether what its program needs is there. */
ServiceSpec *direct_spec_new(Bundle *bundle, const ServiceOptions *options, gboolean tried, Notes *notes,
                             GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Runs it in the foreground; *ret_status as supervise() has it. The calling process is in the namespaces afterwards: it can
 * print and end, and not much else. No threads may run. */
gboolean direct_run(const DirectRun *run, int *ret_status, GError **error) G_GNUC_WARN_UNUSED_RESULT;
