// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

/* The way from the index of an OCI layout to the one manifest that is wanted. */

#include "transport.h"

/* Reads what a descriptor names, with size and digest verified; `data` in the descriptor spares the store. */
GBytes *descriptor_read(BlobStore *store, const Descriptor *descriptor, gsize size_max, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;

/* Chooses by name, number or digest and, of what is left, by platform. Attestations are passed over, nested indexes
 * followed. More than one possible image, or none, is an error whose hint lists those there are. */
Descriptor *oci_choose(const Image *image, const Manifest *index, const Choice *choice, char **ret_name, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;
