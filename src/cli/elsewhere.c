// SPDX-License-Identifier: LGPL-2.1-or-later
#include "verb.h"

#include <string.h>

/* What gourd does not do because systemd does it, or calls otherwise: the verbs of docker(1), podman(1), docker compose, systemctl(1). */

typedef struct {
    const char *name;
    const char *hint;
} Word;

typedef struct {
    const char *verbs; /* those that do not have it, as " run exec " */
    const char *name;
    const char *hint;
    char letter; /* or 0 */
} Flag;

static const Word verbs[] = {
    {"attach", "gourd logs --follow NAME shows what it writes, gourd exec runs a command in it"},
    {"compose", "gourd has its verbs itself: gourd up, down, ps, logs, config"},
    {"container", "gourd ps lists services, and 'gourd help' all verbs"},
    {"cp", "gourd exec NAME tar reads and writes files; volumes are folders: gourd volume ls --json"},
    {"create", "gourd install --no-start FILE.raw"},
    {"delete", "gourd remove NAME"},
    {"disable", "systemctl disable NAME"},
    {"edit", "systemctl edit NAME for settings of systemd, gourd upgrade NAME with options for gourd's"},
    {"enable", "systemctl enable NAME"},
    {"export", "a bundle is a file that can be copied; gourd volume backup and gourd machine export write data"},
    {"history", "gourd inspect FILE shows layers, gourd list releases"},
    {"image", "images are files: gourd list --bundles shows those in the store"},
    {"images", "images are files: gourd list --bundles shows those in the store"},
    {"import", "gourd build FILE makes a bundle of an image or an archive"},
    {"info", "gourd why looks at the host, gourd list at what is installed"},
    {"kill", "systemctl kill --signal=SIGNAL NAME"},
    {"load", "gourd build FILE makes a bundle of an image's archive, gourd install runs it"},
    {"login", "there is no registry; skopeo login, then skopeo copy, fetches an image"},
    {"network", "networks belong to stacks: gourd ports shows what can be reached"},
    {"port", "gourd ports"},
    {"prune", "gourd gc drops what no release needs, gourd volume rm data"},
    {"pull", "images are files: skopeo copy docker://IMAGE docker-archive:FILE, then gourd build FILE"},
    {"push", "a bundle is a file: copy it, with scp for one"},
    {"reload", "gourd restart NAME, or gourd exec NAME with what its program has for it"},
    {"reset-failed", "systemctl reset-failed NAME"},
    {"restore", "gourd volume restore FILE"},
    {"rm", "gourd remove NAME, or gourd down for a stack"},
    {"rmi", "gourd gc removes bundles that no release needs"},
    {"save", "a bundle is a file that can be copied: gourd list --bundles"},
    {"search", "there is no registry: skopeo finds and fetches images"},
    {"show", "gourd inspect FILE shows a bundle, gourd ps what services do, systemctl show their settings"},
    {"start", "systemctl start NAME; a stack is NAME.target"},
    {"stats", "gourd top"},
    {"status", "systemctl status NAME, or gourd ps"},
    {"stop", "systemctl stop NAME; a stack is NAME.target"},
    {"tag", "name and version are those of the file, NAME_VERSION.raw: gourd build --name, --version"},
    {"uninstall", "gourd remove NAME"},
    {"update", "gourd upgrade FILE.raw"},
    {"version", "gourd --version"},
    {NULL, NULL},
};

/* The verbs of machinectl(1). */
static const Word machine_actions[] = {
    {"clone", "gourd machine export NAME FILE, then gourd machine import OTHER FILE"},
    {"delete", "gourd machine remove NAME"},
    {"disable", "machinectl disable NAME"},
    {"enable", "machinectl enable NAME"},
    {"exec", "gourd exec NAME COMMAND"},
    {"help", "gourd machine --help"},
    {"info", "gourd machine list NAME, gourd ps NAME, or machinectl status NAME"},
    {"kill", "machinectl kill NAME"},
    {"login", "machinectl login NAME, or gourd shell NAME"},
    {"logs", "gourd logs NAME, or journalctl --machine=NAME"},
    {"ls", "gourd machine list"},
    {"poweroff", "machinectl poweroff NAME"},
    {"reboot", "machinectl reboot NAME, or gourd restart NAME"},
    {"restart", "gourd restart NAME"},
    {"rm", "gourd machine remove NAME"},
    {"shell", "gourd shell NAME, or machinectl shell NAME"},
    {"show", "gourd machine list --json NAME, or machinectl show NAME"},
    {"start", "machinectl start NAME"},
    {"status", "machinectl status NAME, or gourd ps NAME"},
    {"stop", "machinectl stop NAME"},
    {"terminate", "machinectl terminate NAME"},
    {"upgrade", "gourd machine refresh NAME, after the host was upgraded"},
    {NULL, NULL},
};

