// SPDX-License-Identifier: LGPL-2.1-or-later
#include <linux/capability.h>
#include <string.h>

#include "inside.h"
#include "sandbox.h"
#include "spec.h"

/* Whether the service's user may use what it starts with, and what is mounted for it. In a container that is root, to whom all is open: an image whose
 * program lies in /root works there, and ends in 200/CHDIR or 203/EXEC as anybody else. */

#define SEARCH 01u /* of a folder; to execute a file */
#define READ 04u

typedef enum {
    ACCESS_FREE,
    ACCESS_BY_NUMBER, /* if the user on the host has the number that it has in the image */
    ACCESS_DENIED,
} Access;

static Access access_of(const ServiceUser *user, const InsideNode *node, guint wanted)
{
    gboolean owner = node->uid == user->uid && ((node->mode >> 6) & wanted) == wanted;
    gboolean group = node->gid == user->gid && ((node->mode >> 3) & wanted) == wanted;

    if ((node->mode & wanted) == wanted || user->kind == SERVICE_USER_ROOT)
        return ACCESS_FREE;
    if (user->kind == SERVICE_USER_NUMBER)
        return owner || group ? ACCESS_FREE : ACCESS_DENIED;
    return user->in_image && (owner || group) ? ACCESS_BY_NUMBER : ACCESS_DENIED;
}

static gboolean fail(const char *what, const char *path, const InsideNode *node, GError **error)
{
    g_autofree char *shown = text_escape(path), *shown_node = text_escape(node->path);
    g_autofree char *owner = node->uid == 0 ? g_strdup("root") : g_strdup_printf("%u", node->uid);

    gourd_error_set(error, GOURD_ERROR_INPUT,
                    "the service's user may not use %s '%s': '%s' has mode %04o and belongs to %s", what, shown,
                    shown_node, node->mode, owner);
    return gourd_error_hint(error, "--user %s; or change the mode in the image", owner);
}

/* One step on the way. */
static gboolean check_node(SpecSource *source, const char *what, const char *path, const InsideNode *node, guint wanted,
                           GError **error)
{
    switch (access_of(&source->spec->user, node, wanted)) {
    case ACCESS_FREE:
        return TRUE;
    case ACCESS_BY_NUMBER:
        spec_note_private(source, node->path);
        return TRUE;
    case ACCESS_DENIED:
        return fail(what, path, node, error);
    }
    g_assert_not_reached();
}

/* All folders on the way to a path, and it itself. */
static gboolean check_path(SpecSource *source, const char *what, const char *path, guint wanted, GError **error)
{
    const InsideNode *target = service_image_find(source->image, path, error);

    if (!target)
        return FALSE;
    for (const char *end = target->path; end; end = strchr(end + 1, '/')) {
        g_autofree char *folder = end == target->path ? g_strdup("/")
                                                      : g_strndup(target->path, (gsize)(end - target->path));

        if (spec_is_mounted_over(source->spec, folder))
            return TRUE;
        const InsideNode *node = service_image_find(source->image, folder, error);
        if (!node || !check_node(source, what, path, node, SEARCH, error))
            return FALSE;
    }
    return spec_is_mounted_over(source->spec, target->path) || !target->found ||
           check_node(source, what, path, target, wanted, error);
}

void spec_note_private(SpecSource *source, const char *path)
{
    ServiceUser *user = &source->spec->user;

    if (g_strcmp0(user->private_path, path) == 0)
        return;
    if (!user->private_path)
        user->private_path = g_strdup(path);
    notes_add(
        source->notes, "private-files",
        "only the image's user may use these: the service gets its number on this host, unless somebody else has it "
        "there; then --user with the number shares it",
        path);
}

/* What is kept, or brought from the host, would be out of the program's reach: in /root perhaps, of an image that starts as root. */
static gboolean check_mounts(SpecSource *source, GError **error)
{
    const GPtrArray *mounts = source->spec->mounts;

    for (guint i = 0; i < mounts->len; i++) {
        const ServiceMount *mount = g_ptr_array_index(mounts, i);
        const char *what = mount->kind == SERVICE_MOUNT_VOLUME ? "the volume" : "the bind";

        if ((mount->kind == SERVICE_MOUNT_VOLUME || mount->kind == SERVICE_MOUNT_BIND) &&
            !check_path(source, what, mount->destination, SEARCH, error))
            return FALSE;
    }
    return TRUE;
}

gboolean spec_check_access(SpecSource *source, GError **error)
{
    const ServiceSpec *spec = source->spec;
    gboolean script = service_image_program(source->image, spec->program)->file.kind == PROGRAM_FILE_SCRIPT;

    if (spec->capabilities & (CAPABILITY_BIT(CAP_DAC_OVERRIDE) | CAPABILITY_BIT(CAP_DAC_READ_SEARCH)))
        return TRUE;
    return check_path(source, "the working folder", spec->working_dir, SEARCH, error) &&
           check_path(source, "the program", spec->program, script ? READ | SEARCH : SEARCH, error) &&
           check_mounts(source, error);
}
