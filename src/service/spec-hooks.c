// SPDX-License-Identifier: LGPL-2.1-or-later
#include "spec.h"

#include <string.h>

/* Commands beside the program: once it has started, and before it is stopped. */

/* Whether a word in front of a command sets a variable, as for a shell. */
static gboolean is_assignment(const char *word)
{
    gsize length = strcspn(word, "=");

    return word[length] == '=' && length > 0 && (g_ascii_isalpha(*word) || *word == '_') &&
           strspn(word, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-") == length;
}

static gboolean split(const char *text, char ***ret_words, GError **error)
{
    g_autoptr(GError) problem = NULL;

    if (g_shell_parse_argv(text, NULL, ret_words, &problem))
        return TRUE;
    return gourd_error_set(error, GOURD_ERROR_USAGE, "cannot split into words: %s", problem->message);
}

static gboolean add_hook(SpecSource *source, const char *text, GPtrArray *hooks, GError **error)
{
    gboolean as_root = *text == '!';
    g_auto(GStrv) words = NULL;
    guint n = 0;

    if (!split(text + (as_root ? 1 : 0), &words, error))
        return FALSE;
    while (words[n] && is_assignment(words[n]))
        n++;
    if (!words[n])
        return gourd_error_set(error, GOURD_ERROR_USAGE, "there is no command in it");

    ServiceHook *hook = g_new0(ServiceHook, 1);

    g_ptr_array_add(hooks, hook);
    hook->as_root = as_root;
    hook->argv = g_strdupv(words + n);
    hook->environment = g_new0(char *, n + 1);
    for (guint i = 0; i < n; i++)
        hook->environment[i] = g_strdup(words[i]);
    return spec_find_program(source, "program", hook->argv[0], &hook->program, error);
}

static gboolean add_hooks(SpecSource *source, char *const *texts, const char *option, GPtrArray *hooks, GError **error)
{
    for (; texts && *texts; texts++)
        if (!add_hook(source, *texts, hooks, error))
            return gourd_error_prefix(error, "%s", option);
    return TRUE;
}

gboolean spec_add_hooks(SpecSource *source, GError **error)
{
    const ServiceOptions *options = source->options;
    ServiceSpec *spec = source->spec;

    return add_hooks(source, options->post_start, "--post-start", spec->post_start, error) &&
           add_hooks(source, options->pre_stop, "--pre-stop", spec->pre_stop, error);
}
