// SPDX-License-Identifier: LGPL-2.1-or-later
#include "signals.h"

#include <signal.h>
#include <string.h>

/* What glibc calls so, and with it systemd and most programs; musl keeps one more for itself. */
#define REALTIME_MIN 34
#define REALTIME_MAX 64

static const struct {
    const char name[8];
    int number;
} names[] = {
    {"HUP", SIGHUP},       {"INT", SIGINT},   {"QUIT", SIGQUIT}, {"ILL", SIGILL},     {"TRAP", SIGTRAP},
    {"ABRT", SIGABRT},     {"IOT", SIGIOT},   {"BUS", SIGBUS},   {"FPE", SIGFPE},     {"KILL", SIGKILL},
    {"USR1", SIGUSR1},     {"SEGV", SIGSEGV}, {"USR2", SIGUSR2}, {"PIPE", SIGPIPE},   {"ALRM", SIGALRM},
    {"TERM", SIGTERM},     {"CHLD", SIGCHLD}, {"CONT", SIGCONT}, {"STOP", SIGSTOP},   {"TSTP", SIGTSTP},
    {"TTIN", SIGTTIN},     {"TTOU", SIGTTOU}, {"URG", SIGURG},   {"XCPU", SIGXCPU},   {"XFSZ", SIGXFSZ},
    {"VTALRM", SIGVTALRM}, {"PROF", SIGPROF}, {"IO", SIGIO},     {"WINCH", SIGWINCH}, {"POLL", SIGPOLL},
    {"PWR", SIGPWR},       {"SYS", SIGSYS},
};

/* Digits, up to the number of the last signal; -1 for anything else. */
static int parse_digits(const char *text)
{
    int number = 0;

    if (*text == '\0')
        return -1;
    for (; *text; text++) {
        if (*text < '0' || *text > '9')
            return -1;
        number = number * 10 + (*text - '0');
        if (number > REALTIME_MAX)
            return -1;
    }
    return number;
}

/* What follows RTMIN or RTMAX: an offset away from it, or nothing. */
static int parse_realtime(const char *text, char sign, int base)
{
    int offset = 0;
    int number;

    if (*text != '\0')
        offset = *text == sign ? parse_digits(text + 1) : -1;
    if (offset < 0)
        return 0;
    number = sign == '+' ? base + offset : base - offset;
    return number >= REALTIME_MIN && number <= REALTIME_MAX ? number : 0;
}

int signal_parse(const char *text)
{
    int number = parse_digits(text);

    if (number >= 0)
        return number;
    if (strncmp(text, "SIG", 3) == 0)
        text += 3;
    if (strncmp(text, "RTMIN", 5) == 0)
        return parse_realtime(text + 5, '+', REALTIME_MIN);
    if (strncmp(text, "RTMAX", 5) == 0)
        return parse_realtime(text + 5, '-', REALTIME_MAX);
    for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
        if (strcmp(names[i].name, text) == 0)
            return names[i].number;
    return 0;
}
