// SPDX-License-Identifier: LGPL-2.1-or-later
#include "image-fixture.h"

#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>

static char *in(const Fixture *fixture, const char *name)
{
    return g_build_filename(fixture->folder, name, NULL);
}

static void put(const Fixture *fixture, const char *name, const char *text)
{
    g_autofree char *path = in(fixture, name), *folder = g_path_get_dirname(path);

    g_assert_cmpint(g_mkdir_with_parents(folder, 0755), ==, 0);
    g_assert_true(g_file_set_contents_full(path, text, -1, G_FILE_SET_CONTENTS_NONE, 0644, NULL));
}

static EntryReader *open_folder(const Fixture *fixture, const OwnerMap *owners, Notes *notes)
{
    static const OwnerMap as_found;
    g_autoptr(GError) error = NULL;
    ImageLimits limits;

    image_limits_init(&limits);
    EntryReader *reader = folder_reader_new(fixture->folder, owners ? owners : &as_found, &limits, notes, &error);
    g_assert_no_error(error);
    return reader;
}

/* Goes on to the entry of that path, which must come. */
static const Entry *go_to(EntryReader *reader, const char *path)
{
    const Entry *entry;

    do {
        g_autoptr(GError) error = NULL;

        g_assert_true(entry_reader_next(reader, &entry, &error));
        g_assert_nonnull(entry);
    } while (strcmp(entry->path, path) != 0);
    return entry;
}

static char *list_paths(EntryReader *reader)
{
    g_autoptr(GString) text = g_string_new(NULL);

    for (;;) {
        const Entry *entry;

        g_assert_true(entry_reader_next(reader, &entry, NULL));
        if (!entry)
            return g_string_free(g_steal_pointer(&text), FALSE);
        g_string_append_printf(text, "%s%s", text->len > 0 ? " " : "", entry->path);
    }
}

static void entries_come_sorted_folders_first(Fixture *fixture, gconstpointer data)
{
    put(fixture, "b/2", "");
    put(fixture, "b/10", "");
    put(fixture, "b.c", "");
    put(fixture, "a", "");
    put(fixture, "\xff", "");
    put(fixture, "B", "");
    g_autoptr(EntryReader) reader = open_folder(fixture, NULL, NULL);
    g_autofree char *paths = list_paths(reader);
    const Entry *entry;

    g_assert_cmpstr(paths, ==, ". B a b b/10 b/2 b.c \xff");
    g_assert_true(entry_reader_next(reader, &entry, NULL)); /* the end stays the end */
    g_assert_null(entry);
}

static void all_of_an_inode_is_kept(Fixture *fixture, gconstpointer data)
{
    g_autofree char *file = in(fixture, "file"), *link = in(fixture, "link");
    struct timespec times[2] = {{0, 0}, {-5, 123456789}};

    put(fixture, "file", "hello");
    g_assert_cmpint(chmod(file, 06751), ==, 0);
    gboolean has_xattrs = setxattr(file, "user.b", "\0x", 2, 0) == 0 && setxattr(file, "user.a", "", 0, 0) == 0;
    g_assert_cmpint(utimensat(AT_FDCWD, file, times, 0), ==, 0);
    g_assert_cmpint(symlink("../no where", link), ==, 0);
    g_autoptr(EntryReader) reader = open_folder(fixture, NULL, NULL);
    const Entry *entry = go_to(reader, "file");
    const guint8 *bytes;
    gsize size;

    g_assert_cmpint(entry->type, ==, ENTRY_FILE);
    g_assert_cmpint(entry->mode, ==, 06751);
    g_assert_cmpuint(entry->uid, ==, getuid());
    g_assert_cmpint(entry->mtime, ==, -5);
    g_assert_cmpuint(entry->mtime_nsec, ==, 123456789);
    g_assert_cmpuint(entry->size, ==, 5);
    if (has_xattrs) {
        g_assert_cmpuint(xattrs_count(entry->xattrs), >=, 2);
        g_assert_cmpstr(xattrs_get(entry->xattrs, xattrs_count(entry->xattrs) - 2)->name, ==, "user.a");
        const Xattr *last = xattrs_get(entry->xattrs, xattrs_count(entry->xattrs) - 1);
        g_assert_cmpmem(last->value, last->size, "\0x", 2);
    }
    g_assert_true(entry_reader_data(reader, &bytes, &size, NULL));
    g_assert_cmpmem(bytes, size, "hello", 5);
    g_assert_true(entry_reader_data(reader, &bytes, &size, NULL));
    g_assert_cmpuint(size, ==, 0);
    entry = go_to(reader, "link");
    g_assert_cmpint(entry->type, ==, ENTRY_SYMLINK);
    g_assert_cmpstr(entry->target, ==, "../no where");
}

