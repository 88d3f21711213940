// SPDX-License-Identifier: LGPL-2.1-or-later
#include "keys.h"

#include <string.h>

const ComposeKey *compose_find_key(const char *name)
{
    for (const ComposeKey *key = compose_service_keys; key->name; key++) {
        if (strcmp(key->name, name) == 0)
            return key;
    }
    return NULL;
}
