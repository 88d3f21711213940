// SPDX-License-Identifier: LGPL-2.1-or-later
#include "origin-items.h"

#include "export.h"

#include "bundle/bundle.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#define PATH_LENGTH_MAX 4095 /* PATH_MAX, less the zero */
#define SHOWN_LENGTH 100     /* of what is longer */

/* One of reader (a folder, a tar) and node (a bundle) is there. */
struct OriginSource {
    OriginItem item; /* the current one */
    OriginVisit visit;
    gpointer data;
    Notes *notes;
    guint32 shift; /* of owners: what root inside has */

    EntryReader *reader;
    const Entry *entry;

    SquashReader *image;
    SquashExpander *expander;
    const SquashNode *node;
    GHashTable *first_paths; /* inode number → path of files with several names */
};

/* --- a folder, a tar ---------------------------------------------------------------------------------------------- */

static void describe_entry(OriginSource *source, const Entry *entry)
{
    OriginItem *item = &source->item;

    source->entry = entry;
    item->number++;
    item->type = entry->type;
    item->mode = entry->mode;
    item->uid = entry->uid - source->shift;
    item->gid = entry->gid - source->shift;
    item->mtime = (struct timespec){.tv_sec = entry->mtime, .tv_nsec = entry->mtime_nsec};
    item->size = entry->size;
    item->target = entry->target;
}

/* The path in the machine of one in an export or a folder; NULL without an error: it is not the machine's. The caller frees. */
static gboolean map_path(const OriginSource *source, const char *path, char **ret_path, GError **error)
{
    static const char prefix[] = MACHINE_EXPORT_TREE "/";
    const gsize skipped = source->item.kind == ORIGIN_EXPORT ? strlen(prefix) : 0;
    g_autofree char *clean = NULL;

    *ret_path = NULL;
    if (!path_clean(path, &clean, error))
        return FALSE;
    if ((!skipped || g_str_has_prefix(clean, prefix)) && clean[skipped])
        *ret_path = g_strconcat("/", clean + skipped, NULL);
    return TRUE;
}

/* The top of an export's tree. */
static gboolean is_tree(const char *path)
{
    const gsize length = strlen(MACHINE_EXPORT_TREE);

    return g_str_has_prefix(path, MACHINE_EXPORT_TREE) && path[length + strspn(path + length, "/")] == '\0';
}

/* Who goes from folder to folder can make what has no path. It is left out, and keeps nothing else from coming along. */
static gboolean is_too_long(const OriginSource *source, const char *path)
{
    if (!path || strlen(path) <= PATH_LENGTH_MAX)
        return FALSE;
    g_autofree char *shown = g_strdup_printf("%.*s...", SHOWN_LENGTH, path);

    notes_add(source->notes, "path-too-long", "a path is too long to be made again, and was left out", shown);
    return TRUE;
}

static gboolean visit_entry(OriginSource *source, const Entry *entry, GError **error)
{
    const gboolean is_export = source->item.kind == ORIGIN_EXPORT;
    g_autofree char *path = NULL, *target = NULL;

    if (is_export && is_tree(entry->path))
        source->shift = MACHINE_OWNER_SHIFT(entry->uid);
    describe_entry(source, entry);
    if (!map_path(source, entry->path, &path, error) ||
        (entry->type == ENTRY_HARD_LINK && !map_path(source, entry->target, &target, error)))
        return FALSE;
    if (entry->type == ENTRY_HARD_LINK)
        source->item.target = target;
    source->item.path = path;
    if (is_too_long(source, path) || is_too_long(source, source->item.target))
        return TRUE;
    if (!path && !(is_export && entry->type == ENTRY_FILE && strcmp(entry->path, MACHINE_EXPORT_RECORD) == 0))
        return TRUE;
    return (entry->type == ENTRY_HARD_LINK && !target) || source->visit(&source->item, source->data, error);
}

static gboolean walk_reader(OriginSource *source, GError **error)
{
    const Entry *entry;

    do {
        if (!entry_reader_next(source->reader, &entry, error) || (entry && !visit_entry(source, entry, error)))
            return FALSE;
    } while (entry);
    return TRUE;
}

