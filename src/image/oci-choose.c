// SPDX-License-Identifier: LGPL-2.1-or-later
#include "oci.h"

#define INDEX_DEPTH_MAX 4 /* an index in an index is the deepest that any tool writes */

/* One image that could be meant. */
typedef struct {
    const Descriptor *top; /* the entry of index.json that leads to it */
    Descriptor *manifest;
} Candidate;

typedef struct {
    const Image *image;
    GPtrArray *tops;       /* const Descriptor *, entries of index.json that are still in question */
    GPtrArray *candidates; /* Candidate * */
    GHashTable *seen;      /* digests that were met: each is followed once, so that no index can be a bomb */
} Selection;

static void candidate_free(gpointer data)
{
    Candidate *candidate = data;

    descriptor_free(candidate->manifest);
    g_free(candidate);
}

static void selection_clear(Selection *selection)
{
    g_ptr_array_unref(selection->tops);
    g_ptr_array_unref(selection->candidates);
    g_hash_table_unref(selection->seen);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Selection, selection_clear)

static const char *name_of(const Descriptor *top)
{
    return top->image_name ? top->image_name : top->ref_name;
}

/* "@0 (web:1.0); @1 (db:2)". */
static char *list_tops(const Manifest *index)
{
    g_autoptr(GString) text = g_string_new(NULL);

    for (guint i = 0; i < index->manifests->len; i++) {
        const Descriptor *top = g_ptr_array_index(index->manifests, i);

        if (top->is_attestation)
            continue;
        g_autofree char *platform = top->has_platform ? platform_to_text(&top->platform) : NULL;
        g_autofree char *name = text_escape(name_of(top) ? name_of(top) : platform ? platform : "");
        g_string_append_printf(text, "%s@%u%s%s%s", text->len > 0 ? "; " : "", i, *name ? " (" : "", name,
                               *name ? ")" : "");
    }
    return g_string_free(g_steal_pointer(&text), FALSE);
}

/* --- by choice ----------------------------------------------------------------------------------------------------- */

static NameMatch match_names(const Descriptor *top, const char *wanted)
{
    NameMatch ref = top->ref_name ? image_name_match(wanted, top->ref_name) : NAME_MATCH_NONE;
    NameMatch image = top->image_name ? image_name_match(wanted, top->image_name) : NAME_MATCH_NONE;

    return MAX(ref, image);
}

static NameMatch match_top(const Descriptor *top, guint number, const Choice *choice)
{
    if (top->is_attestation)
        return NAME_MATCH_NONE;
    switch (choice->kind) {
    case CHOICE_NAME:
        return match_names(top, choice->text);
    case CHOICE_NUMBER:
        return number == choice->number ? NAME_MATCH_FULL : NAME_MATCH_NONE;
    case CHOICE_NONE:
    case CHOICE_DIGEST: /* it may be one deeper down */
    default:
        return NAME_MATCH_FULL;
    }
}

static gboolean keep_chosen(Selection *selection, const Manifest *index, const Choice *choice, GError **error)
{
    for (NameMatch wanted = NAME_MATCH_FULL; wanted > NAME_MATCH_NONE && selection->tops->len == 0; wanted--) {
        for (guint i = 0; i < index->manifests->len; i++) {
            Descriptor *top = g_ptr_array_index(index->manifests, i);

            if (match_top(top, i, choice) == wanted)
                g_ptr_array_add(selection->tops, top);
        }
    }
    if (selection->tops->len > 0)
        return TRUE;
    g_autofree char *shown = text_escape(choice->text ? choice->text : ""), *list = list_tops(index);
    if (!*list)
        return gourd_error_set(error, GOURD_ERROR_NOT_FOUND, "there is no image in 'index.json'");
    gourd_error_set(error, GOURD_ERROR_NOT_FOUND, "there is no image '%s'", shown);
    return gourd_error_hint(error, "there are %s", list);
}

/* Entries of different names are different images; of one name, or of none, they may be one for several platforms. */
static gboolean check_one_name(const Selection *selection, const Manifest *index, GError **error)
{
    const Descriptor *first = g_ptr_array_index(selection->tops, 0);

    for (guint i = 1; i < selection->tops->len; i++) {
        const Descriptor *top = g_ptr_array_index(selection->tops, i);

        if (digest_equal(&first->digest, &top->digest) || g_strcmp0(name_of(first), name_of(top)) == 0)
            continue;
        g_autofree char *list = list_tops(index);
        gourd_error_set(error, GOURD_ERROR_USAGE, "there is more than one image in 'index.json'");
        return gourd_error_hint(error, "choose one with %s:%s:NAME or %s:%s:@NUMBER; there are %s",
                                image_transport(selection->image), selection->image->input->name,
                                image_transport(selection->image), selection->image->input->name, list);
    }
    return TRUE;
}

