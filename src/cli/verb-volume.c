// SPDX-License-Identifier: LGPL-2.1-or-later
#include "confirm.h"
#include "human.h"
#include "listing.h"
#include "session.h"

#include <string.h>
#include <sys/stat.h>

#define SUFFIX ".tar.zst"

typedef struct {
    CommonOptions common;
    char *root, *output;
    gboolean live, cold, force, yes, dry_run, names, json;
} VolumeOptions;

/* --- ls ----------------------------------------------------------------------------------------------------------- */

static char *join_users(const StoreVolume *volume)
{
    GString *text = g_string_new(volume->users->len ? NULL : "-");

    for (guint i = 0; i < volume->users->len; i++)
        g_string_append_printf(text, "%s%s", i ? ", " : "", (const char *)g_ptr_array_index(volume->users, i));
    return g_string_free(text, FALSE);
}

static void print_volumes(const Session *session, const GPtrArray *volumes)
{
    static const ListingColumn columns[] = {{"VOLUME", FALSE, STYLE_BOLD},
                                            {"SIZE", TRUE, STYLE_NONE},
                                            {"USED BY", FALSE, STYLE_NONE}};
    g_autoptr(Listing) listing = listing_new(columns, G_N_ELEMENTS(columns));

    for (guint i = 0; i < volumes->len; i++) {
        const StoreVolume *volume = g_ptr_array_index(volumes, i);

        listing_take(listing, text_escape(volume->id));
        listing_take(listing, size_format(store_measure_volume(session->store, volume)));
        listing_take(listing, join_users(volume));
    }
    listing_print(listing, &session->call->out);
}

static Json *volume_to_json(const Session *session, const StoreVolume *volume)
{
    Json *users = json_array();

    for (guint i = 0; i < volume->users->len; i++)
        json_array_append_new(users, json_string(g_ptr_array_index(volume->users, i)));
    return json_pack("{s:o, s:o, s:o, s:o, s:I, s:b, s:o}", "volume", json_text(volume->id), "owner",
                     json_text(volume->owner), "name", json_text(volume->name), "path", json_text(volume->path), "size",
                     (json_int_t)store_measure_volume(session->store, volume), "mounted", volume->is_mount, "used_by",
                     users);
}

static gboolean list_volumes(Session *session, const GPtrArray *volumes)
{
    const VolumeOptions *options = session->call->options;
    g_autoptr(Json) json = json_array();

    session_print_notes(session);
    for (guint i = 0; i < volumes->len; i++) {
        const StoreVolume *volume = g_ptr_array_index(volumes, i);

        if (options->names)
            fprintf(session->call->out.file, "%s\n", volume->id);
        else if (options->json)
            json_array_append_new(json, volume_to_json(session, volume));
    }
    if (options->json && !options->names)
        json_print(json, &session->call->out);
    else if (!options->names)
        print_volumes(session, volumes);
    return TRUE;
}

/* --- the others --------------------------------------------------------------------------------------------------- */

static gboolean carry_out(Session *session, const StoreChange *change, gboolean *ret_done, GError **error)
{
    const VolumeOptions *options = session->call->options;
    const SessionMode mode = {.dry_run = options->dry_run, .json = options->json};

    return session_run(session, change, &mode, ret_done, error);
}

/* shop-db-20261122-160300.tar.zst */
static char *name_backup(const char *volume)
{
    g_autoptr(GDateTime) now = g_date_time_new_now_local();
    g_autofree char *time = g_date_time_format(now, "%Y%m%d-%H%M%S");
    g_autofree char *name = g_strdelimit(g_strdup(volume), "/", '-');

    return g_strconcat(name, "-", time, SUFFIX, NULL);
}

static gboolean check_started(const Session *session, const char *file, GError **error)
{
    const GPtrArray *units = store_not_revived(session->store);

    if (units->len == 0)
        return TRUE;
    gourd_error_set(error, GOURD_ERROR_FAILED, "'%s' is complete, but %s does not start again", file,
                    (const char *)g_ptr_array_index(units, 0));
    return gourd_error_hint(error, "'gourd why %s' says why", (const char *)g_ptr_array_index(units, 0));
}

