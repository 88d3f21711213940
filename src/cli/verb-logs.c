// SPDX-License-Identifier: LGPL-2.1-or-later
#include "listing.h"
#include "machine-target.h"
#include "service-status.h"
#include "text.h"
#include "time-parse.h"

#include <string.h>

#include "unit/unit.h"

#define FOLLOW_LINES 10  /* shown first with --follow, as tail and journalctl do */
#define ERROR_PRIORITY 3 /* err; more serious ones have lower numbers (syslog(3)) */
#define WARNING_PRIORITY 4

typedef struct {
    CommonOptions common;
    char *since, *until, *root;
    gint64 lines;
    gboolean follow, last_start, bare, json;
} LogsOptions;

typedef struct {
    StoreService *service; /* borrowed */
    char *units[2];        /* its own, and that of its step before an upgrade */
    guint64 since_usec;
    Style style;
} Source;

typedef struct {
    const Session *session;
    const LogsOptions *options;
    GArray *sources; /* Source */
    guint64 since_usec, until_usec;
    guint width; /* of the longest name */
    guint64 n_shown;
} Reading;

/* --- which lines -------------------------------------------------------------------------------------------------- */

static void source_clear(gpointer data)
{
    Source *source = data;

    for (guint i = 0; i < G_N_ELEMENTS(source->units); i++)
        g_free(source->units[i]);
}

static gboolean add_source(Reading *reading, StoreService *service, GError **error)
{
    static const Style styles[] = {STYLE_CYAN, STYLE_GREEN, STYLE_YELLOW, STYLE_BLUE};
    Source source = {.service = service, .since_usec = reading->since_usec};
    guint64 start = 0;

    if (reading->options->last_start && !host_journal_last_start(reading->session->host, service->unit, &start, error))
        return FALSE;
    source.since_usec = MAX(source.since_usec, start);
    source.style = styles[reading->sources->len % G_N_ELEMENTS(styles)];
    source.units[0] = g_strdup(service->unit);
    source.units[1] = unit_name_for_service(service->name, "pre-upgrade", ".service", error);
    if (!source.units[1]) {
        source_clear(&source);
        return FALSE;
    }
    reading->width = MAX(reading->width, text_get_width(service->name));
    g_array_append_val(reading->sources, source);
    return TRUE;
}

static const Source *find_source(const Reading *reading, const char *unit)
{
    for (guint i = 0; unit && i < reading->sources->len; i++) {
        const Source *source = &g_array_index(reading->sources, Source, i);

        if (strcmp(source->units[0], unit) == 0 || strcmp(source->units[1], unit) == 0)
            return source;
    }
    return NULL;
}

static HostJournal *open_journal(const Reading *reading, GError **error)
{
    g_autoptr(GPtrArray) units = g_ptr_array_new();

    for (guint i = 0; i < reading->sources->len; i++) {
        const Source *source = &g_array_index(reading->sources, Source, i);

        for (guint j = 0; j < G_N_ELEMENTS(source->units); j++)
            g_ptr_array_add(units, source->units[j]);
    }
    g_ptr_array_add(units, NULL);
    return host_journal_open(reading->session->host, (const char *const *)units->pdata, reading->options->bare, error);
}

/* --- showing them ------------------------------------------------------------------------------------------------- */

static Style style_of_line(const HostLine *line)
{
    if (line->of_system)
        return STYLE_FAINT;
    if (line->priority < 0 || line->priority > WARNING_PRIORITY)
        return STYLE_NONE;
    return line->priority <= ERROR_PRIORITY ? STYLE_RED : STYLE_YELLOW;
}

static void print_prefix(const Reading *reading, const Source *source, const HostLine *line)
{
    const Screen *out = &reading->session->call->out;
    g_autoptr(GDateTime) time = g_date_time_new_from_unix_local((gint64)(line->usec / G_USEC_PER_SEC));
    g_autofree char *shown = time ? g_date_time_format(time, "%Y-%m-%d %H:%M:%S") : g_strdup("?");

    fprintf(out->file, "%s%s%s ", screen_begin(out, STYLE_FAINT), shown, screen_end(out, STYLE_FAINT));
    if (reading->sources->len > 1)
        fprintf(out->file, "%s%-*s |%s ", screen_begin(out, source->style), (int)reading->width, source->service->name,
                screen_end(out, source->style));
}