static void special_files_are_entries(Fixture *fixture, gconstpointer data)
{
    g_autofree char *fifo = in(fixture, "fifo"), *socket_path = in(fixture, "socket"), *device = in(fixture, "tty");

    g_assert_cmpint(mkfifo(fifo, 0600), ==, 0);
    g_assert_cmpint(mknod(socket_path, S_IFSOCK | 0600, 0), ==, 0);
    gboolean has_device = mknod(device, S_IFCHR | 0600, makedev(5, 300)) == 0;
    g_autoptr(EntryReader) reader = open_folder(fixture, NULL, NULL);

    g_assert_cmpint(go_to(reader, "fifo")->type, ==, ENTRY_FIFO);
    g_assert_cmpint(go_to(reader, "socket")->type, ==, ENTRY_SOCKET);
    if (has_device) {
        const Entry *entry = go_to(reader, "tty");

        g_assert_cmpint(entry->type, ==, ENTRY_CHAR_DEVICE);
        g_assert_cmpuint(entry->device_major, ==, 5);
        g_assert_cmpuint(entry->device_minor, ==, 300);
    }
}

/* Attributes of what cannot be opened are read by way of /proc: those of a link are its own, not those of its target. */
static void attributes_of_links_are_their_own(Fixture *fixture, gconstpointer data)
{
    g_autofree char *link = in(fixture, "link"), *file = in(fixture, "target");

    put(fixture, "target", "x");
    g_assert_cmpint(symlink("target", link), ==, 0);
    if (lsetxattr(link, "trusted.on-link", "1", 1, 0) < 0 || setxattr(file, "trusted.on-file", "1", 1, 0) < 0) {
        g_test_skip("no trusted attributes here");
        return;
    }
    g_autoptr(EntryReader) reader = open_folder(fixture, NULL, NULL);
    const Entry *entry = go_to(reader, "link");

    g_assert_cmpuint(xattrs_count(entry->xattrs), ==, 1);
    g_assert_cmpstr(xattrs_get(entry->xattrs, 0)->name, ==, "trusted.on-link");
}

static void further_names_are_hard_links(Fixture *fixture, gconstpointer data)
{
    g_autofree char *first = in(fixture, "b/first"), *second = in(fixture, "c"), *last = in(fixture, "d/last");

    put(fixture, "b/first", "x");
    put(fixture, "d/other", "x");
    g_assert_cmpint(link(first, second), ==, 0);
    g_assert_cmpint(link(first, last), ==, 0);
    g_autoptr(EntryReader) reader = open_folder(fixture, NULL, NULL);
    const guint8 *bytes;
    gsize size;

    g_assert_cmpint(go_to(reader, "b/first")->type, ==, ENTRY_FILE);
    const Entry *entry = go_to(reader, "c");
    g_assert_cmpint(entry->type, ==, ENTRY_HARD_LINK);
    g_assert_cmpstr(entry->target, ==, "b/first");
    g_assert_true(entry_reader_data(reader, &bytes, &size, NULL));
    g_assert_cmpuint(size, ==, 0);
    entry = go_to(reader, "d/last");
    g_assert_cmpint(entry->type, ==, ENTRY_HARD_LINK);
    g_assert_cmpstr(entry->target, ==, "b/first");
    g_assert_cmpint(go_to(reader, "d/other")->type, ==, ENTRY_FILE);
}

