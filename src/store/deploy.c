// SPDX-License-Identifier: LGPL-2.1-or-later
#include "deploy.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <time.h>

#define INIT_MODE 0755
#define INIT_DIGITS 12 /* of its digest: names the file */
#define BUNDLES_MODE 0755

void deploy_clear(Deploy *deploy)
{
    store_service_free(deploy->before);
    record_free(deploy->old);
    record_free(deploy->new);
}

/* --- what is asked for -------------------------------------------------------------------------------------------- */

static gboolean find_target(const Deploy *deploy, guint *ret_version, GError **error)
{
    if (deploy->request->target == 0)
        return host_systemd_version(deploy->store->host, ret_version, error);
    *ret_version = deploy->request->target;
    return TRUE;
}

/* Another part of the same stack, all of which have one gourd-init, may have digested it. */
static const struct StorePending *find_known_init(const StoreChange *change)
{
    const StoreChange *stack = change->stack ? change->stack : change;

    if (stack->pending->init_path)
        return stack->pending;
    for (guint i = 0; stack->members && i < stack->members->len; i++) {
        const StoreChange *member = g_ptr_array_index(stack->members, i);

        if (member->pending->init_path)
            return member->pending;
    }
    return NULL;
}

/* Where gourd-init will be on the host: the name says which one it is, so services of several gourds can be beside each
 * other. */
gboolean deploy_find_init(Deploy *deploy, GError **error)
{
    const char *source = deploy->request->init_path;
    const struct StorePending *known = find_known_init(deploy->change);
    struct StorePending *pending = deploy->change->pending;
    struct stat status;

    if (!source)
        return TRUE;
    if (known) {
        pending->init_digest = known->init_digest;
        pending->init_path = g_strdup(known->init_path);
        return TRUE;
    }
    autofd fd = open(source, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &status) < 0) {
        g_autofree char *shown = text_escape(source);

        return gourd_error_set_errno(error, errno, "cannot read '%s'", shown);
    }
    if (!file_range_digest(fd, source, 0, (guint64)status.st_size, &pending->init_digest, error))
        return FALSE;
    g_autofree char *digest = digest_to_text(&pending->init_digest);
    pending->init_path = g_strdup_printf(PATH_HELPERS "/gourd-init-%.*s", INIT_DIGITS, digest + strlen("sha256:"));
    return TRUE;
}

static gboolean read_context(Deploy *deploy, guint revision, GError **error)
{
    struct StorePending *pending = deploy->change->pending;

    if (!deploy_find_init(deploy, error))
        return FALSE;
    pending->bundle_path = g_strconcat(PATH_BUNDLES "/", pending->source->file, NULL);
    pending->context = (ServiceContext){
        .name = deploy->change->name,
        .version = pending->source->version,
        .revision = revision,
        .bundle_path = pending->bundle_path,
        .init_path = pending->init_path,
        .identity_at_start = deploy->request->no_state,
    };
    if (host_is_live(deploy->store->host) && uname(&pending->kernel) == 0)
        pending->context.machine = pending->kernel.machine;
    return find_target(deploy, &pending->context.systemd_version, error);
}

/* Numbers go on where an earlier installation ended: what it left must not be mistaken for ours. */
static gboolean next_revision(const Deploy *deploy, guint *ret_revision, GError **error)
{
    const char *const folders[] = {PATH_STATE, PATH_SERVICES};
    guint64 highest = 0;

    for (guint i = 0; deploy->before && i < deploy->before->releases->len; i++)
        highest = MAX(highest, ((const StoreRelease *)g_ptr_array_index(deploy->before->releases, i))->revision);
    for (guint i = 0; i < G_N_ELEMENTS(folders); i++) {
        g_autofree char *folder = g_build_filename(folders[i], deploy->change->name, NULL);
        g_autoptr(GPtrArray) names = NULL;

        if (!root_list(deploy->store->root, folder, &names, error))
            return FALSE;
        for (guint j = 0; j < names->len; j++)
            highest = MAX(highest, g_ascii_strtoull(g_ptr_array_index(names, j), NULL, 10));
    }
    if (highest >= G_MAXINT)
        return gourd_error_set(error, GOURD_ERROR_LIMIT, "there are no numbers left for another release");
    *ret_revision = (guint)highest + 1;
    return TRUE;
}

gboolean deploy_read_context(Deploy *deploy, guint *ret_revision, GError **error)
{
    return next_revision(deploy, ret_revision, error) && read_context(deploy, *ret_revision, error);
}

gboolean files_mention(const GPtrArray *files, const char *text)
{
    for (guint i = 0; i < files->len; i++) {
        const ServiceFile *file = g_ptr_array_index(files, i);
        gsize size;
        const char *bytes = file->content ? g_bytes_get_data(file->content, &size) : NULL;

        if (bytes && memmem(bytes, size, text, strlen(text)))
            return TRUE;
    }
    return FALSE;
}

