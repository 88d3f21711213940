// SPDX-License-Identifier: LGPL-2.1-or-later
#include "keys.h"

#include "compose.h"

#include <string.h>

const ComposeKey *compose_find_key(const char *name)
{
    for (const ComposeKey *key = compose_service_keys; key->name; key++) {
        if (strcmp(key->name, name) == 0)
            return key;
    }
    return NULL;
}

/* --- docs/compose.md ----------------------------------------------------------------------------------------------- */

static const char introduction[] =
    "<!-- Written by `gourd generate compose.md` from src/compose/keys.def; a test compares. -->\n"
    "# Compose files\n"
    "\n"
    "`gourd config` reads Compose files as `docker compose` does and prints what they say; `gourd up` makes them services of this\n"
    "host, `gourd convert` writes the same as files. Nothing is ignored in silence: each key of a service, and what stands below it, is\n"
    "done as Docker does it, or in another way, which a note says, or refused with what to do instead. A key that nobody knows is an error.\n"
    "\n"
    "## Reading\n"
    "\n"
    "- `compose.yaml`, `compose.yml` or `docker-compose.yml` in this folder or the nearest above, and its override file; or those named\n"
    "  by `-f` or `$COMPOSE_FILE`, each laid over those before it; `!reset` takes away, `!override` replaces.\n"
    "- Anchors, `<<`, `x-…`; several documents in one file are laid over each other.\n"
    "- `$NAME`, `${NAME}` with `:-`, `-`, `:?`, `?`, `:+` and `+`, in each other; `$$` is a dollar. From the environment, then\n"
    "  `.env` or `--env-file`, in which Docker's rules for quotes hold.\n"
    "- `include`, `extends`, `profiles`, `env_file` with `required` and `format: raw`.\n"
    "- Errors name file, line, column and the path of the key.\n"
    "\n"
    "A stack's own settings are below `x-gourd`: at the top `network: auto|host|private`; in a service `source` (what the bundle of its\n"
    "image is built from, for all services that have it), `bundle`, `allow` (loosenings of the sandbox), `writable`, `secure_env`, `pre_upgrade`\n"
    "and `backup` ([stacks.md](stacks.md#backups)). A key that `x-gourd` does not have is an error too.\n"
    "\n"
    "## Keys of a service\n"
    "\n"
    "*Used* is the share of 369 services in 207 public Compose files that have the key.\n"
    "\n"
    "| key | used | | what becomes of it |\n"
    "|---|--:|---|---|\n";

static const char top_level[] =
    "\n"
    "## Keys at the top\n"
    "\n"
    "| key | what becomes of it |\n"
    "|---|---|\n"
    "| `name` | the stack's name: units are called `NAME-SERVICE` |\n"
    "| `version` | nothing, as with Docker |\n"
    "| `include` | read as part of the stack |\n"
    "| `services` | a service of systemd each |\n"
    "| `networks` | names in the host's network, or bridges and addresses of their own |\n"
    "| `volumes` | folders below `/var/lib/gourd/volumes`; external ones are those of the stack that their name begins with, `STACK_`, else in `External_volumes` |\n"
    "| `secrets`, `configs` | files that the services see |\n"
    "| `models` | refused in a service that uses one |\n"
    "| `x-…` | kept; `x-gourd` is gourd's |\n";

static const char *describe(ComposeDoes does)
{
    switch (does) {
    case KEY_EXACT:
        return "as Docker";
    case KEY_DIFFERENT:
        return "differently";
    case KEY_REFUSED:
        return "refused";
    }
    return "";
}

char *compose_keys_document(void)
{
    GString *text = g_string_new(introduction);

    for (const ComposeKey *key = compose_service_keys; key->name; key++) {
        g_autofree char *used = g_strdup_printf("%u.%u %%", key->permille / 10, key->permille % 10);

        g_string_append_printf(text, "| `%s` | %s | %s | %s |\n", key->name, key->permille ? used : "",
                               describe(key->does), key->text);
    }
    g_string_append(text, top_level);
    return g_string_free(text, FALSE);
}
