// SPDX-License-Identifier: LGPL-2.1-or-later
#include "diff.h"

#include <string.h>

/* A path of A, kept while B is walked. */
typedef struct {
    char *key;       /* the path; folders with a slash at its end, so that keys sort canonically */
    SquashNode node; /* path and name unset; target and sizes owned */
    guint64 file;    /* of the index; INDEX_NO_FILE without */
} Record;

/* One of the two bundles while it is walked. */
typedef struct {
    Bundle *bundle;
    const BundleIndex *index; /* only if both can be compared by it */
    SquashExpander *expander;
    GHashTable *file_numbers; /* inode → number in the index + 1 */
    guint64 next_file;
} Side;

typedef struct {
    Side a, b;
    GPtrArray *records; /* of A */
    guint next;         /* record */
    BundleDiff *diff;
} Comparison;

const char *bundle_diff_what_name(guint bit)
{
    static const char *const names[] = {"type",   "content", "mode",   "owner", "mtime",
                                        "target", "device",  "xattrs", "links"};

    return bit < G_N_ELEMENTS(names) ? names[bit] : NULL;
}

static void free_record(gpointer data)
{
    Record *record = data;

    g_free(record->key);
    g_free((char *)record->node.target);
    g_free((guint32 *)record->node.sizes);
    g_free(record);
}

static void free_difference(gpointer data)
{
    g_free(((BundleDifference *)data)->path);
    g_free(data);
}

static char *make_key(const SquashNode *node)
{
    gboolean slash = node->type == ENTRY_DIRECTORY && *node->path;

    return g_strconcat(node->path, slash ? "/" : "", NULL);
}

/* The files of an index are the inodes in the order in which a walk first sees them. */
static guint64 number_file(Side *side, const SquashNode *node)
{
    gpointer key = GUINT_TO_POINTER(node->inode);

    if (!side->index || node->type != ENTRY_FILE)
        return INDEX_NO_FILE;
    guint64 number = GPOINTER_TO_SIZE(g_hash_table_lookup(side->file_numbers, key));
    if (number == 0) {
        number = ++side->next_file;
        g_hash_table_insert(side->file_numbers, key, GSIZE_TO_POINTER(number));
    }
    return number > bundle_index_facts(side->index)->n_files ? INDEX_NO_FILE : number - 1;
}

static gboolean keep_record(const SquashNode *node, gpointer data, GError **error)
{
    Comparison *comparison = data;
    Record *record = g_new0(Record, 1);

    record->key = make_key(node);
    record->node = *node;
    record->node.path = record->node.name = NULL;
    record->node.target = g_strdup(node->target);
    record->file = number_file(&comparison->a, node);
    record->node.sizes = record->file == INDEX_NO_FILE ? g_memdup2(node->sizes, node->n_blocks * sizeof(guint32))
                                                       : NULL;
    g_ptr_array_add(comparison->records, record);
    return TRUE;
}

static void add_difference(Comparison *comparison, BundleDiffKind kind, guint what, const char *key,
                           const SquashNode *before, const SquashNode *after)
{
    BundleDifference *difference = g_new0(BundleDifference, 1);

    difference->kind = kind;
    difference->what = what;
    if (before) {
        difference->type = before->type;
        difference->old_size = before->type == ENTRY_FILE ? before->size : 0;
    }
    if (after) {
        difference->type = after->type;
        difference->new_size = after->type == ENTRY_FILE ? after->size : 0;
    }
    difference->path = g_strdup(key);
    if (g_str_has_suffix(key, "/"))
        difference->path[strlen(key) - 1] = '\0';
    g_ptr_array_add(comparison->diff->differences, difference);
}

/* --- one path in both --------------------------------------------------------------------------------------------- */

static gboolean compare_content(Comparison *comparison, const Record *before, const SquashNode *after, guint64 new_file,
                                gboolean *ret_same, GError **error)
{
    Digest a, b;

    *ret_same = FALSE;
    if (before->node.size != after->size)
        return TRUE;
    if (before->file != INDEX_NO_FILE && new_file != INDEX_NO_FILE) {
        bundle_index_get_digest(comparison->a.index, before->file, &a);
        bundle_index_get_digest(comparison->b.index, new_file, &b);
    } else if (!squash_file_digest(comparison->a.expander, &before->node, &a, error) ||
               !squash_file_digest(comparison->b.expander, after, &b, error)) {
        return FALSE;
    }
    *ret_same = digest_equal(&a, &b);
    return TRUE;
}

