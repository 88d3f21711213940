// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

/* The files of a machine. Shared by the files of src/machine only. */

#include "links.h"
#include "machine.h"

#define NETWORK_FOLDER "/etc/systemd/network"

/* A file that begins with who wrote it. */
void machine_add_file(GPtrArray *files, const char *path, const char *machine, const char *text);

/* The [Network] section of the .nspawn file. */
gboolean machine_render_nspawn_network(UnitFile *settings, const MachineSpec *spec, const GPtrArray *links,
                                       GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* The host's ends of pairs: files for systemd-networkd, and commands in the drop-in for a host without it. */
gboolean machine_render_host_network(GPtrArray *files, UnitFile *dropin, const char *machine, const MachineSpec *spec,
                                     const GPtrArray *links, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Links and sysctls of a machine without systemd inside, which nobody there sets up: commands in the drop-in. */
gboolean machine_render_entered_network(UnitFile *dropin, const char *machine, const MachineSpec *spec,
                                        const GPtrArray *links, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* "/proc/sys/net/ipv4/ip_forward" of "net.ipv4.ip_forward=1". The caller frees. */
char *machine_sysctl_path(const char *sysctl);
/* Before any of these. */
gboolean machine_check_sysctls(const MachineSpec *spec, GError **error) G_GNUC_WARN_UNUSED_RESULT;
