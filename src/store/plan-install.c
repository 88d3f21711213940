// SPDX-License-Identifier: LGPL-2.1-or-later
#include "change.h"
#include "transition.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <time.h>

#define INIT_MODE 0755
#define INIT_DIGITS 12 /* of its digest: names the file */
#define BUNDLES_MODE 0755

/* What install and upgrade work on. */
typedef struct {
    Store *store;
    const StoreRequest *request;
    Notes *notes;
    StoreChange *change;
    StoreService *before; /* NULL: it is not installed */
    Record *old;
    Record *new;
    Digest init_digest;
} Work;

static void work_clear(Work *work)
{
    store_service_free(work->before);
    record_free(work->old);
    record_free(work->new);
    store_change_free(work->change);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Work, work_clear)

/* --- what is asked for -------------------------------------------------------------------------------------------- */

static gboolean find_target(const Work *work, guint *ret_version, GError **error)
{
    if (work->request->target == 0)
        return host_systemd_version(work->store->host, ret_version, error);
    *ret_version = work->request->target;
    return TRUE;
}

/* Where gourd-init will be on the host: the name says which one it is, so services of several gourds can be beside each
 * other. */
static gboolean find_init(Work *work, GError **error)
{
    const char *source = work->request->init_path;
    struct stat status;

    if (!source)
        return TRUE;
    autofd fd = open(source, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &status) < 0) {
        g_autofree char *shown = text_escape(source);

        return gourd_error_set_errno(error, errno, "cannot read '%s'", shown);
    }
    if (!file_range_digest(fd, source, 0, (guint64)status.st_size, &work->init_digest, error))
        return FALSE;
    g_autofree char *digest = digest_to_text(&work->init_digest);
    work->change->pending->init_path = g_strdup_printf(PATH_HELPERS "/gourd-init-%.*s", INIT_DIGITS,
                                                       digest + strlen("sha256:"));
    return TRUE;
}

static gboolean read_context(Work *work, const char *version, guint revision, GError **error)
{
    struct StorePending *pending = work->change->pending;

    if (!find_init(work, error))
        return FALSE;
    pending->bundle_path = g_strconcat(PATH_BUNDLES "/", pending->source->file, NULL);
    pending->context = (ServiceContext){
        .name = work->change->name,
        .version = version,
        .revision = revision,
        .bundle_path = pending->bundle_path,
        .init_path = pending->init_path,
    };
    if (host_is_live(work->store->host) && uname(&pending->kernel) == 0)
        pending->context.machine = pending->kernel.machine;
    return find_target(work, &pending->context.systemd_version, error);
}

static gboolean mentions(const ServiceFiles *files, const char *text)
{
    for (guint i = 0; i < files->files->len; i++) {
        const ServiceFile *file = g_ptr_array_index(files->files, i);
        gsize size;
        const char *bytes = file->content ? g_bytes_get_data(file->content, &size) : NULL;

        if (bytes && g_strstr_len(bytes, (gssize)size, text))
            return TRUE;
    }
    return FALSE;
}

/* The release as it would be with a number. */
static Record *render(const Work *work, guint revision, Notes *notes, GError **error)
{
    struct StorePending *pending = work->change->pending;
    g_autoptr(Record) record = g_new0(Record, 1);

    pending->context.revision = revision;
    service_spec_free(pending->spec);
    pending->spec = service_spec_new(pending->source->bundle, work->request->options, &pending->context, notes, error);
    if (!pending->spec)
        return NULL;
    record->revision = revision;
    record->files = service_render(pending->spec, &pending->context, notes, error);
    if (!record->files)
        return NULL;
    if (pending->init_path && mentions(record->files, pending->init_path))
        record->init = g_strdup(pending->init_path);
    record->secrets = service_options_secrets_to_json(work->request->options);
    return g_steal_pointer(&record);
}

/* SOURCE:DESTINATION and NAME=FILE. */
static gboolean check_source(const Work *work, const char *option, const char *path, GError **error)
{
    g_autofree char *shown = text_escape(path);
    struct stat status;
    gboolean found;

    if (!root_look(work->store->root, path, &status, &found, NULL) || found) /* who may not look may not apply either */
        return TRUE;
    gourd_error_set(error, GOURD_ERROR_NOT_FOUND, "%s: there is no '%s' on this host", option, shown);
    return gourd_error_hint(error, "make it first, or use --no-start");
}