static gboolean same_xattr_lists(const Xattrs *a, const Xattrs *b)
{
    if (xattrs_count(a) != xattrs_count(b))
        return FALSE;
    for (gsize i = 0; i < xattrs_count(a); i++) {
        const Xattr *x = xattrs_get(a, i), *y = xattrs_get(b, i);

        if (strcmp(x->name, y->name) != 0 || x->size != y->size || memcmp(x->value, y->value, x->size) != 0)
            return FALSE;
    }
    return TRUE;
}

static gboolean compare_xattrs(Comparison *comparison, const SquashNode *before, const SquashNode *after,
                               gboolean *ret_same, GError **error)
{
    g_autoptr(Xattrs) a = NULL;
    g_autoptr(Xattrs) b = NULL;

    if (!squash_reader_read_xattrs(bundle_image(comparison->a.bundle), before->xattrs, &a, error) ||
        !squash_reader_read_xattrs(bundle_image(comparison->b.bundle), after->xattrs, &b, error))
        return FALSE;
    *ret_same = same_xattr_lists(a, b);
    return TRUE;
}

static guint compare_attributes(const SquashNode *before, const SquashNode *after)
{
    guint what = 0;

    if (before->mode != after->mode)
        what |= BUNDLE_DIFF_MODE;
    if (before->uid != after->uid || before->gid != after->gid)
        what |= BUNDLE_DIFF_OWNER;
    if (before->mtime != after->mtime)
        what |= BUNDLE_DIFF_MTIME;
    if (g_strcmp0(before->target, after->target) != 0)
        what |= BUNDLE_DIFF_TARGET;
    if (before->device_major != after->device_major || before->device_minor != after->device_minor)
        what |= BUNDLE_DIFF_DEVICE;
    if (before->type != ENTRY_DIRECTORY && before->n_links != after->n_links)
        what |= BUNDLE_DIFF_LINKS;
    return what;
}

static gboolean compare_nodes(Comparison *comparison, const Record *before, const SquashNode *after, GError **error)
{
    guint64 new_file = number_file(&comparison->b, after);
    gboolean same = TRUE;
    guint what = BUNDLE_DIFF_TYPE;

    if (before->node.type == after->type) {
        what = compare_attributes(&before->node, after);
        if (after->type == ENTRY_FILE && !compare_content(comparison, before, after, new_file, &same, error))
            return FALSE;
        what |= same ? 0 : BUNDLE_DIFF_CONTENT;
        if (!compare_xattrs(comparison, &before->node, after, &same, error))
            return FALSE;
        what |= same ? 0 : BUNDLE_DIFF_XATTRS;
    }
    if (what)
        add_difference(comparison, BUNDLE_DIFF_CHANGED, what, before->key, &before->node, after);
    else
        comparison->diff->n_same++;
    return TRUE;
}

/* --- merging ------------------------------------------------------------------------------------------------------ */

static gboolean merge_node(const SquashNode *node, gpointer data, GError **error)
{
    Comparison *comparison = data;
    g_autofree char *key = make_key(node);

    while (comparison->next < comparison->records->len) {
        const Record *before = g_ptr_array_index(comparison->records, comparison->next);
        int order = canonical_compare(before->key, key);

        if (order > 0)
            break;
        comparison->next++;
        if (order == 0) {
            if (compare_nodes(comparison, before, node, error))
                return TRUE;
            g_autofree char *shown = text_escape(node->path);
            return gourd_error_prefix(error, "cannot compare '/%s'", shown);
        }
        add_difference(comparison, BUNDLE_DIFF_REMOVED, 0, before->key, &before->node, NULL);
    }
    number_file(&comparison->b, node);
    add_difference(comparison, BUNDLE_DIFF_ADDED, 0, key, NULL, node);
    return TRUE;
}

static int compare_differences(gconstpointer a, gconstpointer b)
{
    const BundleDifference *x = *(BundleDifference *const *)a, *y = *(BundleDifference *const *)b;
    int order = strcmp(x->path, y->path);

    return order ? order : (int)y->kind - (int)x->kind;
}

/* A file that became a folder has two keys, so it was found as removed and added: makes one change of it. Then counts. */
static void finish_differences(BundleDiff *diff)
{
    GPtrArray *all = diff->differences;
    guint kept = 0;

    g_ptr_array_sort(all, compare_differences);
    for (guint i = 0; i < all->len; i++) {
        BundleDifference *this = g_ptr_array_index(all, i);
        BundleDifference *next = i + 1 < all->len ? g_ptr_array_index(all, i + 1) : NULL;

        if (next && strcmp(this->path, next->path) == 0) {
            next->kind = BUNDLE_DIFF_CHANGED;
            next->what = BUNDLE_DIFF_TYPE;
            next->old_size = this->old_size;
            free_difference(this);
            this = next;
            i++;
        }
        diff->n_added += this->kind == BUNDLE_DIFF_ADDED;
        diff->n_removed += this->kind == BUNDLE_DIFF_REMOVED;
        diff->n_changed += this->kind == BUNDLE_DIFF_CHANGED;
        all->pdata[kept++] = this;
    }
    g_ptr_array_set_free_func(all, NULL);
    g_ptr_array_set_size(all, (int)kept);
    g_ptr_array_set_free_func(all, free_difference);
}

