// SPDX-License-Identifier: LGPL-2.1-or-later
/* What layers say, applied in order: each case is the layers and the tree that comes of them, as text.
 *
 * A layer is lines "TYPE PATH" or "TYPE PATH > TARGET"; "--" begins the next layer. Types: d folder, f file, l symbolic
 * link, h hard link, c b p s device, fifo, socket. "flat" in front: names that begin with ".wh." mean nothing.
 * The tree is lines in canonical order: type, path, the number of the layer that describes it ("?": implied), for a file the
 * layer its content is from, "> TARGET" of a symbolic link, "= PATH" of a further name of the same inode. */

#include "tree/tree.h"

#include <string.h>

typedef struct {
    const char *name;
    const char *layers;
    const char *result; /* the tree, or "error: " and a part of the message */
} Case;

/* --- from text and back -------------------------------------------------------------------------------------------- */

typedef struct {
    GPtrArray *entries; /* Entry *, which the tree borrows */
    Tree *tree;
} Fixture;

static void free_entry(gpointer data)
{
    entry_clear(data);
    g_free(data);
}

static void fixture_init(Fixture *fixture)
{
    fixture->entries = g_ptr_array_new_with_free_func(free_entry);
    fixture->tree = tree_new();
}

static void fixture_clear(Fixture *fixture)
{
    tree_free(fixture->tree);
    g_ptr_array_unref(fixture->entries);
}

static Entry *parse_entry(Fixture *fixture, const char *line, guint layer)
{
    static const char types[] = {'f', 'd', 'l', 'c', 'b', 'p', 's', 'h'}; /* in the order of EntryType */
    const char *arrow = strstr(line, " > ");
    const char *type = memchr(types, line[0], sizeof types);
    Entry *entry = g_new(Entry, 1);

    g_assert_nonnull(type);
    g_assert_true(line[1] == ' ');
    entry_init(entry);
    entry->type = (EntryType)(type - types);
    entry->path = arrow ? g_strndup(line + 2, (gsize)(arrow - line - 2)) : g_strdup(line + 2);
    entry->target = arrow ? g_strdup(arrow + 3) : NULL;
    entry->mode = entry->type == ENTRY_DIRECTORY ? 0755 : 0644;
    entry->mtime = layer;
    g_ptr_array_add(fixture->entries, entry);
    return entry;
}

static gboolean apply_text(Fixture *fixture, const char *text, GError **error)
{
    gboolean whiteouts = !g_str_has_prefix(text, "flat\n");
    g_auto(GStrv) lines = g_strsplit(whiteouts ? text : text + strlen("flat\n"), "\n", -1);
    guint layer = 1;

    tree_begin_layer(fixture->tree, whiteouts);
    for (char **line = lines; *line; line++) {
        if (strcmp(*line, "--") == 0) {
            tree_begin_layer(fixture->tree, whiteouts);
            layer++;
        } else if (**line) {
            Entry *entry = parse_entry(fixture, *line, layer);
            gpointer content = entry->type == ENTRY_FILE ? GUINT_TO_POINTER(layer) : NULL;

            if (!tree_apply(fixture->tree, entry, content, NULL, error))
                return FALSE;
        }
    }
    return TRUE;
}

typedef struct {
    GString *text;
    GHashTable *first_paths; /* inode → path */
} Dump;

static gboolean dump_node(TreeNode *node, gpointer user_data, GError **error)
{
    Dump *dump = user_data;
    const Inode *inode = node->inode;
    g_autofree char *path = tree_node_path(node);
    const char *first = g_hash_table_lookup(dump->first_paths, inode);

    if (node->parent == node && inode->implied)
        return TRUE;
    g_string_append_printf(dump->text, "%c %s", "fdlcbps"[inode->type], *path ? path : "/");
    if (first) {
        g_string_append_printf(dump->text, " = %s\n", first);
        return TRUE;
    }
    if (inode->implied)
        g_string_append(dump->text, " ?");
    else
        g_string_append_printf(dump->text, " %u", (guint)inode->entry->mtime);
    g_assert_cmpuint(inode->implied ? 0 : inode->layer, ==, inode->implied ? 0 : inode->entry->mtime);
    if (inode->type == ENTRY_FILE)
        g_assert_cmpuint(GPOINTER_TO_UINT(inode->content), ==, inode->layer);
    if (inode->type == ENTRY_SYMLINK)
        g_string_append_printf(dump->text, " > %s", inode->entry->target);
    g_string_append_c(dump->text, '\n');
    if (inode->links > 1)
        g_hash_table_insert(dump->first_paths, (gpointer)inode, g_steal_pointer(&path));
    return TRUE;
}

