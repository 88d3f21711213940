// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

/* A stack on its way up. */

#include "deploy.h"
#include "stack-state.h"

/* A service of the stack. */
typedef struct {
    const StackService *service;
    ServiceOptions options; /* with what its network makes of them */
    StoreRequest request;
    Deploy deploy;
    Transition transition;
    guint revision;    /* of the release that it becomes */
    gboolean same;     /* nothing of it changes */
    gboolean kept;     /* that is so because nobody asked for it: the file says something else by now */
    gboolean active;   /* it runs now */
    gboolean restarts; /* it, or something that it needs, is started or restarted */
} Member;

typedef struct {
    Store *store;
    const StoreStackRequest *request;
    Notes *notes;
    StoreChange *change;
    StoreStack *before; /* NULL: it is not up */
    GPtrArray *members; /* Member, in the order of their start */
    GPtrArray *units;   /* ServiceFile: the stack's own */
    StackNetworkFiles *network;
    StoreRequest helper_request;
    Deploy helper;     /* gourd-init, as units of the networks need it */
    GPtrArray *gone;   /* StoreService: what the stack does not have any more */
    GPtrArray *others; /* StoreService: all that remain without these */
} Up;

/* Whether anything is started at all. */
gboolean up_starts(const Up *up);

/* Says in an error which service it is about and where the file has it, by keys instead of options. Always FALSE. */
gboolean up_fail_member(const Member *member, GError **error);

/* Looks at each service and opens its bundle. */
gboolean up_open_members(Up *up, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* After up_render_network(): what each of them becomes, and whether it is started. */
gboolean up_render_members(Up *up, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Between them: what the stack's networks become; its files are among `units` then. INPUT if the stack says nothing of networks. */
gboolean up_render_network(Up *up, guint systemd_version, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The gourd-init that units of the networks name, or NULL. Borrowed. */
const char *up_find_init(const Up *up);

/* --- the stack's own units ---------------------------------------------------------------------------------------- */

/* EXISTS: something is in a file's place that gourd did not write. */
gboolean up_unit_is_in_place(const Up *up, const ServiceFile *file, gboolean *ret_same, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;
/* Names (char *) of units of the networks that run: those that stay as they are, and those that change or go. */
void up_sort_network_units(const Up *up, GPtrArray **ret_idle, GPtrArray **ret_changed, GPtrArray **ret_gone);
/* Whether it had files that it does not have any more. */
gboolean up_loses_files(const Up *up);
/* Writes, links, removes. */
gboolean up_plan_units(const Up *up, GError **error) G_GNUC_WARN_UNUSED_RESULT;
