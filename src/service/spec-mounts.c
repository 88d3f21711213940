// SPDX-License-Identifier: LGPL-2.1-or-later
#include "spec-mounts.h"
#include "inside.h"

#include <string.h>

#define VOLUME_NAME_LENGTH_MAX 200 /* bytes: NAME_MAX, and room for what is appended while a volume is filled */

/* Where a service has something of its own without asking: below these no mount point is needed. */
static const char *const private_folders[] = {"/run", "/tmp", "/var/tmp", "/dev"};

gboolean spec_is_writable_place(const ServiceSpec *spec, const char *path)
{
    for (gsize i = 0; i < G_N_ELEMENTS(private_folders); i++)
        if (inside_is_below(path, private_folders[i]))
            return TRUE;
    for (guint i = 0; i < spec->mounts->len; i++) {
        const ServiceMount *mount = g_ptr_array_index(spec->mounts, i);

        if (!mount->read_only && inside_is_below(path, mount->destination))
            return TRUE;
    }
    return FALSE;
}

const ServiceMount *spec_find_mount(const ServiceSpec *spec, const char *destination)
{
    for (guint i = 0; i < spec->mounts->len; i++) {
        const ServiceMount *mount = g_ptr_array_index(spec->mounts, i);

        if (strcmp(mount->destination, destination) == 0)
            return mount;
    }
    return NULL;
}

/* Where systemd mounts what the kernel shows. Files of the host may be bound there, but nothing is kept. */
static gboolean is_kernels(const char *path)
{
    return inside_is_below(path, "/proc") || inside_is_below(path, "/sys") || strcmp(path, "/dev") == 0;
}

static gboolean fail_missing(const char *what, const char *shown, const char *shown_resolved, GError **error)
{
    gboolean same = strcmp(shown, shown_resolved) == 0;

    gourd_error_set(error, GOURD_ERROR_NOT_FOUND, "the image has no %s '%s'%s%s%s to mount on", what, shown,
                    same ? "" : " (which is '", same ? "" : shown_resolved, same ? "" : "')");
    return gourd_error_hint(error, "gourd build … --mountpoint %s%s", shown_resolved,
                            strcmp(what, "file") == 0 ? ":file" : "");
}

ServiceMount *spec_add_mount(SpecSource *source, ServiceMountKind kind, const char *destination, GError **error)
{
    g_autofree char *shown = text_escape(destination);

    if (*destination != '/') {
        gourd_error_set(error, GOURD_ERROR_USAGE, "'%s' is not an absolute path", shown);
        return NULL;
    }
    const InsideNode *node = service_image_find(source->image, destination, error);
    if (!node)
        return NULL;
    g_autofree char *shown_resolved = text_escape(node->path);
    if (strcmp(node->path, "/") == 0 && kind != SERVICE_MOUNT_WRITABLE) {
        gourd_error_set(error, GOURD_ERROR_USAGE, "nothing can be mounted over the root");
        return NULL;
    }
    if (kind != SERVICE_MOUNT_BIND && is_kernels(node->path)) {
        gourd_error_set(error, GOURD_ERROR_INPUT, "'%s' is the kernel's, and cannot be a folder of the service",
                        shown_resolved);
        return NULL;
    }
    if (spec_find_mount(source->spec, node->path)) {
        gourd_error_set(error, GOURD_ERROR_USAGE, "two mounts on '%s'", shown_resolved);
        return NULL;
    }
    if (!node->found && !(kind != SERVICE_MOUNT_WRITABLE && spec_is_writable_place(source->spec, node->path))) {
        fail_missing(kind == SERVICE_MOUNT_SECRET ? "file" : "folder", shown, shown_resolved, error);
        return NULL;
    }
    if (node->found && node->type == ENTRY_DIRECTORY && kind == SERVICE_MOUNT_SECRET) {
        gourd_error_set(error, GOURD_ERROR_INPUT, "'%s' is a folder in the image", shown_resolved);
        return NULL;
    }
    if (node->found && node->type != ENTRY_DIRECTORY && kind != SERVICE_MOUNT_BIND && kind != SERVICE_MOUNT_SECRET) {
        gourd_error_set(error, GOURD_ERROR_INPUT, "'%s' is no folder in the image", shown_resolved);
        return NULL;
    }

    ServiceMount *mount = g_new0(ServiceMount, 1);

    mount->kind = kind;
    mount->destination = g_strdup(node->path);
    mount->mode = node->found ? node->mode : 0755;
    mount->uid = node->uid;
    mount->gid = node->gid;
    mount->fill = node->found && node->type == ENTRY_DIRECTORY;
    g_ptr_array_add(source->spec->mounts, mount);
    return mount;
}

