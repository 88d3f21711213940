// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

/* Which of several platforms an image is built for suits the wanted one. */

#include "image.h"

/* Fills a platform from what a manifest or configuration says, normalised: "x86_64" is "amd64", "arm64/v8" is "arm64",
 * "arm" is "arm/v7", "amd64/v1" is "amd64". NULL os is linux. */
void platform_init(const char *os, const char *architecture, const char *variant, Platform *ret_platform);
void platform_copy(const Platform *platform, Platform *ret_platform);
/* "linux/arm/v7"; the caller frees. Bytes from images come escaped. */
char *platform_to_text(const Platform *platform);

/* How well an offered platform serves the wanted one: 0 is exactly it, more is worse, -1 not at all. A processor runs
 * what was built for lower variants of its architecture (arm/v7 also v6 and v5, amd64/v3 also v2 and v1). */
int platform_rank(const Platform *wanted, const Platform *offered);
