// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

/* Names of units (systemd.unit(5), "STRING ESCAPING FOR INCLUSION IN UNIT NAMES"; systemd-escape(1)). */

#include "base/base.h"

#define UNIT_NAME_LENGTH_MAX 255 /* bytes: systemd's UNIT_NAME_MAX, with suffix */

/* What kind of name to accept. */
typedef enum {
    UNIT_NAME_PLAIN = 1 << 1,    /* foo.service */
    UNIT_NAME_INSTANCE = 1 << 2, /* foo@bar.service */
    UNIT_NAME_TEMPLATE = 1 << 3, /* foo@.service */
    UNIT_NAME_ANY = UNIT_NAME_PLAIN | UNIT_NAME_INSTANCE | UNIT_NAME_TEMPLATE,
} UnitNameKind;

gboolean unit_name_is_valid(const char *name, UnitNameKind kinds);

/* Any bytes as a part of a name: "/" becomes "-"; what is not a letter, digit, ":", "_" or ".", and a dot at the
 * beginning, becomes \xNN. The caller frees. */
char *unit_name_escape(const char *text);
/* The reverse. INPUT: a broken escape. */
char *unit_name_unescape(const char *text, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* An absolute path without "..": slashes at the ends and double ones dropped, "/" itself is "-". */
char *unit_name_escape_path(const char *path, GError **error) G_GNUC_WARN_UNUSED_RESULT;
char *unit_name_unescape_path(const char *text, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* The name of the unit that systemd wants for a path: ".mount" must be called by its Where=, ".swap" by its What=. */
char *unit_name_for_path(const char *path, const char *suffix, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* foo@.service and "a b" give foo@a\x20b.service. INPUT: no template, or the result is no name. */
char *unit_name_with_instance(const char *template_name, const char *instance, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;
/* foo@bar.service gives foo@.service and bar (still escaped); of another name, NULL. The caller frees. */
char *unit_name_template(const char *name);
char *unit_name_instance(const char *name);

/* The unit of a service: STACK-SERVICE.service, or SERVICE.service without a stack (NULL). Letters, digits and "_.:-" stay,
 * other bytes are escaped. Two pairs can have one name (a-b, c and a, b-c): whoever writes units looks who wrote the
 * file that is there. suffix is ".service", ".socket", ".timer", …; INPUT: the name is too long. */
char *unit_name_for_service(const char *stack, const char *service, const char *suffix, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;
/* The unit of a whole stack, ".target" or ".slice". In slices "-" means "inside of", so there it is escaped. */
char *unit_name_for_stack(const char *stack, const char *suffix, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* FOLDER/NAME.d/DROPIN.conf. The caller frees. */
char *unit_dropin_path(const char *folder, const char *name, const char *dropin);
/* The names whose drop-in folders systemd reads for a unit, the weakest first: service, a-.service, a-b-.service, the
 * template's, the unit's own. The caller frees the vector. */
char **unit_dropin_names(const char *name);
