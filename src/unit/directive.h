// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

/* Which directives of unit files each version of systemd knows, and what to do without one.
 *
 * A version that does not know a directive, or the value of one, warns and goes on without it. gourd writes nothing that
 * the target does not know: unit_file_fit() replaces it, drops it with a note, or refuses. */

#include "unit-file.h"

#define UNIT_TARGET_MIN 252    /* Debian 12, RHEL 9: the oldest systemd that gourd writes units for */
#define UNIT_TARGET_NEWEST 262 /* the newest whose directives are in the table */

/* The sections, as bits. What a program sees (EXEC), how it ends (KILL) and what it may use (CGROUP) can stand in all
 * kinds of units that start programs. */
typedef enum {
    UNIT_SECTION_UNIT = 1 << 1,
    UNIT_SECTION_INSTALL = 1 << 2,
    UNIT_SECTION_SERVICE = 1 << 3,
    UNIT_SECTION_SOCKET = 1 << 4,
    UNIT_SECTION_TARGET = 1 << 5,
    UNIT_SECTION_SLICE = 1 << 6,
    UNIT_SECTION_TIMER = 1 << 7,
    UNIT_SECTION_MOUNT = 1 << 8,
    UNIT_SECTION_PATH = 1 << 9,
    UNIT_SECTION_EXEC = UNIT_SECTION_SERVICE | UNIT_SECTION_SOCKET | UNIT_SECTION_MOUNT,
    UNIT_SECTION_KILL = UNIT_SECTION_EXEC,
    UNIT_SECTION_CGROUP = UNIT_SECTION_EXEC | UNIT_SECTION_SLICE,
} UnitSections;

typedef enum {
    UNIT_POLICY_NONE,    /* every supported target knows it */
    UNIT_POLICY_DROP,    /* left out, with a note */
    UNIT_POLICY_REPLACE, /* written differently, with a note */
    UNIT_POLICY_REFUSE,  /* the unit would do something else than asked for */
} UnitPolicy;

typedef struct {
    const char *name;
    guint sections; /* UnitSections */
    guint since;    /* version of systemd; 0 for always */
    UnitPolicy policy;
    const char *text; /* DROP: what is lost; REFUSE: what would go wrong; REPLACE: see directives.def */
} UnitDirective;

/* The table, for tests and for documentation. */
const UnitDirective *unit_directives(guint *ret_count);
/* The directive of a key in a section ("Service"); NULL if gourd does not know it. */
const UnitDirective *unit_directive_find(const char *section, const char *key);
/* The bit of a section's name, 0 if it is unknown; and the name of a single bit. */
guint unit_section_from_name(const char *name);
const char *unit_section_to_name(guint section);

/* A value that is newer than its directive. */
typedef struct {
    const char *key;
    const char *value; /* up to ":" or the end of a word; a single character is a prefix of the value */
    guint since;
    UnitPolicy policy;
    const char *text; /* DROP and REFUSE: as in UnitDirective; REPLACE: the other value */
} UnitNewValue;

const UnitNewValue *unit_new_values(guint *ret_count);

/* Systems by name. */
typedef struct {
    const char *name;
    const char *title;
    guint version; /* of its systemd */
} UnitTarget;

const UnitTarget *unit_targets(guint *ret_count);
/* "debian12", …, or "systemd=N". USAGE: an unknown name (the hint has the list); UNSUPPORTED: older than
 * UNIT_TARGET_MIN. */
gboolean unit_target_parse(const char *text, guint *ret_version, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Whether a version knows KEY=VALUE in a section; value NULL asks for the directive alone. */
gboolean unit_target_knows(guint version, const char *section, const char *key, const char *value);

/* Makes the file one that the version knows all of. Comments and X- sections and keys stay. Notes: "directive-dropped",
 * "directive-replaced". UNSUPPORTED: a directive whose absence would change what was asked for, or one that is not in the
 * table; the file is then as it was. */
gboolean unit_file_fit(UnitFile *file, guint version, Notes *notes, GError **error) G_GNUC_WARN_UNUSED_RESULT;
