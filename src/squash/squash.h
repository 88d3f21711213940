// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

/* SquashFS 4.0: reading and writing images. libsquashfs is used here and nowhere else. */

#include "reader.h"
#include "writer.h"
