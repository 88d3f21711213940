// SPDX-License-Identifier: LGPL-2.1-or-later
#include "packaged.h"
#include "program.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#define CONFFILE_SIZE_MAX (16 * 1024 * 1024)             /* bytes of one file that is wanted */
#define HEAD_SIZE 8                                      /* bytes that tell how it is compressed */
#define UNPACKED_SIZE_MAX (G_GUINT64_CONSTANT(16) << 30) /* bytes of all files of a package */

gboolean packaged_download(const char *const *argv, const char *name, int *ret_fd, GError **error)
{
    g_autofree char *folder = g_build_filename(g_get_tmp_dir(), "gourd-package-XXXXXX", NULL);
    g_autoptr(GError) failure = NULL;

    if (!g_mkdtemp(folder))
        return gourd_error_set_errno(error, errno, "cannot make the folder '%s'", folder);
    autofd parent = open(g_get_tmp_dir(), O_PATH | O_DIRECTORY | O_CLOEXEC);
    g_autofree char *path = g_build_filename(folder, name, NULL), *base = g_path_get_basename(folder);
    const Program program = {.argv = argv, .folder = folder, .in = -1, .out = -1};
    gboolean good = program_run(&program, &failure) ||
                    gourd_error_set(error, GOURD_ERROR_NOT_FOUND, "%s", failure->message);

    *ret_fd = good ? open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC) : -1;
    if (good && *ret_fd < 0)
        good = gourd_error_set(error, GOURD_ERROR_NOT_FOUND, "%s made no file '%s'", argv[0], name);
    return folder_sweep(parent, base, folder, good ? error : NULL) && good;
}

static gboolean collect(EntryReader *reader, char **paths, GHashTable *contents, GError **error)
{
    const guint wanted = g_strv_length(paths);

    while (g_hash_table_size(contents) < wanted) {
        g_autofree char *clean = NULL, *path = NULL;
        g_autoptr(GBytes) content = NULL;
        const Entry *entry;

        if (!entry_reader_next(reader, &entry, error))
            return FALSE;
        if (!entry)
            return TRUE;
        if (entry->type != ENTRY_FILE)
            continue;
        if (!path_clean(entry->path, &clean, error))
            return FALSE;
        path = g_strconcat("/", clean, NULL);
        if (!g_strv_contains((const char *const *)paths, path))
            continue;
        if (!entry_reader_load(reader, entry, CONFFILE_SIZE_MAX, &content, error))
            return FALSE;
        g_hash_table_replace(contents, g_steal_pointer(&path), g_steal_pointer(&content));
    }
    return TRUE;
}

gboolean packaged_read(ByteStream *source, const char *what, char **paths, GHashTable *contents, GError **error)
{
    g_autoptr(ByteStream) packed = source;
    ImageLimits limits;
    const guint8 *head;
    gsize got;

    image_limits_init(&limits);
    if (!byte_stream_peek(packed, HEAD_SIZE, &head, &got, error))
        return FALSE;
    const Codec codec = codec_detect(head, got);
    ByteStream *stream = byte_stream_new_inflated(g_steal_pointer(&packed), codec, UNPACKED_SIZE_MAX, what, error);
    if (!stream)
        return FALSE;
    EntryReader *reader = tar_reader_new(stream, &limits, NULL);
    gboolean good = collect(reader, paths, contents, error) || gourd_error_prefix(error, "%s", what);
    entry_reader_free(reader);
    return good;
}
