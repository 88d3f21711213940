// SPDX-License-Identifier: LGPL-2.1-or-later
#include "plan-private.h"
#include "render.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define NSPAWN_TEMPLATE "systemd-nspawn@.service"
#define MACHINES_TARGET "machines.target"
#define TREES_MODE 0700 /* as systemd makes it: what is in machines is not for users of the host */
#define RECORD_MODE 0644
#define MACHINE_ID_MODE 0444
#define STEADY_SEC 2 /* a program that cannot be started, or dislikes its options, has ended by then */

static int open_root(Host *host, GError **error)
{
    int root = open(host_root(host), O_PATH | O_DIRECTORY | O_CLOEXEC);

    if (root < 0)
        gourd_error_set_errno(error, errno, "cannot open the root '%s'", host_root(host));
    return root;
}

/* --- what is there ------------------------------------------------------------------------------------------------ */

G_GNUC_PRINTF(4, 5)
static gboolean check_free(int root, const char *path, GError **error, const char *hint, ...)
{
    struct stat status;
    gboolean found;
    va_list list;

    if (!root_look(root, path, &status, &found, error))
        return FALSE;
    if (!found)
        return TRUE;
    va_start(list, hint);
    g_autofree char *text = g_strdup_vprintf(hint, list);
    va_end(list);
    gourd_error_set(error, GOURD_ERROR_EXISTS, "there is '%s' already", path);
    return gourd_error_hint(error, "choose another name, or %s", text);
}

static gboolean check_host(Host *host, GError **error)
{
    g_autofree char *template = host_find_unit(host, NSPAWN_TEMPLATE);

    if (template)
        return TRUE;
    gourd_error_set(error, GOURD_ERROR_UNSUPPORTED, "there is no systemd-nspawn on this host");
    return gourd_error_hint(error, "install the package systemd-container");
}

/* The program of a machine without systemd inside, if it is to be in the host's /usr: such a machine would end before anybody looked. */
static gboolean check_program(Host *host, const MachineSpec *spec, GError **error)
{
    static const char *const folders[] = {"/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin"};
    const char *name = spec->command ? spec->command[0] : "/";
    gboolean found = *name == '/' && !g_str_has_prefix(name, "/usr/");
    struct stat status;

    if (found)
        return TRUE;
    autofd root = open_root(host, error);
    if (root < 0)
        return FALSE;
    for (guint i = 0; i < G_N_ELEMENTS(folders) && !found; i++) {
        g_autofree char *path = *name == '/' ? g_strdup(name) : g_build_filename(folders[i], name, NULL);

        if (!root_look(root, path, &status, &found, error))
            return FALSE;
    }
    if (found)
        return TRUE;
    g_autofree char *shown = text_escape(name);
    gourd_error_set(error, GOURD_ERROR_NOT_FOUND, "there is no program '%s' on this host", shown);
    return gourd_error_hint(error, "install it first: a machine has the host's programs");
}

/* Without mapped owners a machine's root is the host's. */
static void choose_users(Host *host, const MachineSkeleton *skeleton, MachineSpec *spec, Notes *notes)
{
    const char *trees = g_file_test(MACHINE_PATH_TREES, G_FILE_TEST_IS_DIR) ? MACHINE_PATH_TREES : "/var/lib";

    if (spec->shares_users || !host_is_live(host) || geteuid() != 0)
        return;
    for (char **bind = skeleton->binds; *bind && !spec->shares_users; bind++)
        if (!mapping_is_possible(*bind)) {
            notes_add(
                notes, "users-shared",
                "owners of this folder cannot be mapped by this kernel or its file system: the machine has no users of its own, its root "
                "is that of the host",
                *bind);
            spec->shares_users = TRUE;
        }
    spec->owners_shifted = !spec->shares_users && !mapping_is_possible(trees);
}

