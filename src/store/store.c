// SPDX-License-Identifier: LGPL-2.1-or-later
#include "store-private.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#define FOLDER_MODE 0755 /* everybody may list what is installed; what is secret has a mode of its own */
#define LOCK_MODE 0600   /* who could open it could keep it locked */

Store *store_new(Host *host, GError **error)
{
    g_autoptr(Store) store = g_new0(Store, 1);

    store->host = host;
    store->lock = -1;
    store->not_revived = g_ptr_array_new_with_free_func(g_free);
    store->root = open(host_root(host), O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (store->root < 0) {
        g_autofree char *shown = text_escape(host_root(host));

        gourd_error_set_errno(error, errno, "cannot open the root '%s'", shown);
        return NULL;
    }
    return g_steal_pointer(&store);
}

void store_free(Store *store)
{
    if (!store)
        return;
    fd_close(&store->lock);
    fd_close(&store->root);
    g_clear_pointer(&store->failure_lines, g_ptr_array_unref);
    why_free(store->failure_why);
    g_ptr_array_unref(store->not_revived);
    g_free(store->failed_unit);
    g_free(store);
}

void store_set_hook_run(Store *store, StoreHookRun run)
{
    store->hook_run = run;
}

void store_set_other_act(Store *store, StoreOtherAct act)
{
    store->other_act = act;
}

/* --- the lock ----------------------------------------------------------------------------------------------------- */

static gboolean fail_root(GError **error, const char *what, const char *path)
{
    int saved = errno;

    gourd_error_set_errno(error, saved, "cannot %s '%s'", what, path);
    if (saved == EACCES || saved == EPERM)
        gourd_error_hint(error, "this needs root: run it with sudo");
    return FALSE;
}

/* PATH_STATE and what is above it. */
static gboolean make_folders(Store *store, GError **error)
{
    g_auto(GStrv) parts = g_strsplit(PATH_STATE + 1, "/", -1);
    g_autoptr(GString) path = g_string_new(NULL);

    for (guint i = 0; parts[i]; i++) {
        autofd parent = root_open(store->root, path->len ? path->str : "/", O_PATH | O_DIRECTORY, 0);

        if (parent < 0)
            return fail_root(error, "open", path->len ? path->str : "/");
        g_string_append_printf(path, "/%s", parts[i]);
        if (mkdirat(parent, parts[i], FOLDER_MODE) < 0 && errno != EEXIST)
            return fail_root(error, "make the folder", path->str);
    }
    return TRUE;
}

static gboolean open_lock(Store *store, int *ret_lock, GError **error)
{
    *ret_lock = root_open(store->root, LOCK_PATH, O_RDWR | O_CREAT | O_NOFOLLOW | O_NOCTTY, LOCK_MODE);
    return *ret_lock >= 0 || fail_root(error, "open", LOCK_PATH);
}

/* Who holds the lock has written its number there. What an earlier one wrote may still be there for a moment. */
static pid_t read_holder(int lock)
{
    char text[32] = {0};
    guint64 pid;

    if (pread(lock, text, sizeof text - 1, 0) <= 0 || !g_ascii_string_to_unsigned(text, 10, 1, G_MAXINT32, &pid, NULL))
        return 0;
    return (pid_t)pid;
}

/* Only for those who wait: nothing depends on it. */
static void write_holder(int lock)
{
    g_autofree char *text = g_strdup_printf("%d", (int)getpid());

    if (ftruncate(lock, 0) == 0)
        (void)!pwrite(lock, text, strlen(text), 0);
}

gboolean store_check_lock(Store *store, GError **error)
{
    autofd lock = -1;

    return make_folders(store, error) && open_lock(store, &lock, error);
}

static gboolean take_lock(Store *store, StoreWait on_wait, gpointer data, GError **error)
{
    autofd lock = -1;

    if (!open_lock(store, &lock, error))
        return FALSE;
    if (flock(lock, LOCK_EX | LOCK_NB) < 0) {
        if (errno != EWOULDBLOCK)
            return fail_root(error, "lock", LOCK_PATH);
        if (on_wait)
            on_wait(read_holder(lock), data);
        while (flock(lock, LOCK_EX) < 0) {
            if (errno != EINTR)
                return fail_root(error, "lock", LOCK_PATH);
        }
    }
    write_holder(lock);
    store->lock = fd_steal(&lock);
    return TRUE;
}

static gboolean recover(Store *store, Notes *notes, GError **error)
{
    PlanActor actor = {.act = store_act, .data = store};
    PlanRecovery recovery;
    g_autofree char *title = NULL;

    if (!plan_recover(host_root(store->host), JOURNAL_PATH, &actor, &recovery, &title, error))
        return gourd_error_prefix(error, "cannot undo what a killed gourd left");
    if (recovery == PLAN_UNDONE)
        notes_add(notes, "recovered", "a gourd was killed before it was done; what it had changed has been undone",
                  title);
    else if (recovery == PLAN_FINISHED)
        notes_add(notes, "recovered", "a gourd was killed while it tidied up; that has been finished", title);
    for (guint i = 0; i < store->not_revived->len; i++)
        notes_add(notes, "not-revived", "a unit does not do again what it did before",
                  g_ptr_array_index(store->not_revived, i));
    return TRUE;
}

gboolean store_lock(Store *store, StoreWait on_wait, gpointer data, Notes *notes, GError **error)
{
    return digest_prepare(error) && make_folders(store, error) && take_lock(store, on_wait, data, error) &&
           recover(store, notes, error);
}

/* Held while it is looked for the journal: who changes something holds the lock until that is gone. */
gboolean store_is_unfinished(const Store *store)
{
    autofd lock = root_open(store->root, LOCK_PATH, O_RDONLY | O_NOFOLLOW | O_NOCTTY, 0);
    gboolean may_tell = lock >= 0 ? flock(lock, LOCK_SH | LOCK_NB) == 0 : errno == ENOENT;
    autofd journal = may_tell ? root_open(store->root, JOURNAL_PATH, O_PATH | O_NOFOLLOW, 0) : -1;

    return journal >= 0;
}

/* --- services ----------------------------------------------------------------------------------------------------- */

static gboolean is_service_name(const char *name)
{
    return service_name_check(name, NULL);
}

static gboolean list_names(Store *store, GPtrArray **ret_names, GError **error)
{
    return state_list_names(store, ".json", is_service_name, ret_names, error);
}

gboolean store_list(Store *store, GPtrArray **ret_services, GError **error)
{
    g_autoptr(GPtrArray) services = g_ptr_array_new_with_free_func((GDestroyNotify)store_service_free), names = NULL;

    if (!list_names(store, &names, error))
        return FALSE;
    for (guint i = 0; i < names->len; i++) {
        StoreService *service;

        if (!state_read(store, g_ptr_array_index(names, i), &service, error))
            return FALSE;
        if (service)
            g_ptr_array_add(services, service);
    }
    *ret_services = g_steal_pointer(&services);
    return TRUE;
}

/* In its own folder people call a service of the stack "shop" "web", as docker compose does; it is "shop-web" here. */
static const char *find_member(const GPtrArray *names, const char *name)
{
    g_autofree char *suffix = g_strconcat("-", name, NULL);

    for (guint i = 0; i < names->len; i++)
        if (g_str_has_suffix(g_ptr_array_index(names, i), suffix))
            return g_ptr_array_index(names, i);
    return NULL;
}

static void hint_at_others(Store *store, const char *name, const GPtrArray *names, GError **error)
{
    g_autoptr(StoreStack) stack = store_find_stack(store, name, NULL);
    const char *nearest = find_member(names, name), *member = NULL;

    if (!nearest)
        nearest = nearest_name(name, names);
    for (char **known = stack ? stack->full_names : NULL; known && *known && !member; known++)
        if (g_ptr_array_find_with_equal_func((GPtrArray *)names, *known, g_str_equal, NULL))
            member = *known;
    if (member)
        gourd_error_hint(error,
                         "it is a stack: name one of its services, such as '%s'; 'gourd up' changes all of it, 'gourd "
                         "down' removes it",
                         member);
    else if (nearest)
        gourd_error_hint(error, "did you mean '%s'? 'gourd list' shows all", nearest);
    else
        gourd_error_hint(error, names->len ? "'gourd list' shows those that are installed"
                                           : "none is installed: 'gourd install' does that");
}

StoreService *store_find(Store *store, const char *name, GError **error)
{
    g_autofree char *shown = text_escape(name);
    g_autoptr(GPtrArray) names = NULL;
    StoreService *service = NULL;

    if (service_name_check(name, NULL) && !state_read(store, name, &service, error))
        return NULL;
    if (service || !list_names(store, &names, error))
        return service;
    gourd_error_set(error, GOURD_ERROR_NOT_FOUND, "there is no service '%s'", shown);
    hint_at_others(store, name, names, error);
    return NULL;
}

gboolean store_read_options(Store *store, const StoreService *service, guint revision, ServiceOptions *ret_options,
                            GError **error)
{
    const StoreRelease *release = store_service_release(service, revision);
    g_autoptr(Record) record = record_read(store, service->name, revision, error);

    if (!record)
        return FALSE;
    g_autoptr(Json) json = service_options_to_json(&release->options);
    return service_options_from_json(json, record->secrets, ret_options, error);
}