static char *dump_tree(Tree *tree)
{
    g_autoptr(GString) text = g_string_new(NULL);
    g_autoptr(GHashTable) first_paths = g_hash_table_new_full(NULL, NULL, NULL, g_free);
    Dump dump = {text, first_paths};

    g_assert_true(tree_walk(tree_root(tree), dump_node, &dump, NULL));
    return g_strdup(text->str);
}

static void check_case(gconstpointer data)
{
    const Case *test = data;
    g_autoptr(GError) error = NULL;
    Fixture fixture;

    fixture_init(&fixture);
    gboolean ok = apply_text(&fixture, test->layers, &error);
    tree_finish(fixture.tree); /* also what failed half-way must be whole */
    if (g_str_has_prefix(test->result, "error: ")) {
        g_assert_false(ok);
        g_assert_error(error, GOURD_ERROR, GOURD_ERROR_INPUT);
        if (!strstr(error->message, test->result + strlen("error: ")))
            g_assert_cmpstr(error->message, ==, test->result + strlen("error: "));
    } else {
        g_autofree char *text = dump_tree(fixture.tree);

        g_assert_no_error(error);
        g_assert_true(ok);
        g_assert_cmpstr(text, ==, test->result);
    }
    fixture_clear(&fixture);
}

/* --- cases --------------------------------------------------------------------------------------------------------- */

