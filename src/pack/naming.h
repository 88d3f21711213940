// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

/* What a bundle is called when nobody says. */

#include <glib.h>

/* From the image's reference ("docker.io/library/nginx:1.25" gives nginx and 1.25), else from the source's file name
 * ("docker-archive:/srv/web.tar.gz" gives web); the version falls back to "latest". What cannot stand in a bundle's file
 * name becomes "-". The caller frees both. */
void naming_guess(const char *reference, const char *source, char **ret_name, char **ret_version);
