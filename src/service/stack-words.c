// SPDX-License-Identifier: LGPL-2.1-or-later
#include "stack.h"

#include <string.h>

/* Errors of a service speak of the options of `gourd install`; who reads a Compose file finds there the keys. The longer first. */
static const struct {
    const char *option, *key;
} words[] = {
    {"--health-http and --health-tcp need nothing in the image; --no-healthcheck does without",
     "'healthcheck: {disable: true}' does without, 'test:' names another program"},
    {"gourd build … --mountpoint",
     "'gourd up --image SERVICE=SOURCE' builds the bundle anew, with all that the stack mounts; or gourd build SOURCE -o BUNDLE "
     "--mountpoint"},
    {"give a command behind the bundle, or --entrypoint", "'command:' or 'entrypoint:' says it"},
    {"--no-healthcheck", "healthcheck: {disable: true}"},
    {"--health-cmd", "healthcheck.test"},
    {"--health-timeout", "healthcheck.timeout"},
    {"--health-start-period", "healthcheck.start_period"},
    {"--oom-score-adj", "oom_score_adj"},
    {"--credential", "secrets"},
    {"--backup-", "x-gourd.backup."},
    {"--entrypoint", "entrypoint"},
    {"--post-start", "post_start"},
    {"--pre-stop", "pre_stop"},
    {"--writable", "x-gourd.writable"},
    {"--workdir", "working_dir"},
    {"--publish", "ports"},
    {"--volume", "volumes"},
    {"--secret-file", "secrets"},
    {"--secret", "secrets"},
    {"--cpuset", "cpuset"},
    {"--ulimit", "ulimits"},
    {"--device", "devices"},
    {"--memory-low", "mem_reservation"},
    {"--memory", "mem_limit"},
    {"--tmpfs", "tmpfs"},
    {"--alias", "container_name"},
    {"--allow", "x-gourd.allow"},
    {"--bind", "volumes"},
    {"--pids", "pids_limit"},
    {"--user root", "user: root"},
    {"--user", "user"},
};

/* Takes the text. */
static char *replace_all(char *text, const char *old, const char *new)
{
    g_auto(GStrv) parts = g_strsplit(text, old, -1);

    g_free(text);
    return g_strjoinv(new, parts);
}

static char *say_keys(char *text)
{
    for (guint i = 0; i < G_N_ELEMENTS(words); i++)
        text = replace_all(text, words[i].option, words[i].key);
    return text;
}

char *stack_remedy(const char *remedy)
{
    static const char upgrade[] = "gourd upgrade \342\200\246 "; /* "…" */

    if (!strstr(remedy, upgrade))
        return g_strdup(remedy);
    g_autofree char *text = say_keys(replace_all(g_strdup(remedy), upgrade, ""));
    return g_strconcat(text, " (in the Compose file, then 'gourd up')", NULL);
}

void stack_say_keys(GError **error)
{
    if (!error || !*error)
        return;
    (*error)->message = say_keys((*error)->message);
    /* What is wrong stands in a file, not on the command line. */
    if (g_error_matches(*error, GOURD_ERROR, GOURD_ERROR_USAGE))
        (*error)->code = GOURD_ERROR_INPUT;
}