static const Case cases[] = {
    {"no_layers_give_an_empty_root", "", ""},
    {"the_root_is_described_by_any_of_its_names", "d ./", "d / 1\n"},
    {"the_newest_description_of_the_root_wins", "d .\n--\nd /", "d / 2\n"},
    {"names_are_cleaned", "d ./a/\nf a//b/./../c\nf /abs", "f abs 1\nd a 1\nf a/c 1\n"},
    {"files_come_before_folders_each_by_bytes", "f b\nd a\nf B\nf \xff\nd c\np a.",
     "f B 1\np a. 1\nf b 1\nf \xff 1\nd a 1\nd c 1\n"},
    {"devices_fifos_and_sockets_are_kept", "c null\nb sda\np fifo\ns sock", "p fifo 1\nc null 1\nb sda 1\ns sock 1\n"},
    {"the_last_of_two_entries_of_one_path_wins", "f a\nl a > b\nf a\nd c\nf c", "f a 1\nf c 1\n"},

    /* parents */
    {"a_parent_that_no_layer_mentions_is_implied", "f a/b/c", "d a ?\nd a/b ?\nf a/b/c 1\n"},
    {"an_implied_folder_can_be_described_later", "f a/b\nd a", "d a 1\nf a/b 1\n"},
    {"an_implied_folder_can_be_described_by_a_newer_layer", "f a/b\n--\nd a", "d a 2\nf a/b 1\n"},
    {"a_parent_described_below_is_not_implied_above", "d a\n--\nf a/b", "d a 1\nf a/b 2\n"},
    {"a_parent_that_is_a_file_is_refused", "f a\nf a/b", "error: 'a/b': its parent is not a folder"},
    {"a_grandparent_that_is_a_file_is_refused", "f a\nf a/b/c", "error: 'a/b/c'"},
    {"a_parent_that_is_a_fifo_of_a_lower_layer_is_refused", "p a\n--\nd a/b",
     "error: 'a/b': its parent is not a folder"},

    /* file ↔ folder */
    {"a_file_becomes_a_folder_and_back", "f a\n--\nd a\nf a/b\n--\nf a", "f a 3\n"},
    {"a_folder_becomes_a_file_and_loses_what_was_in_it", "d a\nf a/b/c\n--\nf a\n--\nd a", "d a 3\n"},
    {"a_folder_is_merged_and_described_anew", "d a\nf a/b\n--\nd a\nf a/c", "d a 2\nf a/b 1\nf a/c 2\n"},
    {"a_folder_replaces_a_link_to_a_folder", "d t\nf t/x\nl a > t\n--\nd a", "d a 2\nd t 1\nf t/x 1\n"},
    {"a_link_replaces_a_folder", "d a\nf a/b\n--\nl a > t", "l a 2 > t\n"},
    {"a_device_replaces_a_file", "f a\n--\nc a", "c a 2\n"},

    /* symbolic links in parents */
    {"an_entry_below_a_linked_folder_goes_where_the_link_leads", "d r/l\nl lib > r/l\n--\nf lib/x",
     "l lib 1 > r/l\nd r ?\nd r/l 1\nf r/l/x 2\n"},
    {"an_absolute_link_begins_at_the_root", "d r/l\nl a/b > /r/l\nf a/b/x",
     "d a ?\nl a/b 1 > /r/l\nd r ?\nd r/l 1\nf r/l/x 1\n"},
    {"a_relative_link_begins_beside_itself", "d a/r\nl a/b > r\nf a/b/x", "d a ?\nl a/b 1 > r\nd a/r 1\nf a/r/x 1\n"},
    {"a_link_upwards_is_clamped_to_the_root", "l a/b > ../../../../etc\nf a/b/x",
     "d a ?\nl a/b 1 > ../../../../etc\nd etc ?\nf etc/x 1\n"},
    {"a_link_to_nothing_in_a_parent_makes_the_folder", "l a > b/c\nf a/x", "l a 1 > b/c\nd b ?\nd b/c ?\nf b/c/x 1\n"},
    {"a_chain_of_links_is_followed", "l a > b\nl b > ./c/\nd c\nf a/x", "l a 1 > b\nl b 1 > ./c/\nd c 1\nf c/x 1\n"},
    {"a_link_to_itself_as_a_parent_is_refused", "l a > a\nf a/x", "error: 'a/x': too many symbolic links"},
    {"two_links_in_a_circle_as_parents_are_refused", "l a > b/y\nl b > a/z\nf a/x",
     "error: 'a/x': too many symbolic links"},
    {"a_link_to_a_file_as_a_parent_is_refused", "f b\nl a > b\nf a/x", "error: 'a/x': its parent is not a folder"},
    {"the_last_name_is_not_followed", "d t\nl a > t\n--\nf a", "f a 2\nd t 1\n"},
    {"a_folder_entry_on_a_link_made_in_its_own_layer_replaces_it", "l a > t\nd a\nf a/x", "d a 1\nf a/x 1\n"},
    {"dots_in_an_entry_are_cleaned_before_links_are_followed", "d r/l\nl a > r/l\nf a/../x",
     "l a 1 > r/l\nf x 1\nd r ?\nd r/l 1\n"},

    /* leaving the root */
    {"a_path_that_leaves_the_root_is_refused", "f ../x", "error: path '../x' leaves the root"},
    {"a_path_that_leaves_the_root_and_comes_back_is_refused", "f a/../../b/x",
     "error: path 'a/../../b/x' leaves the root"},
    {"an_absolute_path_cannot_leave_the_root_either", "f /../x", "error: path '/../x' leaves the root"},
    {"a_path_may_go_up_inside_the_root", "f a/../b", "f b 1\n"},
    {"a_hard_link_to_outside_the_root_is_refused", "h a > ../x", "error: 'a': hard link: path '../x' leaves the root"},
    {"the_root_cannot_be_a_file", "f /", "error: '/': the root is not a folder"},
    {"the_root_cannot_be_a_link", "l ./ > usr", "error: './': the root is not a folder"},
    {"the_root_cannot_be_a_hard_link", "f a\nh . > a", "error: '.': the root is not a folder"},

    /* hard links */
    {"a_hard_link_is_another_name_of_the_inode", "f a\nh b > a", "f a 1\nf b = a\n"},
    {"a_hard_link_reaches_into_lower_layers", "f a\n--\nh b > a", "f a 1\nf b = a\n"},
    {"a_hard_link_keeps_what_a_newer_layer_replaces", "f a\n--\nh b > a\nf a", "f a 2\nf b 1\n"},
    {"a_hard_link_keeps_what_a_newer_layer_removes", "f a\nh b > a\n--\nf .wh.a", "f b 1\n"},
    {"a_replaced_file_does_not_change_its_other_names", "f a\nh b > a\nh c > b\n--\nf b", "f a 1\nf b 2\nf c = a\n"},
    {"a_hard_link_to_a_hard_link_is_one_more_name", "f a\nh b > a\n--\nh c > b\nf .wh.a", "f b 1\nf c = b\n"},
    {"a_hard_link_replaces_a_file", "f a\nf b\n--\nh b > a", "f a 1\nf b = a\n"},
    {"a_hard_link_replaces_a_folder", "f a\nd b\nf b/c\n--\nh b > a", "f a 1\nf b = a\n"},
    {"a_hard_link_may_replace_the_folder_its_target_is_in", "f b/a\n--\nh b > b/a", "f b 1\n"},
    {"a_hard_link_to_itself_changes_nothing", "f a\nh a > a\n--\nh a > ./a", "f a 1\n"},
    {"a_hard_link_said_twice_is_one_name", "f a\nh b > a\nh b > a\n--\nh b > a", "f a 1\nf b = a\n"},
    {"a_symbolic_link_can_have_hard_links", "l a > x\nh b > a", "l a 1 > x\nl b = a\n"},
    {"a_fifo_and_a_device_can_have_hard_links", "p a\nh b > a\nc c\nh d > c", "p a 1\np b = a\nc c 1\nc d = c\n"},
    {"the_parents_of_a_hard_link_s_target_are_followed", "d r\nf r/x\nl l > r\nh y > l/x",
     "l l 1 > r\nf y 1\nd r 1\nf r/x = y\n"},
    {"the_target_s_path_is_cleaned", "f a\nh b > ./q/../a\nh c > /a", "f a 1\nf b = a\nf c = a\n"},
    {"a_hard_link_to_nothing_is_refused", "h a > b", "error: 'a': it is a hard link to 'b', which does not exist"},
    {"a_hard_link_to_what_comes_later_is_refused", "h a > b\nf b",
     "error: 'a': it is a hard link to 'b', which does not exist"},
    {"a_hard_link_to_what_was_removed_is_refused", "f b\n--\nf .wh.b\nh a > b", "error: which does not exist"},
    {"a_hard_link_to_a_folder_is_refused", "d a\nh b > a", "error: 'b': it is a hard link to a folder"},
    {"a_hard_link_to_the_root_is_refused", "h b > /", "error: 'b': it is a hard link to a folder"},
    {"a_hard_link_below_a_file_that_is_no_folder_is_refused", "f a\nh b > a/x", "error: which does not exist"},

    /* whiteouts */
    {"a_whiteout_removes_a_file_of_a_lower_layer", "f a\nf b\n--\nf .wh.a", "f b 1\n"},
    {"a_whiteout_removes_a_folder_with_all_in_it", "d a\nf a/b/c\n--\nf .wh.a", ""},
    {"a_whiteout_removes_a_link_and_not_what_it_leads_to", "d t\nf t/x\nl a > t\n--\nf .wh.a", "d t 1\nf t/x 1\n"},
    {"a_whiteout_hides_only_lower_layers", "f a\n--\nf a\nf .wh.a", "f a 2\n"},
    {"a_whiteout_before_the_new_file_is_the_same", "f a\n--\nf .wh.a\nf a", "f a 2\n"},
    {"a_whiteout_of_a_folder_spares_what_its_own_layer_put_in", "d a\nf a/old\n--\nf a/new\nf .wh.a",
     "d a 1\nf a/new 2\n"},
    {"a_whiteout_and_then_the_folder_anew", "d a\nf a/old\n--\nf .wh.a\nd a\nf a/new", "d a 2\nf a/new 2\n"},
    {"a_whiteout_that_comes_after_the_new_folder", "d a\nf a/old\n--\nd a\nf a/new\nf .wh.a", "d a 2\nf a/new 2\n"},
    {"a_whiteout_spares_a_folder_that_its_own_layer_only_mentions", "d a\nf a/old\n--\nd a\nf .wh.a", "d a 2\n"},
    {"a_whiteout_reaches_through_linked_folders", "d r\nf r/x\nl l > r\n--\nf l/.wh.x", "l l 1 > r\nd r 1\n"},
    {"a_whiteout_may_be_of_any_type", "f a\nf b\n--\nc .wh.a\nd .wh.b/", ""},
    {"a_whiteout_of_what_is_not_there_changes_nothing", "f a\n--\nf .wh.b\nf c/.wh.d\nf a/.wh.e", "f a 1\n"},
    {"a_whiteout_makes_no_folders", "f a\n--\nf b/c/.wh.d", "f a 1\n"},
    {"a_whiteout_in_the_lowest_layer_changes_nothing", "f .wh.a\nf a", "f a 1\n"},
    {"a_file_can_come_back", "f a\n--\nf .wh.a\n--\nf a", "f a 3\n"},
    {"a_layer_can_whiteout_what_the_one_between_added", "f a\n--\nf b\n--\nf .wh.a\nf .wh.b", ""},
    {"a_hard_link_made_in_the_layer_survives_a_later_whiteout", "f a\nf b\n--\nh b > a\nf .wh.b", "f a 1\nf b = a\n"},
    {"a_hard_link_repeated_in_the_layer_survives_its_whiteout", "f a\nh b > a\n--\nh b > a\nf .wh.b",
     "f a 1\nf b = a\n"},
    {"a_whiteout_of_dot_dot_is_refused", "f .wh...", "error: '.wh...': a whiteout that names nothing"},
    {"a_whiteout_of_dot_is_refused", "f a/.wh..", "error: 'a/.wh..': a whiteout that names nothing"},
    {"a_whiteout_of_nothing_is_refused", "f .wh.", "error: '.wh.': a whiteout that names nothing"},
    {"a_name_that_only_contains_wh_is_a_name", "f a.wh.b\nf .wha", "f .wha 1\nf a.wh.b 1\n"},
    {"a_flat_tar_has_no_whiteouts", "flat\nf a\nf .wh.a\nf .wh..wh..opq", "f .wh..wh..opq 1\nf .wh.a 1\nf a 1\n"},

    /* opaque */
    {"an_opaque_folder_loses_what_lower_layers_have", "d a\nf a/b\nf a/c/d\n--\nd a\nf a/.wh..wh..opq", "d a 2\n"},
    {"an_opaque_folder_keeps_its_own_layer_s_files", "f a/b\n--\nf a/n\nf a/.wh..wh..opq", "d a ?\nf a/n 2\n"},
    {"an_opaque_mark_may_come_first", "f a/b\n--\nf a/.wh..wh..opq\nf a/n", "d a ?\nf a/n 2\n"},
    {"an_opaque_mark_reaches_into_deeper_folders", "f a/b/c\nf a/b/d\n--\nf a/b/c\nf a/.wh..wh..opq",
     "d a ?\nd a/b ?\nf a/b/c 2\n"},
    {"an_opaque_root_begins_anew", "d a\nf b\n--\nf .wh..wh..opq\nf c", "f c 2\n"},
    {"an_opaque_mark_said_again_spares_what_came_between", "f a/b\n--\nf a/.wh..wh..opq\nf a/n\nf a/.wh..wh..opq",
     "d a ?\nf a/n 2\n"},
    {"an_opaque_mark_holds_for_its_layer_only", "f a/b\n--\nf a/.wh..wh..opq\nf a/n\n--\nf a/m",
     "d a ?\nf a/m 3\nf a/n 2\n"},
    {"two_layers_may_each_make_a_folder_opaque", "f a/b\n--\nf a/.wh..wh..opq\nf a/n\n--\nf a/.wh..wh..opq\nf a/m",
     "d a ?\nf a/m 3\n"},
    {"an_opaque_mark_where_there_is_no_folder_changes_nothing", "f a\n--\nf a/.wh..wh..opq\nf b/.wh..wh..opq",
     "f a 1\n"},
    {"marks_of_aufs_are_ignored", "f .wh..wh.aufs\nd .wh..wh.plnk\nd .wh..wh.orph\nf a/.wh..wh.foo\nf b", "f b 1\n"},
    {"what_lies_in_folders_of_aufs_is_ignored", "d .wh..wh.plnk\nf .wh..wh.plnk/12.34\nd .wh..wh.orph/a\nf b",
     "f b 1\n"},
};

