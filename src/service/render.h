// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

/* Parts of service_render(): each adds files, or settings to a unit. */

#include "sandbox.h"
#include "spec.h"

typedef struct {
    const ServiceSpec *spec;
    const ServiceContext *context;
    ServiceFiles *files;
    Notes *notes;
} Render;

/* A generated file, with the lines that say who wrote it and `how` to change it. Takes nothing. */
void render_add_file(const Render *render, const char *path, mode_t mode, const char *how, const char *text);
/* A unit that is fitted to the target's systemd. */
gboolean render_add_unit(const Render *render, const char *name, UnitFile *unit, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;
/* The same in two steps for units that are not this service's alone: their text depends on nothing but the target, so that it
 * need not be made for each service. */
GBytes *render_shared_unit(const Render *render, const char *name, UnitFile *unit, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;
void render_add_shared_unit(const Render *render, const char *name, GBytes *content);

/* Appends KEY=VALUE to [Service] and frees the value; NULL is the error of who quoted it. */
gboolean render_take(UnitFile *unit, const char *key, char *value) G_GNUC_WARN_UNUSED_RESULT;

/* PATH_SERVICES/NAME/REVISION/FILE. The caller frees. */
char *render_generated_path(const ServiceContext *context, const char *file);

/* A unit of a stack; takes path. */
ServiceFile *service_file_new_stack(const Stack *stack, char *path, const char *unit, const char *text);

/* Of a credential that has its content here. The caller frees. */
char *render_credential_path(const ServiceContext *context, const char *name);

/* --- what the service and the command before an upgrade share ------------------------------------------------------- */

/* Root, mounts, user, environment and sandbox: all but the command. */
gboolean render_place(const Render *render, UnitFile *unit, GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean render_mounts(const Render *render, UnitFile *unit, GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean render_environment(const Render *render, UnitFile *unit, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void render_sandbox(const Render *render, UnitFile *unit);

/* ExecStart= of a program, by gourd-init where that is needed. main: the service's own program. */
gboolean render_exec(const Render *render, const char *program, char *const *argv, gboolean main, UnitFile *unit,
                     GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* ExecStartPost=, ExecStop= */
gboolean render_hooks(const Render *render, UnitFile *unit, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Whether gourd-init runs it. */
gboolean render_needs_init(const ServiceSpec *spec, gboolean main);

/* With context->identity_at_start: what makes passwd and group. */
gboolean render_identity(const Render *render, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* The unit of that, which the service's units need; NULL if there is none. The caller frees. */
char *render_identity_unit(const Render *render);
/* passwd and group in which IDENTITY_UID and IDENTITY_GID stand for the numbers of the service's user, who has the first line. The
 * caller frees. */
char *identity_passwd_template(const ServiceUser *user);
char *identity_group_template(const ServiceUser *user);
#define IDENTITY_UID "@UID@"
#define IDENTITY_GID "@GID@"

/* --- files ----------------------------------------------------------------------------------------------------------- */

gboolean render_service(const Render *render, GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean render_pre_upgrade(const Render *render, GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean render_proxies(const Render *render, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* "web-8080.socket". The caller frees. */
char *render_proxy_name(const Render *render, const ServicePublish *publish, const char *suffix);
gboolean render_overlays(const Render *render, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Where an overlay is seen on the host. The caller frees. */
char *render_overlay_path(const ServiceContext *context, const ServiceMount *mount);
/* What a unit that only writes files below /run may do; the folder is in /run. */
void render_names_sandbox(UnitFile *unit, const char *runtime_directory);
gboolean render_names(const Render *render, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Whether the units that render_names() makes are needed. */
gboolean render_uses_names(const Render *render);
gboolean render_user(const Render *render, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* "USER:GROUP" of a volume on the host. The caller frees. */
char *render_owner(const Render *render, const ServiceMount *mount);
gboolean render_journal(const Render *render, GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean render_folders(const Render *render, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void render_credentials(const Render *render);
gboolean render_environment_file(const Render *render, GError **error) G_GNUC_WARN_UNUSED_RESULT;
