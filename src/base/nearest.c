// SPDX-License-Identifier: LGPL-2.1-or-later
#include "nearest.h"

#include <string.h>

#define NAME_LENGTH_MAX 64 /* longer words are no slip of a name of ours */

/* Optimal string alignment: Levenshtein's distance with swaps of neighbours as one slip. */
static guint count_slips(const char *a, const char *b)
{
    gsize a_length = strlen(a), b_length = strlen(b);
    guint rows[3][NAME_LENGTH_MAX + 1];
    guint *two_back = rows[0], *previous = rows[1], *current = rows[2];

    for (gsize j = 0; j <= b_length; j++)
        previous[j] = (guint)j;
    for (gsize i = 1; i <= a_length; i++) {
        current[0] = (guint)i;
        for (gsize j = 1; j <= b_length; j++) {
            guint slips = previous[j - 1] + (a[i - 1] != b[j - 1]);

            slips = MIN(slips, previous[j] + 1);
            slips = MIN(slips, current[j - 1] + 1);
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                slips = MIN(slips, two_back[j - 2] + 1);
            current[j] = slips;
        }
        guint *oldest = two_back;
        two_back = previous;
        previous = current;
        current = oldest;
    }
    return previous[b_length];
}

const char *nearest_name(const char *name, const GPtrArray *candidates)
{
    const char *nearest = NULL;
    guint fewest = G_MAXUINT;
    gsize length = strlen(name);

    if (length == 0 || length > NAME_LENGTH_MAX)
        return NULL;
    for (guint i = 0; i < candidates->len; i++) {
        const char *candidate = g_ptr_array_index(candidates, i);
        gsize candidate_length = strlen(candidate);

        if (candidate_length > NAME_LENGTH_MAX)
            continue;
        guint slips = length >= 3 && g_str_has_prefix(candidate, name) ? 1 : count_slips(name, candidate);
        guint allowed = 1 + (guint)MIN(length, candidate_length) / 4;
        if (slips <= allowed && slips < fewest) {
            fewest = slips;
            nearest = candidate;
        }
    }
    return nearest;
}