/* --- limits -------------------------------------------------------------------------------------------------------- */

static gboolean apply_one(Fixture *fixture, EntryType type, const char *path, const char *target, GError **error)
{
    Entry *entry = g_new(Entry, 1);

    entry_init(entry);
    entry->type = type;
    entry->path = g_strdup(path);
    entry->target = g_strdup(target);
    g_ptr_array_add(fixture->entries, entry);
    return tree_apply(fixture->tree, entry, NULL, NULL, error);
}

static void expect_taken(Fixture *fixture, EntryType type, const char *path, const char *target)
{
    g_autoptr(GError) error = NULL;
    gboolean ok = apply_one(fixture, type, path, target, &error);

    g_assert_no_error(error);
    g_assert_true(ok);
}

static void expect_refusal(Fixture *fixture, EntryType type, const char *path, const char *target, const char *why)
{
    g_autoptr(GError) error = NULL;
    gboolean ok = apply_one(fixture, type, path, target, &error);

    g_assert_false(ok);
    g_assert_error(error, GOURD_ERROR, GOURD_ERROR_INPUT);
    if (!strstr(error->message, why))
        g_assert_cmpstr(error->message, ==, why);
}

static void a_name_has_at_most_255_bytes(void)
{
    g_autofree char *longest = g_strnfill(TREE_NAME_MAX, 'n'), *longer = g_strnfill(TREE_NAME_MAX + 1, 'n');
    g_autofree char *below = g_strconcat(longer, "/x", NULL);
    Fixture fixture;

    fixture_init(&fixture);
    tree_begin_layer(fixture.tree, TRUE);
    expect_taken(&fixture, ENTRY_FILE, longest, NULL);
    expect_refusal(&fixture, ENTRY_FILE, longer, NULL, "over 255 bytes");
    expect_refusal(&fixture, ENTRY_HARD_LINK, longer, longest, "over 255 bytes");
    expect_refusal(&fixture, ENTRY_FILE, below, NULL, "over 255 bytes");
    fixture_clear(&fixture);
}

