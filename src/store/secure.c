// SPDX-License-Identifier: LGPL-2.1-or-later
#include "store-private.h"

#include <string.h>
#include <unistd.h>

/* Values of variables on their way into a release: those that look secret are encrypted for this host. What is encrypted is another text
 * each time, so that of the active release is kept where it means the same. */

typedef struct {
    Store *store;
    const ServiceOptions *active; /* with its secrets; or NULL */
    Notes *notes;
    gboolean failed; /* this host cannot: it was said once */
} Securing;

/* The encrypted value of a variable, or NULL. Borrowed. */
static const char *find_encrypted(char *const *assignments, const char *name)
{
    gsize length = strlen(name);

    for (; assignments && *assignments; assignments++)
        if (strncmp(*assignments, name, length) == 0 && g_str_has_prefix(*assignments + length, "=" SERVICE_ENCRYPTED))
            return *assignments + length + 1 + strlen(SERVICE_ENCRYPTED);
    return NULL;
}

static gboolean means(const Securing *securing, const char *credential, const char *encrypted, const char *secret)
{
    char *known;

    if (!host_decrypt_credential(securing->store->host, credential, encrypted, &known, NULL))
        return FALSE;
    gboolean same = strcmp(known, secret) == 0;
    g_free(known);
    return same;
}

static const char *find_kept(const Securing *securing, const char *name, const char *credential, const char *secret)
{
    const ServiceOptions *active = securing->active;
    const char *encrypted = active ? find_encrypted(active->environment, name) : NULL;

    if (active && !encrypted)
        encrypted = find_encrypted(active->secret_environment, name);
    return encrypted && means(securing, credential, encrypted, secret) ? encrypted : NULL;
}

/* Who only looks makes no key for the host. */
static gboolean may_encrypt(const Securing *securing)
{
    const Store *store = securing->store;

    return !securing->failed &&
           (store->lock >= 0 || !host_is_live(store->host) || host_has_credential_key(store->host));
}

static char *encrypt_anew(Securing *securing, const char *credential, const char *secret)
{
    GError *problem = NULL;
    char *encrypted;

    if (host_encrypt_credential(securing->store->host, credential, secret, &encrypted, &problem))
        return encrypted;
    securing->failed = TRUE;
    notes_add(securing->notes, "secrets-not-encrypted",
              "secret variables are in files that only root can read, and not encrypted: that can be done only on the "
              "host where they are used, by systemd-creds",
              problem->message);
    g_error_free(problem);
    return NULL;
}

/* NULL: it stays clear. */
static char *encrypt(Securing *securing, const char *name, const char *value)
{
    g_autofree char *credential = service_credential_name(name), *secret = g_strconcat(value, "\n", NULL);
    const char *kept = credential ? find_kept(securing, name, credential, secret) : NULL;

    if (kept || !credential)
        return g_strdup(kept);
    return may_encrypt(securing) ? encrypt_anew(securing, credential, secret) : NULL;
}

static void secure_all(Securing *securing, char **assignments, gboolean all)
{
    for (; assignments && *assignments; assignments++) {
        const char *equals = strchr(*assignments, '=');
        g_autofree char *name = equals ? g_strndup(*assignments, (gsize)(equals - *assignments)) : NULL;

        if (!name || g_str_has_prefix(equals + 1, SERVICE_ENCRYPTED) || (!all && !service_environment_is_secret(name)))
            continue;
        g_autofree char *encrypted = encrypt(securing, name, equals + 1);
        if (!encrypted)
            continue;
        g_free(*assignments);
        *assignments = g_strdup_printf("%s=" SERVICE_ENCRYPTED "%s", name, encrypted);
    }
}

void store_secure_options(Store *store, const char *name, ServiceOptions *options, Notes *notes)
{
    g_autoptr(StoreService) service = NULL;
    Securing securing = {.store = store, .notes = notes};
    ServiceOptions active;

    if (!options->secure_env)
        return;
    if (name && state_read(store, name, &service, NULL) && service &&
        store_read_options(store, service, service->active, &active, NULL))
        securing.active = &active;
    secure_all(&securing, options->environment, FALSE);
    secure_all(&securing, options->secret_environment, TRUE);
    if (securing.active)
        service_options_clear(&active);
}
