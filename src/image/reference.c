// SPDX-License-Identifier: LGPL-2.1-or-later
#include "reference.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#define TRANSPORTS_SHOWN "docker-archive:, oci:, oci-archive:, tar: and dir:"

static const struct {
    const char *name;
    TransportKind kind;
    gboolean takes_choice;
} transports[] = {
    {"docker-archive", TRANSPORT_DOCKER_ARCHIVE, TRUE},
    {"oci", TRANSPORT_OCI, TRUE},
    {"oci-archive", TRANSPORT_OCI_ARCHIVE, TRUE},
    {"tar", TRANSPORT_TAR, FALSE},
    {"dir", TRANSPORT_DIR, FALSE},
};

/* Transports of containers-transports(5) and others that people try, with what to do instead. %s is what follows the
 * colon. */
static const struct {
    const char *name, *hint;
} foreign_transports[] = {
    {"docker", "fetch it first: skopeo copy docker:%s oci-archive:image.tar"},
    {"docker-daemon", "save it first: docker save -o image.tar %s"},
    {"containers-storage", "save it first: podman save --format oci-archive -o image.tar %s"},
    {"podman", "save it first: podman save --format oci-archive -o image.tar %s"},
    {"containerd", "export it first: ctr images export image.tar %s"},
    {"ostree", "convert it first: skopeo copy ostree:%s oci-archive:image.tar"},
    {"sif", "convert it first: skopeo copy sif:%s oci-archive:image.tar"},
    {"https", "download it first: curl -LO https:%s"},
    {"http", "download it first: curl -LO http:%s"},
};

const char *transport_name(TransportKind transport)
{
    for (gsize i = 0; i < G_N_ELEMENTS(transports); i++)
        if (transports[i].kind == transport)
            return transports[i].name;
    return NULL;
}

static gboolean exists(const char *path)
{
    struct stat status;

    return *path && stat(path, &status) == 0;
}

/* Splits "PATH[:CHOICE]" where the longest PATH exists; at the first colon if none does. */
static void split_path(const char *text, gboolean takes_choice, Reference *reference)
{
    if (strcmp(text, "-") == 0 || (takes_choice && g_str_has_prefix(text, "-:"))) {
        reference->choice = text[1] ? g_strdup(text + 2) : NULL;
        return;
    }
    if (!takes_choice || exists(text)) {
        reference->path = g_strdup(text);
        return;
    }
    for (const char *colon = strrchr(text, ':'); colon; colon = g_strrstr_len(text, colon - text, ":")) {
        g_autofree char *path = g_strndup(text, (gsize)(colon - text));

        if (exists(path)) {
            reference->path = g_steal_pointer(&path);
            reference->choice = g_strdup(colon + 1);
            return;
        }
    }
    const char *colon = strchr(text, ':');
    reference->path = colon && colon > text ? g_strndup(text, (gsize)(colon - text)) : g_strdup(text);
    reference->choice = colon && colon > text ? g_strdup(colon + 1) : NULL;
}

static gboolean fail_foreign(const char *name, const char *rest, const char *hint_format, GError **error)
{
    g_autofree char *shown = text_escape(rest);
    g_auto(GStrv) parts = g_strsplit(hint_format, "%s", 2);

    gourd_error_set(error, GOURD_ERROR_UNSUPPORTED, "images from '%s:' are not supported", name);
    return gourd_error_hint(error, "%s%s%s", parts[0], shown, parts[1] ? parts[1] : "");
}

/* A bare path that does not exist may be the name of an image or an unknown transport. */
static gboolean fail_missing(const char *source, const char *path, GError **error)
{
    g_autofree char *shown = text_escape(source);
    const char *colon = strchr(source, ':');
    gsize word = strspn(source, "abcdefghijklmnopqrstuvwxyz0123456789+.-");

    if (colon && word > 0 && source + word == colon && !strchr(path, '/') && colon[1]) {
        g_autofree char *name = g_strndup(source, word);

        gourd_error_set(error, GOURD_ERROR_NOT_FOUND, "there is no file '%s', and '%s:' is not a kind of source", shown,
                        name);
        return gourd_error_hint(error,
                                "the kinds are " TRANSPORTS_SHOWN
                                "; an image of a registry is fetched first: skopeo copy "
                                "docker://%s oci-archive:image.tar",
                                shown);
    }
    return gourd_error_set_errno(error, ENOENT, "cannot open '%s'", shown);
}

static gboolean parse_bare(const char *source, Reference *reference, GError **error)
{
    split_path(source, TRUE, reference);
    if (reference->path && !exists(reference->path))
        return fail_missing(source, reference->path, error);
    return TRUE;
}

static gboolean parse_transport(const char *source, Reference *reference, gboolean *ret_done, GError **error)
{
    const char *colon = strchr(source, ':');
    g_autofree char *name = g_strndup(source, colon ? (gsize)(colon - source) : 0);

    *ret_done = TRUE;
    for (gsize i = 0; colon && i < G_N_ELEMENTS(transports); i++) {
        if (strcmp(name, transports[i].name) != 0)
            continue;
        if (!colon[1])
            return gourd_error_set(error, GOURD_ERROR_USAGE, "'%s' names no file", source);
        reference->transport = transports[i].kind;
        split_path(colon + 1, transports[i].takes_choice, reference);
        return TRUE;
    }
    for (gsize i = 0; colon && i < G_N_ELEMENTS(foreign_transports); i++)
        if (strcmp(name, foreign_transports[i].name) == 0 && !exists(source))
            return fail_foreign(name, colon + 1, foreign_transports[i].hint, error);
    *ret_done = FALSE;
    return TRUE;
}

gboolean reference_parse(const char *source, Reference *ret_reference, GError **error)
{
    g_auto(Reference) reference = {TRANSPORT_ANY};
    gboolean done;

    if (!*source)
        return gourd_error_set(error, GOURD_ERROR_USAGE, "the source is empty");
    if (!parse_transport(source, &reference, &done, error) || (!done && !parse_bare(source, &reference, error)))
        return FALSE;
    *ret_reference = reference;
    reference = (Reference){TRANSPORT_ANY};
    return TRUE;
}

void reference_clear(Reference *reference)
{
    g_clear_pointer(&reference->path, g_free);
    g_clear_pointer(&reference->choice, g_free);
}
