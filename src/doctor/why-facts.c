// SPDX-License-Identifier: LGPL-2.1-or-later
#include "why-private.h"

#include <string.h>

#define ENTRIES_MAX 400 /* of the journal: some runs of a service that restarts again and again, with what it says */

/* sd-messages.h */
#define MESSAGE_SUCCESS "7ad2d189f7e94e70a38c781354912448"
#define MESSAGE_STARTED "39f53479d3a045ac8e11786248231fbf"
#define MESSAGE_PROCESS_EXIT "98e322203f7a4ed290d09fe03c09fe15"
#define MESSAGE_FAILURE_RESULT "d9b373ed55a64feb8242e02dbe79a49c"
#define MESSAGE_SKIPPED "0e4284a0caca4bfc81c0bb6786972673"

/* --- files ---------------------------------------------------------------------------------------------------------- */

static void source_free(gpointer data)
{
    WhySource *source = data;

    g_free(source->path);
    unit_file_free(source->file);
    g_free(source);
}

/* A file that cannot be read tells nothing; systemd says what is wrong with it. */
static void add_source(WhyFacts *facts, const char *path)
{
    g_autofree char *real = host_path(facts->host, path);
    g_autofree char *text = NULL;
    gsize size;

    if (!*path || !g_file_get_contents(real, &text, &size, NULL))
        return;
    UnitFile *file = unit_file_parse(text, size, NULL, NULL);
    if (!file)
        return;
    WhySource *source = g_new0(WhySource, 1);
    source->path = g_strdup(path);
    source->file = file;
    if (facts->sources->len == 0)
        facts->ours = service_file_is_ours(text);
    g_ptr_array_add(facts->sources, source);
}

