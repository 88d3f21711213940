// SPDX-License-Identifier: LGPL-2.1-or-later
#include "verify-private.h"

#include "index-format.h"

#include <string.h>

#define PADDING_PIECE 65536u
#define METADATA_SIZE_MAX (16u << 20)

void bundle_finding_free(BundleFinding *finding)
{
    if (!finding)
        return;
    g_free(finding->path);
    g_free(finding->text);
    g_free(finding);
}

void verify_found(Verification *verification, const char *kind, const char *path, guint32 inode, guint64 block,
                  guint64 offset, const char *format, ...)
{
    g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&verification->lock);
    va_list arguments;

    if (verification->findings->len >= BUNDLE_FINDINGS_MAX) {
        verification->report.more_findings++;
        return;
    }
    BundleFinding *finding = g_new0(BundleFinding, 1);
    finding->kind = kind;
    finding->path = g_strdup(path);
    finding->block = block;
    finding->offset = offset;
    va_start(arguments, format);
    finding->text = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    g_ptr_array_add(verification->findings, finding);
    if (!path && inode != NO_INODE)
        g_hash_table_insert(verification->finding_inodes, finding, GUINT_TO_POINTER(inode));
}

/* --- paths of findings -------------------------------------------------------------------------------------------- */

static gboolean keep_wanted_path(const SquashNode *node, gpointer data, GError **error)
{
    GHashTable *wanted = data; /* inode → path */
    gpointer key = GUINT_TO_POINTER(node->inode);

    if (g_hash_table_contains(wanted, key) && !g_hash_table_lookup(wanted, key))
        g_hash_table_insert(wanted, key, g_strdup(node->path));
    return TRUE;
}

static void ignore_problem(const char *path, const GError *problem, gpointer data)
{
}

/* Paths are not kept while looking at a million files; so for the few that matter there is another walk. */
static void find_paths(Verification *verification)
{
    g_autoptr(GHashTable) wanted = g_hash_table_new_full(NULL, NULL, NULL, g_free);
    SquashWalk walk = {.visit = keep_wanted_path, .problem = ignore_problem, .data = wanted, .depth = G_MAXUINT};
    GHashTableIter iterator;
    gpointer finding, inode;

    if (g_hash_table_size(verification->finding_inodes) == 0)
        return;
    g_hash_table_iter_init(&iterator, verification->finding_inodes);
    while (g_hash_table_iter_next(&iterator, NULL, &inode))
        g_hash_table_insert(wanted, inode, NULL);
    if (!squash_reader_walk(verification->image, "", &walk, NULL))
        return;
    g_hash_table_iter_init(&iterator, verification->finding_inodes);
    while (g_hash_table_iter_next(&iterator, &finding, &inode))
        ((BundleFinding *)finding)->path = g_strdup(g_hash_table_lookup(wanted, inode));
}

static int compare_findings(gconstpointer a, gconstpointer b)
{
    const BundleFinding *x = *(BundleFinding *const *)a, *y = *(BundleFinding *const *)b;
    int order = g_strcmp0(x->path, y->path);

    if (order == 0)
        order = (x->offset > y->offset) - (x->offset < y->offset);
    if (order == 0)
        order = strcmp(x->kind, y->kind);
    return order ? order : strcmp(x->text, y->text);
}

/* --- what is around the image ------------------------------------------------------------------------------------- */

static gboolean verify_zeros(Verification *verification, guint64 start, guint64 end, GError **error)
{
    g_autofree guint8 *piece = g_malloc(PADDING_PIECE);

    for (guint64 at = start; at < end;) {
        gsize size = MIN(PADDING_PIECE, end - at);

        if (!fd_pread_exactly(bundle_fd(verification->bundle), bundle_name(verification->bundle), piece, size, at,
                              error))
            return FALSE;
        for (gsize i = 0; i < size; i++) {
            if (piece[i] != 0) {
                verify_found(verification, "padding", NULL, NO_INODE, BUNDLE_NO_BLOCK, at + i, "padding is not zero");
                return TRUE;
            }
        }
        at += size;
    }
    return TRUE;
}

static gboolean verify_padding(Verification *verification, GError **error)
{
    const SquashFacts *facts = verification->facts;
    guint64 index_offset = bundle_align(facts->bytes_used);

    if (!verification->index)
        return TRUE;
    const IndexFacts *said = bundle_index_facts(verification->index);
    return verify_zeros(verification, facts->bytes_used, index_offset, error) &&
           verify_zeros(verification, index_offset + said->index_size, facts->file_size - INDEX_FOOTER_SIZE, error);
}

