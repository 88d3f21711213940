// SPDX-License-Identifier: LGPL-2.1-or-later
/* The passwd and group files that services see. */
#include "service/render.h"
#include "service/spec.h"

#include <string.h>

#define PASSWD                                     \
    "root:x:0:0:root:/root:/bin/sh\n"              \
    "app:x:1000:1000:An app:/home/app:/bin/bash\n" \
    "other:x:900:900::/:/bin/false\n"
#define GROUP "root:x:0:\napp:x:1000:\nother:x:900:app\n"

typedef struct {
    const char *passwd, *group; /* of the image */
    const char *name, *group_name, *home;
    gboolean in_image;
    guint32 image_gid;
    guint32 uid, gid; /* of the host */
    const char *want_passwd, *want_group;
} Case;

static const char *content(const GPtrArray *files, const char *name)
{
    for (guint i = 0; i < files->len; i++) {
        const ServiceFile *file = g_ptr_array_index(files, i);

        if (g_str_has_suffix(file->path, name))
            return g_bytes_get_data(file->content, NULL);
    }
    return NULL;
}

/* As sed does it in the unit (render-identity.c): in the first line, the first of each. */
static char *fill(const char *template, guint32 uid, guint32 gid)
{
    const struct {
        const char *mark;
        guint32 number;
    } marks[] = {{IDENTITY_UID, uid}, {IDENTITY_GID, gid}};
    g_autofree char *first = g_strndup(template, strcspn(template, "\n"));

    for (guint i = 0; i < G_N_ELEMENTS(marks); i++) {
        g_auto(GStrv) parts = g_strsplit(first, marks[i].mark, 2);
        g_autofree char *number = g_strdup_printf("%u", marks[i].number);

        g_free(first);
        first = g_strjoinv(number, parts);
    }
    return g_strconcat(first, strchr(template, '\n'), NULL);
}

/* What getpwuid(3) and getgrgid(3) find: the first line with the number that is none of another form. */
static char *find_number(const char *text, guint32 number, guint least_fields)
{
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    g_autofree char *wanted = g_strdup_printf("%u", number);

    for (char **line = lines; *line; line++) {
        g_auto(GStrv) fields = g_strsplit(*line, ":", 5);

        if (g_strv_length(fields) >= least_fields && strcmp(fields[2], wanted) == 0)
            return g_strdup(*line);
    }
    return NULL;
}

/* With a file that the unit makes, programs find the same behind the user's number, and all others as the image has them. */
static void check_template(char *template, const char *image, const char *written, guint32 uid, guint32 gid,
                           guint32 number, guint least_fields)
{
    g_autofree char *filled = fill(template, uid, gid), *found = find_number(filled, number, least_fields),
                    *wanted = find_number(written, number, least_fields);
    g_auto(GStrv) lines = g_strsplit(filled, "\n", -1), others = g_strsplit(image, "\n", -1);
    g_auto(GStrv) own = g_strsplit(lines[0], ":", 2);
    g_autofree char *name = g_strconcat(own[0], ":", NULL);

    g_assert_cmpstr(found, ==, wanted);
    g_assert_cmpstr(found, ==, lines[0]);
    for (char **line = others; *line; line++)
        g_assert_true(g_str_has_prefix(*line, name) || g_strv_contains((const char *const *)lines + 1, *line));
    g_free(template);
}

static void check(const Case *data)
{
    ServiceSpec spec = {0};
    ServiceContext context = {.name = "web", .revision = 7};

    spec.user.kind = SERVICE_USER_OWN;
    spec.user.host_name = (char *)"gourd-web";
    spec.user.name = (char *)data->name;
    spec.user.group = (char *)data->group_name;
    spec.user.home = (char *)data->home;
    spec.user.in_image = data->in_image;
    spec.user.gid = data->image_gid;
    spec.user.passwd = data->passwd ? g_bytes_new_static(data->passwd, strlen(data->passwd)) : NULL;
    spec.user.groups = data->group ? g_bytes_new_static(data->group, strlen(data->group)) : NULL;

    g_autoptr(GPtrArray) files = service_identity(&spec, &context, data->uid, data->gid);

    g_assert_cmpuint(files->len, ==, (data->passwd ? 1u : 0u) + (data->group ? 1u : 0u));
    for (guint i = 0; i < files->len; i++) {
        const ServiceFile *file = g_ptr_array_index(files, i);

        g_assert_true(g_str_has_prefix(file->path, "/var/lib/gourd/services/web/7/"));
        g_assert_cmpuint(file->mode, ==, 0644);
    }
    g_autofree char *passwd = data->passwd ? g_strndup(content(files, "/passwd"), 4096) : NULL;
    g_assert_cmpstr(passwd, ==, data->want_passwd);
    g_autofree char *group = data->group ? g_strndup(content(files, "/group"), 4096) : NULL;
    g_assert_cmpstr(group, ==, data->want_group);
    if (data->passwd)
        check_template(identity_passwd_template(&spec.user), data->passwd, passwd, data->uid, data->gid, data->uid, 4);
    if (data->group)
        check_template(identity_group_template(&spec.user), data->group, group, data->uid, data->gid, data->gid, 3);
    g_clear_pointer(&spec.user.passwd, g_bytes_unref);
    g_clear_pointer(&spec.user.groups, g_bytes_unref);
}

