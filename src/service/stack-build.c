// SPDX-License-Identifier: LGPL-2.1-or-later
#include "stack-build.h"

#include <string.h>

const char *const stack_builder_names[] = {"buildah", "podman", "docker", NULL};

guint stack_builder_find(const char *name)
{
    for (guint i = 0; stack_builder_names[i]; i++)
        if (strcmp(stack_builder_names[i], name) == 0)
            return (guint)STACK_BUILDER_BUILDAH << i;
    return 0;
}

static const char *name_of(guint builder)
{
    for (guint i = 0; stack_builder_names[i]; i++)
        if (builder == (guint)STACK_BUILDER_BUILDAH << i)
            return stack_builder_names[i];
    return "";
}

static void option_free(gpointer data)
{
    StackBuildOption *option = data;

    g_free(option->key);
    g_free(option->option);
    g_free(option->value);
    g_free(option);
}

StackBuild *stack_build_new(void)
{
    StackBuild *build = g_rc_box_new0(StackBuild);

    build->options = g_ptr_array_new_with_free_func(option_free);
    return build;
}

StackBuild *stack_build_ref(StackBuild *build)
{
    return g_rc_box_acquire(build);
}

static void clear(gpointer data)
{
    StackBuild *build = data;

    g_free(build->context);
    g_free(build->dockerfile);
    g_free(build->dockerfile_inline);
    g_ptr_array_unref(build->options);
    g_strfreev(build->environment);
}

void stack_build_unref(StackBuild *build)
{
    if (build)
        g_rc_box_release_full(build, clear);
}

void stack_build_add(StackBuild *build, const char *key, guint builders, const char *option, const char *value)
{
    StackBuildOption *added = g_new0(StackBuildOption, 1);

    added->key = g_strdup(key);
    added->builders = builders;
    added->option = g_strdup(option);
    added->value = g_strdup(value);
    g_ptr_array_add(build->options, added);
}

/* Without "--format docker" these two drop the health check; only with "--layers" does buildah use what it has built before. */
static void add_own(GStrvBuilder *words, guint builder)
{
    if (builder != STACK_BUILDER_DOCKER)
        g_strv_builder_add_many(words, "--format", "docker", NULL);
    if (builder == STACK_BUILDER_BUILDAH)
        g_strv_builder_add(words, "--layers");
}

char **stack_build_command(const StackBuild *build, guint builder, const char *tag, const char *dockerfile,
                           const char *number_file, gboolean quiet, GError **error)
{
    g_autoptr(GStrvBuilder) words = g_strv_builder_new();

    g_strv_builder_add_many(words, name_of(builder), "build", NULL);
    add_own(words, builder);
    if (quiet)
        g_strv_builder_add(words, "--quiet");
    g_strv_builder_add_many(words, "--iidfile", number_file, "--tag", tag, NULL);
    if (dockerfile)
        g_strv_builder_add_many(words, "--file", dockerfile, NULL);
    for (guint i = 0; i < build->options->len; i++) {
        const StackBuildOption *option = g_ptr_array_index(build->options, i);

        if (!(option->builders & builder)) {
            gourd_error_set(error, GOURD_ERROR_UNSUPPORTED, "build.%s: %s has nothing like it", option->key,
                            name_of(builder));
            gourd_error_hint(error, "--builder takes another: buildah, podman or docker");
            return NULL;
        }
        g_strv_builder_add(words, option->option);
        if (option->value)
            g_strv_builder_add(words, option->value);
    }
    g_strv_builder_add(words, build->context);
    return g_strv_builder_end(words);
}

char **stack_build_save_command(guint builder, const char *number, const char *file)
{
    g_autofree char *archive = g_strconcat("docker-archive:", file, NULL);
    const char *const buildah[] = {"buildah", "push", "--quiet", number, archive, NULL};
    const char *const podman[] = {"podman", "save", "--quiet", "--format", "docker-archive", "-o", file, number, NULL};
    const char *const docker[] = {"docker", "save", "-o", file, number, NULL};

    return g_strdupv((char **)(builder == STACK_BUILDER_BUILDAH  ? buildah
                               : builder == STACK_BUILDER_PODMAN ? podman
                                                                 : docker));
}