static const Flag options[] = {
    {" run ", "detach", "gourd run stays in the foreground; gourd install makes a service", 'd'},
    {" run ", "publish", "the host's network is shared, so ports are reached as they are", 'p'},
    {" run ", "name", "what gourd run starts has no name; gourd install --name makes a service", 0},
    {" run ", "restart", "gourd run starts it once; gourd install makes a service", 0},
    {" install upgrade ", "detach", "it may be left out: a service always runs in the background", 'd'},
    {" install upgrade ", "interactive", "a service has no standard input; gourd exec and gourd shell go into it", 'i'},
    {" install upgrade ", "tty", "a service has no terminal; gourd exec and gourd shell go into it", 't'},
    {" install upgrade ", "rm", "gourd run runs a program once and leaves nothing; gourd remove removes a service", 0},
    {" install upgrade ", "add-host", "services see the host's /etc/hosts", 0},
    {" install upgrade ", "hostname", "services have the host's name", 0},
    {" install upgrade ", "log-driver", "it is the journal; --log-max gives the service one of its own", 0},
    {" run install upgrade ", "cap-add", "--capability NAME", 0},
    {" run install upgrade ", "mount",
     "--bind SOURCE:PATH shows a file or folder of the host, --volume and --tmpfs make one", 0},
    {" run install upgrade ", "privileged", "--capability, --device and --allow give what it needs, one by one", 0},
    {" run install upgrade ", "read-only",
     "it may be left out: the image always is; --writable, --volume and --tmpfs make places to write", 0},
    {" run install upgrade ", "security-opt", "--allow loosens the sandbox; install has --seccomp and --apparmor too",
     0},
    {" run install upgrade ", "pull", "images are files: nothing is fetched", 0},
    {" exec ", "detach", "gourd exec stays in the foreground; systemd-run --collect gourd exec ... does not", 'd'},
    {" exec ", "privileged", "--root runs it as root, with all that the service's sandbox allows", 0},
    {" exec ", "env-file", "--env NAME=VALUE", 0},
    {" logs ", "tail", "--lines N", 0},
    {" logs ", "timestamps", "it may be left out: lines have their time; --bare leaves it away", 't'},
    {" logs ", "no-log-prefix", "--bare", 0},
    {" logs ", "unit", "the service's name alone: gourd logs NAME", 'u'},
    {" ps ", "all", "it may be left out: services that do not run are shown too", 'a'},
    {" ps ", "format", "--json", 0},
    {" up ", "abort-on-container-exit", "gourd up does not stay in the foreground: gourd logs --follow STACK", 0},
    {" up ", "always-recreate-deps", "gourd restart STACK", 0},
    {" up ", "exit-code-from", "gourd up does not wait for a service to end: gourd run NAME does", 0},
    {" up ", "force-recreate", "gourd restart STACK", 0},
    {" up ", "no-deps", "gourd restart STACK-SERVICE starts one again; gourd up brings what it needs along", 0},
    {" up ", "no-recreate", "gourd up restarts only what differs; --no-start restarts nothing", 0},
    {" up ", "pull", "images are files: nothing is fetched", 0},
    {" up ", "renew-anon-volumes", "gourd volume rm removes data, when what uses it is stopped", 'V'},
    {" up ", "wait-timeout", "start_period and retries of a healthcheck, or TimeoutStartSec= of the unit", 0},
    {" up down ", "remove-orphans", "it may be left out: services that the file does not have any more are removed", 0},
    {" down ", "rmi", "--volumes removes its bundles too", 0},
    {" up down restart ", "timeout", "stop_grace_period of the service, or TimeoutStopSec= of its unit", 't'},
    {" build ", "tag", "--name NAME --version VERSION", 't'},
    {" build ", "no-cache", "it may be left out: nothing is kept between builds", 0},
    {" remove ", "force", "it may be left out: a running service is stopped", 'f'},
    {" remove ", "volumes", "--purge removes its data too", 0},
    {NULL, NULL, NULL, 0},
};

static const char *find_word(const Word *rows, const char *name)
{
    for (const Word *row = rows; row->name; row++)
        if (strcmp(row->name, name) == 0)
            return row->hint;
    return NULL;
}

const char *elsewhere_find_verb(const char *name)
{
    return find_word(verbs, name);
}

const char *elsewhere_find_machine_action(const char *name)
{
    return find_word(machine_actions, name);
}

const char *elsewhere_find_option(const Verb *verb, const char *name, char letter)
{
    g_autofree char *word = g_strdup_printf(" %s ", verb->name);

    for (const Flag *row = options; row->name; row++)
        if (strstr(row->verbs, word) && (name ? strcmp(row->name, name) == 0 : row->letter == letter))
            return row->hint;
    return NULL;
}
