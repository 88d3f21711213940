// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

/* What stream-inflated.c needs to know about one compressed format. Private to codec. */

#include "codec.h"

typedef struct {
    const guint8 *in; /* the next compressed bytes; in_size is 0 only when the source has ended */
    gsize in_size;
    guint8 *out; /* room for inflated bytes */
    gsize out_size;
    gsize used;       /* set by step: bytes of in consumed */
    gsize made;       /* set by step: bytes of out written */
    gboolean may_end; /* set by step: nothing is missing if the source ends behind used */
} InflateStep;

typedef struct {
    gsize want; /* bytes that a step needs to see, unless the source ends */
    gpointer (*open)(void);
    /* Goes on inflating. Must consume or make something while there is input and room. FALSE with *ret_problem (static
     * text) when the data are broken; *ret_code is INPUT unless set. */
    gboolean (*step)(gpointer state, InflateStep *step, const char **ret_problem, GourdError *ret_code);
    void (*close)(gpointer state);
} Inflater;

extern const Inflater gzip_inflater;
extern const Inflater zstd_inflater;
extern const Inflater xz_inflater;
