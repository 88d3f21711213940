/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <stdio.h>

int main(void)
{
    puts("gourd " GOURD_VERSION);
    return 0;
}
