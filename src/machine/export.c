// SPDX-License-Identifier: LGPL-2.1-or-later
#include "export.h"
#include "plan-private.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define UNPACKED_SIZE_MAX (G_GUINT64_CONSTANT(4) << 30) /* bytes: more than can be imported */
#define EXPORT_MODE 0600                                /* keys of the machine are in it */
#define TEXT_SIZE_MAX (64 * 1024)                       /* bytes read of what tar says */

/* --- writing ------------------------------------------------------------------------------------------------------ */

static gboolean fail_tar(int err, GError **error)
{
    g_autofree char *text = g_malloc0(TEXT_SIZE_MAX + 1);
    gsize got;

    if (!fd_pread(err, "what tar said", text, TEXT_SIZE_MAX, 0, &got, error))
        return FALSE;
    g_strchomp(text);
    const char *last = strrchr(text, '\n');
    last = last ? last + 1 : text;
    g_autofree char *shown = line_escape(last, strlen(last));
    return gourd_error_set(error, GOURD_ERROR_FAILED, "tar failed: %s", shown);
}

/* tar(1) keeps all that a tree has, and follows no links. */
static gboolean run_tar(const char *tree, const char *records, const char *record, int out, GError **error)
{
    g_autofree char *rename = g_strdup_printf("--transform=s,^%s$," MACHINE_EXPORT_RECORD ",", record);
    const char *const below = "--transform=s,^\\.," MACHINE_EXPORT_TREE ",S";
    const char *const argv[] = {"tar",
                                "--create",
                                "--gzip",
                                "--file=-",
                                "--numeric-owner",
                                "--one-file-system",
                                "--sort=name",
                                "--format=pax",
                                "--exclude=./usr/*",
                                "--exclude=./proc/*",
                                "--exclude=./sys/*",
                                "--exclude=./dev/*",
                                "--exclude=./run/*",
                                rename,
                                below,
                                "--directory",
                                records,
                                record,
                                "--directory",
                                tree,
                                ".",
                                NULL};
    g_auto(GStrv) environment = g_environ_setenv(g_get_environ(), "LC_ALL", "C", TRUE);
    g_autoptr(GError) failure = NULL;
    autofd in = open("/dev/null", O_RDONLY | O_CLOEXEC), err = -1;
    GPid pid;
    int status;

    environment = g_environ_unsetenv(environment, "TAR_OPTIONS");
    if (!scratch_open(g_get_tmp_dir(), &err, error))
        return FALSE;
    if (!g_spawn_async_with_fds(NULL, (char **)argv, environment, G_SPAWN_SEARCH_PATH | G_SPAWN_DO_NOT_REAP_CHILD, NULL,
                                NULL, &pid, in, out, err, &failure))
        return gourd_error_set(error, GOURD_ERROR_NOT_FOUND, "cannot run tar: %s", failure->message);
    while (waitpid(pid, &status, 0) < 0) {
        if (errno != EINTR)
            return gourd_error_set_errno(error, errno, "cannot wait for tar");
    }
    return (WIFEXITED(status) && WEXITSTATUS(status) == 0) || fail_tar(err, error);
}

gboolean machine_export(Host *host, const char *name, const char *file, GError **error)
{
    g_autoptr(MachineRecord) record = machine_find(host, name, error);
    g_autofree char *tree_path = machine_tree_path(name), *tree = host_path(host, tree_path);
    g_autofree char *records = host_path(host, MACHINE_PATH_RECORDS), *base = g_strconcat(name, ".json", NULL);

    if (!record)
        return FALSE;
    if (machine_is_active(host, record->unit)) {
        gourd_error_set(error, GOURD_ERROR_USAGE, "the machine runs: what it writes meanwhile would be half there");
        return gourd_error_hint(error, "stop it first: systemctl stop %s", record->unit);
    }
    g_autoptr(OutputFile) output = output_file_new(file, FALSE, error);
    if (!output)
        return FALSE;
    return run_tar(tree, records, base, output_file_fd(output), error) &&
           output_file_commit(output, EXPORT_MODE, error);
}

/* --- reading ------------------------------------------------------------------------------------------------------ */

EntryReader *machine_export_open(int fd, const char *name, Notes *notes, GError **error)
{
    ImageLimits limits;
    struct stat status;
    guint8 head[16];
    gsize got = 0;

    if (fstat(fd, &status) < 0 || !S_ISREG(status.st_mode)) {
        gourd_error_set(error, GOURD_ERROR_INPUT, "this is no file");
        return NULL;
    }
    if (!fd_pread(fd, name, head, sizeof head, 0, &got, error))
        return NULL;
    image_limits_init(&limits);
    ByteStream *stream = byte_stream_new_inflated(byte_stream_new_file(fd, name, 0, (guint64)status.st_size),
                                                  codec_detect(head, got), UNPACKED_SIZE_MAX, name, error);
    return stream ? tar_reader_new(stream, &limits, notes) : NULL;
}

gboolean machine_export_read_record(EntryReader *reader, const Entry *entry, const char *name,
                                    MachineRecord **ret_record, GError **error)
{
    g_autoptr(GByteArray) text = g_byte_array_new();
    const guint8 *bytes;
    gsize size;

    if (entry->size > JSON_SIZE_MAX)
        return gourd_error_set(error, GOURD_ERROR_LIMIT, "its record has over %d bytes", JSON_SIZE_MAX);
    do {
        if (!entry_reader_data(reader, &bytes, &size, error))
            return FALSE;
        if (!bytes && size > 0)
            return gourd_error_set(error, GOURD_ERROR_INPUT, "its record has a hole");
        g_byte_array_append(text, bytes, (guint)size);
    } while (size > 0);
    *ret_record = machine_record_parse(name, text->data, text->len, error);
    return *ret_record || gourd_error_prefix(error, "its record");
}

MachineRecord *machine_import_record(const char *file, const char *name, GError **error)
{
    autofd fd = open(file, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    g_autofree char *shown = text_escape(file);
    MachineRecord *record = NULL;
    const Entry *entry;

    if (fd < 0) {
        gourd_error_set_errno(error, errno, "cannot open '%s'", shown);
        return NULL;
    }
    EntryReader *reader = machine_export_open(fd, shown, NULL, error);
    if (!reader)
        return NULL;
    if (entry_reader_next(reader, &entry, error)) {
        if (!entry || entry->type != ENTRY_FILE || strcmp(entry->path, MACHINE_EXPORT_RECORD) != 0)
            gourd_error_set(error, GOURD_ERROR_INPUT, "'%s' is no machine that gourd exported", shown);
        else if (!machine_export_read_record(reader, entry, name, &record, error))
            gourd_error_prefix(error, "'%s'", shown);
    }
    entry_reader_free(reader);
    return record;
}