/* The files of a container that ran with users of its own belong to these on disk: so they stay. */
static gboolean choose_trimmed_users(const MachineTrim *trim, const char *name, MachineSpec *spec, GError **error)
{
    if (trim->shift == 0)
        return TRUE;
    spec->owners_shifted = TRUE;
    if (!spec->shares_users)
        return TRUE;
    gourd_error_set(error, GOURD_ERROR_UNSUPPORTED,
                    "its files belong to users of its own (from %u on), which a machine cannot have here", trim->shift);
    return gourd_error_hint(error,
                            "make them the host's: systemd-nspawn --private-users=0 "
                            "--private-users-ownership=chown --directory=" MACHINE_PATH_TREES "/%s true",
                            name);
}

/* --- creating ----------------------------------------------------------------------------------------------------- */

static char *make_machine_id(void)
{
    g_autofree char *uuid = g_uuid_string_random();
    GString *id = g_string_new(NULL);

    for (const char *at = uuid; *at; at++)
        if (*at != '-')
            g_string_append_c(id, *at);
    g_string_append_c(id, '\n');
    return g_string_free(id, FALSE);
}

static gboolean add_inside(const MachineRequest *request, const MachineSpec *spec, MachineSkeleton *skeleton,
                           GError **error)
{
    g_autofree char *id = make_machine_id();
    g_autoptr(GPtrArray) files = NULL;

    if (!machine_render_inside(request->name, spec, &files, error))
        return FALSE;
    for (guint i = 0; i < files->len; i++) {
        const ServiceFile *file = g_ptr_array_index(files, i);
        g_autofree char *text = g_strndup(g_bytes_get_data(file->content, NULL), g_bytes_get_size(file->content));

        machine_skeleton_add_file(skeleton, file->path, file->mode, text);
    }
    machine_skeleton_add_file(skeleton, MACHINE_ID_PATH, MACHINE_ID_MODE, id);
    return TRUE;
}

static gboolean find_version(Host *host, guint target, guint *ret_version, GError **error)
{
    *ret_version = target;
    return target > 0 || host_systemd_version(host, ret_version, error);
}

static void plan_start(Host *host, const MachineRequest *request, const char *unit, Plan *plan)
{
    g_autofree char *template = host_find_unit(host, NSPAWN_TEMPLATE), *target = host_find_unit(host, MACHINES_TARGET);
    g_autofree char *link = machine_wants_path(request->name);

    if (!request->no_enable) {
        plan_link(plan, link, template);
        if (target)
            plan_link(plan, PATH_UNITS "/multi-user.target.wants/" MACHINES_TARGET, target);
    }
    plan_act(plan, "reload", NULL, "reload", NULL);
    plan_act(plan, "reset-failed", unit, NULL, NULL); /* of an earlier one of that name */
    if (request->no_start)
        return;
    plan_act(plan, "start", unit, "abandon", unit);
    if (request->spec->command) { /* it counts as started before its program runs */
        g_autofree char *steady = g_strdup_printf("%s %d", unit, STEADY_SEC);

        plan_act(plan, "steady", steady, NULL, NULL);
    }
}

static void plan_files(const GPtrArray *files, Plan *plan)
{
    for (guint i = 0; i < files->len; i++) {
        const ServiceFile *file = g_ptr_array_index(files, i);

        plan_write(plan, file->path, file->mode, file->content);
    }
}

static void plan_record(const MachineRequest *request, MachineSpec *spec, const MachineSkeleton *skeleton, Plan *plan)
{
    MachineRecord record = {.name = (char *)request->name,
                            .created_at = g_get_real_time() / G_USEC_PER_SEC,
                            .spec = *spec,
                            .skeleton = machine_skeleton_to_json(skeleton)};
    g_autofree char *path = machine_record_path(request->name);
    g_autoptr(GBytes) content = machine_record_format(&record);

    json_decref(record.skeleton);
    plan_write(plan, path, RECORD_MODE, content);
}