/* The release as it would be with a number. */
static Record *render(const Deploy *deploy, guint revision, Notes *notes, GError **error)
{
    struct StorePending *pending = deploy->change->pending;
    g_autoptr(Record) record = g_new0(Record, 1);

    pending->context.revision = revision;
    service_spec_free(pending->spec);
    pending->spec = service_spec_new(pending->source->image, deploy->request->options, &pending->context, notes, error);
    if (!pending->spec)
        return NULL;
    record->revision = revision;
    record->files = service_render(pending->spec, &pending->context, notes, error);
    if (!record->files)
        return NULL;
    if (pending->init_path && files_mention(record->files->files, pending->init_path))
        record->init = g_strdup(pending->init_path);
    record->secrets = service_options_secrets_to_json(deploy->request->options);
    return g_steal_pointer(&record);
}

static Json *options_without_backup(const ServiceOptions *options)
{
    ServiceOptions copy;

    service_options_copy(options, &copy);
    service_options_clear_backup(&copy);
    Json *json = service_options_to_json(&copy);
    service_options_clear(&copy);
    return json;
}

static gboolean is_same_file(const ServiceFile *old, const ServiceFile *new, gboolean is_main)
{
    if (!new || old->mode != new->mode || g_strcmp0(old->target, new->target) != 0 || !old->content != !new->content)
        return FALSE;
    if (!old->content || g_bytes_equal(old->content, new->content) || !is_main)
        return !old->content || g_bytes_equal(old->content, new->content);
    g_autofree char *a = record_unit_lines(old->content, FALSE);
    g_autofree char *b = record_unit_lines(new->content, FALSE);
    return strcmp(a, b) == 0;
}

/* Two records with the same number, of a service that is one unit and no more: whether all differences are in its backups. */
static gboolean runs_alike(const Record *old, const Record *new)
{
    const GPtrArray *files = old->files->files;
    g_autofree char *main_path = g_strconcat(PATH_UNITS "/", old->files->unit, NULL);

    if (files->len != new->files->files->len || new->files->units->len != 1 || new->files->pre_upgrade ||
        !old->secrets != !new->secrets || (old->secrets && !json_equal(old->secrets, new->secrets)))
        return FALSE;
    for (guint i = 0; i < files->len; i++) {
        const ServiceFile *file = g_ptr_array_index(files, i);

        if (!is_same_file(file, record_find(new, file->path), strcmp(file->path, main_path) == 0))
            return FALSE;
    }
    return TRUE;
}

/* What the active release would be if it were made now. */
static gboolean compare_files(Deploy *deploy, guint revision, gboolean *ret_same, GError **error)
{
    g_autoptr(Record) record = render(deploy, revision, NULL, error);

    if (!record)
        return FALSE;
    g_autoptr(GBytes) old = record_format(deploy->old), new = record_format(record);
    if (g_bytes_equal(old, new))
        return record_is_in_place(deploy->store, deploy->old, ret_same, error);
    return !runs_alike(deploy->old, record) || record_is_in_place(deploy->store, deploy->old, &deploy->runs_on, error);
}

/* The same bundle, and with the number of the active release the same files: nothing would change. */
static gboolean is_same(Deploy *deploy, gboolean *ret_same, GError **error)
{
    const StoreRelease *active = store_service_release(deploy->before, deploy->before->active);

    *ret_same = FALSE;
    if (!digest_equal(&active->digest, &deploy->change->pending->source->digest))
        return TRUE;
    g_autoptr(Json) was = options_without_backup(&active->options);
    g_autoptr(Json) is = options_without_backup(deploy->request->options);
    return !json_equal(was, is) || compare_files(deploy, active->revision, ret_same, error);
}

gboolean deploy_compare(Deploy *deploy, gboolean *ret_same, GError **error)
{
    deploy->old = record_read(deploy->store, deploy->before->name, deploy->before->active, error);
    return deploy->old && is_same(deploy, ret_same, error);
}

/* What was said of the active release when it was made: as far as that can be found out again. */
static Notes *notes_of_active(const Deploy *deploy)
{
    const StoreRelease *active = store_service_release(deploy->before, deploy->before->active);
    g_autoptr(BundleSource) source = bundle_source_open_stored(deploy->store, active->bundle, NULL);
    g_autofree char *path = g_strconcat(PATH_BUNDLES "/", active->bundle, NULL);
    ServiceContext context = deploy->change->pending->context;
    Notes *notes = notes_new();
    ServiceOptions options;

    if (!source || !store_read_options(deploy->store, deploy->before, active->revision, &options, NULL))
        return notes;
    context.bundle_path = path;
    context.version = active->version;
    g_autoptr(ServiceSpec) spec = service_spec_new(source->image, &options, &context, notes, NULL);
    service_files_free(spec ? service_render(spec, &context, notes, NULL) : NULL);
    service_options_clear(&options);
    return notes;
}

