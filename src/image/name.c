// SPDX-License-Identifier: LGPL-2.1-or-later
#include "name.h"

#include <string.h>

gboolean choice_parse(const char *text, Choice *ret_choice, GError **error)
{
    g_autoptr(GError) problem = NULL;

    *ret_choice = (Choice){.text = text};
    if (!text)
        return TRUE;
    if (text[0] != '@') {
        ret_choice->kind = CHOICE_NAME;
        return TRUE;
    }
    if (g_str_has_prefix(text, "@sha")) {
        ret_choice->kind = CHOICE_DIGEST;
        return digest_parse(text + 1, &ret_choice->digest, &problem) ||
               gourd_error_set(error, GOURD_ERROR_USAGE, "%s", problem->message);
    }
    ret_choice->kind = CHOICE_NUMBER;
    if (!g_ascii_string_to_unsigned(text + 1, 10, 0, G_MAXUINT32, &ret_choice->number, NULL)) {
        g_autofree char *shown = text_escape(text);

        gourd_error_set(error, GOURD_ERROR_USAGE, "'%s' is neither the number nor the digest of an image", shown);
        return gourd_error_hint(error, "write @0 for the first image, @sha256:… for a manifest, or a name and tag");
    }
    return TRUE;
}

/* Where the tag begins, at its colon; NULL without one. The colon of a port stands before the last slash. */
static const char *find_tag(const char *name)
{
    const char *slash = strrchr(name, '/');

    return strchr(slash ? slash : name, ':');
}

/* "docker.io/library/nginx" and "index.docker.io/library/nginx:latest" become "nginx:latest" (distribution/reference,
 * familiar names); podman's "localhost/" for what was built here goes as well. */
static char *normalise(const char *name)
{
    static const char *const prefixes[] = {"index.docker.io/", "docker.io/", "library/", "localhost/"};

    for (gsize i = 0; i < G_N_ELEMENTS(prefixes); i++)
        if (g_str_has_prefix(name, prefixes[i]))
            name += strlen(prefixes[i]);
    return g_strconcat(name, find_tag(name) ? "" : ":latest", NULL);
}

NameMatch image_name_match(const char *wanted, const char *offered)
{
    g_autofree char *wanted_name = normalise(wanted), *offered_name = normalise(offered);

    /* An OCI layout often has a bare tag as its whole name. */
    if (strcmp(wanted, offered) == 0 || strcmp(wanted_name, offered_name) == 0)
        return NAME_MATCH_FULL;
    const char *tag = find_tag(offered);
    return tag && strcmp(tag + 1, wanted) == 0 ? NAME_MATCH_TAG : NAME_MATCH_NONE;
}
