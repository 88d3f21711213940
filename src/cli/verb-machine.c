// SPDX-License-Identifier: LGPL-2.1-or-later
#include "confirm.h"
#include "human.h"
#include "listing.h"
#include "machine-check.h"
#include "machine-export.h"
#include "machine-options.h"
#include "session.h"

#include <string.h>

/* --- create ------------------------------------------------------------------------------------------------------- */

static gboolean check_origin(const MachineOptions *options, GError **error)
{
    guint n = (options->packages && options->packages->len > 0) + (options->like != NULL) + (options->from != NULL);

    if (n > 1)
        return gourd_error_set(error, GOURD_ERROR_USAGE, "--package, --like and --from exclude each other");
    if (n == 1 || options->service)
        return TRUE;
    gourd_error_set(error, GOURD_ERROR_USAGE, "what is to be in the machine?");
    return gourd_error_hint(error, "--package NAME, for one: a package of this host");
}

/* trims: a container becomes the machine. */
static StoreChange *plan_create(Session *session, gboolean trims, GError **error)
{
    const MachineOptions *options = session->call->options;
    g_auto(MachineSpec) spec;
    MachineRequest request = {
        .name = session->call->operands[1],
        .spec = &spec,
        .no_start = options->no_start,
        .no_enable = options->no_enable,
    };

    machine_spec_init(&spec);
    if ((!trims && !check_origin(options, error)) || !machine_options_apply(options, &spec, error) ||
        (options->target && !unit_target_parse(options->target, &request.target, error)))
        return NULL;
    request.origin = (MachineOrigin){
        .root = host_root(session->host),
        .machine = request.name,
        .packages = options->packages && options->packages->len > 0 ? (char **)options->packages->pdata : NULL,
        .host_config = options->host_config,
        .like = options->like,
        .trims = trims,
        .from = options->from,
        .command = spec.command,
        .network = spec.network != MACHINE_NETWORK_HOST,
    };
    return machine_plan_create(session->host, &request, session->notes, error);
}

gboolean machine_run_create(Session *session, const StoreChange *change, const char *verb, GError **error)
{
    const MachineOptions *options = session->call->options;
    const char *name = session->call->operands[1];
    const SessionMode mode = {.dry_run = options->dry_run, .json = options->json};
    gboolean done;

    if (!change) {
        g_autofree char *shown = text_escape(name);

        return gourd_error_prefix(error, "cannot %s '%s'", verb, shown);
    }
    if (!session_run(session, change, &mode, &done, error))
        return FALSE;
    if (!done)
        return TRUE;
    if (options->no_start || !host_is_live(session->host))
        fprintf(session->call->out.file, "%s is created; nothing was started\n", name);
    else
        fprintf(session->call->out.file, "%s is created and running: gourd shell %s\n", name, name);
    return TRUE;
}

static gboolean create(Session *session, GError **error)
{
    g_autoptr(StoreChange) change = plan_create(session, FALSE, error);

    return machine_run_create(session, change, "create", error);
}

static gboolean trim(Session *session, GError **error)
{
    g_autoptr(MachineRecord) record = machine_find(session->host, session->call->operands[1], NULL);
    if (record)
        return gourd_error_set(error, GOURD_ERROR_EXISTS, "'%s' shares the host's /usr already", record->name);
    g_autoptr(StoreChange) change = plan_create(session, TRUE, error);

    return machine_run_create(session, change, "trim", error);
}

/* --- list --------------------------------------------------------------------------------------------------------- */

gboolean machine_find_records(const Session *session, GPtrArray **ret_records, GError **error)
{
    if (session->call->n_operands < 2)
        return machine_list(session->host, ret_records, error);
    MachineRecord *record = machine_find(session->host, session->call->operands[1], error);
    if (!record)
        return FALSE;
    *ret_records = g_ptr_array_new_with_free_func((GDestroyNotify)machine_record_free);
    g_ptr_array_add(*ret_records, record);
    return TRUE;
}

static char *format_time(gint64 seconds)
{
    g_autoptr(GDateTime) time = g_date_time_new_from_unix_local(seconds);

    return time ? g_date_time_format(time, "%Y-%m-%d %H:%M") : g_strdup("-");
}

/* What it was made for: packages, or a program, or another origin. */
static char *format_content(const MachineRecord *record)
{
    GString *text = g_string_new(NULL);
    gsize index;
    Json *element;

    json_array_foreach(json_object_get(record->skeleton, "origin_packages"), index, element)
        g_string_append_printf(text, "%s%s", text->len ? ", " : "", json_string_value(element));
    if (record->spec.command) {
        g_autofree char *command = g_strjoinv(" ", record->spec.command), *shown = text_escape(command);

        g_string_append_printf(text, "%s%s", text->len ? ": " : "", shown);
    }
    return g_string_free(text->len ? text : g_string_append_c(text, '-'), FALSE);
}

