// SPDX-License-Identifier: LGPL-2.1-or-later
#include "direct.h"

#include "image-mount.h"
#include "namespaces.h"
#include "privileges.h"
#include "scene.h"
#include "supervise.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define UMASK 0022 /* what programs in images are made for, whatever the user's is */

/* A run on its way. */
typedef struct {
    const DirectRun *asked;
    Namespaces namespaces;
    Scene scene;
    ImageMount image;
} Direct;

ServiceSpec *direct_spec_new(Bundle *bundle, const ServiceOptions *options, gboolean tried, Notes *notes,
                             GError **error)
{
    const ServiceContext context = {
        .name = "run",
        .version = "",
        .bundle_path = "",
        .systemd_version = UNIT_TARGET_NEWEST,
        .one_off = TRUE,
        .tried = tried,
    };
    g_autoptr(ServiceImage) image = service_image_new(bundle);
    ServiceSpec *spec = service_spec_new(image, options, &context, notes, error);

    for (guint i = 0; spec && i < spec->mounts->len; i++) {
        const ServiceMount *mount = g_ptr_array_index(spec->mounts, i);

        if (mount->kind == SERVICE_MOUNT_VOLUME)
            notes_add(notes, "volume-temporary", "what is written to volumes is forgotten at the end; --bind keeps it",
                      mount->destination);
    }
    return spec;
}

/* --- in processes of their own ---------------------------------------------------------------------------------------------- */

static gboolean enter(gpointer data, GError **error)
{
    Direct *direct = data;

    return scene_enter(&direct->scene, error);
}

static gboolean become(gpointer data, GError **error)
{
    const Direct *direct = data;
    const ServiceSpec *spec = direct->asked->spec;
    const ServiceUser *user = &spec->user;
    Privileges privileges = {
        .uid = user->uid,
        .gid = user->gid,
        .groups = user->others ? (const guint32 *)(gpointer)user->others->data : NULL,
        .n_groups = user->others ? user->others->len : 0,
        .set_groups = !direct->namespaces.users || direct->namespaces.all_ids,
        .bounding = service_capabilities(spec),
        .no_new_privileges = !service_allows(spec, "new-privileges"),
    };

    privileges.ambient = user->uid == 0 ? 0 : privileges.bounding;
    umask(UMASK);
    if (!privileges_take(&privileges, error))
        return FALSE;
    if (chdir(spec->working_dir) < 0) {
        g_autofree char *shown = text_escape(spec->working_dir);

        return gourd_error_set_errno(error, errno, "cannot work in '%s'", shown);
    }
    return TRUE;
}

/* --- here ------------------------------------------------------------------------------------------------------------------- */

static char **make_environment(const ServiceSpec *spec, gboolean terminal)
{
    g_autoptr(GStrvBuilder) builder = g_strv_builder_new();
    const char *kind = g_getenv("TERM");
    gboolean has_kind = FALSE;

    g_strv_builder_addv(builder, (const char **)spec->environment);
    g_strv_builder_addv(builder, (const char **)spec->secret_environment);
    for (char **assignment = spec->environment; *assignment; assignment++)
        has_kind |= g_str_has_prefix(*assignment, "TERM=");
    if (terminal && kind && !has_kind) {
        g_autofree char *assignment = g_strconcat("TERM=", kind, NULL);

        g_strv_builder_add(builder, assignment);
    }
    return g_strv_builder_end(builder);
}

static gboolean prepare_place(Direct *direct, GError **error)
{
    const DirectRun *asked = direct->asked;
    Namespaces *namespaces = &direct->namespaces;

    if (!namespaces_enter(namespaces, error) || !scene_open(&direct->scene, asked->spec, error))
        return FALSE;
    direct->scene.users = namespaces->users;
    return image_mount(asked->fd, asked->name, direct->scene.root_path, direct->scene.base, asked->kernel,
                       !namespaces->users || namespaces->all_ids, &direct->image, error) &&
           scene_open_root(&direct->scene, asked->spec, error) &&
           scene_fill(&direct->scene, asked->spec, asked->hostname, error);
}

static gboolean run_program(Direct *direct, int *ret_status, GError **error)
{
    const ServiceSpec *spec = direct->asked->spec;
    gboolean wanted = terminal_is_wanted();
    g_auto(GStrv) environment = make_environment(spec, wanted);
    g_autoptr(Terminal) terminal = wanted ? terminal_open(direct->scene.root, spec->user.uid, error) : NULL;
    Supervision supervision = {
        .enter = enter,
        .become = become,
        .data = direct,
        .reaps = !spec->process1,
        .program = spec->program,
        .program_fd = -1,
        .argv = spec->argv,
        .environment = environment,
        .terminal = terminal,
    };

    if (wanted && (!terminal || !scene_add_console(&direct->scene, terminal_path(terminal), error)))
        return FALSE;
    return supervise(&supervision, ret_status, error);
}

KernelMount *direct_mount_begin(int fd)
{
    return namespaces_are_root() ? kernel_mount_begin(fd) : NULL;
}

gboolean direct_run(const DirectRun *run, int *ret_status, GError **error)
{
    Direct direct = {
        .asked = run,
        .namespaces =
            {
                .users = !namespaces_are_root(),
                .all_ids = TRUE,
                .network = run->spec->network == SERVICE_NETWORK_NONE,
                .uid = run->spec->user.uid,
                .gid = run->spec->user.gid,
            },
        .scene = {.root = -1},
    };

    if (run->kernel)
        kernel_mount_read_ahead(run->kernel, run->spec->program);
    gboolean done = prepare_place(&direct, error) && run_program(&direct, ret_status, error);

    image_mount_end(&direct.image);
    scene_clear(&direct.scene);
    return done;
}
