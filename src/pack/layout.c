// SPDX-License-Identifier: LGPL-2.1-or-later
#include "layout.h"

#include <string.h>

typedef struct {
    Layout *layout;
    BlockStore *store;
    GHashTable *places; /* Place by size and digest */
    GHashTable *bodies; /* Spot by the blocks of a file without what is packed */
    GHashTable *packed; /* Spot by what is packed */
    guint32 pack_size_max;
    Pack *pack; /* being filled, or NULL */
} Builder;

/* Where a part of a file lies, so that other files with the same part lie there too. */
typedef struct {
    Digest digest;
    guint32 size;   /* of what is packed; of a body how many blocks it has */
    guint32 pack;   /* its number */
    guint64 offset; /* in the pack; of a body the number of its first item */
} Spot;

static guint place_hash(gconstpointer data)
{
    guint hash;

    memcpy(&hash, ((const Place *)data)->digest.bytes, sizeof hash);
    return hash;
}

static gboolean place_equal(gconstpointer a, gconstpointer b)
{
    const Place *place_a = a, *place_b = b;

    return place_a->content->size == place_b->content->size && digest_equal(&place_a->digest, &place_b->digest);
}

static guint spot_hash(gconstpointer data)
{
    guint hash;

    memcpy(&hash, ((const Spot *)data)->digest.bytes, sizeof hash);
    return hash;
}

static gboolean spot_equal(gconstpointer a, gconstpointer b)
{
    const Spot *spot_a = a, *spot_b = b;

    return spot_a->size == spot_b->size && digest_equal(&spot_a->digest, &spot_b->digest);
}

static void place_free(gpointer data)
{
    Place *place = data;

    g_free(place->sizes);
    g_free(place);
}

static void pack_free(gpointer data)
{
    Pack *pack = data;

    g_ptr_array_unref(pack->pieces);
    g_free(pack);
}

static void digest_content(const Content *content, guint32 block_size, Digest *ret_digest)
{
    FileDigest file;

    file_digest_init(&file, content->size, block_size);
    for (guint32 i = 0; i < content->piece_count; i++) {
        const Piece *piece = &content->pieces[i];
        Digest zeros;

        if (piece->kind == PIECE_HOLE)
            zeros_digest(piece->size, &zeros);
        file_digest_add(&file, piece->kind == PIECE_HOLE ? &zeros : piece_digest(piece));
    }
    file_digest_finish(&file, ret_digest);
}

static void add_item(Builder *builder, LayoutItem item, guint32 size)
{
    g_array_append_val(builder->layout->items, item);
    builder->layout->raw_size += size;
}

static void close_pack(Builder *builder)
{
    Pack *pack = g_steal_pointer(&builder->pack);

    if (!pack)
        return;
    pack->item = builder->layout->items->len;
    add_item(builder, (LayoutItem){.pack = pack}, pack->size);
}

static void add_to_pack(Builder *builder, Place *place, Piece *piece)
{
    Spot key = {.digest = *piece_digest(piece), .size = piece->size};
    const Spot *known = g_hash_table_lookup(builder->packed, &key);

    if (known) {
        place->pack = known->pack;
        place->pack_offset = (guint32)known->offset;
        return;
    }
    if (builder->pack && builder->pack->size + piece->size > builder->pack_size_max)
        close_pack(builder);
    if (!builder->pack) {
        builder->pack = g_new0(Pack, 1);
        builder->pack->pieces = g_ptr_array_new();
        g_ptr_array_add(builder->layout->packs, builder->pack);
    }
    place->pack = builder->layout->packs->len - 1;
    place->pack_offset = builder->pack->size;
    builder->pack->size += piece->size;
    g_ptr_array_add(builder->pack->pieces, piece);
    key.pack = place->pack;
    key.offset = place->pack_offset;
    g_hash_table_add(builder->packed, g_memdup2(&key, sizeof key));
}

/* Counts the blocks that are not packed. */
static void measure_body(const Builder *builder, Place *place)
{
    const Content *content = place->content;

    for (guint32 i = 0; i < content->piece_count; i++) {
        const Piece *piece = &content->pieces[i];

        if (block_store_shares_block(builder->store, content->size, piece->size))
            break; /* it is the last */
        place->block_count++;
        place->hole_bytes += piece->kind == PIECE_HOLE ? piece->size : 0;
    }
}

