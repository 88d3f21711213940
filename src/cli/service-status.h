// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

/* What an installed service or a machine does right now: for `ps` and `top`. */

#include "session.h"

typedef struct {
    const StoreService *service; /* borrowed */
    HostUnit unit;
    gboolean is_known;   /* systemd was asked: unit is filled */
    char *state;         /* "running", "failed" … */
    const char *health;  /* "healthy", "unhealthy", "starting"; NULL: there is no health check, or it does not run */
    guint64 uptime_usec; /* 0: it does not run */
    GPtrArray *ports;    /* char *: "80", "127.0.0.1:6379", "53/udp", "8080->80" */
    char *attention;     /* what somebody should look at; NULL: nothing */
} ServiceStatus;

/* The services of the call's operands, which may be stacks and names of replicas, or all (StoreService). */
gboolean service_status_find(const Session *session, GPtrArray **ret_services, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;
/* Adds the service of that name, or all of a stack in the order of their start, or the replicas of a stack's service. NOT_FOUND with
 * the nearest name. */
gboolean service_status_find_named(Store *store, const char *name, GPtrArray *services, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;
/* Of several replicas that are called so the one with that number, from 1; OPTION_INT_UNSET: the first. NOT_FOUND. */
StoreService *service_status_find_replica(Store *store, const char *name, gint64 number, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;
/* For verbs that know machines, and stacks if all, where *error has it that there is no service of that name: that there is nothing else of it
 * either, with the nearest among all of them as hint. Returns FALSE. */
gboolean service_status_fail_unknown(const Session *session, const char *name, gboolean all, GError **error);
/* One ServiceStatus for each, in their order; the services must outlive the result. */
GPtrArray *service_status_read(const Session *session, const GPtrArray *services);

Style service_status_style(const ServiceStatus *status);
/* The ports in one text, or "-". The caller frees. */
char *service_status_format_ports(const ServiceStatus *status);
/* A number of bytes that systemd may not know. The caller frees. */
char *service_status_format_memory(guint64 bytes);
