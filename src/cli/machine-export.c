// SPDX-License-Identifier: LGPL-2.1-or-later
#include "machine-export.h"

#include "machine-options.h"

gboolean machine_export_to(Session *session, GError **error)
{
    const MachineOptions *options = session->call->options;
    const char *name = session->call->operands[1], *file = session->call->operands[2];

    if (options->dry_run)
        return gourd_error_set(error, GOURD_ERROR_USAGE, "--dry-run: an export changes nothing but makes its file");
    if (!machine_export(session->host, name, file, options->force, session->notes, error))
        return gourd_error_prefix(error, "cannot export '%s'", name);
    session_print_notes(session);
    if (!options->json && !session->call->common->quiet)
        fprintf(session->call->out.file, "%s is in %s\n", name, file);
    return TRUE;
}

static StoreChange *plan_import(Session *session, MachineRecord *record, GError **error)
{
    const MachineOptions *options = session->call->options;
    g_autoptr(GHashTable) known = machine_record_conffiles(record, error); /* they come with the file */
    g_auto(GStrv) packages = NULL;
    MachineRequest request = {
        .name = record->name,
        .spec = &record->spec,
        .moves_address = !options->address,
        .no_start = options->no_start,
        .no_enable = options->no_enable,
    };

    if (!known || !machine_options_apply(options, &record->spec, error) ||
        !json_get_strv(record->skeleton, "skeleton", "origin_packages", &packages, error) ||
        (options->target && !unit_target_parse(options->target, &request.target, error)))
        return NULL;
    request.origin = (MachineOrigin){
        .root = host_root(session->host),
        .machine = record->name,
        .packages = packages,
        .host_config = json_is_true(json_object_get(record->skeleton, "host_config")),
        .known = known,
        .from = session->call->operands[2],
        .command = record->spec.command,
        .network = record->spec.network != MACHINE_NETWORK_HOST,
    };
    return machine_plan_create(session->host, &request, session->notes, error);
}

gboolean machine_import_from(Session *session, GError **error)
{
    g_autoptr(MachineRecord)
        record = machine_import_record(session->call->operands[2], session->call->operands[1], error);
    g_autoptr(StoreChange) change = record ? plan_import(session, record, error) : NULL;

    return machine_run_create(session, change, "import", error);
}