/* An upgrade repeats no notes: who installed the service has read them. */
static gboolean render_upgrade(Deploy *deploy, guint revision, GError **error)
{
    g_autoptr(Notes) notes = notes_new();
    g_autoptr(Notes) known = notes_of_active(deploy);

    deploy->new = render(deploy, revision, notes, error);
    notes_subtract(notes, known);
    notes_merge(deploy->notes, notes);
    return deploy->new != NULL;
}

/* Whether a word is among the options behind the last colon. */
static gboolean has_word(const char *text, const char *word)
{
    const char *colon = strrchr(text, ':');
    g_auto(GStrv) words = g_strsplit(colon ? colon + 1 : "", ",", -1);

    return g_strv_contains((const char *const *)words, word);
}

static void note_kept(const Deploy *deploy, const char *path)
{
    notes_add(deploy->notes, "owner-kept",
              "the service has another user now, but what this holds is still the former one's; chown -R gives it away",
              path);
}

/* Folders of the host that gourd has made, for the former user. */
static void note_folders(const Deploy *deploy)
{
    const StoreRelease *active = store_service_release(deploy->before, deploy->before->active);
    char **binds = deploy->request->options->binds, **before = active->options.binds;

    for (; before && binds && *binds; binds++) {
        g_autofree char *path = g_strndup(*binds, strcspn(*binds, ":"));

        if (has_word(*binds, "create") && !has_word(*binds, "ro") &&
            g_strv_contains((const char *const *)before, *binds))
            note_kept(deploy, path);
    }
}

/* Owners stay as they are: nobody wants a database's files to change hands by the way. */
static void note_owner(const Deploy *deploy)
{
    const ServiceFiles *old = deploy->old->files, *new = deploy->new->files;

    if (g_strcmp0(old->user, new->user) == 0 && old->uid == new->uid)
        return;
    for (guint i = 0; i < new->volumes->len; i++)
        for (guint k = 0; k < old->volumes->len; k++) {
            const ServiceVolume *kept = g_ptr_array_index(new->volumes, i);

            if (strcmp(kept->path, ((const ServiceVolume *)g_ptr_array_index(old->volumes, k))->path) == 0)
                note_kept(deploy, kept->path);
        }
    note_folders(deploy);
}

gboolean deploy_render(Deploy *deploy, guint revision, GError **error)
{
    if (!deploy->before) {
        deploy->new = render(deploy, revision, deploy->notes, error);
        return deploy->new != NULL;
    }
    if (!render_upgrade(deploy, revision, error))
        return FALSE;
    note_owner(deploy);
    return TRUE;
}

/* SOURCE:DESTINATION and NAME=FILE. */
static gboolean check_source(const Deploy *deploy, const char *option, const char *path, GError **error)
{
    g_autofree char *shown = text_escape(path);
    struct stat status;
    gboolean found;

    if (!root_look(deploy->store->root, path, &status, &found, NULL) ||
        found) /* who may not look may not apply either */
        return TRUE;
    gourd_error_set(error, GOURD_ERROR_NOT_FOUND, "%s: there is no '%s' on this host", option, shown);
    return gourd_error_hint(error, "make it first, or use --no-start");
}

/* FILE:PATH of a secret, and OWNER/NAME:PATH:external of a volume. */
static gboolean check_others(const Deploy *deploy, const ServiceOptions *options, GError **error)
{
    char *const *const files[] = {options->secret_files, options->encrypted_files};

    for (gsize i = 0; i < G_N_ELEMENTS(files); i++)
        for (char *const *text = files[i]; text && *text; text++) {
            const char *end = g_strrstr(*text, ":/");
            g_autofree char *source = end ? g_strndup(*text, (gsize)(end - *text)) : NULL;

            if (source && !check_source(deploy, "--secret-file", source, error))
                return FALSE;
        }
    for (char **volume = options->volumes; volume && *volume; volume++) {
        g_autofree char *name = g_strndup(*volume, strcspn(*volume, ":"));
        g_autofree char *folder = g_build_filename(PATH_VOLUMES, name, NULL);

        if (strchr(name, '/') && *name != '/' && has_word(*volume, "external") &&
            !check_source(deploy, "an external volume", folder, error))
            return FALSE;
    }
    return TRUE;
}