static char *format_addresses(const Session *session, const MachineRecord *record)
{
    g_auto(GStrv) addresses = host_list_machine_addresses(session->host, record->name);

    return addresses[0] ? g_strjoinv(", ", addresses) : g_strdup("-");
}

static void print_table(const Session *session, const GPtrArray *records)
{
    static const ListingColumn columns[] = {{"MACHINE", FALSE, STYLE_BOLD}, {"STATE", FALSE, STYLE_NONE},
                                            {"ADDRESS", FALSE, STYLE_NONE}, {"SIZE", TRUE, STYLE_NONE},
                                            {"CREATED", FALSE, STYLE_NONE}, {"CONTENT", FALSE, STYLE_NONE}};
    g_autoptr(Listing) listing = listing_new(columns, G_N_ELEMENTS(columns));

    for (guint i = 0; i < records->len; i++) {
        const MachineRecord *record = g_ptr_array_index(records, i);
        guint64 size = machine_measure(session->host, record);

        listing_add(listing, record->name);
        listing_take(listing, session_describe_unit(session, record->unit));
        listing_take(listing, format_addresses(session, record));
        listing_take(listing, size ? size_format(size) : g_strdup("-"));
        listing_take(listing, format_time(record->created_at));
        listing_take(listing, format_content(record));
    }
    listing_print(listing, &session->call->out);
}

static Json *record_to_json(const Session *session, const MachineRecord *record)
{
    g_autofree char *state = session_describe_unit(session, record->unit), *tree = machine_tree_path(record->name);

    g_auto(GStrv) addresses = host_list_machine_addresses(session->host, record->name);
    Json *shown = json_array();

    for (char **address = addresses; *address; address++)
        json_array_append_new(shown, json_string(*address));
    return json_pack("{s:s, s:s, s:s, s:o, s:s, s:I, s:I, s:o, s:O}", "machine", record->name, "unit", record->unit,
                     "state", state, "addresses", shown, "path", tree, "size",
                     (json_int_t)machine_measure(session->host, record), "created_at", (json_int_t)record->created_at,
                     "settings", machine_spec_to_json(&record->spec), "skeleton", record->skeleton);
}

static gboolean list(Session *session, GError **error)
{
    const MachineOptions *options = session->call->options;
    g_autoptr(GPtrArray) records = NULL;
    g_autoptr(Json) json = json_array();

    if (!machine_find_records(session, &records, error))
        return FALSE;
    session_print_notes(session);
    for (guint i = 0; i < records->len; i++) {
        const MachineRecord *record = g_ptr_array_index(records, i);

        if (options->names)
            fprintf(session->call->out.file, "%s\n", record->name);
        else if (options->json)
            json_array_append_new(json, record_to_json(session, record));
    }
    if (options->json && !options->names)
        json_print(json, &session->call->out);
    else if (!options->names)
        print_table(session, records);
    return TRUE;
}

/* --- remove ------------------------------------------------------------------------------------------------------- */

static gboolean remove_machine(Session *session, GError **error)
{
    const MachineOptions *options = session->call->options;
    const char *name = session->call->operands[1];
    const SessionMode mode = {.dry_run = options->dry_run, .json = options->json};
    g_autoptr(StoreChange) change = machine_plan_remove(session->host, name, error);
    gboolean done;

    if (!change || (!options->yes && !options->dry_run && !confirm_loss(session->call, name, error)) ||
        !session_run(session, change, &mode, &done, error))
        return FALSE;
    if (done) {
        g_autofree char *size = size_format(change->bytes);

        fprintf(session->call->out.file, "%s is removed; %s freed\n", name, size);
    }
    return TRUE;
}

/* --- the verb ----------------------------------------------------------------------------------------------------- */

enum {
    ACTION_CREATE,
    ACTION_LIST,
    ACTION_CHECK,
    ACTION_REFRESH,
    ACTION_HOOK,
    ACTION_EXPORT,
    ACTION_IMPORT,
    ACTION_TRIM,
    ACTION_REMOVE
};

static const VerbAction actions[] = {
    [ACTION_CREATE] = {"create", " NAME", 1, 1, "Make a machine, and start it",
                       .without = " restart wait force names "},
    [ACTION_LIST] = {"list", " [NAME]", 0, 1, "List the machines that gourd made",
                     .options = " names root dry-run json "},
    [ACTION_CHECK] = {"check", " [NAME]", 0, 1, "Say what changed since the host was upgraded",
                      .options = " root dry-run json "},
    [ACTION_REFRESH] = {"refresh", " [NAME]", 0, 1, "Bring a machine's own files after the host",
                        .options = " restart wait yes root dry-run json "},
    [ACTION_HOOK] = {"hook", " [on|off]", 0, 1, "Refresh all after each upgrade, or no longer; or say which it is",
                     .options = " yes root dry-run json "},
    [ACTION_EXPORT] = {"export", " NAME FILE", 2, 2, "Write a machine to one file",
                       .options = " force yes root dry-run json "},
    [ACTION_IMPORT] = {"import", " NAME FILE", 2, 2, "Make a machine from such a file",
                       .without = " package host-config like from service restart wait force names "},
    [ACTION_TRIM] = {"trim", " NAME", 1, 1, "Make a whole container one that shares the host's `/usr`",
                     .without = " like from restart wait force names "},
    [ACTION_REMOVE] = {"remove", " NAME", 1, 1, "Remove a machine with all that is in it",
                       .options = " yes root dry-run json "},
    {NULL},
};

