// SPDX-License-Identifier: LGPL-2.1-or-later
#include "options.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "output.h"
#include "signals.h"

#define RETRIES_MAX 1000000 /* counts fit into an unsigned; nobody waits for so many */
/* Ever rarer from here on (health.h). A probe of gourd-init's own costs next to nothing, a command may cost a second of CPU. */
#define EARLY_DELAY (20 * USEC_SECOND / 1000)
#define EARLY_DELAY_EXEC (100 * USEC_SECOND / 1000)

static const char help[] =
    "usage: gourd-init [OPTION]... [--] PROGRAM [ARG]...\n"
    "\n"
    "Runs PROGRAM as the main process of a systemd service: passes signals to it, reaps what\n"
    "it leaves behind, watches its health, and ends as it ends.\n"
    "\n"
    "The program\n"
    "  --argv0 TEXT            its argv[0], if not PROGRAM\n"
    "  --setenv NAME=VALUE     a variable; any name. May be given again\n"
    "  --secret VAR=CREDENTIAL the content of $CREDENTIALS_DIRECTORY/CREDENTIAL, without one line\n"
    "                          break at its end, becomes $VAR. May be given again\n"
    "  --pipe                  pipes as its standard output and error, which are copied to those\n"
    "                          of gourd-init: a pipe can be opened as /dev/stdout, the journal's\n"
    "                          socket cannot\n"
    "  --stop-signal SIGNAL    what systemd stops the service with (SIGTERM): a name, or a number\n"
    "  --ready-on-exec         READY=1 when the program has been executed, as Type=exec does\n"
    "  --beside                the program takes over this process, and gourd-init becomes a\n"
    "                          child of it that only probes: for programs that must be process 1.\n"
    "                          Needs NotifyAccess=all; not with --pipe\n"
    "\n"
    "Health: one kind of probe; it succeeds when\n"
    "  --health-exec ARG       the command exits 0; given once for each word of it\n"
    "  --health-http URL       http://HOST[:PORT]/PATH answers with a status from 200 to 399\n"
    "  --health-tcp HOST:PORT  a connection is accepted; PORT alone is one of this host\n"
    "  --health-unix PATH      likewise, at a socket in the file system\n"
    "HOST is an address, \"localhost\" or a name of /etc/hosts.\n"
    "\n"
    "Timing as with Docker, in microseconds; 0 stands for the default\n"
    "  --interval USEC         from the end of a probe to the next (30 s)\n"
    "  --timeout USEC          a probe that takes longer has failed, and is killed (30 s)\n"
    "  --start-period USEC     failures from the start until then do not count (0)\n"
    "  --start-interval USEC   the interval in that time (5 s)\n"
    "  --retries N             so many failures in a row make the service unhealthy (3)\n"
    "\n"
    "With $NOTIFY_SOCKET and a probe: READY=1 at the first success, STATUS= in words, WATCHDOG=1\n"
    "every half $WATCHDOG_USEC while healthy, EXTEND_TIMEOUT_USEC= until the first success, and\n"
    "WATCHDOG=trigger when unhealthy. Until the first success it is also probed in between,\n"
    "which can succeed but not fail. After the stop signal it is not probed any more, but STOPPING=1\n"
    "is said, and the watchdog fed.\n"
    "\n"
    "Beside services, in units of their own\n"
    "  --udp-relay ADDRESS:PORT\n"
    "                          passes what comes to sockets of systemd on to there, and answers back\n"
    "  --ingress-filter PATH [PORT]...\n"
    "                          leaves a BPF program at PATH, for IPIngressFilterPath=: from beyond this\n"
    "                          machine come answers, and what is for PORT: [ADDRESS:]NUMBER/tcp or\n"
    "                          /udp; -NUMBER/udp closes one that clients could have\n"
    "\n"
    "Exit status: that of the program, or the same signal. 2 wrong usage, 203 the program cannot\n"
    "be executed, 222 no pipes, 243 a secret cannot be read.\n";