/* --- what was asked for ------------------------------------------------------------------------------------------ */

/* "/var/lib/db" as "var-lib-db": the folder of a volume that has no other name. */
static char *name_of_path(const char *path)
{
    char *name = g_strdup(path + strspn(path, "/"));

    while (g_str_has_suffix(name, "/"))
        name[strlen(name) - 1] = '\0';
    return g_strdelimit(name, "/", '-');
}

char *spec_volume_path(const SpecSource *source, const char *name)
{
    return g_strdup_printf("%s/%s/%s", PATH_VOLUMES, source->context->name, name);
}

static gboolean is_volume_name(const char *name)
{
    return g_ascii_isalnum(*name) && strlen(name) <= VOLUME_NAME_LENGTH_MAX &&
           strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-") == strlen(name);
}

/* Whether a volume of another path has that folder already: "/a/b" and "/a-b" would share one. */
static gboolean has_source(const ServiceSpec *spec, const char *path)
{
    for (guint i = 0; i < spec->mounts->len; i++)
        if (g_strcmp0(((ServiceMount *)g_ptr_array_index(spec->mounts, i))->source, path) == 0)
            return TRUE;
    return FALSE;
}

gboolean spec_add_volume(SpecSource *source, const char *name, const char *path, GError **error)
{
    g_autofree char *own_name = name ? NULL : name_of_path(path);
    g_autofree char *folder = spec_volume_path(source, name ? name : own_name);

    if (!name && has_source(source->spec, folder)) {
        g_autofree char *shown = text_escape(path);

        gourd_error_set(error, GOURD_ERROR_INPUT, "the volume '%s' would be called '%s', as another is", shown,
                        own_name);
        return gourd_error_hint(error, "give it one of its own: --volume NAME:%s", shown);
    }

    if (!name && strlen(own_name) > VOLUME_NAME_LENGTH_MAX) {
        g_autofree char *shown = text_escape(path);

        gourd_error_set(error, GOURD_ERROR_LIMIT, "the path of the volume '%s' is too long for a name", shown);
        return gourd_error_hint(error, "give it one: --volume NAME:%s", shown);
    }

    ServiceMount *mount = spec_add_mount(source, SERVICE_MOUNT_VOLUME, path, error);

    if (!mount)
        return FALSE;
    mount->folder = g_strdup(folder);
    mount->source = g_steal_pointer(&folder);
    return TRUE;
}

/* A word of what stands behind the last colon; of those with "=" what is behind that. */
typedef struct {
    const char *word;
    gboolean *flag;
    char **value;
} Word;

static gboolean take_word(const char *text, const Word *words)
{
    for (; words->word; words++) {
        gsize length = strlen(words->word);

        if (words->flag && strcmp(text, words->word) == 0)
            *words->flag = TRUE;
        else if (words->value && strncmp(text, words->word, length) == 0 && text[length]) {
            g_free(*words->value);
            *words->value = g_strdup(text + length);
        } else
            continue;
        return TRUE;
    }
    return FALSE;
}

/* "PATH:ro,nocopy" gives PATH. FALSE: what is behind the colon has a word that is not known. */
static gboolean take_options(const char *text, const Word *words, char **ret_path)
{
    const char *colon = strrchr(text, ':');
    g_auto(GStrv) parts = colon ? g_strsplit(colon + 1, ",", -1) : NULL;

    for (char **part = parts; part && *part; part++)
        if (!take_word(*part, words))
            return FALSE;
    *ret_path = colon ? g_strndup(text, (gsize)(colon - text)) : g_strdup(text);
    return TRUE;
}