static void print_text(const Reading *reading, const Source *source, const HostLine *line)
{
    const Screen *out = &reading->session->call->out;
    gsize size = 0;
    const char *text = line->message ? g_bytes_get_data(line->message, &size) : "", *end = text + size;
    Style style = style_of_line(line);

    do {
        const char *stop = memchr(text, '\n', (gsize)(end - text));
        g_autofree char *shown = line_escape(text, (gsize)((stop ? stop : end) - text));

        if (!reading->options->bare)
            print_prefix(reading, source, line);
        if (line->of_system && !reading->options->bare)
            fprintf(out->file, "%s%s: %s%s\n", screen_begin(out, style),
                    line->identifier ? line->identifier : "systemd", shown, screen_end(out, style));
        else
            fprintf(out->file, "%s%s%s\n", screen_begin(out, style), shown, screen_end(out, style));
        text = stop ? stop + 1 : end;
    } while (text < end);
}

/* Text as it is; bytes that are none as numbers, as `journalctl --output=json` has them. */
static Json *message_to_json(GBytes *message)
{
    gsize size = 0;
    const char *text = message ? g_bytes_get_data(message, &size) : NULL;

    if (!text || g_utf8_validate(text, (gssize)size, NULL))
        return text ? json_stringn(text, size) : json_string("");
    Json *numbers = json_array();
    for (gsize i = 0; i < size; i++)
        json_array_append_new(numbers, json_integer((guint8)text[i]));
    return numbers;
}

static void print_json_line(const Reading *reading, const Source *source, const HostLine *line)
{
    FILE *out = reading->session->call->out.file;
    g_autoptr(GDateTime) seconds = g_date_time_new_from_unix_utc((gint64)(line->usec / G_USEC_PER_SEC));
    g_autofree char *time = g_date_time_format(seconds, "%Y-%m-%dT%H:%M:%S");
    g_autofree char *precise = g_strdup_printf("%s.%06uZ", time, (guint)(line->usec % G_USEC_PER_SEC));
    g_autoptr(Json) json = json_pack("{s:s, s:s, s:s, s:o, s:b, s:o, s:o, s:o, s:o}", "time", precise, "service",
                                     source->service->name, "unit", line->unit, "version",
                                     json_text_or_null(line->version), "of_system", line->of_system, "priority",
                                     line->priority < 0 ? json_null() : json_integer(line->priority), "identifier",
                                     json_text_or_null(line->identifier), "pid",
                                     line->pid ? json_integer(g_ascii_strtoll(line->pid, NULL, 10)) : json_null(),
                                     "message", message_to_json(line->message));

    json_dumpf(json, out, JSON_COMPACT);
    fputc('\n', out);
}

/* *ret_found FALSE: there is no more for now; *ret_over: nor will there be. */
static gboolean show_next(Reading *reading, HostJournal *journal, gboolean *ret_found, gboolean *ret_over,
                          GError **error)
{
    g_auto(HostLine) line = {0};

    if (!host_journal_next(journal, &line, ret_found, error))
        return FALSE;
    *ret_over = *ret_found && line.usec > reading->until_usec;
    const Source *source = *ret_found ? find_source(reading, line.unit) : NULL;
    if (*ret_over || !source || line.usec < source->since_usec)
        return TRUE;
    if (reading->options->json)
        print_json_line(reading, source, &line);
    else
        print_text(reading, source, &line);
    reading->n_shown++;
    return TRUE;
}

