// SPDX-License-Identifier: LGPL-2.1-or-later
#include "describe.h"

#define DOCUMENT_SIZE_MAX JSON_SIZE_MAX /* of bundle.json and config.json */

static void set_number(Json *object, const char *key, guint64 value)
{
    json_object_set_new(object, key, json_integer((json_int_t)value));
}

static void set_text(Json *object, const char *key, const char *text)
{
    json_object_set_new(object, key, json_text_or_null(text));
}

static void set_digest(Json *object, const char *key, const Digest *digest)
{
    g_autofree char *text = digest ? digest_to_text(digest) : NULL;

    set_text(object, key, text);
}

/* --- bundles ------------------------------------------------------------------------------------------------------ */

/* A JSON file of the image; null if it is not there. */
static gboolean set_document(Json *object, const char *key, Bundle *bundle, const char *path, GError **error)
{
    g_autoptr(GError) problem = NULL;
    g_autoptr(GBytes) bytes = squash_reader_load(bundle_image(bundle), path, DOCUMENT_SIZE_MAX, &problem);

    if (!bytes) {
        json_object_set_new(object, key, json_null());
        if (g_error_matches(problem, GOURD_ERROR, GOURD_ERROR_NOT_FOUND))
            return TRUE;
        g_propagate_error(error, g_steal_pointer(&problem));
        return FALSE;
    }
    Json *document = json_parse(g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes), error);
    if (!document)
        return gourd_error_prefix(error, "'/%s'", path);
    json_object_set_new(object, key, document);
    return TRUE;
}

/* What a walk through all inodes adds up. */
typedef struct {
    guint64 paths, files, content, holes;
    GHashTable *linked; /* inodes with several names that were seen */
    guint32 block_size;
} Totals;

static gboolean add_node(const SquashNode *node, gpointer data, GError **error)
{
    Totals *totals = data;

    totals->paths++;
    if (node->type != ENTRY_FILE ||
        (node->n_links > 1 && !g_hash_table_add(totals->linked, GUINT_TO_POINTER(node->inode))))
        return TRUE;
    totals->files++;
    totals->content += node->size;
    for (guint64 i = 0; i < node->n_blocks; i++) {
        if (node->sizes[i] == 0)
            totals->holes += MIN(totals->block_size, node->size - i * totals->block_size);
    }
    return TRUE;
}

static gboolean add_totals(Bundle *bundle, Totals *totals, GError **error)
{
    SquashWalk walk = {.visit = add_node, .data = totals, .depth = G_MAXUINT};

    totals->block_size = squash_reader_facts(bundle_image(bundle))->block_size;
    totals->linked = g_hash_table_new(NULL, NULL);
    gboolean done = squash_reader_walk(bundle_image(bundle), "", &walk, error);
    g_hash_table_unref(totals->linked);
    return done;
}

static void set_sizes(Json *json, Bundle *bundle, const Totals *totals)
{
    const SquashFacts *facts = squash_reader_facts(bundle_image(bundle));
    const BundleIndex *index = bundle_index(bundle);
    Json *sizes = json_object(), *counts = json_object();
    guint64 raw = 0, packs = 0;
    IndexBlock block;

    set_number(sizes, "bundle", facts->file_size);
    set_number(sizes, "squashfs", facts->bytes_used);
    set_number(sizes, "index", index ? bundle_index_facts(index)->index_size : 0);
    set_number(sizes, "stored", facts->inode_table - facts->data_start);
    set_number(sizes, "content", totals->content);
    set_number(sizes, "holes", totals->holes);
    set_number(counts, "paths", totals->paths);
    set_number(counts, "files", totals->files);
    for (guint64 i = 0; index && i < bundle_index_facts(index)->n_blocks; i++) {
        bundle_index_get_block(index, i, &block, NULL);
        raw += block.raw_size;
        packs += block.kind == BLOCK_OF_PACK;
    }
    if (index) {
        guint64 unique = MIN(raw, totals->content - totals->holes);

        set_number(sizes, "raw", raw);
        set_number(sizes, "duplicates", totals->content - totals->holes - unique);
        set_number(counts, "blocks", bundle_index_facts(index)->n_blocks);
        set_number(counts, "packs", packs);
    }
    json_object_set_new(json, "sizes", sizes);
    json_object_set_new(json, "counts", counts);
}

