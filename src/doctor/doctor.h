// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

/* What is wrong, or could be better, with a service: what its sandbox leaves open, and why it does not run. */

#include "audit.h"
#include "why.h"