/* "NAME" or "OWNER/NAME" */
static gboolean is_volume_of_any(const char *name)
{
    const char *slash = strchr(name, '/');
    g_autofree char *owner = slash ? g_strndup(name, (gsize)(slash - name)) : NULL;

    return is_volume_name(slash ? slash + 1 : name) && (!owner || is_volume_name(owner));
}

static char *named_volume_path(const SpecSource *source, const char *name)
{
    const char *stack = source->options->stack;

    if (strchr(name, '/'))
        return g_build_filename(PATH_VOLUMES, name, NULL);
    return stack ? g_build_filename(PATH_VOLUMES, stack, name, NULL) : spec_volume_path(source, name);
}

/* PATH[:OPTIONS] of a volume with a name. */
static gboolean add_named_volume(SpecSource *source, const char *name, const char *text, GError **error)
{
    gboolean read_only = FALSE, writable = FALSE, nocopy = FALSE, external = FALSE, mounted = FALSE;
    g_autofree char *subpath = NULL, *path = NULL;
    const Word words[] = {
        {"ro", &read_only, NULL},     {"rw", &writable, NULL},       {"nocopy", &nocopy, NULL},
        {"subpath=", NULL, &subpath}, {"external", &external, NULL}, {"mounted", &mounted, NULL},
        {NULL, NULL, NULL},
    };

    if (!take_options(text, words, &path)) {
        g_autofree char *shown = text_escape(text);

        return gourd_error_set(error, GOURD_ERROR_USAGE, "'%s' is not PATH[:ro,nocopy,subpath=PATH]", shown);
    }
    ServiceMount *mount = spec_add_mount(source, SERVICE_MOUNT_VOLUME, path, error);
    if (!mount)
        return FALSE;
    g_autofree char *folder = named_volume_path(source, name);
    g_autofree char *below = subpath ? inside_plain_path("/", subpath) : NULL; /* never out of it */
    mount->source = g_strconcat(folder, below, NULL);
    mount->folder = external || mounted ? NULL : g_steal_pointer(&folder);
    mount->mounted = mounted;
    mount->read_only = read_only;
    mount->fill = mount->fill && !nocopy && !subpath;
    return TRUE;
}

/* PATH or NAME:PATH[:OPTIONS] */
static gboolean add_asked_volume(SpecSource *source, const char *text, GError **error)
{
    const char *colon = *text == '/' ? NULL : strchr(text, ':');
    g_autofree char *name = colon ? g_strndup(text, (gsize)(colon - text)) : NULL;

    if (!name)
        return spec_add_volume(source, NULL, text, error);
    if (!is_volume_of_any(name)) {
        g_autofree char *shown = text_escape(name);

        gourd_error_set(error, GOURD_ERROR_USAGE, "'%s' is no name for a volume", shown);
        return gourd_error_hint(error, "letters, digits, '_', '.' and '-'; a path of the host is for --bind");
    }
    return add_named_volume(source, name, colon + 1, error);
}

/* What a system has, or not: a folder that is made in its place would be taken for it by others. */
static gboolean is_of_system(const char *path)
{
    static const char *const files[] = {"/etc/localtime", "/etc/timezone", "/run/docker.sock", "/var/run/docker.sock"};

    for (gsize i = 0; i < G_N_ELEMENTS(files); i++)
        if (strcmp(path, files[i]) == 0)
            return TRUE;
    return FALSE;
}

/* These are always there: no line of tmpfiles.d need say so. */
static gboolean is_of_every_system(const char *path)
{
    static const char *const folders[] = {"/",    "/etc", "/home",    "/root",    "/run",     "/srv",    "/tmp",
                                          "/usr", "/var", "/var/lib", "/var/log", "/var/run", "/var/tmp"};

    for (gsize i = 0; i < G_N_ELEMENTS(folders); i++)
        if (strcmp(path, folders[i]) == 0)
            return TRUE;
    return inside_is_below(path, "/dev") || inside_is_below(path, "/proc") || inside_is_below(path, "/sys");
}

char *spec_bind_folder(const char *text, gboolean *ret_writable)
{
    g_auto(GStrv) words = g_strsplit(strrchr(text, ':') + 1, ",", -1);
    g_autofree char *source = g_strndup(text, strcspn(text, ":")), *path = inside_plain_path("/", source);

    *ret_writable = !g_strv_contains((const char *const *)words, "ro");
    if (is_of_system(path) || is_of_every_system(path) || inside_is_below(path, "/run") ||
        inside_is_below(path, "/var/run") || g_strv_contains((const char *const *)words, "file"))
        return NULL;
    return g_steal_pointer(&path);
}