static void a_symbolic_link_has_at_most_4095_bytes(void)
{
    g_autofree char *longest = g_strnfill(TREE_TARGET_MAX, 't'), *longer = g_strnfill(TREE_TARGET_MAX + 1, 't');
    Fixture fixture;

    fixture_init(&fixture);
    tree_begin_layer(fixture.tree, TRUE);
    expect_taken(&fixture, ENTRY_SYMLINK, "a", longest);
    expect_refusal(&fixture, ENTRY_SYMLINK, "a", longer, "over 4095 bytes");
    fixture_clear(&fixture);
}

static char *deep_path(guint depth)
{
    GString *path = g_string_new(NULL);

    for (guint i = 0; i < depth; i++)
        g_string_append(path, i ? "/a" : "a");
    return g_string_free(path, FALSE);
}

/* Deeper than one path can say: links lead on from the deepest folder. */
static void folders_are_nested_at_most_2048_deep(void)
{
    g_autofree char *half = deep_path(TREE_DEPTH_MAX / 2), *second = g_strconcat("link/", half, NULL);
    g_autofree char *one_more = g_strconcat(second, "/b", NULL), *folder = g_strconcat(second, "/b/c", NULL);
    Fixture fixture;
    guint depth = 0;

    fixture_init(&fixture);
    tree_begin_layer(fixture.tree, TRUE);
    expect_taken(&fixture, ENTRY_DIRECTORY, half, NULL);
    expect_taken(&fixture, ENTRY_SYMLINK, "link", half);
    expect_taken(&fixture, ENTRY_DIRECTORY, second, NULL);
    expect_refusal(&fixture, ENTRY_FILE, one_more, NULL, "nested too deeply");
    expect_refusal(&fixture, ENTRY_FILE, folder, NULL, "nested too deeply");
    for (TreeNode *node = tree_find(fixture.tree, second, TRUE); node && node->parent != node; node = node->parent)
        depth++;
    g_assert_cmpuint(depth, ==, TREE_DEPTH_MAX);
    fixture_clear(&fixture);
}

