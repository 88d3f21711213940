// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

/* What the image sources need of a tar reader besides its entries. tar_reader_new() is in image.h. */

#include "image/image.h"

/* From now on an archive without an end mark is an error (a stream without a digest may have been cut there). */
void tar_reader_require_end(EntryReader *reader);