/* SRC:DST[:OPTIONS] */
static gboolean add_bind(SpecSource *source, const char *text, GError **error)
{
    const char *colon = strchr(text, ':');
    gboolean read_only = FALSE, writable = FALSE, create = FALSE, flat = FALSE, file = FALSE;
    g_autofree char *shown = text_escape(text), *path = NULL, *host = g_strndup(text, strcspn(text, ":"));
    const Word words[] = {
        {"ro", &read_only, NULL}, {"rw", &writable, NULL}, {"create", &create, NULL},
        {"norbind", &flat, NULL}, {"file", &file, NULL},   {NULL, NULL, NULL},
    };

    if (*text != '/' || !colon || !colon[1]) {
        gourd_error_set(error, GOURD_ERROR_USAGE, "'%s' is not SOURCE:DESTINATION[:ro]", shown);
        return gourd_error_hint(error, "the source is an absolute path of the host");
    }
    if (!take_options(colon + 1, words, &path))
        return gourd_error_set(error, GOURD_ERROR_USAGE, "'%s': a bind mount can be ro or rw", shown);

    ServiceMount *mount = spec_add_mount(source, SERVICE_MOUNT_BIND, path, error);

    if (!mount)
        return FALSE;
    mount->source = inside_plain_path("/", host);
    mount->optional = (create || file) && is_of_system(mount->source);
    mount->folder = create && !mount->optional && !is_of_every_system(mount->source) ? g_strdup(mount->source) : NULL;
    mount->options = flat ? g_strdup("norbind") : NULL;
    mount->read_only = read_only;
    mount->fill = FALSE;
    return TRUE;
}

/* The number of a service's own user is known on the host only, so that the folder belongs to root there. The user gets in as
 * everybody, and nobody else sees it: what the mode says of the owner it says of all. */
static char *open_tmpfs(SpecSource *source, const char *path, const char *options)
{
    g_auto(GStrv) words = g_strsplit(options, ",", -1);
    GString *text = g_string_new(NULL);

    for (char **word = words; *word; word++) {
        guint64 mode;

        if (g_str_has_prefix(*word, "uid=") || g_str_has_prefix(*word, "gid=")) {
            notes_add_once(
                source->notes, "tmpfs-owner",
                "a tmpfs belongs to root, since the number of the service's user is known on the host only; its "
                "mode lets the user in",
                path);
            continue;
        }
        g_string_append(text, text->len ? "," : "");
        if (g_str_has_prefix(*word, "mode=") &&
            g_ascii_string_to_unsigned(*word + strlen("mode="), 8, 0, 07777, &mode, NULL) && (~mode & mode >> 6 & 7))
            g_string_append_printf(text, "mode=%04o", (guint)(mode | (mode >> 6 & 7)));
        else
            g_string_append(text, *word);
    }
    return g_string_free(text, FALSE);
}

/* PATH[:OPTIONS]; everybody may write, as with Docker, unless the options say otherwise. */
static gboolean add_tmpfs(SpecSource *source, const char *text, GError **error)
{
    const char *colon = strchr(text, ':');
    g_autofree char *path = g_strndup(text, colon ? (gsize)(colon - text) : strlen(text));
    g_autofree char *opened = colon && source->spec->user.kind == SERVICE_USER_OWN ? open_tmpfs(source, path, colon + 1)
                                                                                   : NULL;
    const char *options = opened ? opened : colon ? colon + 1 : "";
    ServiceMount *mount = spec_add_mount(source, SERVICE_MOUNT_TMPFS, path, error);

    if (!mount)
        return FALSE;
    mount->options = g_strdup_printf("%s%s%s", strstr(options, "mode=") ? "" : "mode=1777",
                                     *options && !strstr(options, "mode=") ? "," : "", options);
    return TRUE;
}

