// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

/* Completions for the shells, as scripts made from the tables: they need no gourd to run. Callers free the results. */

#include "verb.h"

char *completion_format_bash(void);
char *completion_format_zsh(void);
char *completion_format_fish(void);

/* The prefixes of sources ("docker-archive:" and so on); ends with NULL. */
extern const char *const completion_source_prefixes[];
