// SPDX-License-Identifier: LGPL-2.1-or-later
#include "stack.h"

#include <string.h>

void stack_mount_free(gpointer data)
{
    StackMount *mount = data;

    g_free(mount->volume);
    g_free(mount->what);
    g_free(mount->type);
    g_free(mount->options);
    g_free(mount);
}

static gboolean is_password(const char *option)
{
    static const char *const names[] = {"password", "pass", "password2"};

    for (gsize i = 0; i < G_N_ELEMENTS(names); i++) {
        gsize length = strlen(names[i]);

        if (g_ascii_strncasecmp(option, names[i], length) == 0 && option[length] == '=')
            return TRUE;
    }
    return FALSE;
}

/* The options without "addr=", which Docker takes out of them itself; *ret_address borrows from words. */
static char *take_address(char **words, const char **ret_address)
{
    g_autoptr(GString) text = g_string_new(NULL);

    for (; *words; words++) {
        if (g_str_has_prefix(*words, "addr="))
            *ret_address = *words + strlen("addr=");
        else if (**words)
            g_string_append_printf(text, "%s%s", text->len > 0 ? "," : "", *words);
    }
    return text->len > 0 ? g_strdup(text->str) : NULL;
}

gboolean stack_add_mount(Stack *stack, const char *volume, const char *type, const char *device, const char *options,
                         GError **error)
{
    g_auto(GStrv) words = g_strsplit(options ? options : "", ",", -1);
    const char *address = NULL;

    for (guint i = 0; i < stack->mounts->len; i++)
        if (strcmp(((const StackMount *)g_ptr_array_index(stack->mounts, i))->volume, volume) == 0)
            return TRUE;
    if (!type || !*type || !device || !*device)
        return gourd_error_set(error, GOURD_ERROR_USAGE, "a volume that is mounted has a type and a device");
    for (char **word = words; *word; word++)
        if (is_password(*word)) {
            gourd_error_set(error, GOURD_ERROR_USAGE, "everybody may read a password among the options of a mount");
            return gourd_error_hint(error, "credentials=FILE names a file that only root may read (mount.cifs(8))");
        }
    StackMount *mount = g_new0(StackMount, 1);

    mount->volume = g_strdup(volume);
    mount->type = g_strdup(type);
    mount->options = take_address(words, &address);
    if (g_str_has_prefix(type, "nfs") && address && *device == ':') {
        gboolean is_ipv6 = strchr(address, ':') != NULL;

        mount->what = g_strconcat(is_ipv6 ? "[" : "", address, is_ipv6 ? "]" : "", device, NULL);
    } else {
        mount->what = g_strdup(device);
    }
    g_ptr_array_add(stack->mounts, mount);
    return TRUE;
}
