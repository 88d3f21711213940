// SPDX-License-Identifier: LGPL-2.1-or-later
#include "reader-private.h"

#include <string.h>

/* A folder being walked. Recursion would let an image choose the depth of our stack. */
typedef struct {
    Listing listing;
    guint next;          /* entry */
    gboolean subfolders; /* the second round: first all else, then these */
    gsize path_length;   /* of the folder, with the slash that its entries need */
} Frame;

typedef struct {
    SquashReader *reader;
    const SquashWalk *walk;
    GString *path;
    GArray *frames;
    GHashTable *folders; /* inode references (guint64) of folders that were entered */
    guint64 n_entries;
} Walker;

static void clear_frame(gpointer frame)
{
    squash_listing_release(&((Frame *)frame)->listing);
}

/* TRUE if the walk goes on without what is broken. Takes problem. */
static gboolean pass_problem(const Walker *walker, GError *problem, GError **error)
{
    if (!walker->walk->problem) {
        g_propagate_error(error, problem);
        g_autofree char *shown = text_escape(walker->path->str);

        return gourd_error_prefix(error, "'/%s'", shown);
    }
    walker->walk->problem(walker->path->str, problem, walker->walk->data);
    g_error_free(problem);
    return TRUE;
}

static gboolean enter_once(Walker *walker, guint64 reference, GError **error)
{
    g_autofree guint64 *key = g_memdup2(&reference, sizeof reference);

    if (!g_hash_table_add(walker->folders, g_steal_pointer(&key)))
        return gourd_error_set(error, GOURD_ERROR_INPUT, "a folder that is in two places, or in itself");
    return TRUE;
}

static gboolean enter_folder(Walker *walker, const SquashNode *folder, guint64 reference, GError **error)
{
    GError *problem = NULL;
    gboolean sorted = TRUE;
    Frame frame = {0};

    if (!enter_once(walker, reference, &problem) ||
        !squash_read_listing(walker->reader, folder, &frame.listing, &sorted, &problem))
        return pass_problem(walker, problem, error);
    walker->n_entries += frame.listing.entries->len;
    if (walker->n_entries > SQUASH_ENTRIES_MAX) {
        squash_listing_release(&frame.listing);
        return gourd_error_set(error, GOURD_ERROR_LIMIT, "the image has more than %u names", SQUASH_ENTRIES_MAX);
    }
    if (!sorted && walker->walk->problem) { /* harmless to us, but Linux finds some of the names only by listing */
        gourd_error_set(&problem, GOURD_ERROR_INPUT, "a folder's names are not in order");
        pass_problem(walker, problem, NULL);
    }
    if (walker->path->len > 0)
        g_string_append_c(walker->path, '/');
    frame.path_length = walker->path->len;
    g_array_append_val(walker->frames, frame);
    return TRUE;
}

static gboolean read_listed_inode(Walker *walker, const ListingEntry *entry, SquashNode *ret_node, GError **error)
{
    if (walker->path->len > SQUASH_PATH_MAX)
        return gourd_error_set(error, GOURD_ERROR_LIMIT, "a path of more than %u bytes", SQUASH_PATH_MAX);
    if (!squash_read_inode(walker->reader, entry->reference, ret_node, error))
        return FALSE;
    if (ret_node->type != entry->type || ret_node->inode != entry->inode)
        return gourd_error_set(error, GOURD_ERROR_INPUT, "the folder and the inode do not agree on type or number");
    return TRUE;
}

static gboolean visit_entry(Walker *walker, const ListingEntry *entry, GError **error)
{
    Frame *frame = &g_array_index(walker->frames, Frame, walker->frames->len - 1);
    gsize name_at = frame->path_length;
    GError *problem = NULL;
    SquashNode node;

    g_string_truncate(walker->path, name_at);
    g_string_append(walker->path, squash_listing_name(&frame->listing, entry));
    if (!read_listed_inode(walker, entry, &node, &problem))
        return pass_problem(walker, problem, error);
    node.path = walker->path->str;
    node.name = walker->path->str + name_at;
    if (!walker->walk->visit(&node, walker->walk->data, error))
        return FALSE;
    if (node.type == ENTRY_DIRECTORY && walker->frames->len < walker->walk->depth)
        return enter_folder(walker, &node, entry->reference, error);
    return TRUE;
}

