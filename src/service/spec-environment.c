// SPDX-License-Identifier: LGPL-2.1-or-later
#include "spec.h"

#include <string.h>

/* What Docker gives an image that says none (moby daemon, DefaultPathEnv). */
#define PATH_DEFAULT "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
#define HOME_OF_ROOT "/root"
#define HOME_OF_NOBODY "/tmp" /* of a user whom the image does not know: the one folder where it can surely write */

/* Variables by name, in the order of their first appearance. */
typedef struct {
    GPtrArray *assignments; /* char *, NAME=VALUE */
    GHashTable *secret;     /* names of what came from where all is secret */
    GHashTable *own;        /* names of what is not the image's */
} Environment;

static char *assignment_name(const char *assignment)
{
    return g_strndup(assignment, strcspn(assignment, "="));
}

static gboolean find_assignment(const Environment *environment, const char *name, guint *ret_index)
{
    gsize length = strlen(name);

    for (guint i = 0; i < environment->assignments->len; i++) {
        const char *assignment = g_ptr_array_index(environment->assignments, i);

        if (strncmp(assignment, name, length) == 0 && assignment[length] == '=') {
            *ret_index = i;
            return TRUE;
        }
    }
    return FALSE;
}

/* NAME=VALUE sets, NAME removes. */
static gboolean change(Environment *environment, const char *assignment, gboolean secret, GError **error)
{
    g_autofree char *name = assignment_name(assignment);
    guint index;

    if (!*name) {
        g_autofree char *shown = text_escape(assignment);

        return gourd_error_set(error, GOURD_ERROR_INPUT, "environment '%s' has no name", secret ? "…" : shown);
    }
    if (secret)
        g_hash_table_add(environment->secret, g_strdup(name));
    g_hash_table_add(environment->own, g_strdup(name));
    gboolean found = find_assignment(environment, name, &index);
    if (!strchr(assignment, '=')) {
        if (found)
            g_ptr_array_remove_index(environment->assignments, index);
    } else if (found) {
        g_free(environment->assignments->pdata[index]);
        environment->assignments->pdata[index] = g_strdup(assignment);
    } else
        g_ptr_array_add(environment->assignments, g_strdup(assignment));
    return TRUE;
}

static gboolean change_all(Environment *environment, char *const *assignments, gboolean secret, GError **error)
{
    for (gsize i = 0; assignments && assignments[i]; i++)
        if (!change(environment, assignments[i], secret, error))
            return FALSE;
    return TRUE;
}

/* What the image leaves to whoever runs it. */
static gboolean add_defaults(const SpecSource *source, Environment *environment, GError **error)
{
    const ServiceUser *user = &source->spec->user;
    const char *fallback = user->kind == SERVICE_USER_ROOT ? HOME_OF_ROOT : HOME_OF_NOBODY;
    g_autofree char *home = g_strconcat("HOME=", user->home ? user->home : fallback, NULL);
    guint index;

    if (!find_assignment(environment, "PATH", &index) && !change(environment, "PATH=" PATH_DEFAULT, FALSE, error))
        return FALSE;
    return find_assignment(environment, "HOME", &index) || change(environment, home, FALSE, error);
}

/* gourd-init takes one line break from the end of a credential, so there is one. FALSE: a credential cannot be called that. */
static gboolean add_secured(ServiceSpec *spec, const char *name, const char *value)
{
    g_autofree char *credential = service_credential_name(name);
    const char *encrypted = g_str_has_prefix(value, SERVICE_ENCRYPTED) ? value + strlen(SERVICE_ENCRYPTED) : NULL;
    ServiceSecret *secret;

    if (!credential)
        return FALSE;
    char *content = g_strconcat(encrypted ? encrypted : value, "\n", NULL);
    secret = g_new0(ServiceSecret, 1);
    secret->name = g_strdup(name);
    secret->credential = g_steal_pointer(&credential);
    secret->content = g_bytes_new_take(content, strlen(content));
    secret->is_encrypted = encrypted != NULL;
    g_ptr_array_add(spec->secured, secret);
    return TRUE;
}

/* Sorts them into those that everybody may see, and others. What the image has is no secret of this host. */
static void divide(const Environment *environment, const ServiceOptions *options, ServiceSpec *spec)
{
    g_autoptr(GStrvBuilder) plain = g_strv_builder_new();
    g_autoptr(GStrvBuilder) secret = g_strv_builder_new();

    for (guint i = 0; i < environment->assignments->len; i++) {
        const char *assignment = g_ptr_array_index(environment->assignments, i);
        g_autofree char *name = assignment_name(assignment);
        gboolean hidden = g_hash_table_contains(environment->secret, name) || service_environment_is_secret(name);

        const char *value = strchr(assignment, '=') + 1;
        gboolean wanted = g_str_has_prefix(value, SERVICE_ENCRYPTED) ||
                          (options->secure_env && hidden && g_hash_table_contains(environment->own, name));
        if (!wanted || !add_secured(spec, name, value))
            g_strv_builder_add(hidden ? secret : plain, assignment);
    }
    spec->environment = g_strv_builder_end(plain);
    spec->secret_environment = g_strv_builder_end(secret);
}

/* NAME=FILE of credentials: the file is on the host, and read when the service starts. */
static gboolean check_credentials(char *const *credentials, const char *option, GError **error)
{
    for (gsize i = 0; credentials && credentials[i]; i++) {
        const char *file = strchr(credentials[i], '=');

        if (file && file > credentials[i] && file[1] == '/')
            continue;
        g_autofree char *shown = text_escape(credentials[i]);

        gourd_error_set(error, GOURD_ERROR_USAGE, "%s '%s' is not NAME=FILE with an absolute path", option, shown);
        return gourd_error_hint(error, "the file is read each time the service starts");
    }
    return TRUE;
}

gboolean spec_add_environment(SpecSource *source, GError **error)
{
    g_autoptr(GPtrArray) assignments = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GHashTable) secret = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    g_autoptr(GHashTable) own = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    Environment environment = {.assignments = assignments, .secret = secret, .own = own};

    if (!change_all(&environment, source->config->env, FALSE, error))
        return gourd_error_prefix(error, "the image's configuration");
    g_hash_table_remove_all(own);
    if (!change_all(&environment, source->options->environment, FALSE, error) ||
        !change_all(&environment, source->options->secret_environment, TRUE, error) ||
        !add_defaults(source, &environment, error) || !check_credentials(source->options->secrets, "--secret", error) ||
        !check_credentials(source->options->credentials, "--credential", error))
        return FALSE;
    divide(&environment, source->options, source->spec);
    source->spec->secrets = g_strdupv(source->options->secrets);
    source->spec->credentials = g_strdupv(source->options->credentials);
    return TRUE;
}