static gboolean back_up(Session *session, const GPtrArray *volumes, GError **error)
{
    const VolumeOptions *options = session->call->options;
    const char *name = session->call->operands[1];
    g_autofree char *file = options->output ? g_strdup(options->output) : name_backup(name);
    if (options->live && options->cold)
        return gourd_error_set(error, GOURD_ERROR_USAGE, "--live and --cold cannot go together");
    g_autoptr(GPtrArray) chosen = store_choose_volumes(volumes, name, error);
    OutputFile *output = chosen ? output_file_new(file, options->force, error) : NULL;
    StoreBackupHow how = options->live ? STORE_BACKUP_LIVE : options->cold ? STORE_BACKUP_COLD : STORE_BACKUP_ASKED;
    gboolean done;

    if (!output)
        return FALSE;
    g_autoptr(StoreChange)
        change = store_plan_volume_backup(session->store, chosen, how, file, output, session->notes, error);
    g_autofree char *shown = text_escape(file);
    if (!change || !carry_out(session, change, &done, error) || !check_started(session, shown, error))
        return FALSE;
    if (done) {
        struct stat status;
        g_autofree char *size = size_format(stat(file, &status) == 0 ? (guint64)status.st_size : 0);

        fprintf(session->call->out.file, "%s is backed up to %s, %s\n", name, shown, size);
    }
    return TRUE;
}

static gboolean restore(Session *session, GError **error)
{
    const VolumeOptions *options = session->call->options;
    const char *file = session->call->operands[1];
    const char *target = session->call->n_operands > 2 ? session->call->operands[2] : NULL;
    g_autofree char *shown = text_escape(file);
    gboolean done;

    g_autoptr(StoreChange)
        change = store_plan_volume_restore(session->store, file, target, options->force, session->notes, error);
    if (!change || !carry_out(session, change, &done, error))
        return FALSE;
    if (done)
        fprintf(session->call->out.file, target ? "%s is restored to %s\n" : "%s is restored\n", shown, target);
    return TRUE;
}

static gboolean remove_volume(Session *session, const StoreVolume *volume, const StoreChange *change, GError **error)
{
    gboolean done;

    if (!carry_out(session, change, &done, error))
        return FALSE;
    if (done) {
        g_autofree char *size = size_format(change->bytes);

        fprintf(session->call->out.file, "%s is removed; %s freed\n", volume->id, size);
    }
    return TRUE;
}

static gboolean remove_volumes(Session *session, const GPtrArray *volumes, GError **error)
{
    const VolumeOptions *options = session->call->options;
    const char *name = session->call->operands[1];
    g_autoptr(GPtrArray) chosen = store_choose_volumes(volumes, name, error);
    g_autoptr(GPtrArray) changes = g_ptr_array_new_with_free_func((GDestroyNotify)store_change_free);

    for (guint i = 0; chosen && i < chosen->len; i++) { /* all can go, or none does */
        StoreChange *change = store_plan_volume_remove(session->store, g_ptr_array_index(chosen, i), error);

        if (!change)
            return FALSE;
        g_ptr_array_add(changes, change);
    }
    if (!chosen || (!options->yes && !options->dry_run && !confirm_loss(session->call, name, error)))
        return FALSE;
    for (guint i = 0; i < chosen->len; i++)
        if (!remove_volume(session, g_ptr_array_index(chosen, i), g_ptr_array_index(changes, i), error))
            return FALSE;
    return TRUE;
}

/* --- the verb ----------------------------------------------------------------------------------------------------- */

enum { ACTION_LS, ACTION_BACKUP, ACTION_RESTORE, ACTION_RM };

static const VerbAction actions[] = {
    [ACTION_LS] = {"ls", "", 0, 0, "List the volumes of services and stacks, and who uses them",
                   .options = " names root dry-run json "},
    [ACTION_BACKUP] = {"backup", " VOLUME", 1, 1, "Write one, or all of a stack or service, to a file",
                       .without = " names "},
    [ACTION_RESTORE] = {"restore", " FILE [VOLUME]", 1, 2, "Put back what is in a backup",
                        .without = " output live cold names "},
    [ACTION_RM] = {"rm", " VOLUME", 1, 1, "Remove one, or all of a stack or service, that nothing uses",
                   .options = " yes root dry-run json "},
    {NULL},
};

static gboolean act(const Call *call, GError **error)
{
    const VolumeOptions *options = call->options;
    g_auto(Session) session = {0};
    g_autoptr(GPtrArray) volumes = NULL;
    guint action;

    if (!verb_find_action(call, &action, error) ||
        !session_open(&session, call, options->root, action != ACTION_LS && !options->dry_run, error))
        return FALSE;
    if (action == ACTION_RESTORE)
        return restore(&session, error);
    if (!store_list_volumes(session.store, &volumes, error))
        return FALSE;
    if (action == ACTION_LS)
        return list_volumes(&session, volumes);
    return action == ACTION_BACKUP ? back_up(&session, volumes, error) : remove_volumes(&session, volumes, error);
}

