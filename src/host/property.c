// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-private.h"

#include <string.h>

/* Where a property may be. */
static const char *const interfaces[] = {MANAGER_NAME ".Unit", MANAGER_NAME ".Service"};

/* What a variant holds, behind what is in text already, one value to a line. */
static int append_value(sd_bus_message *message, GString *text)
{
    char type;
    const char *contents;
    int r = sd_bus_message_peek_type(message, &type, &contents);
    union {
        const char *s;
        guint32 u;
        gint32 i;
        guint64 t;
        int b;
        guint8 y;
    } value;

    if (r <= 0)
        return r;
    if (type == SD_BUS_TYPE_VARIANT || type == SD_BUS_TYPE_ARRAY || type == SD_BUS_TYPE_STRUCT) {
        r = sd_bus_message_enter_container(message, type, contents);
        while (r >= 0 && (r = append_value(message, text)) > 0)
            ;
        return r < 0 ? r : (r = sd_bus_message_exit_container(message)) < 0 ? r : 1;
    }
    if (!strchr("sotuiby", type))
        return (r = sd_bus_message_skip(message, NULL)) < 0 ? r : 1;
    r = sd_bus_message_read_basic(message, type, &value);
    if (r < 0)
        return r;
    if (text->len > 0 && type != 'y')
        g_string_append_c(text, '\n');
    if (type == 's' || type == 'o')
        g_string_append(text, value.s);
    else if (type == 't')
        g_string_append_printf(text, "%" G_GUINT64_FORMAT, value.t);
    else if (type == 'i')
        g_string_append_printf(text, "%d", value.i);
    else if (type == 'u')
        g_string_append_printf(text, "%u", value.u);
    else if (type == 'y')
        g_string_append_printf(text, "%02x", value.y);
    else
        g_string_append(text, value.b ? "yes" : "no");
    return 1;
}

char *host_get_property(Host *host, const char *unit, const char *property)
{
    g_autofree char *path = bus_find_unit(host, unit, NULL);
    char *found = NULL;

    for (guint i = 0; path && i < G_N_ELEMENTS(interfaces) && !found; i++) {
        g_autoptr(GString) text = g_string_new(NULL);
        sd_bus_error failure = SD_BUS_ERROR_NULL;
        sd_bus_message *reply = NULL;
        int r = sd_bus_call_method(host->bus, MANAGER_NAME, path, "org.freedesktop.DBus.Properties", "Get", &failure,
                                   &reply, "ss", interfaces[i], property);

        if (r >= 0 && append_value(reply, text) > 0)
            found = g_string_free(g_steal_pointer(&text), FALSE);
        sd_bus_message_unref(reply);
        sd_bus_error_free(&failure);
    }
    return found;
}
