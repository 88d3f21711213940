// SPDX-License-Identifier: LGPL-2.1-or-later
#include "archive.h"

#include "tar-header.h"

#include <string.h>

#define LINK_HOPS_MAX 16     /* docker save needs one */
#define MEMBER_PATH_MAX 1024 /* the longest that any tool writes is below 150; bounds the memory of a listing */

struct Archive {
    int fd;              /* or -1 */
    const guint8 *bytes; /* without fd */
    guint64 size;
    char *name;
    gboolean cut;           /* it ends without an end mark: something behind may be missing */
    GHashTable *members;    /* normalised path → Member */
    GHashTable *duplicates; /* normalised paths that occur again */
};

static void member_free(gpointer data)
{
    member_clear(data);
    g_free(data);
}

static gboolean read_archive(void *data, guint64 offset, void *bytes, gsize size, gsize *ret_got, GError **error)
{
    const Archive *archive = data;
    gsize part = offset >= archive->size ? 0 : (gsize)MIN(size, archive->size - offset);

    if (archive->fd >= 0)
        return fd_pread(archive->fd, archive->name, bytes, part, offset, ret_got, error);
    if (part > 0)
        memcpy(bytes, archive->bytes + offset, part);
    *ret_got = part;
    return TRUE;
}

/* "./a//b/../c/" becomes "a/c". NULL if it leads out of the archive. Links are not looked at: only their last component
 * is ever followed. */
static char *normalise(const char *folder, const char *path)
{
    g_auto(GStrv) parts = g_strsplit(path, "/", -1);
    g_autoptr(GString) result = g_string_new(*path == '/' ? "" : folder);

    for (guint i = 0; parts[i]; i++) {
        if (!*parts[i] || strcmp(parts[i], ".") == 0)
            continue;
        if (strcmp(parts[i], "..") == 0) {
            char *slash = strrchr(result->str, '/');

            if (result->len == 0)
                return NULL;
            g_string_truncate(result, slash ? (gsize)(slash - result->str) : 0);
            continue;
        }
        if (result->len > 0)
            g_string_append_c(result, '/');
        g_string_append(result, parts[i]);
    }
    return g_string_free(g_steal_pointer(&result), FALSE);
}

static gboolean add_member(Archive *archive, Member *member, GError **error)
{
    if (strlen(member->path) > MEMBER_PATH_MAX || (member->target && strlen(member->target) > MEMBER_PATH_MAX)) {
        g_autofree char *shown = text_escape(member->path);

        return gourd_error_set(error, GOURD_ERROR_LIMIT, "a name of member '%s' is longer than %d bytes", shown,
                               MEMBER_PATH_MAX);
    }
    g_autofree char *path = normalise("", member->path);
    if (!path || !*path) /* nothing that could be asked for */
        return TRUE;
    if (g_hash_table_size(archive->members) >= ARCHIVE_MEMBERS_MAX)
        return gourd_error_set(error, GOURD_ERROR_LIMIT, "the archive has more than %d members", ARCHIVE_MEMBERS_MAX);
    if (g_hash_table_contains(archive->members, path)) {
        if (member->type != MEMBER_DIRECTORY)
            g_hash_table_add(archive->duplicates, g_steal_pointer(&path));
        return TRUE;
    }
    Member *kept = g_memdup2(member, sizeof *member);
    *member = (Member){0};
    g_hash_table_insert(archive->members, g_steal_pointer(&path), kept);
    return TRUE;
}

static gboolean list_members(Archive *archive, GError **error)
{
    MemberScan scan = {.read = read_archive, .data = archive};

    for (;;) {
        Member member = {0};
        gboolean more;

        if (!member_scan_next(&scan, &member, &more, error))
            return FALSE;
        if (!more) {
            archive->cut = scan.position >= archive->size;
            return TRUE;
        }
        gboolean added = add_member(archive, &member, error);
        member_clear(&member);
        if (!added)
            return FALSE;
    }
}

static Archive *new_listed(int fd, const guint8 *bytes, const char *name, guint64 size, GError **error)
{
    g_autoptr(Archive) archive = g_new0(Archive, 1);

    archive->fd = fd;
    archive->bytes = bytes;
    archive->size = size;
    archive->name = g_strdup(name);
    archive->members = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, member_free);
    archive->duplicates = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    return list_members(archive, error) ? g_steal_pointer(&archive) : NULL;
}

Archive *archive_new(int fd, const char *name, guint64 size, GError **error)
{
    return new_listed(fd, NULL, name, size, error);
}

Archive *archive_new_memory(const void *bytes, gsize size, GError **error)
{
    return new_listed(-1, bytes, "memory", size, error);
}

void archive_free(Archive *archive)
{
    if (!archive)
        return;
    g_hash_table_unref(archive->members);
    g_hash_table_unref(archive->duplicates);
    g_free(archive->name);
    g_free(archive);
}

gboolean archive_has(const Archive *archive, const char *path)
{
    return g_hash_table_contains(archive->members, path);
}

/* One step along links; *path is replaced. FALSE with no error set when it leads out of the archive. */
static gboolean follow_link(const Member *member, char **path)
{
    g_autofree char *folder = NULL;

    if (member->type == MEMBER_SYMLINK) {
        const char *slash = strrchr(*path, '/');

        folder = g_strndup(*path, slash ? (gsize)(slash - *path) : 0);
        if (*member->target == '/')
            return FALSE;
    }
    char *next = normalise(folder ? folder : "", member->target);
    g_free(*path);
    *path = next;
    return next != NULL;
}

