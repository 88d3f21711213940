// SPDX-License-Identifier: LGPL-2.1-or-later
#include "build-options.h"

ExitCode build_run(const Call *call, GError **error)
{
    gourd_error_set(error, GOURD_ERROR_UNSUPPORTED, "cannot build '%s': the writer of bundles is not there yet",
                    call->operands[0]);
    return EXIT_CODE_UNSUPPORTED;
}