static gboolean compare_trees(Comparison *comparison, GError **error)
{
    SquashWalk old_walk = {.visit = keep_record, .data = comparison, .depth = G_MAXUINT};
    SquashWalk new_walk = {.visit = merge_node, .data = comparison, .depth = G_MAXUINT};

    if (!squash_reader_walk(bundle_image(comparison->a.bundle), "", &old_walk, error) ||
        !squash_reader_walk(bundle_image(comparison->b.bundle), "", &new_walk, error))
        return FALSE;
    for (; comparison->next < comparison->records->len; comparison->next++) {
        const Record *before = g_ptr_array_index(comparison->records, comparison->next);

        add_difference(comparison, BUNDLE_DIFF_REMOVED, 0, before->key, &before->node, NULL);
    }
    finish_differences(comparison->diff);
    return TRUE;
}

/* --- transfer ----------------------------------------------------------------------------------------------------- */

static guint hash_digest(gconstpointer digest)
{
    guint hash;

    memcpy(&hash, digest, sizeof hash);
    return hash;
}

static gboolean equal_digests(gconstpointer a, gconstpointer b)
{
    return digest_equal(a, b);
}

static void count_transfer(Comparison *comparison)
{
    const BundleIndex *a = bundle_index(comparison->a.bundle), *b = bundle_index(comparison->b.bundle);
    g_autoptr(GHashTable) known = g_hash_table_new_full(hash_digest, equal_digests, g_free, NULL);
    BundleDiff *diff = comparison->diff;
    IndexBlock block;

    if (!a || !b)
        return;
    diff->has_transfer = TRUE;
    for (guint64 i = 0; i < bundle_index_facts(a)->n_blocks; i++) {
        bundle_index_get_block(a, i, &block, NULL);
        g_hash_table_add(known, g_memdup2(&block.digest, sizeof block.digest));
    }
    for (guint64 i = 0; i < bundle_index_facts(b)->n_blocks; i++) {
        bundle_index_get_block(b, i, &block, NULL);
        gboolean shared = g_hash_table_contains(known, &block.digest);

        diff->new_blocks += !shared;
        diff->new_bytes += shared ? 0 : block.stored_size;
        diff->shared_blocks += shared;
        diff->shared_bytes += shared ? block.stored_size : 0;
    }
    diff->table_bytes = bundle_size(comparison->b.bundle) - diff->new_bytes - diff->shared_bytes;
}

static gboolean begin_side(Side *side, Bundle *bundle, gboolean indexed, GError **error)
{
    side->bundle = bundle;
    side->index = indexed ? bundle_index(bundle) : NULL;
    side->file_numbers = g_hash_table_new(NULL, NULL);
    side->expander = squash_expander_new(bundle_image(bundle), error);
    return side->expander != NULL;
}

static void end_side(Side *side)
{
    g_clear_pointer(&side->file_numbers, g_hash_table_unref);
    g_clear_pointer(&side->expander, squash_expander_free);
}

gboolean bundle_diff(Bundle *a, Bundle *b, BundleDiff *ret_diff, GError **error)
{
    BundleDiff diff = {.differences = g_ptr_array_new_with_free_func(free_difference)};
    Comparison comparison = {.diff = &diff};
    gboolean indexed = bundle_index(a) && bundle_index(b) &&
                       bundle_index_facts(bundle_index(a))->block_size ==
                           bundle_index_facts(bundle_index(b))->block_size;

    comparison.records = g_ptr_array_new_with_free_func(free_record);
    gboolean done = begin_side(&comparison.a, a, indexed, error) && begin_side(&comparison.b, b, indexed, error) &&
                    compare_trees(&comparison, error);
    if (done)
        count_transfer(&comparison);
    end_side(&comparison.a);
    end_side(&comparison.b);
    g_ptr_array_unref(comparison.records);
    if (done)
        *ret_diff = diff;
    else
        bundle_diff_clear(&diff);
    return done;
}

void bundle_diff_clear(BundleDiff *diff)
{
    g_clear_pointer(&diff->differences, g_ptr_array_unref);
}