static gboolean add_writable(SpecSource *source, const char *path, GError **error)
{
    g_autofree char *plain = inside_plain_path("/", path), *name = name_of_path(plain);
    g_autofree char *folder = g_strconcat(SERVICE_WRITABLE_PREFIX, *name ? name : "root", NULL);
    ServiceMount *mount = spec_add_mount(source, SERVICE_MOUNT_WRITABLE, path, error);

    if (!mount)
        return FALSE;
    if (!source->options->writable_volatile && !source->context->one_off)
        notes_add(
            source->notes, "writable-kept",
            "what the service writes here is kept, and hides what later versions bring; --volatile forgets it at each "
            "stop",
            path);
    mount->source = source->options->writable_volatile
                        ? g_strdup_printf("%s/roots/%s/%s", PATH_RUN, source->context->name, folder)
                        : spec_volume_path(source, folder);
    return TRUE;
}

typedef gboolean (*AddMount)(SpecSource *source, const char *text, GError **error);

static gboolean add_all(SpecSource *source, char *const *texts, const char *option, AddMount add, GError **error)
{
    for (gsize i = 0; texts && texts[i]; i++)
        if (!add(source, texts[i], error))
            return gourd_error_prefix(error, "%s", option);
    return TRUE;
}

/* The image's volumes, where nothing else was asked for. */
static gboolean add_image_volumes(SpecSource *source, GError **error)
{
    for (char **path = source->config->volumes; *path; path++) {
        const InsideNode *node = service_image_find(source->image, *path, error);

        if (!node)
            return FALSE;
        if (!spec_find_mount(source->spec, node->path) && !spec_add_volume(source, NULL, *path, error))
            return gourd_error_prefix(error, "a volume of the image");
    }
    return TRUE;
}

static gint compare_mounts(gconstpointer a, gconstpointer b)
{
    const ServiceMount *const *mount_a = a, *const *mount_b = b;

    return strcmp((*mount_a)->destination, (*mount_b)->destination);
}

/* A file of the image over which one of the host goes. */
static gboolean find_file(SpecSource *source, const char *path, gboolean *ret_found, GError **error)
{
    const InsideNode *node = service_image_find(source->image, path, error);

    if (!node)
        return FALSE;
    *ret_found = node->found && node->type != ENTRY_DIRECTORY && strcmp(node->path, path) == 0 &&
                 !spec_is_mounted_over(source->spec, path);
    return TRUE;
}

/* systemd mounts on these, whatever a service says. A bundle that gourd wrote has them. */
static gboolean check_standard_folders(SpecSource *source, GError **error)
{
    static const char *const folders[] = {"/proc", "/sys", "/dev", "/run", "/tmp", "/var/tmp"};

    for (gsize i = 0; i < G_N_ELEMENTS(folders); i++) {
        const InsideNode *node = service_image_find(source->image, folders[i], error);

        if (!node)
            return FALSE;
        if (!node->found || node->type != ENTRY_DIRECTORY)
            return fail_missing("folder", folders[i], node->path, error);
    }
    return TRUE;
}

gboolean spec_add_mounts(SpecSource *source, GError **error)
{
    const ServiceOptions *options = source->options;
    ServiceSpec *spec = source->spec;
    /* Another program than the image's, in a run of its own, has no habits that are known; and mounts cost time. */
    gboolean image_runs = !source->context->one_off || !options->entrypoint;

    spec->volatile_writes = options->writable_volatile;
    if (options->writable_volatile && !(options->writable && options->writable[0]))
        return gourd_error_set(error, GOURD_ERROR_USAGE, "--volatile without --writable");
    if (!check_standard_folders(source, error) || !add_all(source, options->binds, "--bind", add_bind, error) ||
        !add_all(source, options->volumes, "--volume", add_asked_volume, error) ||
        !add_all(source, options->tmpfs, "--tmpfs", add_tmpfs, error) || !spec_add_secrets(source, error) ||
        !add_all(source, options->writable, "--writable", add_writable, error) || !add_image_volumes(source, error) ||
        (image_runs && !spec_add_kept_folders(source, error)) || !spec_add_run_folders(source, error) ||
        !find_file(source, "/etc/hosts", &spec->hosts_file, error) ||
        !find_file(source, "/etc/resolv.conf", &spec->resolv_file, error))
        return FALSE;
    g_ptr_array_sort(spec->mounts, compare_mounts);
    return TRUE;
}
