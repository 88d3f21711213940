// SPDX-License-Identifier: LGPL-2.1-or-later
#include "export.h"
#include "plan-private.h"
#include "program.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define UNPACKED_SIZE_MAX \
    (G_GUINT64_CONSTANT(1) << 40) /* bytes of an export: a few bytes must not become a full disk by night */
#define EXPORT_MODE 0600          /* keys of the machine are in it */
#define TEXT_SIZE_MAX (64 * 1024) /* bytes read of what tar says */
#define SOCKET_IGNORED ": socket ignored"

/* --- writing ------------------------------------------------------------------------------------------------------ */

static gboolean fail_tar(const char *text, GError **error)
{
    const char *last = strrchr(text, '\n');

    last = last ? last + 1 : text;
    g_autofree char *shown = line_escape(last, strlen(last));
    return gourd_error_set(error, GOURD_ERROR_FAILED, "tar failed: %s", shown);
}

/* "tar: ./run/x: socket ignored" */
static void note_lines(const char *text, Notes *notes)
{
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);

    for (char **line = lines; *line; line++) {
        const char *said = g_str_has_prefix(*line, "tar: ") ? *line + strlen("tar: ") : *line;

        if (g_str_has_suffix(said, SOCKET_IGNORED)) {
            g_autofree char *path = g_strndup(said, strlen(said) - strlen(SOCKET_IGNORED));

            notes_add(notes, "machine-socket", "sockets are left out: what made them makes them again",
                      g_str_has_prefix(path, "./") ? path + 1 : path);
        } else if (*said) {
            notes_add(notes, "tar", "tar had something to say", said);
        }
    }
}

static gboolean judge_tar(int status, int err, Notes *notes, GError **error)
{
    g_autofree char *text = g_malloc0(TEXT_SIZE_MAX + 1);
    gsize got;

    if (!fd_pread(err, "what tar said", text, TEXT_SIZE_MAX, 0, &got, error))
        return FALSE;
    g_strchomp(text);
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
        return fail_tar(text, error);
    note_lines(text, notes);
    return TRUE;
}

/* tar(1) keeps all that a tree has, and follows no links. ACLs are among the attributes. */
static gboolean run_tar(const char *tree, const char *records, const char *record, int out, Notes *notes,
                        GError **error)
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
                                "--pax-option=delete=atime,delete=ctime",
                                "--sparse",
                                "--xattrs",
                                "--xattrs-include=*",
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
    const Program program = {.argv = argv, .in = -1, .out = out};
    autofd said = -1;
    int status = 0;

    if (!scratch_open(g_get_tmp_dir(), &said, error) || !program_wait(&program, said, &status, error))
        return FALSE;
    return judge_tar(status, said, notes, error);
}

gboolean machine_export(Host *host, const char *name, const char *file, gboolean replace, Notes *notes, GError **error)
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
    g_autoptr(OutputFile) output = output_file_new(file, replace, error);
    if (!output)
        return FALSE;
    return run_tar(tree, records, base, output_file_fd(output), notes, error) &&
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
    limits.unpacked_size = UNPACKED_SIZE_MAX;
    limits.path_length = G_MAXUINT64; /* what is too long is left out (origin-items.c) */
    ByteStream *stream = byte_stream_new_inflated(byte_stream_new_file(fd, name, 0, (guint64)status.st_size),
                                                  codec_detect(head, got), UNPACKED_SIZE_MAX, name, error);
    return stream ? tar_reader_new(stream, &limits, notes) : NULL;
}

static gboolean read_record(EntryReader *reader, const Entry *entry, const char *name, MachineRecord **ret_record,
                            GError **error)
{
    g_autoptr(GBytes) text = NULL;

    if (!entry_reader_load(reader, entry, JSON_SIZE_MAX, &text, error))
        return FALSE;
    *ret_record = machine_record_parse(name, g_bytes_get_data(text, NULL), g_bytes_get_size(text), error);
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
        else if (!read_record(reader, entry, name, &record, error))
            gourd_error_prefix(error, "'%s'", shown);
    }
    entry_reader_free(reader);
    return record;
}