static gboolean walk_frames(Walker *walker, GError **error)
{
    while (walker->frames->len > 0) {
        Frame *frame = &g_array_index(walker->frames, Frame, walker->frames->len - 1);

        if (frame->next == frame->listing.entries->len) {
            frame->next = 0;
            if (frame->subfolders)
                g_array_set_size(walker->frames, walker->frames->len - 1);
            else
                frame->subfolders = TRUE;
            continue;
        }
        const ListingEntry *entry = &g_array_index(frame->listing.entries, ListingEntry, frame->next++);
        if ((entry->type == ENTRY_DIRECTORY) == frame->subfolders && !visit_entry(walker, entry, error))
            return FALSE;
    }
    return TRUE;
}

/* Finds an entry by bisection. */
static const ListingEntry *find_name(const Listing *listing, const char *name)
{
    guint low = 0, high = listing->entries->len;

    while (low < high) {
        guint middle = low + (high - low) / 2;
        const ListingEntry *entry = &g_array_index(listing->entries, ListingEntry, middle);
        int order = strcmp(name, squash_listing_name(listing, entry));

        if (order == 0)
            return entry;
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return NULL;
}

static gboolean fail_missing(const char *path, GError **error)
{
    g_autofree char *shown = text_escape(path);

    return gourd_error_set(error, GOURD_ERROR_NOT_FOUND, "there is no '/%s' in the image", shown);
}

/* Every path begins in the root folder, so its listing is kept. The caller releases what it gets. */
static gboolean get_listing(SquashReader *reader, const SquashNode *folder, guint64 reference, Listing *ret_listing,
                            GError **error)
{
    gboolean sorted, is_root = reference == reader->super.root_inode_ref;

    if (!is_root || !reader->root.entries) {
        if (!squash_read_listing(reader, folder, ret_listing, &sorted, error))
            return FALSE;
        if (!is_root)
            return TRUE;
        reader->root = *ret_listing;
    }
    ret_listing->entries = g_array_ref(reader->root.entries);
    ret_listing->names = g_byte_array_ref(reader->root.names);
    return TRUE;
}

/* Goes one step down from *node. */
static gboolean find_step(SquashReader *reader, const char *name, SquashNode *node, guint64 *reference,
                          gboolean *ret_found, GError **error)
{
    Listing listing;

    *ret_found = FALSE;
    if (node->type != ENTRY_DIRECTORY)
        return TRUE;
    if (!get_listing(reader, node, *reference, &listing, error))
        return FALSE;
    const ListingEntry *entry = find_name(&listing, name);
    gboolean done = TRUE;
    if (entry) {
        *ret_found = TRUE;
        *reference = entry->reference;
        done = squash_read_inode(reader, entry->reference, node, error);
    }
    squash_listing_release(&listing);
    return done;
}

/* Finds the inode of path and makes it plain: no slash at its ends or twice, no ".". */
static gboolean find_path(SquashReader *reader, const char *path, GString *plain, SquashNode *ret_node,
                          guint64 *ret_reference, GError **error)
{
    g_auto(GStrv) names = g_strsplit(path, "/", -1);

    *ret_reference = reader->super.root_inode_ref;
    if (!squash_read_inode(reader, *ret_reference, ret_node, error))
        return gourd_error_prefix(error, "cannot read the root folder");
    if (ret_node->type != ENTRY_DIRECTORY)
        return gourd_error_set(error, GOURD_ERROR_INPUT, "the root is not a folder");
    for (char **name = names; *name; name++) {
        gboolean found;

        if (**name == '\0' || strcmp(*name, ".") == 0)
            continue;
        if (plain->len > 0)
            g_string_append_c(plain, '/');
        g_string_append(plain, *name);
        if (!find_step(reader, *name, ret_node, ret_reference, &found, error))
            return FALSE;
        if (!found)
            return fail_missing(plain->str, error);
    }
    return TRUE;
}

gboolean squash_reader_walk(SquashReader *reader, const char *path, const SquashWalk *walk, GError **error)
{
    g_autoptr(GString) plain = g_string_new(NULL);
    SquashNode node;
    guint64 reference;
    gboolean done = find_path(reader, path, plain, &node, &reference, error);

    if (done) {
        const char *slash = strrchr(plain->str, '/');

        node.path = plain->str;
        node.name = slash ? slash + 1 : plain->str;
        done = walk->visit(&node, walk->data, error);
    }
    if (!done || node.type != ENTRY_DIRECTORY || walk->depth == 0)
        return done;

    Walker walker = {.reader = reader, .walk = walk, .path = plain};
    walker.frames = g_array_new(FALSE, FALSE, sizeof(Frame));
    g_array_set_clear_func(walker.frames, clear_frame);
    walker.folders = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);
    done = enter_folder(&walker, &node, reference, error) && walk_frames(&walker, error);
    g_array_unref(walker.frames);
    g_hash_table_unref(walker.folders);
    return done;
}