static void a_chain_of_255_links_is_followed_and_no_more(void)
{
    Fixture fixture;

    fixture_init(&fixture);
    tree_begin_layer(fixture.tree, TRUE);
    expect_taken(&fixture, ENTRY_DIRECTORY, "0", NULL);
    for (guint i = 1; i <= 256; i++) {
        g_autofree char *name = g_strdup_printf("%u", i), *target = g_strdup_printf("%u", i - 1);

        expect_taken(&fixture, ENTRY_SYMLINK, name, target);
    }
    expect_taken(&fixture, ENTRY_FILE, "255/x", NULL);
    g_assert_nonnull(tree_find(fixture.tree, "0/x", FALSE));
    expect_refusal(&fixture, ENTRY_FILE, "256/x", NULL, "too many symbolic links");
    g_assert_null(tree_find(fixture.tree, "256/x", FALSE));
    fixture_clear(&fixture);
}

/* Each mark would go over all files that came before it, were it not known that nothing lower is left there. */
static void many_opaque_marks_take_no_longer_than_as_many_files(void)
{
    Fixture fixture;

    fixture_init(&fixture);
    tree_begin_layer(fixture.tree, TRUE);
    tree_begin_layer(fixture.tree, TRUE);
    gint64 begin = g_get_monotonic_time();
    for (guint i = 0; i < 50000; i++) {
        g_autofree char *path = g_strdup_printf("d/f%u", i);

        expect_taken(&fixture, ENTRY_FILE, path, NULL);
        expect_taken(&fixture, ENTRY_FILE, "d/.wh..wh..opq", NULL);
        expect_taken(&fixture, ENTRY_FILE, ".wh..wh..opq", NULL);
        expect_taken(&fixture, ENTRY_FILE, ".wh.d", NULL);
    }
    g_assert_cmpint(g_get_monotonic_time() - begin, <, 20 * G_USEC_PER_SEC);
    g_assert_nonnull(tree_find(fixture.tree, "d/f0", FALSE));
    fixture_clear(&fixture);
}

/* --- finding ------------------------------------------------------------------------------------------------------- */