/* systemd says of these only that the file system, or the credentials, of a service cannot be set up. */
static gboolean check_sources(const Work *work, GError **error)
{
    const ServiceOptions *options = work->request->options;

    for (char **bind = options->binds; bind && *bind; bind++) {
        g_autofree char *source = g_strndup(*bind, strcspn(*bind, ":"));

        if (!check_source(work, "--bind", source, error))
            return FALSE;
    }
    for (char **secret = options->secrets; secret && *secret; secret++)
        if (!check_source(work, "--secret", strchr(*secret, '=') + 1, error))
            return FALSE;
    for (char **credential = options->credentials; credential && *credential; credential++)
        if (!check_source(work, "--credential", strchr(*credential, '=') + 1, error))
            return FALSE;
    return TRUE;
}

/* --- the plan ----------------------------------------------------------------------------------------------------- */

static gboolean plan_bundle(const Work *work, GError **error)
{
    struct StorePending *pending = work->change->pending;
    const BundleSource *source = pending->source;
    gboolean full = work->request->full_verify;
    g_autofree char *argument = g_strconcat(source->file, full ? " fully" : "", NULL);
    Plan *plan = work->change->plan;

    pending->digest = source->digest;
    if (!bundle_check(source->bundle, FALSE, error))
        return FALSE;
    plan_folder(plan, PATH_BUNDLES, BUNDLES_MODE);
    if (!source
             ->is_stored) /* without an index, the digest is that of the file: then the copy can be compared at once */
        plan_copy(plan, source->origin, pending->bundle_path, 0644,
                  bundle_index(source->bundle) ? NULL : &source->digest);
    if (!source->is_stored || full)
        plan_act(plan, "verify", argument, NULL, NULL);
    return TRUE;
}

static gboolean plan_init(const Work *work, GError **error)
{
    struct stat status;
    gboolean found;

    if (!work->new->init)
        return TRUE;
    if (!root_look(work->store->root, work->new->init, &status, &found, error))
        return FALSE;
    if (!found)
        plan_copy(work->change->plan, work->request->init_path, work->new->init, INIT_MODE, &work->init_digest);
    return TRUE;
}

static char **links_of_main(const ServiceFiles *files, GError **error)
{
    g_autofree char *path = g_strconcat(PATH_UNITS "/", files->unit, NULL);
    g_autoptr(GPtrArray) links = g_ptr_array_new_with_free_func((GDestroyNotify)service_file_free);
    g_autoptr(GStrvBuilder) paths = g_strv_builder_new();

    for (guint i = 0; i < files->files->len; i++) {
        const ServiceFile *file = g_ptr_array_index(files->files, i);

        if (strcmp(file->path, path) == 0 && !links_of_unit(files->unit, file->content, links, error))
            return NULL;
    }
    for (guint i = 0; i < links->len; i++)
        g_strv_builder_add(paths, ((const ServiceFile *)g_ptr_array_index(links, i))->path);
    return g_strv_builder_end(paths);
}

static gboolean plan_state(const Work *work, GError **error)
{
    const BundleSource *source = work->change->pending->source;
    g_autoptr(StoreService) after = work->before ? service_copy(work->before) : service_new(work->change->name);
    StoreRelease *release = g_new0(StoreRelease, 1);

    release->revision = work->new->revision;
    release->version = g_strdup(source->version);
    release->bundle = g_strdup(source->file);
    release->digest = source->digest;
    release->installed_at = (gint64)time(NULL);
    service_options_copy(work->request->options, &release->options);
    g_ptr_array_add(after->releases, release);
    after->previous = after->active;
    after->active = release->revision;
    g_free(after->unit);
    after->unit = g_strdup(work->new->files->unit);
    g_strfreev(after->links);
    after->links = links_of_main(work->new->files, error);
    if (!after->links)
        return FALSE;
    change_write_state(work->change, after);
    return TRUE;
}

