// SPDX-License-Identifier: LGPL-2.1-or-later
#include "cli.h"

/* All else is in the library, so that tests link it. */
int main(int argc, char **argv)
{
    return cli_run((const char *const *)(argc > 0 ? argv + 1 : argv));
}