static void holes_stay_holes(Fixture *fixture, gconstpointer data)
{
    enum { SIZE = 8 * 1024 * 1024, DATA_AT = 4 * 1024 * 1024 };
    g_autofree char *path = in(fixture, "sparse");
    autofd fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    guint64 total = 0, holes = 0;
    gboolean found = FALSE;

    g_assert_cmpint(ftruncate(fd, SIZE), ==, 0);
    g_assert_cmpint(pwrite(fd, "data", 4, DATA_AT), ==, 4);
    g_autoptr(EntryReader) reader = open_folder(fixture, NULL, NULL);
    g_assert_cmpuint(go_to(reader, "sparse")->size, ==, SIZE);
    for (gsize size = 1; size > 0;) {
        const guint8 *bytes;

        g_assert_true(entry_reader_data(reader, &bytes, &size, NULL));
        if (bytes && total <= DATA_AT && total + size > DATA_AT)
            found = memcmp(bytes + (DATA_AT - total), "data", 4) == 0;
        total += size;
        holes += bytes ? 0 : size;
    }
    g_assert_cmpuint(total, ==, SIZE);
    g_assert_true(found);
    g_assert_cmpuint(holes, >=, SIZE / 2);
}

static void owners_are_mapped(Fixture *fixture, gconstpointer data)
{
    OwnerMap owners = {.replace_owner = TRUE, .uid = 70000, .gid = 7};

    put(fixture, "file", "x");
    g_autoptr(EntryReader) reader = open_folder(fixture, &owners, NULL);
    const Entry *entry = go_to(reader, "file");
    g_assert_cmpuint(entry->uid, ==, 70000);
    g_assert_cmpuint(entry->gid, ==, 7);
}

static void a_file_that_changes_is_an_error(Fixture *fixture, gconstpointer data)
{
    static const char *const changes[] = {"longer than before", "", "other"};

    for (gsize i = 0; i < G_N_ELEMENTS(changes); i++) {
        g_autofree char *path = in(fixture, "file");
        struct timespec times[2] = {{1, 0}, {1, 0}};
        g_autoptr(GError) error = NULL;
        const guint8 *bytes;
        gsize size;

        put(fixture, "file", "hello");
        g_assert_cmpint(utimensat(AT_FDCWD, path, times, 0), ==, 0);
        g_autoptr(EntryReader) reader = open_folder(fixture, NULL, NULL);
        go_to(reader, "file");
        autofd fd = open(path, O_WRONLY | O_TRUNC | O_CLOEXEC);
        g_assert_cmpint(write(fd, changes[i], strlen(changes[i])), ==, strlen(changes[i]));
        gboolean read = entry_reader_data(reader, &bytes, &size, &error);
        if (read)
            read = entry_reader_data(reader, &bytes, &size, &error);
        g_assert_false(read);
        g_assert_error(error, GOURD_ERROR, GOURD_ERROR_INPUT);
        g_assert_nonnull(strstr(error->message, "/file' was changed while it was read"));
    }
}

static void what_cannot_be_read_is_named(Fixture *fixture, gconstpointer data)
{
    g_autofree char *path = in(fixture, "secret");
    g_autoptr(GError) error = NULL;

    put(fixture, "secret", "x");
    g_assert_cmpint(chmod(path, 0), ==, 0);
    g_assert_cmpint(chmod(fixture->folder, 0755), ==, 0);
    gboolean was_root = geteuid() == 0; /* who reads everything */
    if (was_root)
        g_assert_cmpint(seteuid(65534), ==, 0);
    g_autoptr(EntryReader) reader = open_folder(fixture, NULL, NULL);
    const Entry *entry;
    g_assert_true(entry_reader_next(reader, &entry, &error));
    g_assert_false(entry_reader_next(reader, &entry, &error));
    if (was_root)
        g_assert_cmpint(seteuid(0), ==, 0);
    g_assert_nonnull(strstr(error->message, "/secret'"));
    g_assert_nonnull(strstr(error->message, "hint: run gourd as root"));
}