static gboolean check_names(Host *host, const MachineRequest *request, const GPtrArray *files, GError **error)
{
    g_autofree char *tree = machine_tree_path(request->name), *record = machine_record_path(request->name);
    autofd root = open_root(host, error);

    if (root < 0 || !check_free(root, record, error, "remove that machine: gourd machine remove %s", request->name) ||
        (!request->origin.trims &&
         !check_free(root, tree, error,
                     "remove that, which is not gourd's: machinectl remove %s (or have it share the host's /usr: "
                     "gourd machine trim %s)",
                     request->name, request->name)))
        return FALSE;
    for (guint i = 0; i < files->len; i++)
        if (!check_free(root, ((const ServiceFile *)g_ptr_array_index(files, i))->path, error,
                        "move that away: it is not gourd's"))
            return FALSE;
    return TRUE;
}

static gboolean copy_spec(const MachineSpec *spec, MachineSpec *ret_copy, GError **error)
{
    g_autoptr(Json) json = machine_spec_to_json(spec);

    return machine_spec_from_json(json, ret_copy, error);
}

static gboolean check_stopped(Host *host, const char *unit, GError **error)
{
    if (!machine_is_active(host, unit))
        return TRUE;
    gourd_error_set(error, GOURD_ERROR_USAGE, "the machine runs");
    return gourd_error_hint(error, "stop it first: systemctl stop %s", unit);
}

/* What makes the tree, from what is to be in it. Takes skeleton. */
static StoreChange *plan_tree(const MachineRequest *request, MachineSkeleton *skeleton, MachineTrim *trim)
{
    g_autofree char *title = g_strdup_printf(trim ? "trim the machine %s" : "create the machine %s", request->name);
    StoreChange *change = trim ? store_change_new_other(title, trim, (GDestroyNotify)machine_trim_free)
                               : store_change_new_other(title, skeleton, (GDestroyNotify)machine_skeleton_free);

    plan_folder(change->plan, MACHINE_PATH_TREES, TREES_MODE);
    if (trim)
        plan_act(change->plan, MACHINE_VERB_TRIM, request->name, MACHINE_VERB_UNTRIM, request->name);
    else
        plan_act(change->plan, MACHINE_VERB_PLANT, request->name, MACHINE_VERB_UPROOT, request->name);
    return change;
}

static char *stage_path(const MachineRequest *request)
{
    g_autofree char *tree = machine_tree_path(request->name);

    return request->origin.trims ? g_strconcat(tree, "/" TRIM_STAGE, NULL) : machine_stage_path(request->name);
}

StoreChange *machine_plan_create(Host *host, const MachineRequest *request, Notes *notes, GError **error)
{
    g_autofree char *unit = machine_unit_name(request->name), *stage = stage_path(request);
    g_auto(MachineSpec) spec;
    g_autoptr(GPtrArray) files = NULL;
    g_autoptr(MachineTrim) trim = NULL;
    guint version;

    machine_spec_init(&spec);
    if (!machine_name_check(request->name, error) || !check_host(host, error) ||
        (request->origin.trims && !check_stopped(host, unit, error)) ||
        !find_version(host, request->target, &version, error) || !copy_spec(request->spec, &spec, error) ||
        !check_program(host, &spec, error))
        return NULL;
    g_autoptr(MachineSkeleton) skeleton = machine_skeleton_new(&request->origin, notes, error);
    if (!skeleton)
        return NULL;
    choose_users(host, skeleton, &spec, notes);
    machine_choose_resolver(host, &spec);
    if ((request->moves_address && !machine_move_address(host, &spec, notes, error)) ||
        !machine_choose_address(host, &spec, notes, error) || !add_inside(request, &spec, skeleton, error))
        return NULL;
    const MachineSkeleton *whole = skeleton;
    if (request->origin.trims) {
        trim = machine_trim_new(host, request->name, g_steal_pointer(&skeleton), notes, error);
        if (!trim || !choose_trimmed_users(trim, request->name, &spec, error))
            return NULL;
    }
    if (!machine_render(request->name, &spec, (const char *const *)whole->binds, version, notes, &files, error) ||
        !check_names(host, request, files, error))
        return NULL;
    machine_note_sysctls(host, &spec, notes);
    machine_note_claims(host, request->name, &spec, notes);
    StoreChange *change = plan_tree(request, g_steal_pointer(&skeleton), g_steal_pointer(&trim));
    plan_files(files, change->plan);
    plan_record(request, &spec, whole, change->plan);
    plan_start(host, request, unit, change->plan);
    plan_purge(change->plan, stage);
    return change;
}

