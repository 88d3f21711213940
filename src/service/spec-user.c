// SPDX-License-Identifier: LGPL-2.1-or-later
#include "inside.h"
#include "spec.h"

#include <string.h>

#define HOST_NAME_MAX_LENGTH 31 /* of a user's name: what utmp holds (sysusers.d(5), useradd(8)) */
#define DIGEST_DIGITS 6         /* hexadecimal, where a name is not fit for a user: it stays one of its own */
#define HOST_NAME_PREFIX "gourd-"

/* "gourd-web". Names of services may be longer, and have characters that those of users may not. */
static char *make_host_name(const char *service)
{
    g_autofree char *name = g_strconcat(HOST_NAME_PREFIX, service, NULL);

    g_strcanon(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-", '-');
    if (strlen(name) <= HOST_NAME_MAX_LENGTH && strcmp(name + strlen(HOST_NAME_PREFIX), service) == 0)
        return g_steal_pointer(&name);

    Digest digest;
    digest_of_bytes(service, strlen(service), &digest);
    g_autofree char *digits = digest_to_text(&digest);

    return g_strdup_printf("%.*s-%.*s", HOST_NAME_MAX_LENGTH - DIGEST_DIGITS - 1, name, DIGEST_DIGITS,
                           digits + strlen("sha256:"));
}

/* What one service of a stack writes into a volume, another one may read that has the same number in its image, as in containers;
 * root of an image is a number too. Replicas are one program, and have one user. */
static char *make_own_name(const SpecSource *source)
{
    const ServiceOptions *options = source->options;
    g_autofree char *shared = options->share_user && options->stack
                                  ? g_strdup_printf("%s-uid-%u", options->stack, source->spec->user.uid)
                                  : NULL;

    return make_host_name(shared ? shared : options->replica_of ? options->replica_of : source->context->name);
}

static gboolean is_number(const char *text)
{
    return g_ascii_string_to_unsigned(text, 10, 0, G_MAXUINT32 - 1, NULL, NULL);
}

/* What was asked for: "NAME|NUMBER[:GROUP]". */
static gboolean resolve(SpecSource *source, const char *text, ImageUser *ret_user, GError **error)
{
    ServiceUser *user = &source->spec->user;
    gboolean asked = source->options->user != NULL;

    image_user_resolve(text, user->passwd, user->groups, ret_user);
    if (ret_user->known)
        return TRUE;
    image_user_clear(ret_user);

    g_autofree char *shown = text_escape(text);

    gourd_error_set(error, GOURD_ERROR_NOT_FOUND, "the image does not know the user '%s'%s", shown,
                    asked ? "" : " that it wants to run as");
    return gourd_error_hint(error, "--user takes a name of the image's /etc/passwd, a number, or root%s",
                            asked ? "" : "; an image without that file needs a number");
}

static void take_image_user(ServiceUser *user, ImageUser *known)
{
    user->uid = known->uid;
    user->gid = known->gid;
    user->name = g_steal_pointer(&known->name);
    user->group = g_steal_pointer(&known->group);
    user->home = g_steal_pointer(&known->home);
}

/* As the image has it: nobody of the host is meant. */
static void take_whole_user(ServiceUser *user, ImageUser *known)
{
    take_image_user(user, known);
    user->kind = user->uid == 0 ? SERVICE_USER_ROOT : SERVICE_USER_NUMBER;
    user->in_image = TRUE;
    user->others = g_array_ref(known->groups);
    image_user_clear(known);
}

static gboolean add_user(SpecSource *source, const char *text, GError **error)
{
    ServiceUser *user = &source->spec->user;
    g_auto(GStrv) parts = g_strsplit(text, ":", 2);
    gboolean asked = source->options->user != NULL;
    ImageUser known;

    if (asked && (!parts[0] || !*parts[0]))
        return gourd_error_set(error, GOURD_ERROR_USAGE, "--user needs a name or a number");
    if (!resolve(source, text, &known, error))
        return FALSE;
    if (source->context->one_off) {
        take_whole_user(user, &known);
        return TRUE;
    }
    if (known.uid == 0 && asked) {
        user->kind = SERVICE_USER_ROOT;
        take_image_user(user, &known);
        image_user_clear(&known);
        return user->gid == 0 || gourd_error_set(error, GOURD_ERROR_UNSUPPORTED, "--user root with another group");
    }
    if (known.uid != 0) {
        user->in_image = TRUE;
        if (known.groups->len > 0)
            notes_add(source->notes, "groups-dropped", "the image's user is in other groups too, which it has not here",
                      known.name);
        take_image_user(user, &known);
    }
    image_user_clear(&known);
    user->kind = asked && is_number(parts[0]) ? SERVICE_USER_NUMBER : SERVICE_USER_OWN;
    if (user->kind == SERVICE_USER_NUMBER && user->gid == 0) /* what Docker does; but root's group is the host's here */
        user->gid = user->uid;
    /* A number is the same user whichever service runs as it, and whoever this service ran as before. */
    if (user->kind == SERVICE_USER_NUMBER)
        user->host_name = g_strdup_printf(HOST_NAME_PREFIX "uid-%u", user->uid);
    else
        user->host_name = make_own_name(source);
    return TRUE;
}

/* Names are the image's, as for Docker: it is the number that counts. */
static gboolean add_groups(SpecSource *source, GError **error)
{
    ServiceUser *user = &source->spec->user;
    char *const *names = source->options->groups;

    if (!names || !*names || source->context->one_off)
        return TRUE;
    user->others = g_array_new(FALSE, FALSE, sizeof(guint32));
    for (; *names; names++) {
        g_autofree char *text = g_strconcat("0:", *names, NULL);
        ImageUser known;

        image_user_resolve(text, NULL, user->groups, &known);
        gboolean found = known.known && **names;
        if (found)
            g_array_append_val(user->others, known.gid);
        image_user_clear(&known);
        if (found)
            continue;
        g_autofree char *shown = text_escape(*names);
        gourd_error_set(error, GOURD_ERROR_NOT_FOUND, "the image does not know the group '%s'", shown);
        return gourd_error_hint(error, "a number is that of a group of this host too");
    }
    return TRUE;
}

gboolean spec_add_user(SpecSource *source, GError **error)
{
    ServiceUser *user = &source->spec->user;

    GBytes *passwd = service_image_passwd(source->image), *groups = service_image_groups(source->image);

    user->passwd = passwd ? g_bytes_ref(passwd) : NULL;
    user->groups = groups ? g_bytes_ref(groups) : NULL;
    if (!add_user(source, source->options->user ? source->options->user : source->config->user, error) ||
        !add_groups(source, error))
        return FALSE;
    if (user->kind == SERVICE_USER_ROOT) {
        g_clear_pointer(&user->passwd, g_bytes_unref);
        g_clear_pointer(&user->groups, g_bytes_unref);
    }
    return TRUE;
}
