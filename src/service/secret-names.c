// SPDX-License-Identifier: LGPL-2.1-or-later
#include "options.h"

#include <string.h>

/* What names of variables say of their values. To take too many for secret costs nothing: they go to a file of their own. */

/* Anywhere in a name: PGPASSWORD, GITHUB_TOKEN. */
static const char *const anywhere[] = {
    "password", "passwd", "passphrase", "secret", "token", "credential", "apikey", "htpasswd", "privatekey",
};

/* As words of a name, which "_", "-", "." and a change of case separate: MONKEY_PATCH has no KEY in it. */
static const char *const words[] = {
    "pass",           "pwd",       "pw",       "api_key",      "private_key",  "secret_key",  "access_key",
    "master_key",     "app_key",   "auth_key", "signing_key",  "encrypt_key",  "license_key", "encryption_key",
    "ssh_key",        "key_base",  "dsn",      "database_url", "postgres_url", "mysql_url",   "redis_url",
    "mongo_url",      "mongo_uri", "amqp_url", "rabbitmq_url", "broker_url",   "webhook_url", "connection_string",
    "result_backend", "salt",      "cookie",
};

/* Last words of names whose value is not the secret itself: where it is kept, how long it lives. */
static const char *const harmless_ends[] = {
    "file",    "path",    "dir",     "folder", "name",   "length",    "ttl",     "expiry", "expires",
    "minutes", "seconds", "timeout", "type",   "policy", "algorithm", "enabled", "header", "lifetime",
};

/* "apiKey" and "API-KEY" as "_api_key_". */
static char *split_words(const char *name)
{
    GString *split = g_string_new("_");

    for (const char *at = name; *at; at++) {
        if (strchr("_-.", *at) || (at > name && g_ascii_isupper(*at) && g_ascii_islower(at[-1])))
            g_string_append_c(split, '_');
        if (!strchr("_-.", *at))
            g_string_append_c(split, g_ascii_tolower(*at));
    }
    g_string_append_c(split, '_');
    return g_string_free(split, FALSE);
}

/* Whether a text begins with a whole word. */
static gboolean begins_with(const char *split, const char *word)
{
    return *split == *word && g_str_has_prefix(split, word) && split[strlen(word)] == '_';
}

/* `split` begins and ends with "_". */
static gboolean has_secret_word(const char *split)
{
    for (const char *at = split; at && at[1]; at = strchr(at + 1, '_'))
        for (gsize i = 0; i < G_N_ELEMENTS(words); i++)
            if (begins_with(at + 1, words[i]))
                return TRUE;
    return FALSE;
}

#define CREDENTIAL_NAME_MAX 200 /* bytes: it is the name of a file too */

char *service_credential_name(const char *variable)
{
    gsize length = strlen(variable);

    if (length > CREDENTIAL_NAME_MAX ||
        strspn(variable, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-") != length)
        return NULL;
    return g_strconcat("env.", variable, NULL);
}

gboolean service_environment_is_secret(const char *name)
{
    g_autofree char *split = split_words(name);
    const char *last = split + strlen(split) - 1;

    while (last > split && last[-1] != '_')
        last--;
    for (gsize i = 0; i < G_N_ELEMENTS(harmless_ends); i++)
        if (begins_with(last, harmless_ends[i]))
            return FALSE;
    for (gsize i = 0; i < G_N_ELEMENTS(anywhere); i++)
        if (strstr(split, anywhere[i]))
            return TRUE;
    return has_secret_word(split);
}