/* Whether another file begins with the same blocks and differs only in its tail: versions of a library do. */
static gboolean find_body(Builder *builder, Place *place)
{
    static const Digest hole;
    Spot key = {.size = place->block_count, .offset = place->first_item};

    if (place->block_count == 0 || !block_store_rules(builder->store)->share_tails)
        return FALSE;
    g_autoptr(Hasher) hasher = hasher_new();
    for (guint32 i = 0; i < place->block_count; i++) {
        const Piece *piece = &place->content->pieces[i];

        hasher_update(hasher, piece->kind == PIECE_HOLE ? hole.bytes : piece_digest(piece)->bytes, DIGEST_SIZE);
    }
    hasher_finish(hasher, &key.digest);
    const Spot *known = g_hash_table_lookup(builder->bodies, &key);
    if (known)
        place->first_item = known->offset;
    else
        g_hash_table_add(builder->bodies, g_memdup2(&key, sizeof key));
    return known != NULL;
}

static void add_place(Builder *builder, Place *place)
{
    Content *content = place->content;

    place->first_item = builder->layout->items->len;
    place->pack = LAYOUT_NO_PACK;
    measure_body(builder, place);
    if (!find_body(builder, place)) {
        for (guint32 i = 0; i < place->block_count; i++) {
            Piece *piece = &content->pieces[i];

            if (piece->kind != PIECE_HOLE)
                add_item(builder, (LayoutItem){.block = block_store_block_of(builder->store, piece)}, piece->size);
        }
    }
    if (place->block_count < content->piece_count)
        add_to_pack(builder, place, &content->pieces[place->block_count]);
    place->sizes = g_new0(guint32, place->block_count);
    builder->layout->hole_size += place->hole_bytes;
    g_ptr_array_add(builder->layout->places, place);
    g_hash_table_add(builder->places, place);
}

static void add_file(Builder *builder, TreeNode *node)
{
    Content *content = node->inode->content;
    Place key = {.content = content};

    g_ptr_array_add(builder->layout->files, node);
    builder->layout->content_size += content->size;
    digest_content(content, block_store_rules(builder->store)->block_size, &key.digest);
    content->place = g_hash_table_lookup(builder->places, &key);
    if (content->place) {
        builder->layout->duplicate_size += content->size;
        return;
    }
    content->place = g_memdup2(&key, sizeof key);
    add_place(builder, content->place);
}

static gboolean visit(TreeNode *node, gpointer user_data, GError **error)
{
    Builder *builder = user_data;
    Inode *inode = node->inode;

    if (inode->mark != 0) /* another name of it came before */
        return TRUE;
    inode->mark = 1;
    if (inode->type == ENTRY_FILE)
        add_file(builder, node);
    else if (inode->type == ENTRY_DIRECTORY)
        builder->layout->folders++;
    else
        builder->layout->others++;
    return TRUE;
}

Layout *layout_new(Tree *tree, BlockStore *store, guint32 pack_size_max)
{
    Layout *layout = g_new0(Layout, 1);
    g_autoptr(GHashTable) places = g_hash_table_new(place_hash, place_equal);
    g_autoptr(GHashTable) bodies = g_hash_table_new_full(spot_hash, spot_equal, g_free, NULL);
    g_autoptr(GHashTable) packed = g_hash_table_new_full(spot_hash, spot_equal, g_free, NULL);
    Builder builder = {
        .layout = layout,
        .store = store,
        .places = places,
        .bodies = bodies,
        .packed = packed,
        .pack_size_max = pack_size_max,
    };

    layout->items = g_array_new(FALSE, FALSE, sizeof(LayoutItem));
    layout->packs = g_ptr_array_new_with_free_func(pack_free);
    layout->places = g_ptr_array_new_with_free_func(place_free);
    layout->files = g_ptr_array_new();
    tree_walk(tree_root(tree), visit, &builder, NULL);
    close_pack(&builder);
    return layout;
}

void layout_free(Layout *layout)
{
    if (!layout)
        return;
    g_array_unref(layout->items);
    g_ptr_array_unref(layout->packs);
    g_ptr_array_unref(layout->places);
    g_ptr_array_unref(layout->files);
    g_free(layout);
}
