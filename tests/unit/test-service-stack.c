// SPDX-License-Identifier: LGPL-2.1-or-later
/* What services of a stack are to each other, and the stack's own units. */
#include "service/service.h"

#include <string.h>

static void add_volumes(Stack *stack, const char *name, const char *volumes)
{
    g_autoptr(GError) error = NULL;
    StackService *service = stack_add_service(stack, name, &error);

    g_assert_no_error(error);
    service->options.volumes = g_strsplit(volumes, " ", -1);
}

static gboolean shares_user(const Stack *stack, const char *name)
{
    return stack_find_service(stack, name)->options.share_user;
}

static void who_has_a_volume_in_common_shares_a_user(void)
{
    g_autoptr(Stack) stack = stack_new("shop");
    g_autoptr(GError) error = NULL;

    add_volumes(stack, "app", "media:/media own:/own");
    add_volumes(stack, "web", "/anonymous media:/srv:ro");
    add_volumes(stack, "db", "data:/data data:/data2");
    add_volumes(stack, "cache", "/media");
    g_assert_true(stack_finish(stack, &error));
    g_assert_true(shares_user(stack, "app"));
    g_assert_true(shares_user(stack, "web"));
    g_assert_false(shares_user(stack, "db"));
    g_assert_false(shares_user(stack, "cache"));
}

static void add_binds(Stack *stack, const char *name, const char *binds)
{
    GError *error = NULL;
    StackService *service = stack_add_service(stack, name, &error);

    g_assert_no_error(error);
    service->options.binds = g_strsplit(binds, " ", -1);
}

static void who_has_a_folder_of_the_host_in_common_shares_a_user(void)
{
    g_autoptr(Stack) stack = stack_new("shop");
    g_autoptr(GError) error = NULL;

    add_binds(stack, "web", "/srv/shop/uploads:/uploads:create /srv/conf:/conf:ro,create");
    add_binds(stack, "worker", "/srv/shop/uploads/:/data /etc/localtime:/etc/localtime");
    add_binds(stack, "reader", "/srv/logs:/logs:ro /srv/conf:/conf:ro");
    add_binds(stack, "writer", "/srv/logs:/logs");
    add_binds(stack, "part", "/srv/media/tv:/tv");
    add_binds(stack, "whole", "/srv/media:/media");
    add_binds(stack, "beside", "/srv/media-old:/old");
    add_binds(stack, "looks", "/:/rootfs:ro /srv:/srv:ro /etc/localtime:/etc/localtime /srv/key:/key:file");
    add_binds(stack, "asks",
              "/var/run/docker.sock:/var/run/docker.sock /etc/localtime:/etc/localtime /run/dbus:/run/dbus");
    add_binds(stack, "bus", "/run/dbus:/run/dbus /srv/key:/key:file /dev/snd:/dev/snd /srv/conf:/conf:ro");
    g_assert_true(stack_finish(stack, &error));
    for (guint i = 0; i < stack->services->len; i++) {
        static const char *const sharing[] = {"web", "worker", "reader", "writer", "part", "whole", NULL};
        const StackService *service = g_ptr_array_index(stack->services, i);

        g_assert_cmpint(service->options.share_user, ==, g_strv_contains(sharing, service->name));
    }
}

static void replicas_share_a_user_of_their_own(void)
{
    g_autoptr(Stack) stack = stack_new("shop");
    g_autoptr(GError) error = NULL;

    add_volumes(stack, "web-1", "data:/data");
    add_volumes(stack, "web-2", "data:/data");
    for (guint i = 0; i < 2; i++)
        ((StackService *)g_ptr_array_index(stack->services, i))->replica_of = g_strdup("web");
    stack_share_users(stack);
    g_assert_false(shares_user(stack, "web-1"));
    add_volumes(stack, "backup", "data:/data");
    stack_share_users(stack);
    g_assert_true(shares_user(stack, "web-2"));
}