static gboolean show(Reading *reading, HostJournal *journal, GError **error)
{
    const LogsOptions *options = reading->options;
    FILE *out = reading->session->call->out.file;
    guint64 since = G_MAXUINT64;
    gboolean found = TRUE, over = FALSE;
    guint lines = options->lines != OPTION_INT_UNSET ? (guint)options->lines
                  : options->follow                  ? FOLLOW_LINES
                                                     : G_MAXUINT;

    for (guint i = 0; i < reading->sources->len; i++)
        since = MIN(since, g_array_index(reading->sources, Source, i).since_usec);
    if (!host_journal_seek(journal, since, lines, error))
        return FALSE;
    while (!over && (found || options->follow)) {
        if (!show_next(reading, journal, &found, &over, error))
            return FALSE;
        /* A reader that has gone away is no reason to wait for more. */
        if (!found && options->follow && (fflush(out) != 0 || !host_journal_wait(journal, error)))
            return FALSE;
    }
    return TRUE;
}

/* --- the verb ----------------------------------------------------------------------------------------------------- */

static gboolean parse_times(Reading *reading, GError **error)
{
    const LogsOptions *options = reading->options;
    gint64 now = g_get_real_time();

    reading->until_usec = G_MAXUINT64;
    if (options->until && options->follow)
        return gourd_error_set(error, GOURD_ERROR_USAGE, "--until and --follow exclude each other");
    return (!options->since || time_parse(options->since, now, &reading->since_usec, error)) &&
           (!options->until || time_parse(options->until, now, &reading->until_usec, error));
}

static gboolean check_access(const Session *session, GError **error)
{
    if (!host_journal_is_closed(session->host))
        return TRUE;
    gourd_error_set(error, GOURD_ERROR_UNSUPPORTED, "this user may not read the journal of services");
    return gourd_error_hint(error, "as root, or as a member of the group systemd-journal");
}

static gboolean read_logs(Reading *reading, GError **error)
{
    const Session *session = reading->session;
    const Call *call = session->call;
    g_autoptr(GPtrArray) services = NULL;

    if (!service_status_find(session, &services, error) || !check_access(session, error))
        return FALSE;
    for (guint i = 0; i < services->len; i++) {
        if (!add_source(reading, g_ptr_array_index(services, i), error))
            return FALSE;
    }
    if (services->len == 0)
        return TRUE;
    g_autoptr(HostJournal) journal = open_journal(reading, error);
    if (!journal || !show(reading, journal, error))
        return FALSE;
    if (reading->n_shown == 0 && !reading->options->json && !call->common->quiet)
        fputs("the journal has no such lines\n", call->err.file);
    return TRUE;
}

static void take_argument(GPtrArray *arguments, const char *format, ...) G_GNUC_PRINTF(2, 3);

static void take_argument(GPtrArray *arguments, const char *format, ...)
{
    va_list list;

    va_start(list, format);
    g_ptr_array_add(arguments, g_strdup_vprintf(format, list));
    va_end(list);
}

/* "@SECONDS.MICROSECONDS", as journalctl(1) reads it. */
static void take_time(GPtrArray *arguments, const char *option, guint64 usec)
{
    take_argument(arguments, "--%s=@%" G_GUINT64_FORMAT ".%06u", option, usec / G_USEC_PER_SEC,
                  (guint)(usec % G_USEC_PER_SEC));
}

/* A machine with systemd inside has a journal of its own: journalctl reads it. *ret_is FALSE: the operand is not such a one. */
static gboolean show_machine(const Reading *reading, gboolean *ret_is, GError **error)
{
    const LogsOptions *options = reading->options;
    const Call *call = reading->session->call;
    g_autoptr(GPtrArray) arguments = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(MachineRecord) record = call->n_operands == 1 ? machine_target_find(reading->session, call->operands[0])
                                                            : NULL;

    *ret_is = record && !record->spec.command && host_is_live(reading->session->host);
    if (!*ret_is)
        return TRUE;
    take_argument(arguments, "--no-pager");
    if (options->follow)
        take_argument(arguments, "--follow");
    if (options->lines != OPTION_INT_UNSET)
        take_argument(arguments, "--lines=%" G_GINT64_FORMAT, options->lines);
    if (options->since)
        take_time(arguments, "since", reading->since_usec);
    if (options->until)
        take_time(arguments, "until", reading->until_usec);
    if (options->last_start)
        take_argument(arguments, "--boot");
    if (options->bare || options->json)
        take_argument(arguments, options->json ? "--output=json" : "--output=cat");
    return machine_target_show_journal(reading->session, record, arguments, error);
}

