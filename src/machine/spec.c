// SPDX-License-Identifier: LGPL-2.1-or-later
#include "spec.h"

const char *const machine_network_words[] = {"private", "host", "none", NULL};

static const Field fields[] = {
    FIELD(VECTOR, MachineSpec, command),
    FIELD_OF_WORDS(MachineSpec, network, machine_network_words),
    FIELD(TEXT, MachineSpec, bridge),
    FIELD(TEXT, MachineSpec, zone),
    FIELD(TEXT, MachineSpec, address),
    FIELD(VECTOR, MachineSpec, veths),
    FIELD(VECTOR, MachineSpec, macvlans),
    FIELD(VECTOR, MachineSpec, ipvlans),
    FIELD(VECTOR, MachineSpec, interfaces),
    FIELD(VECTOR, MachineSpec, ports),
    FIELD(VECTOR, MachineSpec, sysctls),
    FIELD(VECTOR, MachineSpec, capabilities),
    FIELD(VECTOR, MachineSpec, capabilities_dropped),
    FIELD(VECTOR, MachineSpec, binds),
    FIELD(FLAG, MachineSpec, is_volatile),
    FIELD(FLAG, MachineSpec, shares_users),
    FIELD(FLAG, MachineSpec, owners_shifted),
    FIELD(FLAG, MachineSpec, copies_resolv_conf),
    FIELD(NUMBER, MachineSpec, memory),
    FIELD(NUMBER, MachineSpec, swap),
    FIELD(NUMBER, MachineSpec, cpus_per_mille),
    FIELD(NUMBER, MachineSpec, tasks),
    FIELD(NUMBER, MachineSpec, io_weight),
    FIELD(VECTOR, MachineSpec, io_reads),
    FIELD(VECTOR, MachineSpec, io_writes),
    FIELD_END,
};

void machine_spec_init(MachineSpec *ret_spec)
{
    *ret_spec = (MachineSpec){0};
    fields_init(fields, ret_spec);
}

void machine_spec_clear(MachineSpec *spec)
{
    fields_clear(fields, spec);
}

Json *machine_spec_to_json(const MachineSpec *spec)
{
    return fields_to_json(fields, spec, NULL);
}

gboolean machine_spec_from_json(const Json *json, MachineSpec *ret_spec, GError **error)
{
    g_auto(MachineSpec) spec;

    machine_spec_init(&spec);
    if (!fields_from_json(fields, "setting", json, &spec, error))
        return FALSE;
    *ret_spec = spec;
    machine_spec_init(&spec);
    return TRUE;
}
