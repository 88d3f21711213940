// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

/* Unit files: their text, quoting, names, and what each version of systemd understands.
 *
 * Everything here is about bytes: nothing is read from or written to the host. What is written is read by systemd exactly
 * as it was meant (systemd.syntax(7), systemd.service(5), systemd.unit(5)); what cannot be said in a unit file is refused. */

#include "directive.h"
#include "name.h"
#include "quote.h"
#include "unit-file.h"
#include "value.h"