static void set_layers(Json *json, const BundleIndex *index)
{
    const IndexFacts *facts = bundle_index_facts(index);
    g_autofree guint64 *files = g_new0(guint64, facts->n_layers + 1), *sizes = g_new0(guint64, facts->n_layers + 1);
    Json *layers = json_array();
    IndexedFile file;

    for (guint64 i = 0; i < facts->n_files; i++) {
        bundle_index_get_file(index, i, &file);
        files[file.layer]++;
        sizes[file.layer] += file.size;
    }
    for (guint number = 1; number <= facts->n_layers; number++) {
        Json *layer = json_object();
        Digest diff_id;
        gboolean known = bundle_index_get_diff_id(index, number, &diff_id);

        set_number(layer, "number", number);
        set_digest(layer, "diff_id", known ? &diff_id : NULL);
        set_number(layer, "entries", bundle_index_count_entries(index, number));
        set_number(layer, "files", files[number]);
        set_number(layer, "size", sizes[number]);
        json_array_append_new(layers, layer);
    }
    json_object_set_new(json, "layers", layers);
}

static void set_index(Json *json, const Bundle *bundle)
{
    const BundleIndex *index = bundle_index(bundle);
    Json *object = json_object();

    if (!index) {
        json_decref(object);
        json_object_set_new(json, "index", json_null());
        if (bundle_index_problem(bundle))
            set_text(json, "index_problem", bundle_index_problem(bundle)->message);
        return;
    }
    const IndexFacts *facts = bundle_index_facts(index);
    g_autofree char *version = g_strdup_printf("%u.%u", facts->major, facts->minor);
    set_text(object, "version", version);
    set_text(object, "compressor", facts->compressor);
    json_object_set_new(object, "level", json_integer(facts->level));
    set_text(object, "encoder", facts->encoder);
    set_text(object, "gourd", facts->gourd_version);
    json_object_set_new(json, "index", object);
}

static void set_squashfs(Json *json, const Bundle *bundle)
{
    const SquashFacts *facts = squash_reader_facts(bundle_image(bundle));
    Json *object = json_object();

    set_text(object, "compressor", facts->compressor);
    set_number(object, "block_size", facts->block_size);
    set_number(object, "inodes", facts->inode_count);
    set_number(object, "fragments", facts->fragment_count);
    set_number(object, "ids", facts->id_count);
    set_number(object, "xattr_sets", facts->xattr_id_count);
    set_number(object, "mtime", (guint64)facts->mtime);
    json_object_set_new(json, "squashfs", object);
}

Json *bundle_describe(Bundle *bundle, GError **error)
{
    g_autoptr(Json) json = json_object();
    Totals totals = {0};

    json_object_set_new(json, "kind", json_string("bundle"));
    json_object_set_new(json, "file", json_text_lossless(bundle_name(bundle)));
    if (!set_document(json, "metadata", bundle, BUNDLE_METADATA_PATH, error) ||
        !set_document(json, "config", bundle, BUNDLE_CONFIG_PATH, error) || !add_totals(bundle, &totals, error))
        return NULL;
    if (bundle_index(bundle))
        set_layers(json, bundle_index(bundle));
    set_sizes(json, bundle, &totals);
    set_squashfs(json, bundle);
    set_index(json, bundle);
    return g_steal_pointer(&json);
}

/* --- images ------------------------------------------------------------------------------------------------------- */

static Json *describe_layer(const ImageLayer *layer)
{
    Json *object = json_object();

    set_number(object, "number", layer->number);
    set_digest(object, "diff_id", layer->has_diff_id ? &layer->diff_id : NULL);
    set_digest(object, "digest", layer->has_digest ? &layer->digest : NULL);
    set_number(object, "size", layer->size);
    set_text(object, "compression", codec_to_name(layer->codec));
    return object;
}

Json *image_describe(const Image *image, const char *source, GError **error)
{
    g_autoptr(Json) json = json_object();
    GBytes *config = image_config(image);
    Json *layers = json_array(), *document = json_null();

    json_object_set_new(json, "kind", json_string("image"));
    json_object_set_new(json, "source", json_text_lossless(source));
    set_text(json, "transport", image_transport(image));
    set_text(json, "reference", image_reference(image));
    set_digest(json, "config_digest", image_config_digest(image));
    set_digest(json, "manifest_digest", image_manifest_digest(image));
    for (guint i = 0; i < image_layer_count(image); i++)
        json_array_append_new(layers, describe_layer(image_layer(image, i)));
    json_object_set_new(json, "layers", layers);
    if (config)
        document = json_parse(g_bytes_get_data(config, NULL), g_bytes_get_size(config), error);
    if (!document)
        return NULL;
    json_object_set_new(json, "config", document);
    return g_steal_pointer(&json);
}
