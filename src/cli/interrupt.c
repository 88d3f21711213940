// SPDX-License-Identifier: LGPL-2.1-or-later
#include "interrupt.h"

#include <glib.h>
#include <signal.h>
#include <unistd.h>

static const int signals[] = {SIGINT, SIGTERM, SIGHUP};

/* Only what execv(3) needs, which is all that the handler does (signal-safety(7)). */
static char *arguments[7];

static void undo(int number)
{
    execv("/proc/self/exe", arguments);
    _exit(128 + number);
}

static void handle(void (*handler)(int))
{
    struct sigaction action = {.sa_handler = handler};

    sigfillset(&action.sa_mask); /* and so it stays in what is executed: undoing is not to be interrupted */
    for (guint i = 0; i < G_N_ELEMENTS(signals); i++)
        sigaction(signals[i], &action, NULL);
}

void interrupt_undoes(const char *root, const char *title)
{
    const char *const words[] = {"gourd", "recover", "--quiet", "--root", root, title, NULL};

    for (guint i = 0; i < G_N_ELEMENTS(words); i++) {
        g_free(arguments[i]);
        arguments[i] = g_strdup(words[i]);
    }
    handle(undo);
}

void interrupt_kills(void)
{
    handle(SIG_DFL);
}