static gint compare_names(gconstpointer a, gconstpointer b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Where systemd does not say: the admin's. */
static void add_dropins_of_admin(WhyFacts *facts)
{
    g_autofree char *folder = g_strdup_printf("%s/%s.d", PATH_UNITS, facts->unit);
    g_autofree char *real = host_path(facts->host, folder);
    g_autoptr(GDir) dir = g_dir_open(real, 0, NULL);
    g_autoptr(GPtrArray) paths = g_ptr_array_new_with_free_func(g_free);

    for (const char *name; dir && (name = g_dir_read_name(dir));)
        if (g_str_has_suffix(name, ".conf"))
            g_ptr_array_add(paths, g_build_filename(folder, name, NULL));
    g_ptr_array_sort(paths, compare_names);
    for (guint i = 0; i < paths->len; i++)
        add_source(facts, g_ptr_array_index(paths, i));
}

static void read_files(WhyFacts *facts)
{
    g_autofree char *fragment = facts->is_live ? host_get_property(facts->host, facts->unit, "FragmentPath") : NULL;
    g_autofree char *dropins = facts->is_live ? host_get_property(facts->host, facts->unit, "DropInPaths") : NULL;

    if (!fragment || !*fragment) {
        g_free(fragment);
        fragment = host_find_unit(facts->host, facts->unit);
    }
    if (fragment)
        add_source(facts, fragment);
    if (!facts->is_live) {
        add_dropins_of_admin(facts);
        return;
    }
    g_auto(GStrv) paths = g_strsplit(dropins ? dropins : "", "\n", -1);
    for (char **path = paths; *path; path++)
        add_source(facts, *path);
}

/* --- the run that failed -------------------------------------------------------------------------------------------- */

static gboolean is_kind(const HostEntry *entry, const char *id)
{
    return g_strcmp0(entry->id, id) == 0;
}

/* The run that an entry belongs to. Where the journal could not tell, as of a process that had ended before it looked, it is that of
 * which systemd spoke last. */
static void fill_invocations(GPtrArray *entries)
{
    const char *current = NULL;

    for (guint i = 0; i < entries->len; i++) {
        HostEntry *entry = g_ptr_array_index(entries, i);

        if (!entry->invocation && !entry->is_manager)
            entry->invocation = g_strdup(current);
        else if (entry->is_manager && entry->invocation)
            current = entry->invocation;
    }
}

/* What systemd-nspawn 262 says of each machine: nothing is wrong with it. */
static gboolean is_announcement(const HostEntry *entry)
{
    return g_str_has_prefix(entry->message, "Note: in a future version of systemd-nspawn");
}

static gboolean is_of_run(const HostEntry *entry, const char *invocation)
{
    return g_strcmp0(entry->invocation, invocation) == 0;
}

/* "Start request repeated too quickly" is a failure of its own, of a run that never was: the one before tells the cause. */
static gboolean is_empty_run(const GPtrArray *entries, guint end)
{
    const HostEntry *last = g_ptr_array_index(entries, end);

    for (guint i = end; i-- > 0;) {
        const HostEntry *entry = g_ptr_array_index(entries, i);

        if (strstr(entry->message, "repeated too quickly") && is_of_run(entry, last->invocation))
            return TRUE;
        if (is_kind(entry, MESSAGE_PROCESS_EXIT) || is_kind(entry, MESSAGE_FAILURE_RESULT))
            return FALSE;
    }
    return FALSE;
}

static void take_entry(WhyFailure *failure, const HostEntry *entry)
{
    g_ptr_array_add(failure->entries, (gpointer)entry);
    if (is_kind(entry, MESSAGE_STARTED) && entry->is_manager)
        failure->started = TRUE;
    if (!is_kind(entry, MESSAGE_PROCESS_EXIT) || !entry->is_manager || entry->exit_status < 0)
        return;
    /* A later process of the same run, such as one of ExecStopPost=, is no cause. */
    if (failure->code && g_strcmp0(entry->command, "ExecStart") != 0)
        return;
    failure->code = entry->exit_code;
    failure->status = entry->exit_status;
    failure->command = entry->command;
}

static void find_failure(WhyFacts *facts)
{
    WhyFailure *failure = &facts->failure;
    const HostEntry *last = NULL;

    for (guint i = facts->entries->len; i-- > 0 && !last;) {
        const HostEntry *entry = g_ptr_array_index(facts->entries, i);

        if (entry->is_manager && (is_kind(entry, MESSAGE_FAILURE_RESULT) || is_kind(entry, MESSAGE_SKIPPED)) &&
            !is_empty_run(facts->entries, i))
            last = entry;
    }
    if (!last)
        return;
    failure->found = TRUE;
    failure->usec = last->usec;
    failure->result = last->result;
    for (guint i = 0; i < facts->entries->len; i++) {
        const HostEntry *entry = g_ptr_array_index(facts->entries, i);

        if (is_of_run(entry, last->invocation) && !is_announcement(entry))
            take_entry(failure, entry);
    }
}

/* The last run, if systemd is content with how it ended: without an error, and nobody stopped it. */
static void find_quiet_end(WhyFacts *facts)
{
    const char *invocation = NULL;
    WhySetting type;

    if (why_is_machine(facts)) /* machines are powered off, from inside or by machinectl */
        return;
    for (guint i = facts->entries->len; i-- > 0;) {
        const HostEntry *entry = g_ptr_array_index(facts->entries, i);

        if (!invocation && is_kind(entry, MESSAGE_FAILURE_RESULT))
            return;
        if (!invocation && is_kind(entry, MESSAGE_SUCCESS))
            invocation = entry->invocation;
        if (invocation && entry->is_manager && g_str_has_prefix(entry->message, "Stopping ") &&
            is_of_run(entry, invocation))
            return;
    }
    if (invocation && !(why_setting(facts, "Type", &type) && strcmp(type.value, "oneshot") == 0))
        facts->quiet_end = invocation;
}

/* Where the journal has nothing, as for those who may not read it: what systemd still knows. */
static void take_state(WhyFacts *facts)
{
    static const char *const codes[] = {"", "exited", "killed", "dumped"};
    WhyFailure *failure = &facts->failure;
    const HostUnit *state = &facts->state;

    if (failure->found || !facts->is_live || !*state->result || strcmp(state->result, "success") == 0)
        return;
    failure->found = TRUE;
    failure->result = state->result;
    failure->command = "ExecStart";
    if (state->exec_main_code > 0 && state->exec_main_code < (gint32)G_N_ELEMENTS(codes)) {
        failure->code = codes[state->exec_main_code];
        failure->status = state->exec_main_status;
    }
}

/* --- the root and the user ---------------------------------------------------------------------------------------- */

static void open_root(WhyFacts *facts)
{
    WhySetting setting;
    g_autofree char *slash = host_path(facts->host, "/");

    facts->outside = why_tree_open(slash, FALSE, NULL);
    if (why_setting(facts, "RootImage", &setting))
        facts->root_kind = WHY_ROOT_IMAGE;
    else if (why_setting(facts, "RootDirectory", &setting))
        facts->root_kind = WHY_ROOT_FOLDER;
    if (facts->root_kind != WHY_ROOT_HOST) {
        facts->root_setting = setting;
        facts->root_path = g_strdup(setting.value + strspn(setting.value, "-+"));
    }
    g_autofree char *real = host_path(facts->host, facts->root_path ? facts->root_path : "/");
    facts->root = why_tree_open(real, facts->root_kind == WHY_ROOT_IMAGE, &facts->root_problem);
}

static gboolean is_number(const char *text, guint32 *ret_number)
{
    guint64 number;

    if (!g_ascii_string_to_unsigned(text, 10, 0, G_MAXUINT32 - 1, &number, NULL))
        return FALSE;
    *ret_number = (guint32)number;
    return TRUE;
}

static void find_user(WhyFacts *facts)
{
    WhySetting setting;

    if (why_is_set(facts, "DynamicUser"))
        return;
    if (!why_setting(facts, "User", &setting)) {
        facts->user_known = TRUE;
        return;
    }
    if (is_number(setting.value, &facts->uid)) {
        facts->gid = facts->uid;
        facts->user_known = TRUE;
    } else
        facts->user_known = host_find_user(facts->host, setting.value, &facts->uid, &facts->gid);
}

gboolean why_facts_gather(Host *host, const char *unit, WhyFacts *ret_facts, GError **error)
{
    g_auto(WhyFacts) facts = {.host = host, .unit = unit};
    GError *ignored = NULL;

    facts.sources = g_ptr_array_new_with_free_func(source_free);
    if (host_is_live(host)) {
        if (!host_get_unit(host, unit, &facts.state, error))
            return FALSE;
        facts.is_live = TRUE;
    }
    if (!host_systemd_version(host, &facts.version, &ignored))
        g_clear_error(&ignored);
    read_files(&facts);
    if (!host_read_entries(host, unit, 0, ENTRIES_MAX, &facts.entries, &ignored)) {
        g_clear_error(&ignored);
        facts.entries = g_ptr_array_new();
    }
    fill_invocations(facts.entries);
    facts.failure.entries = g_ptr_array_new();
    find_failure(&facts);
    find_quiet_end(&facts);
    take_state(&facts);
    open_root(&facts);
    find_user(&facts);
    *ret_facts = facts;
    facts = (WhyFacts){0};
    return TRUE;
}

void why_facts_clear(WhyFacts *facts)
{
    if (facts->is_live)
        host_unit_clear(&facts->state);
    g_clear_pointer(&facts->sources, g_ptr_array_unref);
    g_clear_pointer(&facts->entries, g_ptr_array_unref);
    g_clear_pointer(&facts->failure.entries, g_ptr_array_unref);
    g_clear_error(&facts->root_problem);
    why_tree_free(facts->root);
    why_tree_free(facts->outside);
    g_free(facts->root_path);
}

/* --- messages ------------------------------------------------------------------------------------------------------- */

const HostEntry *why_find_message(const WhyFacts *facts, const char *part)
{
    for (guint i = 0; i < facts->failure.entries->len; i++) {
        const HostEntry *entry = g_ptr_array_index(facts->failure.entries, i);

        if (strstr(entry->message, part))
            return entry;
    }
    return NULL;
}

const char *why_errno_text(const WhyFacts *facts)
{
    const HostEntry *entry = why_find_message(facts, "Failed at step");

    return entry && entry->errno_value > 0 ? g_strerror(entry->errno_value) : NULL;
}
