// SPDX-License-Identifier: LGPL-2.1-or-later
#include "layout.h"

#include <string.h>

typedef struct {
    Layout *layout;
    BlockStore *store;
    GHashTable *places; /* Place by size and digest */
    Pack *pack;         /* being filled, or NULL */
} Builder;

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
    if (builder->pack && builder->pack->size + piece->size > block_store_rules(builder->store)->pack_size_max)
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
}

static void add_place(Builder *builder, Place *place)
{
    Content *content = place->content;
    place->first_item = builder->layout->items->len;
    place->pack = LAYOUT_NO_PACK;
    for (guint32 i = 0; i < content->piece_count; i++) {
        Piece *piece = &content->pieces[i];

        if (block_store_shares_block(builder->store, content->size, piece->size)) {
            add_to_pack(builder, place, piece);
            break; /* it is the last */
        }
        place->block_count++;
        if (piece->kind == PIECE_HOLE)
            place->hole_bytes += piece->size;
        else
            add_item(builder, (LayoutItem){.block = block_store_block_of(builder->store, piece)}, piece->size);
    }
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

Layout *layout_new(Tree *tree, BlockStore *store)
{
    Layout *layout = g_new0(Layout, 1);
    g_autoptr(GHashTable) places = g_hash_table_new(place_hash, place_equal);
    Builder builder = {.layout = layout, .store = store, .places = places};

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