static gboolean fail_missing(const Archive *archive, const char *shown, const char *link, GError **error)
{
    gourd_error_set(error, archive->cut ? GOURD_ERROR_INPUT : GOURD_ERROR_NOT_FOUND,
                    "the archive has no member '%s'%s%s%s", shown, link ? ", to which '" : "", link ? link : "",
                    link ? "' is a link" : "");
    if (archive->cut)
        gourd_error_hint(error, "the archive is truncated (it has no end mark): copy or save it again");
    return FALSE;
}

static gboolean find_member(const Archive *archive, const char *path, const char *shown, const Member **ret_member,
                            GError **error)
{
    g_autofree char *at = normalise("", path);

    if (!at || *path == '/')
        return gourd_error_set(error, GOURD_ERROR_INPUT, "'%s' leads out of the archive", shown);
    for (guint hop = 0; hop <= LINK_HOPS_MAX; hop++) {
        const Member *member = g_hash_table_lookup(archive->members, at);
        g_autofree char *at_shown = text_escape(at);

        if (!member)
            return fail_missing(archive, at_shown, hop > 0 ? shown : NULL, error);
        if (g_hash_table_contains(archive->duplicates, at))
            return gourd_error_set(error, GOURD_ERROR_INPUT, "the archive has more than one member '%s'", at_shown);
        if (member->type != MEMBER_SYMLINK && member->type != MEMBER_HARD_LINK) {
            *ret_member = member;
            return TRUE;
        }
        if (!follow_link(member, &at))
            return gourd_error_set(error, GOURD_ERROR_INPUT,
                                   "archive member '%s' is a link that leads out of the archive", at_shown);
    }
    return gourd_error_set(error, GOURD_ERROR_INPUT, "archive member '%s' is a link that leads in circles", shown);
}

gboolean archive_find(const Archive *archive, const char *path, guint64 *ret_offset, guint64 *ret_size, GError **error)
{
    g_autofree char *shown = text_escape(path);
    const Member *member;

    if (!find_member(archive, path, shown, &member, error))
        return FALSE;
    if (member->type != MEMBER_FILE)
        return gourd_error_set(error, GOURD_ERROR_INPUT, "archive member '%s' is not a plain file", shown);
    if (member->offset > archive->size || member->size > archive->size - member->offset) {
        gourd_error_set(error, GOURD_ERROR_INPUT,
                        "the archive ends at byte %" G_GUINT64_FORMAT
                        ", inside of member '%s', which ends at byte %" G_GUINT64_FORMAT,
                        archive->size, shown, member->offset + member->size);
        return gourd_error_hint(error, "the archive is truncated: copy or save it again");
    }
    *ret_offset = member->offset;
    *ret_size = member->size;
    return TRUE;
}

/* --- what is in an archive ----------------------------------------------------------------------------------------- */

typedef struct {
    const guint8 *bytes;
    gsize size;
} Window;

static gboolean read_window(void *data, guint64 offset, void *bytes, gsize size, gsize *ret_got, GError **error)
{
    const Window *window = data;
    gsize part = offset >= window->size ? 0 : (gsize)MIN(size, window->size - offset);

    if (part > 0)
        memcpy(bytes, window->bytes + offset, part);
    *ret_got = part;
    return TRUE;
}

/* Folders at the root of Linux systems (Filesystem Hierarchy Standard 3.0) that no archive of images has. */
static const char *const root_folders[] = {
    "bin",  "boot", "dev",  "etc", "home", "lib", "lib64", "media", "mnt",        "opt",        "proc",
    "root", "run",  "sbin", "srv", "sys",  "tmp", "usr",   "var",   ".dockerenv", "lost+found",
};
/* The files that make an archive one of images. */
static const char *const image_files[] = {"manifest.json", "oci-layout"};

static gboolean is_one_of(const char *name, const char *const *names, gsize count)
{
    for (gsize i = 0; i < count; i++)
        if (strcmp(name, names[i]) == 0)
            return TRUE;
    return FALSE;
}

static ArchiveContent content_of_member(const Member *member)
{
    g_autofree char *path = normalise("", member->path);

    if (!path || !*path)
        return ARCHIVE_CONTENT_UNKNOWN;
    if (member->type == MEMBER_FILE && is_one_of(path, image_files, G_N_ELEMENTS(image_files)))
        return ARCHIVE_CONTENT_IMAGES;
    char *slash = strchr(path, '/');
    if (slash)
        *slash = '\0';
    return is_one_of(path, root_folders, G_N_ELEMENTS(root_folders)) ? ARCHIVE_CONTENT_ROOTFS : ARCHIVE_CONTENT_UNKNOWN;
}

ArchiveContent archive_content_guess(const guint8 *bytes, gsize size)
{
    Window window = {bytes, size};
    MemberScan scan = {.read = read_window, .data = &window};
    ArchiveContent content = ARCHIVE_CONTENT_UNKNOWN;
    TarHeader header;

    if (size < TAR_BLOCK_SIZE || (!tar_block_is_zero(bytes) && !tar_header_parse(bytes, &header, NULL)))
        return ARCHIVE_CONTENT_NO_TAR;
    while (content == ARCHIVE_CONTENT_UNKNOWN) {
        Member member = {0};
        gboolean more;

        /* The window ends somewhere, so an error says nothing. */
        if (!member_scan_next(&scan, &member, &more, NULL) || !more)
            break;
        content = content_of_member(&member);
        member_clear(&member);
    }
    return content;
}