static ExitCode run(const Call *call, GError **error)
{
    return act(call, error) ? EXIT_CODE_OK : EXIT_CODE_FAILED;
}

#define AT(member) .offset = offsetof(VolumeOptions, member)

static const Option rows[] = {
    {"output", 'o', OPTION_STRING, AT(output), "FILE", "Write the backup to FILE",
     .shown_default = "VOLUME-DATE-TIME.tar.zst", .completion = COMPLETE_FILE},
    {"live", 0, OPTION_FLAG, AT(live), .help = "Back up without stopping what uses the volume",
     .details = "Files that change meanwhile may be of two minds, which a database does not survive."},
    {"cold", 0, OPTION_FLAG, AT(cold), .help = "Back up files at rest, also of what has commands for backups"},
    {"force", 'f', OPTION_FLAG, AT(force), .help = "Restore over data, or write over a file"},
    {"yes", 'y', OPTION_FLAG, AT(yes), .help = "Do not ask"},
    OPTION_DRY_RUN(AT(dry_run)),
    {"names", 0, OPTION_FLAG, AT(names), .help = "List the names alone, one a line"},
    OPTION_ROOT_WORK(AT(root)),
    {"json", 0, OPTION_FLAG, AT(json), .help = "Print the list, the result, or with `--dry-run` the plan, as JSON"},
    {NULL},
};

#undef AT

static const OptionGroup groups[] = {{"Options", rows}, {NULL, NULL}};
static const Operand operands[] = {{"ACTION", 1, 1, COMPLETE_ACTION},
                                   {"NAME", 0, 2, COMPLETE_VOLUME_OR_FILE},
                                   {NULL, 0, 0, COMPLETE_NOTHING}};

static const char *const description[] = {
    "`ls` lists the volumes of services and stacks, how large they are, and who uses them. `backup VOLUME` writes one to a file, "
    "`restore FILE [VOLUME]` puts it back, `rm VOLUME` removes one that nothing uses. A volume is called OWNER/VOLUME; OWNER alone means all of a stack or "
    "service.",
    "A backup is a plain tar, compressed by zstd, with a folder OWNER/VOLUME for each volume, and everything that tar keeps: owners as numbers, attributes, "
    "ACLs, holes. `tar -xf` reads it without gourd. The file appears when it is complete, or not at all. What uses a volume is stopped meanwhile and "
    "started again, whatever happens, an interruption too.",
    "A service that runs may have commands for it (`x-gourd: {backup: ...}` in a Compose file, or `gourd install --backup-dump` and those beside it); then it "
    "is not stopped. What its dump writes is OWNER/VOLUME.dump in the tar, in place of the files of that volume; or its files are copied between two commands. "
    "A command that fails leaves no backup.",
    "A restore goes to where the data was, or into VOLUME. It reads the whole backup first, and unpacks it beside the volume while what uses that goes on; "
    "then that is stopped, the two change places, and it is started. With `--force` a volume that has data is replaced; if what uses it then does not "
    "start, the former data come back. Files of the volume's user become that user's if it has another number now; all others keep their numbers. What has a path of over 4095 bytes is in the "
    "backup, but nothing can make it in one step: it is left out, and said. A dump is "
    "read by the running service that says how, before anything stops; what that did is not undone.",
    NULL,
};

static const Example examples[] = {
    {"gourd volume ls", "All volumes"},
    {"gourd volume backup shop/db -o db.tar.zst", "One of a stack"},
    {"gourd volume backup shop", "All of a stack, in one file"},
    {"gourd volume restore db.tar.zst --force", "Where it was, in place of what is there now"},
    {"gourd volume restore db.tar.zst test/db", "Into another one"},
    {NULL, NULL},
};

static const ExitCode codes[] = {EXIT_CODE_INPUT, EXIT_CODE_EXISTS, EXIT_CODE_NOT_FOUND, EXIT_CODE_UNSUPPORTED,
                                 EXIT_CODE_OK};

const Verb verb_volume = {
    .name = "volume",
    .topic = "Services",
    .summary = "List, back up, restore and remove volumes",
    .operands = operands,
    .actions = actions,
    .groups = groups,
    .description = description,
    .examples = examples,
    .exit_codes = codes,
    .options_size = sizeof(VolumeOptions),
    .run = run,
};
