// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

/* A terminal of its own for a program, between which and the user's terminal this process carries bytes and sizes. */

#include "base/base.h"

#include <poll.h>

typedef struct Terminal Terminal;

/* Whether the user has one to carry to: standard input and output both are terminals. */
gboolean terminal_is_wanted(void);

/* A new one, of the /dev beneath `root` (a descriptor), for a user to open. */
Terminal *terminal_open(int root, guint32 uid, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Gives the user's terminal its mode back, too. */
void terminal_free(Terminal *terminal);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Terminal, terminal_free)
/* "/dev/pts/0". Borrowed. */
const char *terminal_path(const Terminal *terminal);

/* In the program's process, which leads a session: it becomes the controlling terminal and standard input, output and error.
 * FALSE and errno. */
gboolean terminal_take(const Terminal *terminal);

/* The program's end is closed here, and the user's terminal passes on every key. */
void terminal_start(Terminal *terminal);
/* The user's terminal has another size. */
void terminal_resize(const Terminal *terminal);

#define TERMINAL_POLLS 3

/* What is to be waited for: TERMINAL_POLLS elements; and what to do when poll(2) returned. */
void terminal_prepare(const Terminal *terminal, struct pollfd *ret_polls);
void terminal_carry(Terminal *terminal, const struct pollfd *polls);
/* The program has ended: what it wrote last. */
void terminal_drain(Terminal *terminal);