static void paths_are_found_inside_the_root(void)
{
    Fixture fixture;
    TreeNode *file;

    fixture_init(&fixture);
    g_assert_true(apply_text(&fixture, "d a\nf a/f\nl l > a\nl m > /l/f\nl n > nothing\nl o > o", NULL));
    file = tree_find(fixture.tree, "a/f", FALSE);
    g_assert_nonnull(file);
    g_assert_true(tree_find(fixture.tree, "/../../a/./f", FALSE) == file);
    g_assert_true(tree_find(fixture.tree, "l/f", FALSE) == file);
    g_assert_true(tree_find(fixture.tree, "m", TRUE) == file);
    g_assert_true(tree_find(fixture.tree, "m", FALSE)->inode->type == ENTRY_SYMLINK);
    g_assert_true(tree_find(fixture.tree, "", FALSE) == tree_root(fixture.tree));
    g_assert_null(tree_find(fixture.tree, "a/f/x", FALSE));
    g_assert_null(tree_find(fixture.tree, "n", TRUE));
    g_assert_null(tree_find(fixture.tree, "o", TRUE));
    fixture_clear(&fixture);
}

static gboolean stop_at_second(TreeNode *node, gpointer user_data, GError **error)
{
    return ++*(guint *)user_data < 2;
}

static void a_walk_can_be_ended_early(void)
{
    Fixture fixture;
    guint visited = 0;

    fixture_init(&fixture);
    g_assert_true(apply_text(&fixture, "f a\nf b\nf c", NULL));
    tree_finish(fixture.tree);
    g_assert_false(tree_walk(tree_root(fixture.tree), stop_at_second, &visited, NULL));
    g_assert_cmpuint(visited, ==, 2);
    fixture_clear(&fixture);
}

static void ignored_marks_are_noted(void)
{
    g_autoptr(Notes) notes = notes_new();
    Entry entry = {.type = ENTRY_FILE, .path = (char *)"a/.wh..wh.foo"};
    g_autoptr(Tree) tree = tree_new();

    tree_begin_layer(tree, TRUE);
    g_assert_true(tree_apply(tree, &entry, NULL, notes, NULL));
    g_assert_cmpuint(notes_list(notes)->len, ==, 1);
    g_assert_cmpstr(((Note *)g_ptr_array_index(notes_list(notes), 0))->kind, ==, "aufs-mark-ignored");
}

/* --- shadows ------------------------------------------------------------------------------------------------------- */

/* newer: layers above the one in question, from the lowest of them up, as above; then paths: hidden or needed. */
typedef struct {
    const char *name;
    const char *newer;
    const char *hidden, *needed; /* separated by spaces, or NULL */
} ShadowCase;

static const ShadowCase shadow_cases[] = {
    {"nothing_hides_nothing", "", NULL, "a a/b"},
    {"a_file_hides_the_one_below_and_what_was_in_a_folder", "f a", "a a/b a/b/c", "b ab"},
    {"a_folder_hides_a_file_but_not_what_is_in_it", "d a", "a", "a/b"},
    {"a_link_hides_what_was_in_a_folder", "l a > t", "a a/b", "t t/b"},
    {"a_whiteout_hides_with_all_below", "f a/.wh.b", "a/b a/b/c", "a a/c"},
    {"an_opaque_folder_hides_what_is_in_it_and_not_itself", "f a/.wh..wh..opq", "a/b a/b/c", "a b"},
    {"an_opaque_root_hides_all", "f .wh..wh..opq", "a a/b", NULL},
    {"an_implied_parent_hides_nothing", "f a/b/c", "a/b/c", "a a/b a/b/d"},
    {"a_hard_link_hides_its_own_path", "f b\nh a > b", "a b", NULL},
    {"the_target_of_a_hard_link_is_needed", "h a > b", "a", "b"},
    {"the_target_of_a_hard_link_is_needed_although_it_is_removed_later", "h a > b\n--\nf .wh.b", NULL, "b"},
    {"the_target_of_a_hard_link_is_needed_although_its_own_layer_removes_it", "h a > b\nf .wh.b", "a", "b"},
    {"the_target_of_a_hard_link_is_needed_although_it_is_replaced_above", "h a > b\n--\nf b", NULL, "b"},
    {"a_link_to_a_link_needs_the_first", "h b > a\n--\nh c > b\nf .wh.a\nf .wh.b", NULL, "a"},
    {"a_target_given_by_the_layer_itself_is_not_needed_below", "f b\nh a > b", "b", NULL},
    {"a_target_given_by_a_layer_between_is_not_needed_below", "f b\n--\nh a > b", "b", NULL},
    {"paths_are_compared_clean", "f ./a//b/\nf /c\nh d > ./e/../f", "a/b c", "f"},
    {"a_path_that_leaves_the_root_says_nothing", "f ../a\nh b > ../c", NULL, "a c"},
    {"marks_of_aufs_hide_nothing", "f a/.wh..wh.foo\nf .wh.", NULL, "a a/foo .wh.foo"},
};

