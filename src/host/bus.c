// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-private.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

/* systemd listens here itself, so that root needs no D-Bus daemon: systemctl does the same. */
#define PRIVATE_ADDRESS "unix:path=/run/systemd/private"

static int open_private(sd_bus **ret_bus)
{
    sd_bus *bus = NULL;
    int r = sd_bus_new(&bus);

    if (r >= 0)
        r = sd_bus_set_address(bus, PRIVATE_ADDRESS);
    if (r >= 0)
        r = sd_bus_start(bus);
    if (r < 0) {
        sd_bus_unref(bus);
        return r;
    }
    *ret_bus = bus;
    return 0;
}

static int on_job_removed(sd_bus_message *message, void *userdata, sd_bus_error *failure)
{
    Host *host = userdata;
    guint32 id;
    const char *job, *unit, *result;

    if (sd_bus_message_read(message, "uoss", &id, &job, &unit, &result) >= 0)
        g_hash_table_replace(host->jobs, g_strdup(job), g_strdup(result));
    return 0;
}

/* Signals of jobs come from now on, also of those that end before their answer is read. */
static int subscribe(Host *host, gboolean is_private)
{
    sd_bus_error failure = SD_BUS_ERROR_NULL;
    int r = sd_bus_match_signal(host->bus, NULL, is_private ? NULL : MANAGER_NAME, MANAGER_PATH, MANAGER_INTERFACE,
                                "JobRemoved", on_job_removed, host);

    if (r >= 0)
        r = sd_bus_call_method(host->bus, MANAGER_NAME, MANAGER_PATH, MANAGER_INTERFACE, "Subscribe", &failure, NULL,
                               NULL);
    if (r < 0 && sd_bus_error_has_name(&failure, MANAGER_NAME ".AlreadySubscribed"))
        r = 0;
    sd_bus_error_free(&failure);
    return r;
}

gboolean bus_open(Host *host, GError **error)
{
    gboolean is_private = TRUE;

    if (host->bus && sd_bus_is_open(host->bus) > 0)
        return TRUE;
    if (!host->is_live)
        return gourd_error_set(error, GOURD_ERROR_UNSUPPORTED, "systemd does not run '%s'", host->root);
    if (!libsystemd_load(error))
        return FALSE;
    bus_close(host);
    int r = geteuid() == 0 ? open_private(&host->bus) : -EPERM;
    if (r < 0) {
        is_private = FALSE;
        r = sd_bus_open_system(&host->bus);
    }
    if (r >= 0)
        r = sd_bus_set_method_call_timeout(host->bus, BUS_TIMEOUT_USEC);
    if (r >= 0)
        r = subscribe(host, is_private);
    if (r >= 0)
        return TRUE;
    bus_close(host);
    return gourd_error_set_errno(error, -r, "cannot reach systemd");
}

void bus_close(Host *host)
{
    if (host->bus)
        host->bus = sd_bus_close_unref(host->bus);
}

gboolean bus_fail(GError **error, const sd_bus_error *failure, int errno_value, const char *what)
{
    const char *name = failure->name ? failure->name : "";
    g_autofree char *text = line_escape(failure->message ? failure->message : g_strerror(errno_value),
                                        strlen(failure->message ? failure->message : g_strerror(errno_value)));
    gboolean is_missing = g_str_equal(name, MANAGER_NAME ".NoSuchUnit");

    /* Phrases of systemd's end with a full stop, gourd's do not. */
    if (g_str_has_suffix(text, "."))
        text[strlen(text) - 1] = '\0';
    gourd_error_set(error, is_missing ? GOURD_ERROR_NOT_FOUND : GOURD_ERROR_FAILED, "%s: %s", what, text);
    if (g_str_equal(name, "org.freedesktop.DBus.Error.InteractiveAuthorizationRequired") ||
        g_str_equal(name, "org.freedesktop.DBus.Error.AccessDenied"))
        gourd_error_hint(error, "this takes root");
    if (g_str_equal(name, MANAGER_NAME ".BadUnitSetting"))
        gourd_error_hint(error, "`systemd-analyze verify` says what is wrong with the unit");
    return FALSE;
}

gboolean bus_call(Host *host, const char *method, guint64 timeout_usec, sd_bus_message **ret_reply, GError **error,
                  const char *types, ...)
{
    sd_bus_error failure = SD_BUS_ERROR_NULL;
    sd_bus_message *message = NULL;
    va_list args;

    if (!bus_open(host, error))
        return FALSE;
    int r = sd_bus_message_new_method_call(host->bus, &message, MANAGER_NAME, MANAGER_PATH, MANAGER_INTERFACE, method);
    va_start(args, types);
    if (r >= 0 && *types)
        r = sd_bus_message_appendv(message, types, args);
    va_end(args);
    if (r >= 0)
        r = sd_bus_call(host->bus, message, timeout_usec, &failure, ret_reply);
    sd_bus_message_unref(message);
    if (r < 0) {
        g_autofree char *what = g_strdup_printf("systemd refused %s", method);

        bus_fail(error, &failure, -r, what);
    }
    sd_bus_error_free(&failure);
    return r >= 0;
}

char *bus_find_unit(Host *host, const char *unit, GError **error)
{
    sd_bus_message *reply = NULL;
    const char *path;
    char *found = NULL;

    if (!bus_call(host, "LoadUnit", BUS_TIMEOUT_USEC, &reply, error, "s", unit))
        return NULL;
    int r = sd_bus_message_read(reply, "o", &path);
    if (r < 0)
        gourd_error_set_errno(error, -r, "cannot read what systemd says of '%s'", unit);
    else
        found = g_strdup(path);
    sd_bus_message_unref(reply);
    return found;
}
