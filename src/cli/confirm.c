// SPDX-License-Identifier: LGPL-2.1-or-later
#include "confirm.h"

gboolean confirm_loss(const Call *call, const char *what, GError **error)
{
    char answer[16] = "";

    if (!call->err.is_terminal) {
        gourd_error_set(error, GOURD_ERROR_USAGE, "this removes all data of %s", what);
        return gourd_error_hint(error, "--yes says that this is meant");
    }
    fprintf(call->err.file, "This removes all data of %s. Go on? [y/N] ", what);
    fflush(call->err.file);
    if (fgets(answer, sizeof answer, stdin) && (answer[0] == 'y' || answer[0] == 'Y'))
        return TRUE;
    return gourd_error_set(error, GOURD_ERROR_USAGE, "nothing was removed");
}
