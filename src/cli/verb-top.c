// SPDX-License-Identifier: LGPL-2.1-or-later
#include "human.h"
#include "listing.h"
#include "service-status.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#define FIRST_SAMPLE_MSEC 500 /* what a processor does is known from two looks */

typedef struct {
    CommonOptions common;
    gint64 interval, iterations;
} TopOptions;

/* Of one service between two looks. */
typedef struct {
    const ServiceStatus *status;
    double share; /* of one processor; negative: unknown */
} Row;

/* --- the terminal ------------------------------------------------------------------------------------------------- */

/* What has to be put back, also when a signal ends the program. */
static struct {
    gboolean has_keys;
    struct termios before;
} terminal;

static void restore_terminal(void)
{
    static const char show_cursor[] = "\033[?25h";

    if (!terminal.has_keys)
        return;
    tcsetattr(STDIN_FILENO, TCSANOW, &terminal.before);
    ssize_t ignored = write(STDOUT_FILENO, show_cursor, sizeof show_cursor - 1);
    (void)ignored;
}

static void on_signal(int number)
{
    restore_terminal();
    signal(number, SIG_DFL);
    raise(number);
}

/* Keys come at once and are not shown; the cursor is hidden. */
static void take_terminal(const Screen *screen)
{
    static const int signals[] = {SIGINT, SIGTERM, SIGHUP, SIGPIPE};
    struct termios raw;

    if (!screen->is_terminal || screen->is_dumb || tcgetattr(STDIN_FILENO, &terminal.before) < 0)
        return;
    for (guint i = 0; i < G_N_ELEMENTS(signals); i++)
        signal(signals[i], on_signal);
    terminal.has_keys = TRUE;
    raw = terminal.before;
    raw.c_lflag &= (tcflag_t) ~(ICANON | ECHO);
    tcsetattr(STDIN_FILENO, TCSANOW, &raw);
    fputs("\033[?25l", screen->file);
}

/* Waits. FALSE: somebody pressed q. */
static gboolean wait_for_key(guint msec)
{
    struct pollfd keys = {.fd = terminal.has_keys ? STDIN_FILENO : -1, .events = POLLIN};
    gint64 end = g_get_monotonic_time() + (gint64)msec * 1000;

    for (gint64 left = msec; left >= 0; left = (end - g_get_monotonic_time()) / 1000) {
        char key = 0;
        int n = poll(&keys, 1, (int)left);

        if (n <= 0)
            return n == 0 || errno == EINTR;
        if (read(STDIN_FILENO, &key, 1) != 1 || key == 'q' || key == 'Q')
            return FALSE;
    }
    return TRUE;
}

/* --- rows --------------------------------------------------------------------------------------------------------- */

static double find_share(const ServiceStatus *status, GHashTable *before, gint64 passed_usec)
{
    const guint64 *used = g_hash_table_lookup(before, status->service->name);
    guint64 now = status->is_known ? status->unit.cpu_usage_nsec : G_MAXUINT64;

    /* It starts from nothing when the service starts again. */
    if (!used || *used == G_MAXUINT64 || now == G_MAXUINT64 || now < *used || passed_usec <= 0)
        return -1;
    return (double)(now - *used) / 1000.0 / (double)passed_usec;
}

static gint compare_rows(gconstpointer a, gconstpointer b)
{
    const Row *x = a, *y = b;

    if (x->share > y->share || x->share < y->share)
        return x->share > y->share ? -1 : 1;
    return strcmp(x->status->service->name, y->status->service->name);
}

static char *format_memory(const HostUnit *unit)
{
    g_autofree char *used = service_status_format_memory(unit->memory_current);
    g_autofree char *most = service_status_format_memory(unit->memory_max);

    return unit->memory_max == G_MAXUINT64 ? g_strdup(used) : g_strdup_printf("%s / %s", used, most);
}

static void add_row(Listing *listing, const Row *row)
{
    const ServiceStatus *status = row->status;
    const HostUnit *unit = &status->unit;

    listing_add(listing, status->service->name);
    listing_add(listing, status->state);
    listing_style(listing, service_status_style(status));
    listing_take(listing, row->share < 0 ? g_strdup("-") : g_strdup_printf("%.1f %%", 100 * row->share));
    listing_take(listing, status->is_known ? format_memory(unit) : g_strdup("-"));
    listing_take(listing, !status->is_known || unit->tasks_current == G_MAXUINT64
                              ? g_strdup("-")
                              : g_strdup_printf("%" G_GUINT64_FORMAT, unit->tasks_current));
    listing_take(listing, status->uptime_usec ? duration_format(status->uptime_usec) : g_strdup("-"));
    listing_add(listing, status->attention ? status->attention : "");
}