static void folders_have_limits(Fixture *fixture, gconstpointer data)
{
    static const OwnerMap as_found;
    g_autoptr(GError) error = NULL;
    ImageLimits limits;

    put(fixture, "a", "");
    put(fixture, "b", "");
    image_limits_init(&limits);
    limits.entries = 1;
    g_assert_null(folder_reader_new(fixture->folder, &as_found, &limits, NULL, &error));
    g_assert_error(error, GOURD_ERROR, GOURD_ERROR_LIMIT);
    g_assert_nonnull(strstr(error->message, "--limit entries"));
}

static void check_mounts(const Fixture *fixture)
{
    g_autofree char *folder = in(fixture, "mnt"), *file = in(fixture, "file");
    g_autoptr(Notes) notes = notes_new();

    put(fixture, "mnt/hidden", "x");
    put(fixture, "file", "x");
    put(fixture, "other", "longer");
    g_autofree char *other = in(fixture, "other");
    if (unshare(geteuid() == 0 ? CLONE_NEWNS : CLONE_NEWUSER | CLONE_NEWNS) < 0 ||
        mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 || mount("tmpfs", folder, "tmpfs", 0, NULL) < 0 ||
        mount(other, file, NULL, MS_BIND, NULL) < 0) {
        g_test_skip("nothing can be mounted here");
        return;
    }
    put(fixture, "mnt/shown", "x");
    g_autoptr(EntryReader) reader = open_folder(fixture, NULL, notes);
    g_autofree char *paths = list_paths(reader);
    g_assert_cmpstr(paths, ==, ". file mnt other");
    const Note *note = g_ptr_array_index(notes_list(notes), 0);
    g_assert_cmpstr(note->kind, ==, "mount-skipped");
    g_assert_cmpuint(note->count, ==, 2);
    /* Else they would be in the way of tear-down. */
    g_assert_cmpint(umount(folder), ==, 0);
    g_assert_cmpint(umount(file), ==, 0);
}

static void mounts_are_left_out_and_noted(Fixture *fixture, gconstpointer data)
{
    if (g_test_subprocess()) {
        check_mounts(fixture);
        return;
    }
    g_test_trap_subprocess(NULL, 0, G_TEST_SUBPROCESS_DEFAULT);
    g_test_trap_assert_passed();
}

static void a_folder_is_an_image_of_one_layer(Fixture *fixture, gconstpointer data)
{
    put(fixture, "etc/motd", "hello");
    g_autofree char *source = g_strconcat("dir:", fixture->folder, NULL);
    g_autofree char *text = read_image_must(source, NULL), *bare = read_image_must(fixture->folder, NULL);

    g_assert_nonnull(strstr(text, "0 etc/motd 644 5 "));
    g_assert_cmpstr(bare, ==, text);
}

static void the_dir_of_skopeo_is_something_else(Fixture *fixture, gconstpointer data)
{
    put(fixture, "version", "Directory Transport Version: 1.1\n");
    put(fixture, "manifest.json", "{}");
    assert_unreadable(fixture->folder, NULL, GOURD_ERROR_UNSUPPORTED, "skopeo copy dir:");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    TEST(entries_come_sorted_folders_first);
    TEST(all_of_an_inode_is_kept);
    TEST(special_files_are_entries);
    TEST(attributes_of_links_are_their_own);
    TEST(further_names_are_hard_links);
    TEST(holes_stay_holes);
    TEST(owners_are_mapped);
    TEST(a_file_that_changes_is_an_error);
    TEST(what_cannot_be_read_is_named);
    TEST(folders_have_limits);
    TEST(mounts_are_left_out_and_noted);
    TEST(a_folder_is_an_image_of_one_layer);
    TEST(the_dir_of_skopeo_is_something_else);
    return g_test_run();
}
