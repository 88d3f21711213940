// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

/* A one-off process: in a bundle, or where a service is. */

#include "direct.h"
#include "join.h"
#include "piped.h"
#include "transient.h"
