// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

/* From a bundle and options to the files that make a service: units, users, mounts.
 *
 * bundle + options ─→ ServiceSpec ─→ files. The spec says what is meant in plain values, and is the one hinge: a Compose file
 * fills it too. Rendering is a pure function of the spec and the target's version of systemd. */

#include "capability.h"
#include "env-file.h"
#include "inside.h"
#include "network-range.h"
#include "network.h"
#include "options.h"
#include "paths.h"
#include "program-file.h"
#include "seccomp-profile.h"
#include "service-image.h"
#include "spec-values.h"
#include "stack.h"

#include "bundle/bundle.h"
#include "unit/unit.h"

/* What else rendering depends on. */
typedef struct {
    const char *name;        /* of the service: NAME.service */
    const char *version;     /* of the bundle */
    guint revision;          /* of the release: counts up with each change; names the folder of generated files */
    const char *bundle_path; /* in the store, as the host sees it */
    const char *init_path;   /* of gourd-init on the host, or NULL if there is none (then what needs it is refused) */
    guint systemd_version;
    const char *machine; /* of the host's processor, as uname(2) calls it; NULL: unknown */
    /* The files are for a host without gourd: a unit makes passwd and group as the service sees them, since numbers are known there only. */
    gboolean identity_at_start;
    /* No service: a process in namespaces of its own (src/run/). It has the image's user, with all its groups; what is said of
     * units does not concern it, and nothing will be rendered. */
    gboolean one_off;
    gboolean tried; /* it is executed at once: whether what the program needs is there will be seen */
} ServiceContext;

/* Fills a spec. INPUT, NOT_FOUND, USAGE or UNSUPPORTED errors for what cannot work, before anything is written: a program that
 * the image lacks or that is not executable (resolved in the image's PATH, links followed inside the bundle), a user it does
 * not know, a mount point that it lacks (hint: build with --mountpoint). Notes for what is done differently. */
ServiceSpec *service_spec_new(ServiceImage *image, const ServiceOptions *options, const ServiceContext *context,
                              Notes *notes, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void service_spec_free(ServiceSpec *spec);

/* For those who only tell: what installing a bundle without options would do differently. FALSE and an error if it could not
 * run. */
gboolean service_preview(Bundle *bundle, Notes *notes, GError **error) G_GNUC_WARN_UNUSED_RESULT;
#define NOTE_STARTS_AS_ROOT "starts-as-root" /* the image drops root itself; its subject says by what */

G_DEFINE_AUTOPTR_CLEANUP_FUNC(ServiceSpec, service_spec_free)

/* A file or link that the service consists of. */
typedef struct {
    char *path;
    mode_t mode;     /* 0644; 0600 for secrets */
    GBytes *content; /* NULL for a link */
    char *target;    /* of a link, else NULL */
} ServiceFile;

/* A folder kept over releases that must exist before the first start. tmpfiles makes it, with its owner and mode. */
typedef struct {
    char *path;       /* on the host */
    char *image_path; /* whose content fills it the first time, links resolved; NULL: nothing does */
} ServiceVolume;

/* What a spec becomes on a host. */
typedef struct {
    GPtrArray *files;     /* ServiceFile, by path; those shared by all services (gourd-names.*) included */
    GPtrArray *volumes;   /* ServiceVolume */
    char *sysusers;       /* path of the one among files, or NULL */
    char *tmpfiles;       /* likewise */
    char *user;           /* its name on the host, where its numbers are to be asked for; NULL: uid and gid are known */
    guint32 uid, gid;     /* without user: 0 for root, or what --user said */
    gboolean identity;    /* units bind what service_identity() makes: it must be there before the first start */
    gboolean keep_owners; /* volumes are filled with the image's owners; else all of it becomes the user's */
    char *unit;           /* NAME.service */
    GPtrArray *units;     /* char *: all of this service's own units, NAME.service the last */
    GPtrArray *start;     /* char *: units to be started and enabled, in order */
    char *pre_upgrade;    /* unit to be run before an upgrade, or NULL */
    ServiceBackup backup;
    gboolean has_health; /* start waits for the health check */
    gint64 steady_sec;   /* else how long to watch it */
} ServiceFiles;

ServiceFiles *service_render(const ServiceSpec *spec, const ServiceContext *context, Notes *notes, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;
void service_files_free(ServiceFiles *files);
void service_backup_clear(ServiceBackup *backup);
/* ret_copy need not be initialised. */
void service_backup_copy(const ServiceBackup *backup, ServiceBackup *ret_copy);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(ServiceFiles, service_files_free)

/* The passwd and group files that the service sees, given its user's numbers: ServiceFile with the paths that the units bind,
 * in PATH_SERVICES/NAME/REVISION/. Empty where `identity` is FALSE. The caller unrefs. */
GPtrArray *service_identity(const ServiceSpec *spec, const ServiceContext *context, guint32 uid, guint32 gid);

void service_file_free(ServiceFile *file);
/* Whether a file was written by gourd: its first line says so. */
gboolean service_file_is_ours(const char *text);

/* What is a stack's own: its target, its slice (ServiceFile, by name). */
gboolean stack_render(const Stack *stack, guint systemd_version, Notes *notes, GPtrArray **ret_files, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;

/* What a container is not to write to, and not to see: paths as ReadOnlyPaths= and InaccessiblePaths= have them, "-" in front of
 * what may be missing. */
extern const char service_paths_read_only[], service_paths_hidden[];

/* CAP_… of a process: bits by number, those that root of an image needs, and those asked for. */
guint64 service_capabilities(const ServiceSpec *spec);
/* Whether --allow named it. */
gboolean service_allows(const ServiceSpec *spec, const char *loosening);

/* Loosenings of the sandbox that --allow knows, for help, audit and documentation; ends with a NULL name. */
typedef struct {
    const char *name;
    const char *text; /* what is allowed then: a phrase */
} ServiceLoosening;

const ServiceLoosening *service_loosenings(void);