typedef enum {
    OPTION_ARGV0,
    OPTION_SETENV,
    OPTION_SECRET,
    OPTION_PIPE,
    OPTION_STOP_SIGNAL,
    OPTION_READY_ON_EXEC,
    OPTION_BESIDE,
    OPTION_HEALTH_EXEC,
    OPTION_HEALTH_HTTP,
    OPTION_HEALTH_TCP,
    OPTION_HEALTH_UNIX,
    OPTION_INTERVAL,
    OPTION_TIMEOUT,
    OPTION_START_PERIOD,
    OPTION_START_INTERVAL,
    OPTION_RETRIES,
    OPTION_UDP_RELAY,
    OPTION_INGRESS_FILTER,
    OPTION_HELP,
    OPTION_VERSION,
    OPTION_UNKNOWN,
} Option;

static const struct {
    const char *name;
    Option option;
    bool argument;
} table[] = {
    {"argv0", OPTION_ARGV0, true},
    {"setenv", OPTION_SETENV, true},
    {"secret", OPTION_SECRET, true},
    {"pipe", OPTION_PIPE, false},
    {"stop-signal", OPTION_STOP_SIGNAL, true},
    {"ready-on-exec", OPTION_READY_ON_EXEC, false},
    {"beside", OPTION_BESIDE, false},
    {"health-exec", OPTION_HEALTH_EXEC, true},
    {"health-http", OPTION_HEALTH_HTTP, true},
    {"health-tcp", OPTION_HEALTH_TCP, true},
    {"health-unix", OPTION_HEALTH_UNIX, true},
    {"interval", OPTION_INTERVAL, true},
    {"timeout", OPTION_TIMEOUT, true},
    {"start-period", OPTION_START_PERIOD, true},
    {"start-interval", OPTION_START_INTERVAL, true},
    {"retries", OPTION_RETRIES, true},
    {"udp-relay", OPTION_UDP_RELAY, true},
    {"ingress-filter", OPTION_INGRESS_FILTER, true},
    {"help", OPTION_HELP, false},
    {"version", OPTION_VERSION, false},
};

static bool parse_number(const char *text, uint64_t max, uint64_t *ret_number)
{
    uint64_t number = 0;

    if (*text == '\0')
        return false;
    for (; *text; text++) {
        if (*text < '0' || *text > '9' || number > (max - (uint64_t)(*text - '0')) / 10)
            return false;
        number = number * 10 + (uint64_t)(*text - '0');
    }
    *ret_number = number;
    return true;
}

static OptionsResult refuse(const char *option, const char *value, const char *problem)
{
    message(MESSAGE_ERROR, "--%s '%s': %s", option, value, problem);
    return OPTIONS_WRONG;
}

static OptionsResult append(char **list, char *value)
{
    while (*list)
        list++;
    *list = value;
    return OPTIONS_RUN;
}

static OptionsResult append_assignment(char **list, const char *name, char *value)
{
    const char *equals = strchr(value, '=');

    if (!equals || equals == value)
        return refuse(name, value, "this is not NAME=VALUE");
    return append(list, value);
}

static OptionsResult set_duration(uint64_t *usec, const char *name, const char *value)
{
    return parse_number(value, USEC_NEVER - 1, usec) ? OPTIONS_RUN : refuse(name, value, "no number of microseconds");
}

static OptionsResult set_retries(unsigned *retries, const char *name, const char *value)
{
    uint64_t number;

    if (!parse_number(value, RETRIES_MAX, &number))
        return refuse(name, value, "no number up to a million");
    *retries = (unsigned)number;
    return OPTIONS_RUN;
}

/* Takes the place of the kind, which must be free. */
static OptionsResult set_probe(ProbeTarget *probe, ProbeKind kind, const char *name, char *value)
{
    const char *problem = NULL;

    if (probe->kind != PROBE_NONE && !(kind == PROBE_EXEC && probe->kind == PROBE_EXEC))
        return refuse(name, value, "there is a probe already");
    probe->kind = kind;
    if (kind == PROBE_EXEC)
        return append(probe->argv, value);
    if (kind == PROBE_HTTP)
        problem = url_parse(value, &probe->url);
    else if (kind == PROBE_TCP)
        problem = endpoint_parse(value, &probe->url);
    else
        probe->path = value;
    return problem ? refuse(name, value, problem) : OPTIONS_RUN;
}

static OptionsResult write_out(const char *text)
{
    return write(STDOUT_FILENO, text, strlen(text)) < 0 ? OPTIONS_WRONG : OPTIONS_DONE;
}