static void the_user_of_the_image_gets_the_numbers_of_the_host(void)
{
    check(&(Case){
        .passwd = PASSWD,
        .group = GROUP,
        .name = "app",
        .group_name = "app",
        .home = "/home/app",
        .in_image = TRUE,
        .image_gid = 1000,
        .uid = 998,
        .gid = 997,
        .want_passwd = "root:x:0:0:root:/root:/bin/sh\napp:x:998:997:An app:/home/app:/bin/bash\n"
                       "other:x:900:900::/:/bin/false\n",
        .want_group = "root:x:0:\napp:x:997:\nother:x:900:app\n",
    });
}

static void others_make_room(void)
{
    check(&(Case){
        .passwd = PASSWD "free:x:65533:1::/:\n",
        .group = GROUP,
        .name = "app",
        .group_name = "app",
        .in_image = TRUE,
        .image_gid = 1000,
        .uid = 900,
        .gid = 900,
        .want_passwd = "root:x:0:0:root:/root:/bin/sh\napp:x:900:900:An app:/home/app:/bin/bash\n"
                       "other:x:65532:900::/:/bin/false\nfree:x:65533:1::/:\n",
        .want_group = "root:x:0:\napp:x:900:\nother:x:65533:app\n",
    });
}

static void a_user_that_the_image_does_not_have_is_added(void)
{
    check(&(Case){
        .passwd = PASSWD,
        .group = GROUP,
        .uid = 998,
        .gid = 998,
        .want_passwd = PASSWD "gourd-web:x:998:998:gourd service:/tmp:/bin/sh\n",
        .want_group = GROUP "gourd-web:x:998:\n",
    });
}

static void roots_group_stays_roots(void)
{
    check(&(Case){
        .passwd = "root:x:0:0::/root:/bin/sh\napp:x:1000:0::/:/bin/sh\n",
        .group = "root:x:0:\n",
        .name = "app",
        .group_name = "root",
        .in_image = TRUE,
        .uid = 998,
        .gid = 998,
        .want_passwd = "root:x:0:0::/root:/bin/sh\napp:x:998:998::/:/bin/sh\n",
        .want_group = "root:x:0:\napp:x:998:\n",
    });
}

static void odd_lines_stay_as_they_are(void)
{
    check(&(Case){
        .passwd = "# comment\n\n+nis\nroot:x:0:0:\xff:/root:/bin/sh\nshort:x:998\nno:x:number:0::/:",
        .group = "x\n:::\n",
        .uid = 998,
        .gid = 998,
        .want_passwd = "# comment\n\n+nis\nroot:x:0:0:\xff:/root:/bin/sh\nshort:x:998\nno:x:number:0::/:\n"
                       "gourd-web:x:998:998:gourd service:/tmp:/bin/sh\n",
        .want_group = "x\n:::\ngourd-web:x:998:\n",
    });
}

static void files_that_the_image_lacks_are_not_made(void)
{
    check(&(Case){.group = "", .uid = 1, .gid = 2, .want_group = "gourd-web:x:2:\n"});
    check(&(Case){.uid = 1, .gid = 2});
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/service-identity/the_user_of_the_image_gets_the_numbers_of_the_host",
                    the_user_of_the_image_gets_the_numbers_of_the_host);
    g_test_add_func("/service-identity/others_make_room", others_make_room);
    g_test_add_func("/service-identity/a_user_that_the_image_does_not_have_is_added",
                    a_user_that_the_image_does_not_have_is_added);
    g_test_add_func("/service-identity/roots_group_stays_roots", roots_group_stays_roots);
    g_test_add_func("/service-identity/odd_lines_stay_as_they_are", odd_lines_stay_as_they_are);
    g_test_add_func("/service-identity/files_that_the_image_lacks_are_not_made",
                    files_that_the_image_lacks_are_not_made);
    return g_test_run();
}