/* The index repeats what the image says of itself. */
static void verify_metadata(Verification *verification)
{
    GBytes *said = verification->index ? bundle_index_metadata(verification->index) : NULL;
    g_autoptr(GError) problem = NULL;

    if (!said)
        return;
    g_autoptr(GBytes)
        inside = squash_reader_load(verification->image, BUNDLE_METADATA_PATH, METADATA_SIZE_MAX, &problem);
    if (!inside)
        verify_found(verification, "metadata", BUNDLE_METADATA_PATH, NO_INODE, BUNDLE_NO_BLOCK, BUNDLE_NO_BLOCK, "%s",
                     problem->message);
    else if (!g_bytes_equal(said, inside))
        verify_found(verification, "metadata", BUNDLE_METADATA_PATH, NO_INODE, BUNDLE_NO_BLOCK, BUNDLE_NO_BLOCK,
                     "the metadata in the index and in the image differ");
}

/* Inodes, names and times have no digest of their own: these are for all of them. */
static gboolean verify_tables(Verification *verification, GError **error)
{
    const IndexFacts *said = verification->index ? bundle_index_facts(verification->index) : NULL;
    int fd = bundle_fd(verification->bundle);
    const char *name = bundle_name(verification->bundle);
    Digest before, behind, got;

    if (!said || !bundle_index_get_table_digests(verification->index, &before, &behind))
        return TRUE;
    if (!file_range_digest(fd, name, 0, said->data_start, &got, error))
        return FALSE;
    if (!digest_equal(&got, &before))
        verify_found(verification, "tables", NULL, NO_INODE, BUNDLE_NO_BLOCK, 0,
                     "the superblock does not match its digest in the index");
    if (!file_range_digest(fd, name, said->data_end, said->squashfs_size - said->data_end, &got, error))
        return FALSE;
    if (!digest_equal(&got, &behind))
        verify_found(verification, "tables", NULL, NO_INODE, BUNDLE_NO_BLOCK, said->data_end,
                     "the tables do not match their digest in the index");
    return TRUE;
}

static void verify_parameters(Verification *verification)
{
    const IndexFacts *said = verification->index ? bundle_index_facts(verification->index) : NULL;

    if (said && strcmp(said->compressor, verification->facts->compressor) != 0 && *said->compressor &&
        strcmp(said->compressor, "none") != 0) {
        g_autofree char *shown = text_escape(said->compressor);

        verify_found(verification, "index", NULL, NO_INODE, BUNDLE_NO_BLOCK, 0,
                     "the index says '%s', the superblock '%s'", shown, verification->facts->compressor);
    }
}

static gboolean verify_all(Verification *verification, BundleVerifyMode mode, guint jobs, BundleProgress progress,
                           gpointer data, GError **error)
{
    const GError *problem = bundle_index_problem(verification->bundle);

    if (problem)
        verify_found(verification, "index", NULL, NO_INODE, BUNDLE_NO_BLOCK,
                     bundle_align(verification->facts->bytes_used), "%s", problem->message);
    verify_parameters(verification);
    if (!verify_tables(verification, error))
        return FALSE;
    if (!verify_inodes(verification, error))
        return FALSE;
    verify_layout(verification);
    if (mode == BUNDLE_VERIFY_FULL && !verify_content(verification, jobs, progress, data, error))
        return FALSE;
    verify_metadata(verification);
    return verify_padding(verification, error);
}

gboolean bundle_verify(Bundle *bundle, BundleVerifyMode mode, guint jobs, BundleProgress progress, gpointer data,
                       GPtrArray *findings, BundleVerifyReport *ret_report, GError **error)
{
    Verification verification = {
        .bundle = bundle,
        .image = bundle_image(bundle),
        .facts = squash_reader_facts(bundle_image(bundle)),
        .index = bundle_index(bundle),
        .findings = findings,
    };

    g_mutex_init(&verification.lock);
    verification.report.has_index = verification.index != NULL;
    verification.finding_inodes = g_hash_table_new(NULL, NULL);
    verification.names = g_array_new(FALSE, TRUE, sizeof(InodeSeen));
    verification.xattrs = g_byte_array_new();
    verification.extents = g_array_new(FALSE, FALSE, sizeof(Extent));
    verification.slices = g_array_new(FALSE, FALSE, sizeof(Slice));
    gboolean done = verify_all(&verification, mode, jobs, progress, data, error);
    if (done) {
        find_paths(&verification);
        g_ptr_array_sort(findings, compare_findings);
        *ret_report = verification.report;
    }
    g_hash_table_unref(verification.finding_inodes);
    g_array_unref(verification.names);
    g_byte_array_unref(verification.xattrs);
    g_array_unref(verification.extents);
    g_array_unref(verification.slices);
    g_mutex_clear(&verification.lock);
    return done;
}