/* --- removing ----------------------------------------------------------------------------------------------------- */

/* Where the host sees the machine's journal (systemd-nspawn(1), --link-journal=); NULL: its machine-id cannot be read. */
static char *find_journal_link(int root, const char *tree)
{
    g_autofree char *path = g_strconcat(tree, MACHINE_ID_PATH, NULL);
    g_autoptr(GBytes) content = NULL;

    if (!root_load(root, path, MACHINE_ID_LENGTH + 1, &content, NULL, NULL) || !content)
        return NULL;
    g_autofree char *id = g_strndup(g_bytes_get_data(content, NULL), g_bytes_get_size(content));
    g_strchomp(id);
    return strlen(id) == MACHINE_ID_LENGTH && id[strspn(id, "0123456789abcdef")] == '\0'
               ? g_strconcat("/var/log/journal/", id, NULL)
               : NULL;
}

/* What is inside may say whatever it likes: the link goes only if it leads into the machine. */
static gboolean plan_link_removal(int root, const char *path, const char *tree, Plan *plan, GError **error)
{
    g_autofree char *target = NULL, *beneath = g_strconcat(tree, "/", NULL);

    if (!root_load_link(root, path, &target, error))
        return FALSE;
    if (target && g_str_has_prefix(target, beneath))
        plan_remove(plan, path);
    return TRUE;
}

static gboolean is_active(Host *host, const char *name)
{
    HostUnit unit;

    if (!host_is_live(host) || !host_get_unit(host, name, &unit, NULL))
        return FALSE;
    gboolean active = g_strcmp0(unit.active_state, "inactive") != 0 && g_strcmp0(unit.active_state, "failed") != 0;
    host_unit_clear(&unit);
    return active;
}

/* A file, with the folder of drop-ins that it is alone in. */
static void plan_removal(int root, const char *path, Plan *plan)
{
    g_autofree char *folder = g_path_get_dirname(path);
    g_autoptr(GPtrArray) names = NULL;

    if (g_str_has_suffix(folder, ".service.d") && root_list(root, folder, &names, NULL) && names->len == 1)
        plan_purge(plan, folder);
    else
        plan_remove(plan, path);
}

StoreChange *machine_plan_remove(Host *host, const char *name, GError **error)
{
    static const char *const no_binds[] = {NULL};
    g_autoptr(MachineRecord) record = machine_find(host, name, error);
    g_autofree char *title = g_strdup_printf("remove the machine %s", name), *tree = machine_tree_path(name);
    g_autofree char *record_path = machine_record_path(name);
    g_autoptr(GPtrArray) files = NULL;
    guint version;

    if (!record || !find_version(host, 0, &version, error) ||
        !machine_render(name, &record->spec, no_binds, version, NULL, &files, error))
        return NULL;
    g_autofree char *wants = machine_wants_path(name);
    autofd root = open_root(host, error);
    g_autoptr(StoreChange) change = root < 0 ? NULL : store_change_new_other(title, NULL, NULL);
    if (!change)
        return NULL;
    g_autofree char *journal = find_journal_link(root, tree);
    if (is_active(host, record->unit))
        plan_act(change->plan, "stop", record->unit, "resume", record->unit);
    for (guint i = 0; i < files->len; i++)
        plan_removal(root, ((const ServiceFile *)g_ptr_array_index(files, i))->path, change->plan);
    plan_remove(change->plan, wants);
    plan_remove(change->plan, record_path);
    if (journal && !plan_link_removal(root, journal, tree, change->plan, error))
        return NULL;
    plan_act(change->plan, "reload", NULL, "reload", NULL);
    plan_act(change->plan, "reset-failed", record->unit, NULL, NULL);
    change->bytes = root_measure(root, tree);
    plan_purge(change->plan, tree);
    return g_steal_pointer(&change);
}