static const char *text_of(const GPtrArray *files, const char *path)
{
    for (guint i = 0; i < files->len; i++) {
        const ServiceFile *file = g_ptr_array_index(files, i);

        if (strcmp(file->path, path) == 0)
            return g_bytes_get_data(file->content, NULL);
    }
    g_error("no file %s", path);
}

static void another_file_system_is_a_mount_unit(void)
{
    g_autoptr(Stack) stack = stack_new("my-shop");
    g_autoptr(GPtrArray) files = NULL;
    g_autoptr(GError) error = NULL;

    g_assert_true(stack_add_mount(stack, "media", "nfs4", ":/srv/media 100%", "addr=10.0.0.1,rw,nfsvers=4", &error));
    g_assert_true(stack_add_mount(stack, "media", "nfs4", ":/other", NULL, &error));
    g_assert_true(stack_add_mount(stack, "six", "nfs", ":/", "addr=fe80::1", &error));
    g_assert_true(stack_add_mount(stack, "disk", "ext4", "/dev/sdb1", "", &error));
    g_assert_cmpuint(stack->mounts->len, ==, 3);
    g_assert_true(stack_render(stack, UNIT_TARGET_MIN, NULL, &files, &error));
    g_assert_no_error(error);
    const char *media = text_of(files, "/etc/systemd/system/var-lib-gourd-volumes-my\\x2dshop-media.mount");
    g_assert_nonnull(strstr(media, "\nStopWhenUnneeded=yes\n"));
    g_assert_nonnull(strstr(media, "\n[Mount]\nWhat=10.0.0.1:/srv/media 100%%\n"
                                   "Where=/var/lib/gourd/volumes/my-shop/media\nType=nfs4\nOptions=rw,nfsvers=4\n"));
    g_assert_nonnull(strstr(text_of(files, "/etc/systemd/system/var-lib-gourd-volumes-my\\x2dshop-six.mount"),
                            "\nWhat=[fe80::1]:/\n"));
    g_assert_null(
        strstr(text_of(files, "/etc/systemd/system/var-lib-gourd-volumes-my\\x2dshop-disk.mount"), "Options="));
}

static void passwords_are_not_for_units(void)
{
    g_autoptr(Stack) stack = stack_new("shop");
    g_autoptr(GError) error = NULL;

    g_assert_false(stack_add_mount(stack, "a", "cifs", "//host/share", "username=u,password=p", &error));
    g_assert_error(error, GOURD_ERROR, GOURD_ERROR_USAGE);
    g_assert_null(strstr(error->message, "=p"));
    g_clear_error(&error);
    g_assert_false(stack_add_mount(stack, "a", NULL, "//host/share", NULL, &error));
    g_assert_error(error, GOURD_ERROR, GOURD_ERROR_USAGE);
}

static void what_to_do_is_said_with_the_keys_of_the_file(void)
{
    g_autofree char *own = stack_remedy("raise it: gourd upgrade \342\200\246 --memory, --memory-low, --user root");
    g_autofree char *other = stack_remedy("systemctl start shop-web.service");

    g_assert_cmpstr(own, ==, "raise it: mem_limit, mem_reservation, user: root (in the Compose file, then 'gourd up')");
    g_assert_cmpstr(other, ==, "systemctl start shop-web.service");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/stack/who_has_a_volume_in_common_shares_a_user", who_has_a_volume_in_common_shares_a_user);
    g_test_add_func("/stack/who_has_a_folder_of_the_host_in_common_shares_a_user",
                    who_has_a_folder_of_the_host_in_common_shares_a_user);
    g_test_add_func("/stack/replicas_share_a_user_of_their_own", replicas_share_a_user_of_their_own);
    g_test_add_func("/stack/another_file_system_is_a_mount_unit", another_file_system_is_a_mount_unit);
    g_test_add_func("/stack/passwords_are_not_for_units", passwords_are_not_for_units);
    g_test_add_func("/stack/what_to_do_is_said_with_the_keys_of_the_file",
                    what_to_do_is_said_with_the_keys_of_the_file);
    return g_test_run();
}
