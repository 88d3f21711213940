// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

/* Where things are on a host (design.md, "Host layout"). */

#define PATH_GOURD "/var/lib/gourd"
#define PATH_BUNDLES PATH_GOURD "/bundles"   /* NAME_VERSION.raw */
#define PATH_VOLUMES PATH_GOURD "/volumes"   /* NAME/VOLUME */
#define PATH_STATE PATH_GOURD "/state"       /* NAME.json, lock, journal */
#define PATH_SERVICES PATH_GOURD "/services" /* NAME/REVISION/{passwd,group,environment}: what units bind or read */
#define PATH_STACKS PATH_GOURD "/stacks"     /* NAME/FILE: what all services of a stack see, as its names */
#define PATH_HELPERS PATH_GOURD "/lib"       /* gourd-init-DIGEST: stays when gourd is uninstalled */
#define PATH_UNITS "/etc/systemd/system"
#define PATH_SYSUSERS "/etc/sysusers.d"
#define PATH_TMPFILES "/etc/tmpfiles.d"
#define PATH_JOURNALS "/etc/systemd/journald@" /* NAME.conf */
#define PATH_RUN "/run/gourd"              /* hosts, resolv.conf, resolv-uplink.conf: written by gourd-names.service */
#define PATH_INIT_INSIDE "/run/gourd/init" /* gourd-init, as a service sees it */
