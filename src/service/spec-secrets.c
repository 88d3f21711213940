// SPDX-License-Identifier: LGPL-2.1-or-later
#include "spec-mounts.h"

#include <string.h>

/* Secrets and the like that a program finds as files: credentials of systemd (systemd.exec(5), LoadCredential=), bound to where they
 * are looked for. The service's user may read them, whoever's the file on the host is; nobody may write. */

#define CREDENTIALS_SIZE_MAX (1024 * 1024) /* bytes: what systemd takes of all together (CREDENTIALS_TOTAL_SIZE_MAX) */
#define NAME_LENGTH_MAX 200                /* bytes: a file name, and room for a number */

/* "db_password" of "/run/secrets/db_password", with what a credential may be called; another one if it is taken. */
static char *choose_name(const SpecSource *source, const char *path)
{
    g_autofree char *name = g_path_get_basename(path);

    name[MIN(strlen(name), NAME_LENGTH_MAX)] = '\0';
    g_strcanon(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-", '_');
    for (guint n = 1;; n++) {
        g_autofree char *numbered = n == 1 ? g_strdup(name) : g_strdup_printf("%s-%u", name, n);
        gboolean taken = FALSE;

        for (guint i = 0; i < source->spec->mounts->len; i++)
            taken |= g_strcmp0(((ServiceMount *)g_ptr_array_index(source->spec->mounts, i))->name, numbered) == 0;
        if (!taken)
            return g_steal_pointer(&numbered);
    }
}

static ServiceMount *add_secret(SpecSource *source, const char *path, GError **error)
{
    g_autofree char *name = choose_name(source, path);
    ServiceMount *mount = spec_add_mount(source, SERVICE_MOUNT_SECRET, path, error);

    if (!mount)
        return NULL;
    mount->name = g_steal_pointer(&name);
    mount->read_only = TRUE;
    mount->fill = FALSE;
    return mount;
}

/* SRC:DST; the first may have colons, too. */
static gboolean add_file(SpecSource *source, const char *text, gboolean encrypted, GError **error)
{
    const char *colon = g_strrstr(text, ":/");

    if (*text != '/' || !colon) {
        g_autofree char *shown = text_escape(text);

        return gourd_error_set(error, GOURD_ERROR_USAGE, "'%s' is not FILE:PATH, both absolute", shown);
    }
    ServiceMount *mount = add_secret(source, colon + 1, error);
    if (!mount)
        return FALSE;
    mount->source = g_strndup(text, (gsize)(colon - text));
    mount->encrypted = encrypted;
    return TRUE;
}

/* DST=CONTENT */
static gboolean add_text(SpecSource *source, const char *text, gsize *total, GError **error)
{
    const char *equals = strchr(text, '=');
    g_autofree char *path = g_strndup(text, strcspn(text, "="));

    if (*path != '/' || !equals)
        return gourd_error_set(error, GOURD_ERROR_USAGE, "a secret with content is PATH=CONTENT");
    *total += strlen(equals + 1);
    if (*total > CREDENTIALS_SIZE_MAX)
        return gourd_error_set(error, GOURD_ERROR_LIMIT, "all secrets of a service together are at most %d bytes",
                               CREDENTIALS_SIZE_MAX);
    ServiceMount *mount = add_secret(source, path, error);
    if (!mount)
        return FALSE;
    mount->content = g_bytes_new(equals + 1, strlen(equals + 1));
    return TRUE;
}

gboolean spec_add_secrets(SpecSource *source, GError **error)
{
    const ServiceOptions *options = source->options;
    gsize total = 0;

    if (source->context->one_off) /* systemd is not there to give them */
        return TRUE;
    for (char **text = options->secret_files; text && *text; text++)
        if (!add_file(source, *text, FALSE, error))
            return gourd_error_prefix(error, "a secret");
    for (char **text = options->encrypted_files; text && *text; text++)
        if (!add_file(source, *text, TRUE, error))
            return gourd_error_prefix(error, "a secret");
    for (char **text = options->secret_texts; text && *text; text++)
        if (!add_text(source, *text, &total, error))
            return gourd_error_prefix(error, "a secret");
    return TRUE;
}
