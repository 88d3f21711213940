// SPDX-License-Identifier: LGPL-2.1-or-later
#include "deploy-options.h"
#include "report.h"
#include "stack-image.h"
#include "stack-load.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FOLDER_MODE 0755

typedef struct {
    StackOptions stack;
    GPtrArray *images, *scales;
    char *output, *root, *target, *builder;
    gboolean strict, secure_env;
} ConvertOptions;

/* --- which files -------------------------------------------------------------------------------------------------- */

/* Units of all services come with each of them. */
static GArray *list_files(const StoreChange *change)
{
    g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);
    GArray *files = plan_list_files(change->plan);

    for (guint i = 0; i < files->len;) {
        const PlanFile *file = &g_array_index(files, PlanFile, i);

        if (!g_hash_table_add(seen, (char *)file->path))
            g_array_remove_index(files, i);
        else
            i++;
    }
    return files;
}

/* --- writing ------------------------------------------------------------------------------------------------------ */

static gboolean fail(GError **error, const char *what, const char *path)
{
    int saved = errno;

    return gourd_error_set_errno(error, saved, "cannot %s '%s'", what, path);
}

static gboolean write_file(const PlanFile *file, const char *path, GError **error)
{
    gsize size;
    const void *bytes = g_bytes_get_data(file->content, &size);
    autofd fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, file->mode);

    if (fd < 0)
        return fail(error, "make", path);
    if (!fd_pwrite(fd, path, bytes, size, 0, error))
        return FALSE;
    return fchmod(fd, file->mode) == 0 || fail(error, "write", path);
}

static gboolean write_one(const PlanFile *file, const char *folder, GHashTable *made, GError **error)
{
    g_autofree char *path = g_build_filename(folder, file->path, NULL), *parent = g_path_get_dirname(path);

    if (file->source)
        return TRUE;
    if (!g_hash_table_contains(made, parent) && g_mkdir_with_parents(parent, FOLDER_MODE) < 0)
        return fail(error, "make the folder", parent);
    g_hash_table_add(made, g_steal_pointer(&parent));
    if (!file->target)
        return write_file(file, path, error);
    return symlink(file->target, path) == 0 || fail(error, "make", path);
}