static gboolean walk_folder(OriginSource *source, const char *path, GError **error)
{
    OwnerMap owners = {0};
    ImageLimits limits;
    struct stat status;

    if (stat(path, &status) < 0)
        return gourd_error_set_errno(error, errno, "cannot look at '%s'", path);
    image_limits_init(&limits);
    limits.unpacked_size = G_MAXUINT64; /* it is on a disk of this host */
    source->shift = MACHINE_OWNER_SHIFT(status.st_uid);
    source->reader = folder_reader_new(path, &owners, &limits, source->notes, error);
    return source->reader && walk_reader(source, error);
}

/* --- a bundle ----------------------------------------------------------------------------------------------------- */

static gboolean visit_node(const SquashNode *node, gpointer data, GError **error)
{
    OriginSource *source = data;
    OriginItem *item = &source->item;
    g_autofree char *path = g_strconcat("/", node->path, NULL);

    source->node = node;
    item->number++;
    item->type = node->type;
    item->path = path;
    item->mode = node->mode;
    item->uid = node->uid;
    item->gid = node->gid;
    item->mtime = (struct timespec){.tv_sec = node->mtime};
    item->size = node->size;
    item->target = node->target;
    if (!*node->path)
        return TRUE;
    if (node->type == ENTRY_FILE && node->n_links > 1) {
        const char *first = g_hash_table_lookup(source->first_paths, GUINT_TO_POINTER(node->inode));

        if (first) {
            item->type = ENTRY_HARD_LINK;
            item->target = first;
        } else {
            g_hash_table_insert(source->first_paths, GUINT_TO_POINTER(node->inode), g_strdup(path));
        }
    }
    return source->visit(item, source->data, error);
}

static gboolean walk_bundle(OriginSource *source, const char *path, GError **error)
{
    const SquashWalk walk = {.visit = visit_node, .data = source, .depth = G_MAXUINT};
    g_autoptr(Bundle) bundle = bundle_open(path, error);

    if (!bundle)
        return FALSE;
    source->image = bundle_image(bundle);
    source->expander = squash_reader_expander(source->image, error);
    if (!source->expander)
        return FALSE;
    source->first_paths = g_hash_table_new_full(NULL, NULL, NULL, g_free);
    const gboolean done = squash_reader_walk(source->image, "", &walk, error);
    g_clear_pointer(&source->first_paths, g_hash_table_unref);
    return done;
}

/* --- all ---------------------------------------------------------------------------------------------------------- */

static gboolean walk_file(OriginSource *source, const char *path, GError **error)
{
    autofd fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    guint8 head[16];
    gsize got = 0;

    if (fd < 0)
        return gourd_error_set_errno(error, errno, "cannot open '%s'", path);
    if (!fd_pread(fd, path, head, sizeof head, 0, &got, error))
        return FALSE;
    if (squash_detect(head, got)) {
        source->item.kind = ORIGIN_BUNDLE;
        return walk_bundle(source, path, error);
    }
    source->item.kind = ORIGIN_EXPORT;
    source->reader = machine_export_open(fd, path, source->notes, error);
    if (!source->reader)
        return FALSE;
    const gboolean done = walk_reader(source, error);
    g_clear_pointer(&source->reader, entry_reader_free); /* before fd */
    return done;
}

gboolean origin_walk(const char *path, gboolean is_folder, Notes *notes, OriginVisit visit, gpointer data,
                     GError **error)
{
    OriginSource source = {.visit = visit, .data = data, .notes = notes};

    source.item.source = &source;
    const gboolean done = is_folder ? walk_folder(&source, path, error) : walk_file(&source, path, error);
    entry_reader_free(source.reader);
    return done;
}

/* --- content ------------------------------------------------------------------------------------------------------ */

