/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Layers applied to a tree, with the shadow that newer layers throw on older ones. The input is either a tar, in which an
 * entry "--" begins the next layer, or lines "TYPE PATH" and "TYPE PATH > TARGET" as in tests/unit/test-tree.c, in which a
 * fuzzer gets about faster. Whatever is refused must leave a tree that is whole. */

#include "image/tar.h"

#include <stdint.h>
#include <string.h>

#define LAYERS_MAX 8
#define ENTRIES_MAX 2000

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

typedef struct {
    GPtrArray *layers[LAYERS_MAX]; /* Entry *, the lowest first */
    guint count;
    gboolean has_links;
} Layers;

static void free_entry(gpointer data)
{
    entry_clear(data);
    g_free(data);
}

static void begin_layer(Layers *layers)
{
    if (layers->count < LAYERS_MAX)
        layers->layers[layers->count++] = g_ptr_array_new_with_free_func(free_entry);
}

static void add_entry(Layers *layers, Entry *entry)
{
    layers->has_links = layers->has_links || entry->target;
    g_ptr_array_add(layers->layers[layers->count - 1], entry);
}

/* --- layers out of the input --------------------------------------------------------------------------------------- */

static gboolean read_tar(Layers *layers, const guint8 *bytes, gsize size)
{
    ImageLimits limits;
    const Entry *entry;

    image_limits_init(&limits);
    g_autoptr(EntryReader) reader = tar_reader_new(byte_stream_new_memory(bytes, size), &limits, NULL);
    for (guint i = 0; i < ENTRIES_MAX; i++) {
        if (!entry_reader_next(reader, &entry, NULL))
            return i > 0;
        if (!entry)
            return TRUE;
        if (strcmp(entry->path, "--") == 0) {
            begin_layer(layers);
            continue;
        }
        Entry *copy = g_new(Entry, 1);
        entry_copy(entry, copy);
        add_entry(layers, copy);
    }
    return TRUE;
}

static void read_line(Layers *layers, const char *line)
{
    static const char types[] = {'f', 'd', 'l', 'c', 'b', 'p', 's', 'h'};
    const char *type = *line ? memchr(types, *line, sizeof types) : NULL;

    if (strcmp(line, "--") == 0) {
        begin_layer(layers);
        return;
    }
    if (!type || line[1] != ' ' || line[2] == '\0')
        return;
    const char *arrow = strstr(line + 2, " > ");
    EntryType entry_type = (EntryType)(type - types);
    gboolean link = entry_type == ENTRY_SYMLINK || entry_type == ENTRY_HARD_LINK;
    if (link && (!arrow || arrow[3] == '\0'))
        return;
    Entry *entry = g_new(Entry, 1);
    entry_init(entry);
    entry->type = entry_type;
    entry->path = link ? g_strndup(line + 2, (gsize)(arrow - line - 2)) : g_strdup(line + 2);
    entry->target = link ? g_strdup(arrow + 3) : NULL;
    add_entry(layers, entry);
}

static void read_text(Layers *layers, const guint8 *bytes, gsize size)
{
    g_autofree char *text = g_strndup((const char *)bytes, size);
    g_auto(GStrv) lines = g_strsplit(text, "\n", ENTRIES_MAX);

    for (char **line = lines; *line; line++)
        read_line(layers, *line);
}

/* --- what must hold ------------------------------------------------------------------------------------------------ */

static gboolean check_node(TreeNode *node, gpointer user_data, GError **error)
{
    GHashTable *names = user_data; /* inode → how many were seen */
    const Inode *inode = node->inode;
    guint seen = GPOINTER_TO_UINT(g_hash_table_lookup(names, inode)) + 1;

    if (node->parent != node) {
        gsize length = strlen(node->name);

        if (length == 0 || length > TREE_NAME_MAX || strchr(node->name, '/') || strcmp(node->name, ".") == 0 ||
            strcmp(node->name, "..") == 0)
            g_error("a name that cannot be: '%s'", node->name);
        if (node->parent->inode->type != ENTRY_DIRECTORY)
            g_error("a parent that is no folder");
    }
    if (inode->type == ENTRY_HARD_LINK || inode->implied != (inode->entry->path[0] == '\0'))
        g_error("an inode that cannot be");
    if (inode->type == ENTRY_DIRECTORY && (seen > 1 || inode->links != 1))
        g_error("a folder with two names");
    g_hash_table_insert(names, (gpointer)inode, GUINT_TO_POINTER(seen));
    g_autofree char *path = tree_node_path(node);
    if (strlen(path) > 0 && (path[0] == '/' || path[strlen(path) - 1] == '/'))
        g_error("a path that cannot be: '%s'", path);
    return TRUE;
}

static void check_tree(Tree *tree)
{
    g_autoptr(GHashTable) names = g_hash_table_new(NULL, NULL);
    GHashTableIter iter;
    gpointer inode, seen;

    tree_walk(tree_root(tree), check_node, names, NULL);
    g_hash_table_iter_init(&iter, names);
    while (g_hash_table_iter_next(&iter, &inode, &seen))
        if (((Inode *)inode)->links != GPOINTER_TO_UINT(seen))
            g_error("an inode counts %u names and has %u", ((Inode *)inode)->links, GPOINTER_TO_UINT(seen));
}

/* The files that the shadow would have hidden, as the entry's content. */
static GHashTable *find_hidden(const Layers *layers)
{
    GHashTable *hidden = g_hash_table_new(NULL, NULL);
    g_autoptr(Shadow) shadow = shadow_new();

    for (guint i = layers->count; i > 0; i--) {
        const GPtrArray *layer = layers->layers[i - 1];

        for (guint k = 0; k < layer->len; k++) {
            Entry *entry = g_ptr_array_index(layer, k);
            g_autofree char *clean = NULL;

            if (path_clean(entry->path, &clean, NULL) && shadow_hides(shadow, clean))
                g_hash_table_add(hidden, entry);
        }
        shadow_add_layer(shadow, (const Entry *const *)layer->pdata, layer->len);
    }
    return hidden;
}

static gboolean check_not_hidden(TreeNode *node, gpointer user_data, GError **error)
{
    if (node->inode->type == ENTRY_FILE && g_hash_table_contains(user_data, node->inode->content))
        g_error("'%s' was hidden", node->name);
    return TRUE;
}

static void use_layers(const Layers *layers)
{
    g_autoptr(GHashTable) hidden = find_hidden(layers);
    g_autoptr(Notes) notes = notes_new();
    g_autoptr(Tree) tree = tree_new();
    gboolean refused = FALSE;

    for (guint i = 0; i < layers->count; i++) {
        tree_begin_layer(tree, TRUE);
        for (guint k = 0; k < layers->layers[i]->len; k++) {
            Entry *entry = g_ptr_array_index(layers->layers[i], k);
            gpointer content = entry->type == ENTRY_FILE ? entry : NULL;

            /* An unpacker would stop at the first; going on is harder on the tree. */
            refused = !tree_apply(tree, entry, content, notes, NULL) || refused;
            tree_find(tree, entry->path, TRUE);
        }
    }
    tree_finish(tree);
    check_tree(tree);
    /* Links can make the shadow wrong; then content is read again. Without them it must be right. */
    if (!layers->has_links && !refused)
        tree_walk(tree_root(tree), check_not_hidden, hidden, NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    Layers layers = {.count = 0};

    begin_layer(&layers);
    if (!read_tar(&layers, data, size))
        read_text(&layers, data, size);
    use_layers(&layers);
    for (guint i = 0; i < layers.count; i++)
        g_ptr_array_unref(layers.layers[i]);
    return 0;
}