static void print_rows(const Screen *out, GArray *rows)
{
    static const ListingColumn columns[] = {
        {"NAME", FALSE, STYLE_BOLD},        {"STATE", FALSE, STYLE_NONE}, {"CPU", TRUE, STYLE_NONE},
        {"MEMORY", TRUE, STYLE_NONE},       {"TASKS", TRUE, STYLE_NONE},  {"UP", TRUE, STYLE_NONE},
        {"ATTENTION", FALSE, STYLE_YELLOW},
    };
    g_autoptr(Listing) listing = listing_new(columns, G_N_ELEMENTS(columns));

    g_array_sort(rows, compare_rows);
    for (guint i = 0; i < rows->len; i++)
        add_row(listing, &g_array_index(rows, Row, i));
    if (terminal.has_keys)
        fputs("\033[H\033[2J", out->file);
    listing_print(listing, out);
    fflush(out->file);
}

/* --- looking again and again -------------------------------------------------------------------------------------- */

static void remember(GHashTable *before, const GPtrArray *list)
{
    g_hash_table_remove_all(before);
    for (guint i = 0; i < list->len; i++) {
        const ServiceStatus *status = g_ptr_array_index(list, i);
        guint64 used = status->is_known ? status->unit.cpu_usage_nsec : G_MAXUINT64;

        g_hash_table_insert(before, g_strdup(status->service->name), g_memdup2(&used, sizeof used));
    }
}

/* Looks once; shows what changed since the look before, if there was one. */
static gboolean look(const Session *session, GHashTable *before, gint64 *seen_at, GError **error)
{
    g_autoptr(GPtrArray) services = NULL;
    gint64 now = g_get_monotonic_time();

    if (!service_status_find(session, &services, error))
        return FALSE;
    g_autoptr(GPtrArray) list = service_status_read(session, services);
    g_autoptr(GArray) rows = g_array_new(FALSE, FALSE, sizeof(Row));
    for (guint i = 0; i < list->len; i++) {
        const ServiceStatus *status = g_ptr_array_index(list, i);
        Row row = {.status = status, .share = find_share(status, before, now - *seen_at)};

        g_array_append_val(rows, row);
    }
    if (*seen_at)
        print_rows(&session->call->out, rows);
    remember(before, list);
    *seen_at = now;
    return TRUE;
}

static gboolean look_on(const Session *session, GError **error)
{
    const TopOptions *options = session->call->options;
    g_autoptr(GHashTable) before = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    gint64 seen_at = 0, rounds = options->iterations;

    if (rounds == OPTION_INT_UNSET)
        rounds = terminal.has_keys ? G_MAXINT64 : 1;
    if (!look(session, before, &seen_at, error))
        return FALSE;
    gboolean goes_on = wait_for_key(FIRST_SAMPLE_MSEC);
    for (gint64 i = 0; goes_on && i < rounds; i++) {
        if (!look(session, before, &seen_at, error))
            return FALSE;
        goes_on = i + 1 == rounds || wait_for_key((guint)options->interval * 1000);
    }
    return TRUE;
}

static ExitCode run(const Call *call, GError **error)
{
    g_auto(Session) session = {0};

    if (!session_open(&session, call, NULL, FALSE, error))
        return EXIT_CODE_FAILED;
    if (!host_is_live(session.host)) {
        gourd_error_set(error, GOURD_ERROR_UNSUPPORTED, "systemd does not run here");
        return EXIT_CODE_FAILED;
    }
    take_terminal(&call->out);
    gboolean done = look_on(&session, error);
    restore_terminal();
    return done ? EXIT_CODE_OK : EXIT_CODE_FAILED;
}

#define AT(member) .offset = offsetof(TopOptions, member)

static const Option rows[] = {
    {"interval", 'd', OPTION_INT, AT(interval), "SECONDS", "Look again after so long", .fallback = "2", .min = 1,
     .max = 86400},
    {"iterations", 'n', OPTION_INT, AT(iterations), "N", "Look so many times, then end",
     "On a terminal it goes on until `q` or Ctrl-C; elsewhere it looks once.", .min = 1, .max = G_MAXINT32},
    {NULL},
};

#undef AT

static const OptionGroup groups[] = {{"Options", rows}, {NULL, NULL}};
static const Operand operands[] = {{"SERVICE|STACK|MACHINE", 0, OPERANDS_ANY, COMPLETE_RUNNING},
                                   {NULL, 0, 0, COMPLETE_NOTHING}};

static const char *const description[] = {
    "Shows what services, or those of stacks, use, again and again: processors (100 % is one), memory and its limit, tasks; the busiest first. `q` ends it.",
    "`systemd-cgtop` shows all control groups of a machine, `gourd ps --json` has the numbers for other programs.",
    NULL,
};

static const Example examples[] = {
    {"gourd top", "All services"},
    {"gourd top --interval 10 web db", "Two of them, every ten seconds"},
    {NULL, NULL},
};

static const ExitCode codes[] = {EXIT_CODE_INPUT, EXIT_CODE_UNSUPPORTED, EXIT_CODE_NOT_FOUND, EXIT_CODE_OK};

const Verb verb_top = {
    .name = "top",
    .topic = "Services",
    .summary = "Watch what services use",
    .operands = operands,
    .groups = groups,
    .description = description,
    .examples = examples,
    .exit_codes = codes,
    .options_size = sizeof(TopOptions),
    .run = run,
};