/* --- by platform --------------------------------------------------------------------------------------------------- */

static gboolean collect(Selection *selection, const Descriptor *top, const Descriptor *at, guint depth, GError **error);

static gboolean collect_index(Selection *selection, const Descriptor *top, const Descriptor *at, guint depth,
                              GError **error)
{
    g_autofree char *what = descriptor_to_text(at);
    gsize size;

    if (depth >= INDEX_DEPTH_MAX)
        return gourd_error_set(error, GOURD_ERROR_LIMIT, "%s is nested more than %d deep", what, INDEX_DEPTH_MAX);
    g_autoptr(GBytes) text = descriptor_read(selection->image->blobs, at, MANIFEST_SIZE_MAX, error);
    if (!text)
        return FALSE;
    const void *bytes = g_bytes_get_data(text, &size);
    g_autoptr(Manifest) index = manifest_parse(bytes, size, at->media_type, error);
    if (!index)
        return gourd_error_prefix(error, "%s", what);
    for (guint i = 0; index->is_index && i < index->manifests->len; i++)
        if (!collect(selection, top, g_ptr_array_index(index->manifests, i), depth + 1, error))
            return FALSE;
    return TRUE;
}

static gboolean collect(Selection *selection, const Descriptor *top, const Descriptor *at, guint depth, GError **error)
{
    if (at->is_attestation || !g_hash_table_add(selection->seen, digest_to_text(&at->digest)))
        return TRUE;
    if (at->kind == MEDIA_INDEX)
        return collect_index(selection, top, at, depth, error);
    if (selection->candidates->len >= DESCRIPTORS_MAX)
        return gourd_error_set(error, GOURD_ERROR_LIMIT, "there are more than %d manifests", DESCRIPTORS_MAX);
    Candidate *candidate = g_new0(Candidate, 1);
    candidate->top = top;
    candidate->manifest = descriptor_copy(at);
    g_ptr_array_add(selection->candidates, candidate);
    return TRUE;
}

/* An index need not say what its images are built for; their configurations do. What is no image has no platform. */
static gboolean find_platform(const Selection *selection, Descriptor *descriptor, GError **error)
{
    BlobStore *store = selection->image->blobs;
    gsize size;

    if (descriptor->has_platform)
        return TRUE;
    g_autoptr(GBytes) text = descriptor_read(store, descriptor, MANIFEST_SIZE_MAX, error);
    if (!text)
        return FALSE;
    const void *bytes = g_bytes_get_data(text, &size);
    g_autoptr(Manifest) manifest = manifest_parse(bytes, size, descriptor->media_type, NULL);
    if (!manifest || manifest->is_index)
        return TRUE;
    g_autoptr(GBytes) config_text = descriptor_read(store, manifest->config, JSON_SIZE_MAX, error);
    if (!config_text)
        return FALSE;
    bytes = g_bytes_get_data(config_text, &size);
    g_autoptr(ImageConfig) config = image_config_parse(bytes, size, NULL);
    if (!config)
        return TRUE;
    platform_init(config->os, config->architecture, config->variant, &descriptor->platform);
    descriptor->has_platform = TRUE;
    return TRUE;
}

static gboolean fail_no_platform(const Selection *selection, GError **error)
{
    g_autofree char *wanted = platform_to_text(&selection->image->platform);
    g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);

    for (guint i = 0; i < selection->candidates->len; i++) {
        const Descriptor *manifest = ((Candidate *)g_ptr_array_index(selection->candidates, i))->manifest;
        g_autofree char *text = manifest->has_platform ? platform_to_text(&manifest->platform) : NULL;

        if (text && !g_ptr_array_find_with_equal_func(names, text, g_str_equal, NULL))
            g_ptr_array_add(names, g_steal_pointer(&text));
    }
    g_ptr_array_add(names, NULL);
    g_autofree char *list = g_strjoinv(", ", (char **)names->pdata);
    gourd_error_set(error, GOURD_ERROR_NOT_FOUND, "there is no image for %s", wanted);
    return gourd_error_hint(error, "choose one with --platform; there are %s", *list ? list : "none");
}