static void add_layers(Shadow *shadow, Fixture *fixture, const char *text)
{
    g_auto(GStrv) layers = g_strsplit(text, "\n--\n", -1);

    for (guint i = g_strv_length(layers); i > 0; i--) {
        g_auto(GStrv) lines = g_strsplit(layers[i - 1], "\n", -1);
        g_autoptr(GPtrArray) entries = g_ptr_array_new();

        for (char **line = lines; *line; line++)
            g_ptr_array_add(entries, parse_entry(fixture, *line, i));
        shadow_add_layer(shadow, (const Entry *const *)entries->pdata, entries->len);
    }
}

static void check_paths(const Shadow *shadow, const char *paths, gboolean hidden)
{
    g_auto(GStrv) list = g_strsplit(paths ? paths : "", " ", -1);

    for (char **path = list; *path; path++)
        if (shadow_hides(shadow, *path) != hidden)
            g_error("'%s' is %s", *path, hidden ? "not hidden" : "hidden");
}

static void check_shadow(gconstpointer data)
{
    const ShadowCase *test = data;
    g_autoptr(Shadow) shadow = shadow_new();
    Fixture fixture;

    fixture_init(&fixture);
    if (*test->newer)
        add_layers(shadow, &fixture, test->newer);
    check_paths(shadow, test->hidden, TRUE);
    check_paths(shadow, test->needed, FALSE);
    fixture_clear(&fixture);
}

/* --- attributes ---------------------------------------------------------------------------------------------------- */

static void attributes_are_sorted_and_replaced_by_name(void)
{
    g_autoptr(Xattrs) xattrs = xattrs_new();

    xattrs_set(xattrs, "user.b", "1", 1);
    xattrs_set(xattrs, "user.a", "two", 3);
    xattrs_set(xattrs, "user.c", "", 0);
    xattrs_set(xattrs, "user.b", "three", 5);
    g_assert_cmpuint(xattrs_count(xattrs), ==, 3);
    g_assert_cmpstr(xattrs_get(xattrs, 0)->name, ==, "user.a");
    g_assert_cmpstr(xattrs_get(xattrs, 1)->name, ==, "user.b");
    g_assert_cmpmem(xattrs_get(xattrs, 1)->value, xattrs_get(xattrs, 1)->size, "three", 5);
    g_assert_cmpuint(xattrs_get(xattrs, 2)->size, ==, 0);
    g_assert_cmpuint(xattrs_count(NULL), ==, 0);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *path = g_strconcat("/tree/", cases[i].name, NULL);

        g_test_add_data_func(path, &cases[i], check_case);
    }
    for (gsize i = 0; i < G_N_ELEMENTS(shadow_cases); i++) {
        g_autofree char *path = g_strconcat("/shadow/", shadow_cases[i].name, NULL);

        g_test_add_data_func(path, &shadow_cases[i], check_shadow);
    }
    g_test_add_func("/tree/a_name_has_at_most_255_bytes", a_name_has_at_most_255_bytes);
    g_test_add_func("/tree/a_symbolic_link_has_at_most_4095_bytes", a_symbolic_link_has_at_most_4095_bytes);
    g_test_add_func("/tree/folders_are_nested_at_most_2048_deep", folders_are_nested_at_most_2048_deep);
    g_test_add_func("/tree/a_chain_of_255_links_is_followed_and_no_more", a_chain_of_255_links_is_followed_and_no_more);
    g_test_add_func("/tree/many_opaque_marks_take_no_longer_than_as_many_files",
                    many_opaque_marks_take_no_longer_than_as_many_files);
    g_test_add_func("/tree/paths_are_found_inside_the_root", paths_are_found_inside_the_root);
    g_test_add_func("/tree/a_walk_can_be_ended_early", a_walk_can_be_ended_early);
    g_test_add_func("/tree/ignored_marks_are_noted", ignored_marks_are_noted);
    g_test_add_func("/xattrs/attributes_are_sorted_and_replaced_by_name", attributes_are_sorted_and_replaced_by_name);
    return g_test_run();
}