static OptionsResult take_option(Options *options, Option option, const char *name, char *value)
{
    switch (option) {
    case OPTION_ARGV0:
        options->argv0 = value;
        return OPTIONS_RUN;
    case OPTION_SETENV:
        return append_assignment(options->variables, name, value);
    case OPTION_SECRET:
        return append_assignment(options->secrets, name, value);
    case OPTION_PIPE:
        options->pipe = true;
        return OPTIONS_RUN;
    case OPTION_STOP_SIGNAL:
        options->stop_signal = signal_parse(value);
        return options->stop_signal > 0 ? OPTIONS_RUN : refuse(name, value, "no signal");
    case OPTION_READY_ON_EXEC:
        options->ready_on_exec = true;
        return OPTIONS_RUN;
    case OPTION_BESIDE:
        options->beside = true;
        return OPTIONS_RUN;
    case OPTION_HEALTH_EXEC:
        return set_probe(&options->probe, PROBE_EXEC, name, value);
    case OPTION_HEALTH_HTTP:
        return set_probe(&options->probe, PROBE_HTTP, name, value);
    case OPTION_HEALTH_TCP:
        return set_probe(&options->probe, PROBE_TCP, name, value);
    case OPTION_HEALTH_UNIX:
        return set_probe(&options->probe, PROBE_UNIX, name, value);
    case OPTION_INTERVAL:
        return set_duration(&options->timing.interval, name, value);
    case OPTION_TIMEOUT:
        return set_duration(&options->timing.timeout, name, value);
    case OPTION_START_PERIOD:
        return set_duration(&options->timing.start_period, name, value);
    case OPTION_START_INTERVAL:
        return set_duration(&options->timing.start_interval, name, value);
    case OPTION_RETRIES:
        return set_retries(&options->timing.retries, name, value);
    case OPTION_UDP_RELAY:
        options->udp_relay = value;
        return OPTIONS_RUN;
    case OPTION_INGRESS_FILTER:
        options->ingress_filter = value;
        return OPTIONS_RUN;
    case OPTION_HELP:
        return write_out(help);
    case OPTION_VERSION:
        return write_out("gourd-init " GOURD_VERSION "\n");
    case OPTION_UNKNOWN:
        break;
    }
    message(MESSAGE_ERROR, "unknown option '--%s'; see gourd-init --help", name);
    return OPTIONS_WRONG;
}

/* Each list can hold every word of the command line. */
static bool make_lists(Options *options, int argc)
{
    char **lists = calloc(3 * ((size_t)argc + 1), sizeof(char *));

    if (!lists) {
        message(MESSAGE_ERROR, "out of memory");
        return false;
    }
    options->variables = lists;
    options->secrets = lists + argc + 1;
    options->probe.argv = lists + (size_t)2 * ((size_t)argc + 1);
    return true;
}

static OptionsResult check(Options *options, char **words)
{
    if (!*words && !options->udp_relay && !options->ingress_filter) {
        message(MESSAGE_ERROR, "no program is named; see gourd-init --help");
        return OPTIONS_WRONG;
    }
    if (options->beside && options->pipe) {
        message(MESSAGE_ERROR, "--beside and --pipe exclude each other");
        return OPTIONS_WRONG;
    }
    options->program = words;
    options->timing.early_delay = options->probe.kind == PROBE_EXEC ? EARLY_DELAY_EXEC : EARLY_DELAY;
    return OPTIONS_RUN;
}

OptionsResult options_parse(int argc, char **argv, Options *options)
{
    char **word = argv + 1;
    OptionsResult result;

    *options = (Options){.stop_signal = SIGTERM, .probe.kind = PROBE_NONE};
    if (!make_lists(options, argc))
        return OPTIONS_WRONG;
    for (; *word && (*word)[0] == '-' && (*word)[1] == '-'; word++) {
        const char *name = *word + 2;
        Option option = OPTION_UNKNOWN;

        if (*name == '\0') {
            word++;
            break;
        }
        for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++)
            if (strcmp(table[i].name, name) == 0) {
                option = table[i].option;
                if (table[i].argument && !*++word) {
                    message(MESSAGE_ERROR, "--%s needs a value; see gourd-init --help", name);
                    return OPTIONS_WRONG;
                }
            }
        result = take_option(options, option, name, *word);
        if (result != OPTIONS_RUN)
            return result;
    }
    return check(options, word);
}