/* systemd says of these only that the file system, or the credentials, of a service cannot be set up. */
static gboolean check_sources(const Deploy *deploy, GError **error)
{
    const ServiceOptions *options = deploy->request->options;

    for (char **bind = options->binds; bind && *bind; bind++) {
        g_autofree char *source = g_strndup(*bind, strcspn(*bind, ":"));

        if (!has_word(*bind, "create") && !has_word(*bind, "file") && !check_source(deploy, "--bind", source, error))
            return FALSE;
    }
    for (char **secret = options->secrets; secret && *secret; secret++)
        if (!check_source(deploy, "--secret", strchr(*secret, '=') + 1, error))
            return FALSE;
    for (char **credential = options->credentials; credential && *credential; credential++)
        if (!check_source(deploy, "--credential", strchr(*credential, '=') + 1, error))
            return FALSE;
    return check_others(deploy, options, error);
}

/* --- the plan ----------------------------------------------------------------------------------------------------- */

static gboolean brings_bundle(const StoreChange *sibling, const char *file)
{
    return sibling->pending->brings_bundle && strcmp(sibling->pending->source->file, file) == 0;
}

static gboolean brings_init(const StoreChange *sibling, const char *path)
{
    return sibling->pending->brings_init && strcmp(sibling->pending->init_path, path) == 0;
}

static gboolean plan_bundle(const Deploy *deploy, GError **error)
{
    struct StorePending *pending = deploy->change->pending;
    BundleSource *source = pending->source;
    gboolean full = deploy->request->full_verify;
    g_autofree char *argument = g_strconcat(source->file, full ? " fully" : "", NULL);
    Plan *plan = deploy->change->plan;

    pending->digest = source->digest;
    if (!bundle_source_check(source, error))
        return FALSE;
    plan_folder(plan, PATH_BUNDLES, BUNDLES_MODE);
    const StoreChange *sibling = change_find_sibling(deploy->change, brings_bundle, source->file);
    if (sibling)
        return digest_equal(&sibling->pending->digest, &source->digest) ||
               gourd_error_set(error, GOURD_ERROR_EXISTS, "'%s' is another bundle than that of %s", source->file,
                               sibling->name);
    pending->brings_bundle = TRUE;
    if (!source
             ->is_stored) /* without an index, the digest is that of the file: then the copy can be compared at once */
        plan_copy(plan, source->origin, pending->bundle_path, 0644,
                  bundle_index(source->bundle) ? NULL : &source->digest);
    if (!source->is_stored || full)
        plan_act(plan, "verify", argument, NULL, NULL);
    return TRUE;
}

gboolean deploy_plan_init(const Deploy *deploy, const char *path, GError **error)
{
    struct stat status;
    gboolean found;

    if (!path)
        return TRUE;
    if (!root_look(deploy->store->root, path, &status, &found, error))
        return FALSE;
    if (found || change_find_sibling(deploy->change, brings_init, path))
        return TRUE;
    deploy->change->pending->brings_init = TRUE;
    plan_copy(deploy->change->plan, deploy->request->init_path, path, INIT_MODE, &deploy->change->pending->init_digest);
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

gboolean deploy_write_state(const Deploy *deploy, GError **error)
{
    const BundleSource *source = deploy->change->pending->source;
    g_autoptr(StoreService) after = deploy->before ? service_copy(deploy->before) : service_new(deploy->change->name);
    StoreRelease *release = g_new0(StoreRelease, 1);

    release->revision = deploy->new->revision;
    release->version = g_strdup(source->version);
    release->bundle = g_strdup(source->file);
    release->digest = source->digest;
    release->installed_at = (gint64)time(NULL);
    service_options_copy(deploy->request->options, &release->options);
    g_ptr_array_add(after->releases, release);
    after->previous = after->active;
    after->active = release->revision;
    g_free(after->unit);
    after->unit = g_strdup(deploy->new->files->unit);
    g_strfreev(after->links);
    after->links = links_of_main(deploy->new->files, error);
    if (!after->links)
        return FALSE;
    change_write_state(deploy->change, after);
    return TRUE;
}

Transition deploy_transition(Deploy *deploy)
{
    const StoreRequest *request = deploy->request;
    gboolean goes_on = deploy->runs_on && unit_is_active(deploy->store, deploy->before->unit);

    return (Transition){
        .store = deploy->store,
        .change = deploy->change,
        .notes = deploy->notes,
        .before = deploy->before,
        .old = deploy->old,
        .new = deploy->new,
        .start = !request->no_start &&host_is_live(deploy->store->host) && !goes_on,
        .enable = !request->no_enable,
        .no_state = request->no_state,
    };
}

gboolean deploy_prepare(Deploy *deploy, const Transition *transition, GError **error)
{
    StoreChange *change = deploy->change;

    pending_take_user(change->pending, deploy->new->files);
    change->unit = g_strdup(deploy->new->files->unit);
    change->has_health = deploy->new->files->has_health;
    change->started = transition->start;
    return (!transition->start || check_sources(deploy, error)) && transition_check(transition, error) &&
           plan_bundle(deploy, error) && deploy_plan_init(deploy, deploy->new->init, error) &&
           transition_prepare(transition, error);
}
