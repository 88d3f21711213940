// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-private.h"

#include "unit/unit.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#define ANALYZE_TIMEOUT_USEC (60 * G_USEC_PER_SEC)
#define EXPOSURE_PHRASE "Overall exposure level for " /* in the table; no version says it in JSON */
#define EXPOSURE_MAX 100                              /* tenths */

/* "→ Overall exposure level for NAME: 9.4 UNSAFE :-{" */
static gboolean parse_exposure(const char *table, const char *unit_name, guint *ret_exposure, GError **error)
{
    g_autofree char *phrase = g_strconcat(EXPOSURE_PHRASE, unit_name, ": ", NULL);
    const char *at = strstr(table, phrase);
    char *end = NULL;

    if (at) {
        const char *number = at + strlen(phrase);
        double value = g_ascii_strtod(number, &end);

        if (end > number && value >= 0 && value <= EXPOSURE_MAX / 10.0) {
            *ret_exposure = (guint)(value * 10 + 0.5);
            return TRUE;
        }
    }
    return gourd_error_set(error, GOURD_ERROR_UNSUPPORTED, "systemd-analyze does not say the overall exposure");
}

static gboolean analyze(const char *path, gboolean as_json, char **ret_output, GError **error)
{
    const char *const argv[] = {
        "systemd-analyze", "security", "--no-pager", "--offline=true", path, as_json ? "--json=short" : NULL, NULL};

    return tool_run(argv, ANALYZE_TIMEOUT_USEC, ret_output, error);
}

static gboolean analyze_file(const char *path, const char *unit_name, guint *ret_exposure, Json **ret_rows,
                             GError **error)
{
    g_autofree char *table = NULL, *text = NULL;
    guint exposure;

    if (!analyze(path, FALSE, &table, error) || !parse_exposure(table, unit_name, &exposure, error))
        return FALSE;
    if (ret_rows) {
        if (!analyze(path, TRUE, &text, error))
            return FALSE;
        Json *rows = json_parse(text, strlen(text), error);
        if (!rows)
            return gourd_error_prefix(error, "cannot read what systemd-analyze says");
        *ret_rows = rows;
    }
    *ret_exposure = exposure;
    return TRUE;
}

gboolean host_analyze_security(const char *unit_name, const char *unit_text, guint *ret_exposure, Json **ret_rows,
                               GError **error)
{
    g_autofree char *folder = g_build_filename(g_get_tmp_dir(), "gourd-XXXXXX", NULL);

    if (!unit_name_is_valid(unit_name, UNIT_NAME_ANY)) {
        g_autofree char *shown = text_escape(unit_name);

        return gourd_error_set(error, GOURD_ERROR_USAGE, "'%s' is not the name of a unit", shown);
    }
    if (!g_mkdtemp(folder))
        return gourd_error_set_errno(error, errno, "cannot make a folder in '%s'", g_get_tmp_dir());
    g_autofree char *path = g_build_filename(folder, unit_name, NULL);
    g_autoptr(GError) failure = NULL;
    gboolean ok = g_file_set_contents(path, unit_text, -1, &failure)
                      ? analyze_file(path, unit_name, ret_exposure, ret_rows, error)
                      : gourd_error_set(error, GOURD_ERROR_FAILED, "%s", failure->message);
    unlink(path);
    rmdir(folder);
    return ok;
}