gboolean origin_item_read(const OriginItem *item, SquashPiece piece, gpointer data, GError **error)
{
    OriginSource *source = item->source;
    const guint8 *bytes;
    gsize size;

    if (item->kind == ORIGIN_BUNDLE)
        return squash_file_read(source->expander, source->node, piece, data, error);
    do {
        if (!entry_reader_data(source->reader, &bytes, &size, error) || (size > 0 && !piece(bytes, size, data, error)))
            return FALSE;
    } while (size > 0);
    return TRUE;
}

gboolean origin_item_load(const OriginItem *item, gsize size_max, GBytes **ret_content, GError **error)
{
    const OriginSource *source = item->source;

    if (item->kind != ORIGIN_BUNDLE)
        return entry_reader_load(source->reader, source->entry, size_max, ret_content, error);
    *ret_content = squash_file_load(source->expander, source->node, size_max, error);
    return *ret_content || gourd_error_prefix(error, "'%s'", item->path);
}

/* --- attributes --------------------------------------------------------------------------------------------------- */

#define CAPABILITY "security.capability"
#define CAPABILITY_SIZE 20    /* struct vfs_cap_data, revision 2 */
#define CAPABILITY_NS_SIZE 24 /* the same with a user namespace's root, revision 3 */
#define CAPABILITY_REVISION_2 2
#define ACL "system.posix_acl_"
#define ACL_HEAD_SIZE 4  /* struct posix_acl_xattr_header: a version */
#define ACL_ENTRY_SIZE 8 /* tag, permissions, number */
#define ACL_TAG_USER 0x02
#define ACL_TAG_GROUP 0x08

static gboolean is_known(const char *name)
{
    return g_str_has_prefix(name, "user.") || strcmp(name, CAPABILITY) == 0 || strcmp(name, ACL "access") == 0 ||
           strcmp(name, ACL "default") == 0;
}

static void shift_acl(guint8 *acl, gsize size, guint32 shift)
{
    for (gsize at = ACL_HEAD_SIZE; at + ACL_ENTRY_SIZE <= size; at += ACL_ENTRY_SIZE) {
        const guint tag = acl[at] | acl[at + 1] << 8;
        guint32 number;

        if (tag != ACL_TAG_USER && tag != ACL_TAG_GROUP)
            continue;
        memcpy(&number, acl + at + 4, sizeof number);
        number = GUINT32_TO_LE(GUINT32_FROM_LE(number) - shift);
        memcpy(acl + at + 4, &number, sizeof number);
    }
}

/* Numbers in values are those of the container that the origin is of. */
static void add_xattr(Xattrs *xattrs, const Xattr *xattr, guint32 shift)
{
    g_autofree guint8 *value = g_memdup2(xattr->value, xattr->size);
    gsize size = xattr->size;

    if (shift && g_str_has_prefix(xattr->name, ACL))
        shift_acl(value, size, shift);
    if (shift && strcmp(xattr->name, CAPABILITY) == 0 && size == CAPABILITY_NS_SIZE) {
        size = CAPABILITY_SIZE;
        value[3] = CAPABILITY_REVISION_2;
    }
    xattrs_set(xattrs, xattr->name, value, size);
}

gboolean origin_item_xattrs(const OriginItem *item, Notes *notes, Xattrs **ret_xattrs, GError **error)
{
    const OriginSource *source = item->source;
    g_autoptr(Xattrs) all = NULL, taken = NULL;

    if (item->kind == ORIGIN_BUNDLE) {
        if (source->node->xattrs != SQUASH_NO_XATTRS &&
            !squash_reader_read_xattrs(source->image, source->node->xattrs, &all, error))
            return FALSE;
    } else if (source->entry->xattrs) {
        all = xattrs_ref(source->entry->xattrs);
    }
    for (gsize i = 0; i < xattrs_count(all); i++) {
        const Xattr *xattr = xattrs_get(all, i);

        if (!is_known(xattr->name)) {
            notes_add(notes, "machine-xattr-dropped",
                      "machines take attributes of users, capabilities and ACLs: others were left out", item->path);
            continue;
        }
        if (!taken)
            taken = xattrs_new();
        add_xattr(taken, xattr, source->shift);
    }
    *ret_xattrs = g_steal_pointer(&taken);
    return TRUE;
}