static const struct {
    gboolean changes;
    gboolean (*act)(Session *session, GError **error);
} functions[] = {
    [ACTION_CREATE] = {TRUE, create},
    [ACTION_LIST] = {FALSE, list},
    [ACTION_CHECK] = {FALSE, machine_check},
    [ACTION_REFRESH] = {TRUE, machine_refresh},
    [ACTION_HOOK] = {TRUE, machine_hook},
    [ACTION_EXPORT] = {FALSE, machine_export_to},
    [ACTION_IMPORT] = {TRUE, machine_import_from},
    [ACTION_TRIM] = {TRUE, trim},
    [ACTION_REMOVE] = {TRUE, remove_machine},
};

static ExitCode run(const Call *call, GError **error)
{
    const MachineOptions *options = call->options;
    g_auto(Session) session = {0};
    guint action;

    return verb_find_action(call, &action, error) &&
                   session_open(&session, call, options->root, functions[action].changes && !options->dry_run, error) &&
                   functions[action].act(&session, error)
               ? EXIT_CODE_OK
               : EXIT_CODE_FAILED;
}

static const Operand operands[] = {{"ACTION", 1, 1, COMPLETE_ACTION},
                                   {"NAME", 0, 1, COMPLETE_MACHINE},
                                   {"FILE", 0, 1, COMPLETE_FILE},
                                   {NULL, 0, 0, COMPLETE_NOTHING}};

static const char *const description[] = {
    "`create NAME` makes a machine: a container of systemd-nspawn(1) that shares the host's `/usr`, and has a small `/etc` and `/var` of its own. "
    "machinectl(1) starts, stops and enters it.",
    "The host is upgraded under a machine's feet. `check` says what changed since, for one or all: packages, configuration, packages that are gone, programs that still "
    "run what was replaced. `refresh` brings the machine's own files after it as dpkg(1) or rpm(8) does: configuration that nobody changed inside is replaced, else one of "
    "both is put beside the other, as `.dpkg-dist`, `.rpmnew` or `.rpmsave`; new users, folders and units come. `hook on` has that done after each upgrade, by apt(8) or a path unit; `hook off` no longer.",
    "`trim NAME` makes a container that has all of an operating system in `/var/lib/machines/NAME` one that shares the host's `/usr`, with the settings given. What the host "
    "does not have, or otherwise, is said, and kept below `/usr.own`; see `--dry-run` first. The rest gives its space back.",
    "`export NAME FILE` writes a machine that does not run into one file, its settings and all that is its own; `import NAME FILE` makes it from that, on this host or another "
    "that has its packages. Options of its network, limits and sandbox replace what the file says of them; addresses that are taken here are replaced too, which is said.",
    "A machine has the host's programs, in the host's versions, and the configuration of packages as they are packaged. It boots a systemd of its own; `machinectl`, "
    "`systemctl --machine=NAME` and `journalctl --machine=NAME` handle it as any other. Its root is not the host's where the kernel can map owners, which is said where "
    "it cannot. It is started when all of its units are, and at boot.",
    "What makes it are plain files: `/var/lib/machines/NAME`, `/etc/systemd/nspawn/NAME.nspawn`, a drop-in of `systemd-nspawn@NAME.service` with its limits, and files for "
    "systemd-networkd where links have addresses.",
    NULL,
};

static const Example examples[] = {
    {"gourd machine create edge --package frr --memory 256M", "A router beside the host's own"},
    {"gourd machine create edge --package frr --network none --veth up0:eth0,host=10.0.0.1/30,address=10.0.0.2/30",
     "With one link to the host, addresses on both sides"},
    {"gourd machine create web --package nginx --port 8080:80 --dry-run", "What would be made"},
    {"gourd machine refresh --restart", "After an upgrade of the host"},
    {"gourd machine export edge edge.tar.gz", "All that is its own, as one file"},
    {"gourd machine remove edge --yes", "All of it"},
    {NULL, NULL},
};

static const ExitCode codes[] = {EXIT_CODE_INPUT,     EXIT_CODE_EXISTS,      EXIT_CODE_DIFFERS,
                                 EXIT_CODE_NOT_FOUND, EXIT_CODE_UNSUPPORTED, EXIT_CODE_OK};

const Verb verb_machine = {
    .name = "machine",
    .topic = "Machines",
    .summary = "Make and remove containers that share the host's /usr",
    .operands = operands,
    .actions = actions,
    .groups = machine_groups,
    .description = description,
    .examples = examples,
    .exit_codes = codes,
    .options_size = sizeof(MachineOptions),
    .run = run,
};