static gboolean plan_all(Work *work, GError **error)
{
    const StoreRequest *request = work->request;
    struct StorePending *pending = work->change->pending;
    const Transition transition = {
        .store = work->store,
        .change = work->change,
        .notes = work->notes,
        .before = work->before,
        .old = work->old,
        .new = work->new,
        .start = !request->no_start &&host_is_live(work->store->host),
        .enable = !request->no_enable,
    };

    pending_take_user(pending, work->new->files);
    work->change->unit = g_strdup(work->new->files->unit);
    work->change->has_health = work->new->files->has_health;
    work->change->started = transition.start;
    return (!transition.start || check_sources(work, error)) && transition_check(&transition, error) &&
           plan_bundle(work, error) && plan_init(work, error) && transition_prepare(&transition, error) &&
           transition_switch(&transition, error) && plan_state(work, error);
}

/* --- install ------------------------------------------------------------------------------------------------------ */

static gboolean check_not_installed(const Work *work, const char *name, GError **error)
{
    g_autoptr(StoreService) service = NULL;

    if (!service_name_check(name, error) || !state_read(work->store, name, &service, error))
        return FALSE;
    if (!service)
        return TRUE;
    const StoreRelease *active = store_service_release(service, service->active);
    gourd_error_set(error, GOURD_ERROR_EXISTS, "%s is installed already, in version %s", name, active->version);
    return gourd_error_hint(error,
                            "'gourd upgrade %s' brings another version or other options; --name installs it a "
                            "second time",
                            name);
}

/* Numbers go on where an earlier installation ended: what it left must not be mistaken for ours. */
static gboolean next_revision(const Work *work, guint *ret_revision, GError **error)
{
    const char *const folders[] = {PATH_STATE, PATH_SERVICES};
    guint64 highest = 0;

    for (guint i = 0; work->before && i < work->before->releases->len; i++)
        highest = MAX(highest, ((const StoreRelease *)g_ptr_array_index(work->before->releases, i))->revision);
    for (guint i = 0; i < G_N_ELEMENTS(folders); i++) {
        g_autofree char *folder = g_build_filename(folders[i], work->change->name, NULL);
        g_autoptr(GPtrArray) names = NULL;

        if (!root_list(work->store->root, folder, &names, error))
            return FALSE;
        for (guint j = 0; j < names->len; j++)
            highest = MAX(highest, g_ascii_strtoull(g_ptr_array_index(names, j), NULL, 10));
    }
    if (highest >= G_MAXINT)
        return gourd_error_set(error, GOURD_ERROR_LIMIT, "there are no numbers left for another release");
    *ret_revision = (guint)highest + 1;
    return TRUE;
}

StoreChange *store_plan_install(Store *store, const StoreRequest *request, Notes *notes, GError **error)
{
    g_auto(Work) work = {.store = store, .request = request, .notes = notes};
    g_autoptr(BundleSource) source = bundle_source_open(store, request->bundle, error);
    guint revision;

    if (!source)
        return NULL;
    const char *name = request->name ? request->name : source->name;
    g_autofree char *title = g_strdup_printf("install %s %s", name, source->version);
    if (!check_not_installed(&work, name, error))
        return NULL;
    work.change = store_change_new(name, title);
    work.change->pending->source = g_steal_pointer(&source);
    if (!next_revision(&work, &revision, error) ||
        !read_context(&work, work.change->pending->source->version, revision, error))
        return NULL;
    work.new = render(&work, revision, notes, error);
    if (!work.new || !plan_all(&work, error))
        return NULL;
    change_name_releases(work.change, NULL, revision, work.change->pending->source->version);
    return g_steal_pointer(&work.change);
}

/* --- upgrade ------------------------------------------------------------------------------------------------------ */

/* The same bundle, and with the number of the active release the same files: nothing would change. */
static gboolean is_same(const Work *work, gboolean *ret_same, GError **error)
{
    const StoreRelease *active = store_service_release(work->before, work->before->active);
    g_autoptr(Json) was = NULL, is = NULL;

    *ret_same = FALSE;
    if (!digest_equal(&active->digest, &work->change->pending->source->digest))
        return TRUE;
    was = service_options_to_json(&active->options);
    is = service_options_to_json(work->request->options);
    if (!json_equal(was, is))
        return TRUE;
    g_autoptr(Record) record = render(work, active->revision, NULL, error);
    if (!record)
        return FALSE;
    g_autoptr(GBytes) old = record_format(work->old), new = record_format(record);
    if (!g_bytes_equal(old, new))
        return TRUE;
    return record_is_in_place(work->store, work->old, ret_same, error);
}