static gboolean fail_ambiguous(const Candidate *a, const Candidate *b, GError **error)
{
    g_autofree char *first = digest_to_text(&a->manifest->digest), *second = digest_to_text(&b->manifest->digest);

    gourd_error_set(error, GOURD_ERROR_USAGE, "there is more than one image for the platform: %s and %s", first,
                    second);
    return gourd_error_hint(error, "choose one by its digest, with :@%s behind the path", first);
}

/* The best for the platform; of equals in one index the first (image-index.md, `platform`). */
static const Candidate *choose_platform(const Selection *selection, GError **error)
{
    const Candidate *best = NULL;
    int best_rank = -1;

    if (selection->candidates->len == 1)
        return g_ptr_array_index(selection->candidates, 0);
    for (guint i = 0; i < selection->candidates->len; i++) {
        const Candidate *candidate = g_ptr_array_index(selection->candidates, i);

        if (!find_platform(selection, candidate->manifest, error))
            return NULL;
        int rank = candidate->manifest->has_platform
                       ? platform_rank(&selection->image->platform, &candidate->manifest->platform)
                       : -1;
        if (rank < 0 || (best && rank > best_rank))
            continue;
        if (best && rank == best_rank) {
            if (best->top != candidate->top && !digest_equal(&best->manifest->digest, &candidate->manifest->digest)) {
                fail_ambiguous(best, candidate, error);
                return NULL;
            }
            continue;
        }
        best = candidate;
        best_rank = rank;
    }
    if (!best)
        fail_no_platform(selection, error);
    return best;
}

/* --- both ---------------------------------------------------------------------------------------------------------- */

/* @sha256:… may be that of a manifest or of an index on the way to some. */
static gboolean collect_by_digest(Selection *selection, const Digest *digest, GError **error)
{
    g_autofree char *text = digest_to_text(digest);

    for (guint i = 0; i < selection->tops->len; i++) {
        const Descriptor *top = g_ptr_array_index(selection->tops, i);

        if (digest_equal(&top->digest, digest))
            return collect(selection, top, top, 0, error);
    }
    for (guint i = 0; i < selection->tops->len; i++)
        if (!collect(selection, g_ptr_array_index(selection->tops, i), g_ptr_array_index(selection->tops, i), 0, error))
            return FALSE;
    for (guint i = selection->candidates->len; i-- > 0;)
        if (!digest_equal(&((Candidate *)g_ptr_array_index(selection->candidates, i))->manifest->digest, digest))
            g_ptr_array_remove_index(selection->candidates, i);
    if (selection->candidates->len > 1)
        g_ptr_array_set_size(selection->candidates, 1);
    if (selection->candidates->len == 0)
        return gourd_error_set(error, GOURD_ERROR_NOT_FOUND, "there is no image with the manifest digest %s", text);
    return TRUE;
}

static gboolean collect_all(Selection *selection, const Manifest *index, GError **error)
{
    if (!check_one_name(selection, index, error))
        return FALSE;
    for (guint i = 0; i < selection->tops->len; i++)
        if (!collect(selection, g_ptr_array_index(selection->tops, i), g_ptr_array_index(selection->tops, i), 0, error))
            return FALSE;
    if (selection->candidates->len == 0)
        return gourd_error_set(error, GOURD_ERROR_NOT_FOUND, "there is no image behind 'index.json', only indexes");
    return TRUE;
}

Descriptor *oci_choose(const Image *image, const Manifest *index, const Choice *choice, char **ret_name, GError **error)
{
    g_auto(Selection) selection = {
        .image = image,
        .tops = g_ptr_array_new(),
        .candidates = g_ptr_array_new_with_free_func(candidate_free),
        .seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL),
    };

    if (!keep_chosen(&selection, index, choice, error))
        return NULL;
    if (!(choice->kind == CHOICE_DIGEST ? collect_by_digest(&selection, &choice->digest, error)
                                        : collect_all(&selection, index, error)))
        return NULL;
    const Candidate *chosen = choose_platform(&selection, error);
    if (!chosen)
        return NULL;
    *ret_name = g_strdup(name_of(chosen->top));
    return descriptor_copy(chosen->manifest);
}
