// SPDX-License-Identifier: LGPL-2.1-or-later
#include "service/spec.h"

#include <stdint.h>
#include <string.h>

#define UID 990
#define GID 991

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* How many lines have a number in a field, of those that have as many fields as it takes. */
static guint count_number(const char *text, gsize size, guint field, guint least, guint number)
{
    g_autofree char *copy = g_strndup(text, size);
    g_auto(GStrv) lines = g_strsplit(copy, "\n", -1);
    g_autofree char *wanted = g_strdup_printf("%u", number);
    guint count = 0;

    for (char **line = lines; *line; line++) {
        g_auto(GStrv) fields = g_strsplit(*line, ":", -1);

        count += g_strv_length(fields) >= least && strcmp(fields[field], wanted) == 0;
    }
    return count;
}

/* The first line is whom the image runs as, the rest its passwd and its group file, with an empty line between. Whatever they
 * say, exactly one user has the service's number and exactly one group. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autofree char *text = g_strndup((const char *)data, size);
    char *passwd = strchr(text, '\n'), *group;
    ServiceSpec spec = {0};
    ServiceContext context = {.name = "web", .revision = 1};
    ImageUser user;

    if (!passwd)
        return 0;
    *passwd++ = '\0';
    group = strstr(passwd, "\n\n");
    if (group) {
        *group = '\0';
        group += 2;
    } else
        group = passwd + strlen(passwd);
    spec.user.passwd = g_bytes_new(passwd, strlen(passwd));
    spec.user.groups = g_bytes_new(group, strlen(group));
    image_user_resolve(text, spec.user.passwd, spec.user.groups, &user);
    spec.user.in_image = user.known && user.uid != 0;
    spec.user.name = user.name;
    spec.user.group = user.group;
    spec.user.home = user.home;
    spec.user.gid = user.gid;
    spec.user.host_name = (char *)"gourd-web";

    g_autoptr(GPtrArray) files = service_identity(&spec, &context, UID, GID);

    g_assert_cmpuint(files->len, ==, 2);
    for (guint i = 0; i < files->len; i++) {
        const ServiceFile *file = g_ptr_array_index(files, i);
        gboolean is_passwd = g_str_has_suffix(file->path, "/passwd");
        gsize length;
        const char *content = g_bytes_get_data(file->content, &length);

        g_assert_cmpuint(count_number(content, length, 2, is_passwd ? 4 : 3, is_passwd ? UID : GID), ==, 1);
    }
    g_bytes_unref(spec.user.passwd);
    g_bytes_unref(spec.user.groups);
    image_user_clear(&user);
    return 0;
}