/* They appear together: under another name first. */
static gboolean write_all(const GArray *files, const char *output, GError **error)
{
    g_autofree char *whole = g_canonicalize_filename(output, NULL), *parent = g_path_get_dirname(whole);
    g_autofree char *folder = g_strdup_printf("%s.gourd-XXXXXX", whole), *shown = text_escape(output);
    autofd above = open(parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    g_autoptr(GHashTable) made = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    gboolean written = TRUE;

    if (above < 0)
        return fail(error, "open", parent);
    if (!g_mkdtemp_full(folder, FOLDER_MODE))
        return fail(error, "make a folder beside", output);
    for (guint i = 0; i < files->len && written; i++)
        written = write_one(&g_array_index(files, PlanFile, i), folder, made, error);
    /* An empty folder may be in its place. */
    if (written && rename(folder, whole) < 0) {
        written = gourd_error_set(error, GOURD_ERROR_EXISTS, "'%s' exists already", shown);
        gourd_error_hint(error, "name another folder, or remove it");
    }
    if (!written) {
        g_autofree char *name = g_path_get_basename(folder);

        (void)!folder_sweep(above, name, folder, NULL);
    }
    return written;
}

/* --- showing ------------------------------------------------------------------------------------------------------ */

static void print_all(const GArray *files, const Screen *out)
{
    const char *separator = "";

    for (guint i = 0; i < files->len; i++) {
        const PlanFile *file = &g_array_index(files, PlanFile, i);

        if (file->source)
            continue;
        fprintf(out->file, "%s%s==> %s <==%s\n", separator, screen_begin(out, STYLE_BOLD), file->path,
                screen_end(out, STYLE_BOLD));
        if (file->target)
            fprintf(out->file, "link to %s\n", file->target);
        else if ((file->mode & 077) == 0)
            fputs("(secret: only root reads it)\n", out->file);
        else
            fwrite(g_bytes_get_data(file->content, NULL), 1, g_bytes_get_size(file->content), out->file);
        separator = "\n";
    }
}

static void note_copies(const GArray *files, Notes *notes)
{
    for (guint i = 0; i < files->len; i++) {
        const PlanFile *file = &g_array_index(files, PlanFile, i);

        if (!file->source)
            continue;
        g_autofree char *subject = g_strdup_printf("%s from %s", file->path, file->source);
        notes_add(notes, "to-be-copied", "a file that units need is not written here: copy it", subject);
    }
}

/* --- the verb ----------------------------------------------------------------------------------------------------- */

/* What lossy notes there are; each is something that Docker does and a unit does in another way. */
static gboolean check_strict(const ConvertOptions *options, const Session *session, GError **error)
{
    const GPtrArray *notes = notes_list(session->notes);

    if (!options->strict || notes->len == 0)
        return TRUE;
    session_print_notes(session);
    return gourd_error_set(error, GOURD_ERROR_DIFFERS, "--strict: %u note%s", notes->len, notes->len == 1 ? "" : "s");
}

/* A host with nothing on it, so that what comes out does not depend on what this one has. */
static StoreChange *make_plan(const Session *session, const Stack *stack, const char *empty, guint version,
                              GError **error)
{
    g_autofree char *init = find_init_program();
    g_autoptr(Host) host = host_open(empty, error);
    g_autoptr(Store) store = host ? store_new(host, error) : NULL;
    const StoreStackRequest request = {
        .stack = stack, .target = version, .no_start = TRUE, .no_state = TRUE, .init_path = init};

    return store ? store_plan_up(store, &request, session->notes, error) : NULL;
}

static gboolean find_version(const ConvertOptions *options, const Session *session, guint *ret_version, GError **error)
{
    if (options->target)
        return unit_target_parse(options->target, ret_version, error);
    return host_systemd_version(session->host, ret_version, error);
}

static gboolean convert_on(const Call *call, Session *session, const char *empty, GError **error)
{
    const ConvertOptions *options = call->options;
    const StackLoad load = {
        .images = (const char *const *)options->images->pdata,
        .scales = (const char *const *)options->scales->pdata,
        .builder = options->builder,
        .build = TRUE,
        .paths = TRUE,
        .secure_env = options->secure_env,
    };
    guint version;

    if (!find_version(options, session, &version, error))
        return FALSE;
    g_autoptr(Stack) stack = stack_load(&options->stack, session, &load, error);
    g_autoptr(StoreChange) change = stack ? make_plan(session, stack, empty, version, error) : NULL;
    if (!change || !check_strict(options, session, error))
        return FALSE;
    g_autoptr(GArray) files = list_files(change);
    if (options->output) {
        note_copies(files, session->notes);
        if (!write_all(files, options->output, error))
            return FALSE;
    } else {
        print_all(files, &call->out);
    }
    session_print_notes(session);
    if (options->output && !call->common->quiet)
        fprintf(call->out.file, "%s: %u services for systemd %u, %u notes\n", options->output, stack->services->len,
                version, notes_list(session->notes)->len);
    return TRUE;
}

static gboolean convert(const Call *call, GError **error)
{
    const ConvertOptions *options = call->options;
    g_auto(Session) session = {0};

    if (!session_open(&session, call, options->root, FALSE, error))
        return FALSE;
    g_autofree char *empty = g_dir_make_tmp("gourd-XXXXXX", error);
    if (!empty)
        return FALSE;
    gboolean converted = convert_on(call, &session, empty, error);
    rmdir(empty);
    return converted;
}

static ExitCode run(const Call *call, GError **error)
{
    return convert(call, error) ? EXIT_CODE_OK : EXIT_CODE_FAILED;
}

#define AT(member) .offset = offsetof(ConvertOptions, member)

static const Option rows[] = {
    {"output", 'o', OPTION_STRING, AT(output), "FOLDER", "Write the files below FOLDER, which must be new or empty",
     .details =
         "`FOLDER/etc/systemd/system/STACK.target` and so on: what a host has at `/`. Without it they are printed.",
     .completion = COMPLETE_FOLDER},
    {"strict", 0, OPTION_FLAG, AT(strict), .help = "Fail if anything is done in another way than Docker does it"},
    {"target", 0, OPTION_STRING, AT(target), "SYSTEM", "Write units for this system's systemd",
     .details = "`debian12`, `ubuntu24.04` or another name, or `systemd=N`.", .shown_default = "this host's",
     .suggestions = deploy_targets, .completion = COMPLETE_VALUES, .check = deploy_check_target},
    {"secure-env", 0, OPTION_FLAG, AT(secure_env), .help = "Give what is secret in environments by credentials",
     .details = "They are encrypted on the host that runs them, by `gourd up` or by hand."},
    {"image", 0, OPTION_STRINGS, AT(images), "SERVICE=SOURCE", "Build the bundle of SERVICE from SOURCE"},
    {"builder", 0, OPTION_STRING, AT(builder), "PROGRAM", "Build images with this one",
     .shown_default = "the first that is there", .suggestions = stack_builder_names, .completion = COMPLETE_VALUES,
     .check = stack_image_check_builder},
    {"scale", 0, OPTION_STRINGS, AT(scales), "SERVICE=NUMBER", "Have this many replicas of SERVICE"},
    {"root", 0, OPTION_STRING, AT(root), "FOLDER", "Take bundles from the store of the system in FOLDER",
     .completion = COMPLETE_FOLDER},
    {NULL},
};

#undef AT

static const OptionGroup groups[] = {{"Options", rows}, {"Stack", stack_option_rows}, {NULL, NULL}};
static const Operand operands[] = {{NULL, 0, 0, COMPLETE_NOTHING}};

static const char *const description[] = {
    "Writes what `gourd up` would write on a host that has nothing yet: units, users, folders, names and networks, to be read, "
    "reviewed, kept in version control or shipped. It changes no host, and needs no root.",
    "The files run on a host without gourd: copied to `/`, with the bundles and gourd-init where the notes say, `systemd-sysusers`, "
    "`systemd-tmpfiles --create` and `systemctl start STACK.target` do the rest.",
    "All that is done in another way than Docker does it is said at the end, as notes; `--strict` makes them errors.",
    NULL,
};

static const Example examples[] = {
    {"gourd convert", "Read what a Compose file becomes"},
    {"gourd convert --output units --target debian12", "Files for another system"},
    {NULL, NULL},
};

static const ExitCode codes[] = {
    EXIT_CODE_INPUT,       EXIT_CODE_LIMIT,     EXIT_CODE_EXISTS, EXIT_CODE_DIFFERS,
    EXIT_CODE_UNSUPPORTED, EXIT_CODE_NOT_FOUND, EXIT_CODE_OK,
};

const Verb verb_convert = {
    .name = "convert",
    .topic = "Stacks",
    .summary = "Write what a Compose file becomes",
    .operands = operands,
    .groups = groups,
    .description = description,
    .examples = examples,
    .exit_codes = codes,
    .options_size = sizeof(ConvertOptions),
    .run = run,
};
