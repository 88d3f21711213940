// SPDX-License-Identifier: LGPL-2.1-or-later
#include "stack-image.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define FOLDER_OF_FOLDERS "/var/tmp" /* without $TMPDIR: images are large, and /tmp is memory on many hosts */
#define NUMBER_FILE "number"
#define NUMBER_SIZE_MAX 1024

void stack_image_clear(StackImage *image)
{
    if (image->folder) {
        g_autofree char *parent = g_path_get_dirname(image->folder), *name = g_path_get_basename(image->folder);
        autofd fd = open(parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

        (void)!(fd >= 0 && folder_sweep(fd, name, image->folder, NULL));
    }
    g_free(image->number);
    g_free(image->folder);
    g_free(image->source);
    *image = (StackImage){0};
}

gboolean stack_image_check_builder(const char *argument, GError **error)
{
    g_autofree char *shown = text_escape(argument);

    if (stack_builder_find(argument))
        return TRUE;
    gourd_error_set(error, GOURD_ERROR_USAGE, "'%s' builds no images", shown);
    return gourd_error_hint(error, "it is buildah, podman or docker");
}

/* --- running a builder --------------------------------------------------------------------------------------------- */

static gboolean find_builder(const char *wanted, guint *ret_builder, GError **error)
{
    for (guint i = 0; stack_builder_names[i]; i++) {
        g_autofree char *path = g_find_program_in_path(stack_builder_names[i]);

        if (!path || (wanted && strcmp(wanted, stack_builder_names[i]) != 0))
            continue;
        *ret_builder = stack_builder_find(stack_builder_names[i]);
        return TRUE;
    }
    if (wanted)
        return gourd_error_set(error, GOURD_ERROR_NOT_FOUND, "there is no program '%s' here", wanted);
    gourd_error_set(error, GOURD_ERROR_NOT_FOUND, "there is neither buildah nor podman nor docker here, to build it");
    return gourd_error_hint(
        error,
        "install buildah: apt install buildah, or dnf install buildah; or have the image built elsewhere, and name its "
        "archive by --image");
}

static gboolean wait_for(GPid pid, const char *name, GError **error)
{
    int status;
    pid_t got;

    while ((got = waitpid(pid, &status, 0)) < 0 && errno == EINTR)
        ;
    if (got < 0)
        return gourd_error_set_errno(error, errno, "cannot wait for %s", name);
    if (WIFSIGNALED(status))
        return gourd_error_set(error, GOURD_ERROR_FAILED, "%s was ended by signal %d", name, WTERMSIG(status));
    return WEXITSTATUS(status) == 0 ||
           gourd_error_set(error, GOURD_ERROR_FAILED, "%s failed with exit code %d", name, WEXITSTATUS(status));
}

/* Ctrl-C is for the builder, which ends of it: then there is still the folder to be removed. */
static gboolean run(const Call *call, char **argv, char **variables, GError **error)
{
    g_auto(GStrv) environment = g_get_environ();
    g_autoptr(GError) failure = NULL;
    autofd in = open("/dev/null", O_RDONLY | O_CLOEXEC);
    /* Not the number itself: GLib would close what is standard error already. */
    autofd out = fcntl(fileno(call->err.file), F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
    void (*before)(int);
    GPid pid;

    for (char **variable = variables; variable && *variable; variable++) {
        const char *value = strchr(*variable, '=');
        g_autofree char *name = g_strndup(*variable, (gsize)(value - *variable));

        environment = g_environ_setenv(environment, name, value + 1, TRUE);
    }
    fflush(call->err.file);
    if (!g_spawn_async_with_fds(NULL, argv, environment, G_SPAWN_SEARCH_PATH | G_SPAWN_DO_NOT_REAP_CHILD, NULL, NULL,
                                &pid, in, out, out, &failure))
        return gourd_error_set(error, GOURD_ERROR_FAILED, "cannot run %s: %s", argv[0], failure->message);
    before = signal(SIGINT, SIG_IGN);
    gboolean done = wait_for(pid, argv[0], error);
    (void)signal(SIGINT, before);
    return done;
}

/* --- building ------------------------------------------------------------------------------------------------------ */

static gboolean make_folder(StackImage *image, GError **error)
{
    const char *parent = g_getenv("TMPDIR");
    g_autofree char *folder = g_build_filename(parent && *parent == '/' ? parent : FOLDER_OF_FOLDERS,
                                               "gourd-build-XXXXXX", NULL);

    if (!g_mkdtemp(folder))
        return gourd_error_set_errno(error, errno, "cannot make the folder '%s'", folder);
    image->folder = g_steal_pointer(&folder);
    return TRUE;
}

static gboolean write_dockerfile(const StackImage *image, const StackBuild *build, char **ret_path, GError **error)
{
    g_autoptr(GError) failure = NULL;
    g_autofree char *path = g_build_filename(image->folder, "Dockerfile", NULL);

    if (!build->dockerfile_inline) {
        *ret_path = g_strdup(build->dockerfile);
        return TRUE;
    }
    if (!g_file_set_contents(path, build->dockerfile_inline, -1, &failure))
        return gourd_error_set(error, GOURD_ERROR_FAILED, "%s", failure->message);
    *ret_path = g_steal_pointer(&path);
    return TRUE;
}

static gboolean read_number(StackImage *image, const char *path, GError **error)
{
    g_autoptr(GError) failure = NULL;
    g_autofree char *text = NULL;
    gsize size;

    if (!g_file_get_contents(path, &text, &size, &failure))
        return gourd_error_set(error, GOURD_ERROR_FAILED, "the builder names no image: %s", failure->message);
    g_strstrip(text);
    if (size > NUMBER_SIZE_MAX || !*text || text[strspn(text, G_CSET_a_2_z G_CSET_DIGITS ":")] != '\0')
        return gourd_error_set(error, GOURD_ERROR_FAILED, "the builder names no image");
    image->number = g_steal_pointer(&text);
    return TRUE;
}

static gboolean build_image(const Call *call, const StackBuild *build, const char *tag, StackImage *image,
                            GError **error)
{
    g_autofree char *dockerfile = NULL, *number = g_build_filename(image->folder, NUMBER_FILE, NULL);

    if (!write_dockerfile(image, build, &dockerfile, error))
        return FALSE;
    g_auto(GStrv)
        argv = stack_build_command(build, image->builder, tag, dockerfile, number, call->common->quiet, error);
    if (!argv)
        return FALSE;
    if (!call->common->quiet)
        fprintf(call->err.file, "building %s with %s\n", tag, argv[0]);
    return run(call, argv, build->environment, error) && read_number(image, number, error);
}

gboolean stack_image_build(const Call *call, const StackService *service, const char *tag, const char *builder,
                           StackImage *ret_image, GError **error)
{
    g_auto(StackImage) image = {0};

    if (!find_builder(builder, &image.builder, error) || !make_folder(&image, error) ||
        !build_image(call, service->build, tag, &image, error))
        return gourd_error_prefix(error, "%s: service %s: cannot build its image", service->place, service->name);
    *ret_image = image;
    image = (StackImage){0};
    return TRUE;
}

gboolean stack_image_save(const Call *call, StackImage *image, GError **error)
{
    g_autofree char *file = g_build_filename(image->folder, "image.tar", NULL);
    g_auto(GStrv) argv = stack_build_save_command(image->builder, image->number, file);

    if (!run(call, argv, NULL, error))
        return FALSE;
    image->source = g_strconcat("docker-archive:", file, NULL);
    return TRUE;
}