static BundleSource *open_for_upgrade(const Work *work, GError **error)
{
    const StoreRelease *active = store_service_release(work->before, work->before->active);
    const char *text = work->request->bundle;

    return text ? bundle_source_open(work->store, text, error)
                : bundle_source_open_stored(work->store, active->bundle, error);
}

/* What was said of the active release when it was made: as far as that can be found out again. */
static Notes *notes_of_active(const Work *work)
{
    const StoreRelease *active = store_service_release(work->before, work->before->active);
    g_autoptr(BundleSource) source = bundle_source_open_stored(work->store, active->bundle, NULL);
    g_autofree char *path = g_strconcat(PATH_BUNDLES "/", active->bundle, NULL);
    ServiceContext context = work->change->pending->context;
    Notes *notes = notes_new();
    ServiceOptions options;

    if (!source || !store_read_options(work->store, work->before, active->revision, &options, NULL))
        return notes;
    context.bundle_path = path;
    context.version = active->version;
    g_autoptr(ServiceSpec) spec = service_spec_new(source->bundle, &options, &context, notes, NULL);
    service_files_free(spec ? service_render(spec, &context, notes, NULL) : NULL);
    service_options_clear(&options);
    return notes;
}

/* An upgrade repeats no notes: who installed the service has read them. */
static gboolean render_upgrade(Work *work, guint revision, GError **error)
{
    g_autoptr(Notes) notes = notes_new();
    g_autoptr(Notes) known = notes_of_active(work);

    work->new = render(work, revision, notes, error);
    notes_subtract(notes, known);
    notes_merge(work->notes, notes);
    return work->new != NULL;
}

/* Owners stay as they are: nobody wants a database's files to change hands by the way. */
static void note_owner(const Work *work)
{
    const ServiceFiles *old = work->old->files, *new = work->new->files;
    gboolean same = g_strcmp0(old->user, new->user) == 0 && old->uid == new->uid;

    for (guint i = 0; i < new->volumes->len && !same; i++)
        for (guint k = 0; k < old->volumes->len; k++) {
            const ServiceVolume *kept = g_ptr_array_index(new->volumes, i);

            if (strcmp(kept->path, ((const ServiceVolume *)g_ptr_array_index(old->volumes, k))->path) == 0)
                notes_add(work->notes, "owner-kept",
                          "the service has another user now, but what its volumes hold is still the former one's; "
                          "chown -R gives it away",
                          kept->path);
        }
}

static void note_direction(const Work *work)
{
    const StoreRelease *active = store_service_release(work->before, work->before->active);
    const BundleSource *source = work->change->pending->source;
    g_autofree char *active_name = NULL, *active_version = NULL;

    if (strverscmp(source->version, active->version) < 0)
        notes_add(work->notes, "downgrade", "this is an older version than the one that is active", source->version);
    if (store_bundle_split(active->bundle, &active_name, &active_version) && strcmp(active_name, source->name) != 0)
        notes_add(work->notes, "other-bundle", "the bundle has another name than the one that is active", source->name);
}

StoreChange *store_plan_upgrade(Store *store, const StoreRequest *request, Notes *notes, GError **error)
{
    g_auto(Work) work = {.store = store, .request = request, .notes = notes};
    guint revision;
    gboolean same;

    work.before = store_find(store, request->name, error);
    if (!work.before)
        return NULL;
    g_autoptr(BundleSource) source = open_for_upgrade(&work, error);
    if (!source)
        return NULL;
    g_autofree char *title = g_strdup_printf("upgrade %s to %s", work.before->name, source->version);
    work.change = store_change_new(work.before->name, title);
    work.change->pending->source = g_steal_pointer(&source);
    const char *version = work.change->pending->source->version;
    if (!next_revision(&work, &revision, error) || !read_context(&work, version, revision, error))
        return NULL;
    work.old = record_read(store, work.before->name, work.before->active, error);
    if (!work.old || !is_same(&work, &same, error))
        return NULL;
    change_name_releases(work.change, work.before, same ? work.before->active : revision, version);
    if (same) {
        work.change->unit = g_strdup(work.before->unit);
        return g_steal_pointer(&work.change);
    }
    note_direction(&work);
    if (!render_upgrade(&work, revision, error))
        return NULL;
    note_owner(&work);
    return plan_all(&work, error) ? g_steal_pointer(&work.change) : NULL;
}