static ExitCode run(const Call *call, GError **error)
{
    const LogsOptions *options = call->options;
    g_auto(Session) session = {0};
    gboolean is_machine = FALSE;
    Reading reading = {.session = &session, .options = options};

    if (!session_open(&session, call, options->root, FALSE, error) || !parse_times(&reading, error) ||
        !show_machine(&reading, &is_machine, error))
        return EXIT_CODE_FAILED;
    reading.sources = g_array_new(FALSE, FALSE, sizeof(Source));
    g_array_set_clear_func(reading.sources, source_clear);
    gboolean done = read_logs(&reading, error);
    g_array_unref(reading.sources);
    return done ? EXIT_CODE_OK : EXIT_CODE_FAILED;
}

#define AT(member) .offset = offsetof(LogsOptions, member)

static const Option rows[] = {
    {"follow", 'f', OPTION_FLAG, AT(follow), .help = "Go on with new lines as they come",
     .details = "It begins with the last 10 lines, if `--lines` does not say otherwise."},
    {"lines", 'n', OPTION_INT, AT(lines), "N", "The last N lines only", .max = G_MAXINT32},
    {"since", 'S', OPTION_STRING, AT(since), "TIME", "Lines from this time on",
     "A time ago (`10min`, `2h`, `3days`), `today`, `yesterday`, `12:30`, `2026-11-22`, `\"2026-11-22 12:30\"`, or RFC 3339."},
    {"until", 'U', OPTION_STRING, AT(until), "TIME", "Lines up to this time"},
    {"last-start", 'l', OPTION_FLAG, AT(last_start), .help = "Lines since each service was last started"},
    {"bare", 0, OPTION_FLAG, AT(bare),
     .help = "What the program wrote alone: no times, no names, nothing of systemd's"},
    {"root", 0, OPTION_STRING, AT(root), "FOLDER", "The journal of the system in FOLDER, at rest",
     .completion = COMPLETE_FOLDER},
    {"json", 0, OPTION_FLAG, AT(json), .help = "Print a JSON object for each entry, one a line"},
    {NULL},
};

#undef AT

static const OptionGroup groups[] = {{"Options", rows}, {NULL, NULL}};
static const Operand operands[] = {{"SERVICE|STACK|MACHINE", 0, OPERANDS_ANY, COMPLETE_RUNNING},
                                   {NULL, 0, 0, COMPLETE_NOTHING}};

static const char *const description[] = {
    "Shows what services wrote, and what systemd says of them, from the journal: of one, of several by time, of a stack's, or of all. The lines of all "
    "versions that ran are there, those of the step before an upgrade too.",
    "Of one machine that `gourd machine` made, all of its own journal, also when it does not run: that is `journalctl --machine=NAME`, or else `--directory=/var/lib/machines/NAME/var/log/journal`.",
    "`journalctl -u NAME` shows the same; each line has the version that wrote it in the field `GOURD_VERSION`.",
    NULL,
};

static const Example examples[] = {
    {"gourd logs -f web", "Follow one service"},
    {"gourd logs --last-start web", "Everything since it was last started"},
    {"gourd logs --since 10min web db", "The last ten minutes of two, by time"},
    {"gourd logs --since yesterday --json web | jq -r .message", "For other programs"},
    {NULL, NULL},
};

static const ExitCode codes[] = {EXIT_CODE_INPUT, EXIT_CODE_UNSUPPORTED, EXIT_CODE_NOT_FOUND, EXIT_CODE_OK};

const Verb verb_logs = {
    .name = "logs",
    .topic = "Services",
    .summary = "Show what services wrote to the journal",
    .operands = operands,
    .groups = groups,
    .description = description,
    .examples = examples,
    .exit_codes = codes,
    .options_size = sizeof(LogsOptions),
    .run = run,
};
