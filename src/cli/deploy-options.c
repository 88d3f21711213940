// SPDX-License-Identifier: LGPL-2.1-or-later
#include "deploy-options.h"

#define AT(member) DEPLOY_AT(member)

const OptionChoice deploy_verifications[] = {
    {"quick", 0, "its tables and its index"},
    {"full", 1, "every block, in the copy that will run"},
    {NULL, 0, NULL},
};

const char *const deploy_targets[] = {"debian12", "debian13", "ubuntu24.04", "systemd=", NULL};

gboolean deploy_check_target(const char *argument, GError **error)
{
    guint version;

    return unit_target_parse(argument, &version, error);
}

const Option deploy_program_rows[] = {
    {"entrypoint", 0, OPTION_STRING, AT(entrypoint), "COMMAND", "Run this program instead of the image's",
     .details =
         "It is split into words as a shell would do it; nothing else of a shell happens. An empty COMMAND is no "
         "entrypoint at all.",
     .shown_default = "the image's"},
    {"env", 'e', OPTION_STRINGS, AT(environment), "NAME[=VALUE]", "Set a variable; a NAME alone takes the image's away",
     .details =
         "What looks like a secret by its NAME (`PASSWORD`, `TOKEN` and so on) goes to a file that only root can read, and "
         "not into the unit."},
    {"env-file", 0, OPTION_STRINGS, AT(env_files), "FILE", "Set the variables that FILE has, one NAME=VALUE a line",
     .details =
         "Read now, as `docker run` reads it: no quotes, no variables; `#` begins a comment line; a NAME alone takes "
         "its value from the environment of gourd. All of it is taken for secret.",
     .completion = COMPLETE_FILE},
    {"secure-env", 0, OPTION_FLAG, AT(secure_env), .help = "Give what is secret in the environment by credentials",
     .details =
         "Values that look secret, and all of `--env-file`, are encrypted by systemd-creds(1) with the host's key, where there is that "
         "program; gourd-init sets the variables when the service starts."},
    {"secret", 0, OPTION_STRINGS, AT(secrets), "NAME=FILE", "Set a variable to what a file of the host has",
     .details =
         "The file is read at each start, as a credential of systemd (systemd.exec(5)), so its content is in no unit."},
    {"secret-file", 0, OPTION_STRINGS, AT(secret_files), "FILE:PATH",
     "Show a file of the host to the service's user only",
     .details =
         "At PATH, as in `/run/secrets/db`. It is read at each start, whoever's it is on the host, as a credential of systemd."},
    {"credential", 0, OPTION_STRINGS, AT(credentials), "NAME=FILE", "Give the service a credential of systemd",
     .details = "The service finds it as `$CREDENTIALS_DIRECTORY/NAME`."},
    {"workdir", 'w', OPTION_STRING, AT(working_dir), "PATH", "Run it in this folder of the image",
     .shown_default = "the image's"},
    {"user", 'u', OPTION_STRING, AT(user), "USER[:GROUP]",
     "Run it as this user of the image; `root` is root of the host", .shown_default = "a system user of its own"},
    {"description", 0, OPTION_STRING, AT(description), "TEXT", "How systemctl calls the service",
     .shown_default = "the image's title"},
    {NULL},
};

const Option deploy_storage_rows[] = {
    {"volume", 0, OPTION_STRINGS, AT(volumes), "[NAME:]PATH", "Keep what is written to this folder of the image",
     .details =
         "As with the volumes that the image declares: a folder in `/var/lib/gourd/volumes`, filled from the image "
         "the first time. NAME is what the folder is called there."},
    {"bind", 0, OPTION_STRINGS, AT(binds), "SOURCE:PATH[:ro]", "Show a file or folder of the host at PATH"},
    {"tmpfs", 0, OPTION_STRINGS, AT(tmpfs), "PATH[:OPTIONS]", "Put an empty folder in memory at PATH",
     .details = "OPTIONS are those of tmpfs(5), as in `size=100M`."},
    {"writable", 0, OPTION_STRINGS, AT(writable), "PATH", "Let the service write below PATH of the image, or anywhere",
     .details =
         "By an overlay over the image; what is written is kept over upgrades. For images that insist on writing where "
         "they should not.",
     .optional = "/"},
    {"volatile", 0, OPTION_FLAG, AT(writable_volatile),
     .help = "With `--writable`, forget what was written at each stop"},
    {NULL},
};

static const OptionChoice networks[] = {
    {"host", SERVICE_NETWORK_HOST + 1, "that of the host; the default"},
    {"none", SERVICE_NETWORK_NONE + 1, "one of its own, with nothing in it"},
    {NULL, 0, NULL},
};

const Option deploy_network_rows[] = {
    {"publish", 'p', OPTION_STRINGS, AT(publish), "[ADDRESS:]PORT:PORT", "Reach a port of the service by another one",
     .details =
         "The port of the host first, then that of the service, as with `docker run`; by a socket and "
         "systemd-socket-proxyd(8), without any firewall rule. A service listens on the host's network anyway, so "
         "equal ports need nothing."},
    {"network", 0, OPTION_CHOICE, AT(network), "WHICH", "Network of the service", .choices = networks},
    {NULL},
};

static const OptionChoice profiles[] = {
    {"default", SERVICE_PROFILE_DEFAULT + 1, "what nearly all services live with"},
    {"strict", SERVICE_PROFILE_STRICT + 1,
     "less than that: no network but local sockets that were asked for, and so on"},
    {"trusted", SERVICE_PROFILE_TRUSTED + 1, "for programs that need more of the host"},
    {NULL, 0, NULL},
};

/* Those of service_loosenings(): a test compares. */
static const char *const loosenings[] = {
    "32bit",   "cgroups",     "clock",           "debug",    "devices",      "hostname", "ipc",
    "jit",     "kernel-logs", "kernel-tunables", "keyring",  "namespaces",   "netlink",  "new-privileges",
    "packets", "personality", "processes",       "realtime", "setuid-files", "sockets",  "syscalls",
    "users",   NULL,
};

const Option deploy_sandbox_rows[] = {
    {"profile", 0, OPTION_CHOICE, AT(profile), "NAME", "How tight the sandbox is", .choices = profiles},
    {"allow", 0, OPTION_STRINGS, AT(allow), "WHAT", "Loosen the sandbox at one place",
     .details = "WHAT is `32bit`, `cgroups`, `clock`, `debug`, `devices`, `hostname`, `ipc`, `jit`, `kernel-logs`, "
                "`kernel-tunables`, `keyring`, `namespaces`, `netlink`, `new-privileges`, `packets`, `personality`, "
                "`processes`, `realtime`, `setuid-files`, `sockets`, `syscalls` or `users`. `gourd audit` shows what "
                "each means and costs.",
     .suggestions = loosenings, .completion = COMPLETE_VALUES},
    {"capability", 0, OPTION_STRINGS, AT(capabilities), "NAME", "Give the service a capability (capabilities(7))"},
    {"device", 0, OPTION_STRINGS, AT(devices), "PATH[:PATH][:rwm]", "Let the service use a device of the host",
     .details =
         "The second path is what it is called inside. Folders that hold one kind, such as `/dev/snd`, stand for all of it."},
    {"group-add", 0, OPTION_STRINGS, AT(groups), "GROUP", "Put it into this group too",
     .details = "A number, or a name that the image has; the number is that of the host's group."},
    {"cap-drop", 0, OPTION_STRINGS, AT(cap_drop), "NAME", "Take one of root's capabilities away, or `ALL`"},
    {"seccomp", 0, OPTION_STRING, AT(seccomp), "FILE", "Allow the system calls of this profile, one of Docker's form",
     .details = "Read now; systemd goes by names of system calls, and not by their arguments.",
     .completion = COMPLETE_FILE},
    {"apparmor", 0, OPTION_STRING, AT(apparmor), "PROFILE", "Confine it by this AppArmor profile of the host"},
    {NULL},
};

const Option deploy_limit_rows[] = {
    {"memory", 'm', OPTION_SIZE, AT(memory), "SIZE", "Memory at most", .min = SERVICE_MEMORY_MIN},
    {"swap", 0, OPTION_STRING, AT(swap), "SIZE", "Swap at most, beyond its memory; `0` is none"},
    {"cpus", 0, OPTION_STRING, AT(cpus), "N", "Processors at most, as in `1.5`"},
    {"pids", 0, OPTION_INT, AT(pids), "N", "Threads and processes at most", .min = 1},
    {NULL},
};

const Option deploy_share_rows[] = {
    {"memory-low", 0, OPTION_SIZE, AT(memory_low), "SIZE", "Memory that is left to it when there is little", .min = 1},
    {"shm-size", 0, OPTION_SIZE, AT(shm_size), "SIZE", "Shared memory at most, in `/dev/shm`", .min = 1},
    {"cpu-shares", 0, OPTION_INT, AT(cpu_shares), "N", "Its part of processors that are busy",
     .shown_default = "1024, as everybody", .min = 2, .max = 262144},
    {"cpuset", 0, OPTION_STRING, AT(cpuset), "LIST", "Run on these processors only, as in `0-3,5`"},
    {"ulimit", 0, OPTION_STRINGS, AT(ulimits), "NAME=SOFT[:HARD]", "A limit of each process, as in `nofile=65536`",
     .details = "Those of getrlimit(2): `nofile`, `nproc`, `memlock`, `core` and so on; -1 is none."},
    {"oom-score-adj", 0, OPTION_STRING, AT(oom_score_adj), "N",
     "How soon the kernel kills it when memory is used up, from -1000 to 1000"},
    {NULL},
};

static const OptionChoice restarts[] = {
    {"always", SERVICE_RESTART_ALWAYS + 1, "whatever it ended with; the default"},
    {"on-failure", SERVICE_RESTART_ON_FAILURE + 1, "unless it ended well"},
    {"no", SERVICE_RESTART_NO + 1, NULL},
    {NULL, 0, NULL},
};

const Option deploy_life_rows[] = {
    {"restart", 0, OPTION_CHOICE, AT(restart), "WHEN", "Start it again when it ends", .choices = restarts},
    {"restart-max", 0, OPTION_INT, AT(restart_max), "N", "Give it up when it failed so often, each time at once",
     .shown_default = "never", .min = 1, .max = 1000000},
    {"restart-delay", 0, OPTION_STRING, AT(restart_delay), "TIME", "Wait so long before it is started again",
     .shown_default = "1s, and more each time if systemd can"},
    {"stop-signal", 0, OPTION_STRING, AT(stop_signal), "SIGNAL", "Stop it with this signal",
     .shown_default = "the image's"},
    {"stop-timeout", 0, OPTION_STRING, AT(stop_timeout), "TIME", "Kill it if it has not stopped by then",
     .shown_default = "systemd's, 90s"},
    {"after", 0, OPTION_STRINGS, AT(after), "UNIT", "Start it after this unit"},
    {"requires", 0, OPTION_STRINGS, AT(requires), "UNIT", "Start this unit too, and stop with it"},
    {"wants", 0, OPTION_STRINGS, AT(wants), "UNIT", "Start this unit before it, but run without it too"},
    {"alias", 0, OPTION_STRINGS, AT(aliases), "NAME", "Another name for its unit, while it is enabled"},
    {"label", 0, OPTION_STRINGS, AT(labels), "NAME[=VALUE]",
     "Write this down in its unit, for people and other programs"},
    {"init", 0, OPTION_FLAG, AT(init), .help = "Run it below gourd-init, which ends what it leaves behind as zombies"},
    {"oneshot", 0, OPTION_FLAG, AT(oneshot),
     .help = "It is a task: it runs to its end at each start, and what is ordered after it waits for that"},
    {"notify", 0, OPTION_FLAG, AT(notify), .help = "The program itself tells systemd when it is ready (sd_notify(3))"},
    {"pre-upgrade", 0, OPTION_STRING, AT(pre_upgrade), "COMMAND", "Run this in the new image before an upgrade",
     .details =
         "By the image's shell, while the service is stopped, with its volumes, user and sandbox. If it fails, the "
         "upgrade does not happen and the old version runs again. It is kept with the release that it is given to."},
    {"post-start", 0, OPTION_STRINGS, AT(post_start), "COMMAND", "Run this program of the image once it has started",
     .details =
         "Split into words as by a shell, which it is not. `NAME=VALUE` in front sets variables, `!` in front of all makes it root, "
         "within the sandbox. If it fails, the service has failed."},
    {"pre-stop", 0, OPTION_STRINGS, AT(pre_stop), "COMMAND", "Run this program of the image before it is stopped",
     .details = "As with `--post-start`; if it fails, the service is stopped all the same."},
    {"log-max", 0, OPTION_SIZE, AT(log_max), "SIZE", "Keep so much of what it writes, in a journal of its own",
     .details = "`gourd logs` and `journalctl --namespace=NAME` read it.", .min = 1},
    {"steady", 0, OPTION_INT, AT(steady), "SECONDS", "Without a health check, count it as started if it ran so long",
     .shown_default = "5", .max = 86400},
    {NULL},
};

const Option deploy_health_rows[] = {
    {"health-cmd", 0, OPTION_STRING, AT(health_command), "COMMAND", "It is healthy if this command succeeds",
     .details = "Run in the service by the image's shell. This and the next three replace the image's health check.",
     .shown_default = "the image's"},
    {"health-http", 0, OPTION_STRING, AT(health_http), "URL", "It is healthy if this answers with a 2xx or 3xx status",
     .details = "A URL, or `[HOST:]PORT/PATH`. Asked from within the service; the image needs no curl."},
    {"health-tcp", 0, OPTION_STRING, AT(health_tcp), "[HOST:]PORT", "It is healthy if this port accepts connections"},
    {"health-unix", 0, OPTION_STRING, AT(health_unix), "PATH", "It is healthy if this socket accepts connections"},
    {"health-interval", 0, OPTION_STRING, AT(health_interval), "TIME", "Time between two checks",
     .shown_default = "the image's, or 30s"},
    {"health-timeout", 0, OPTION_STRING, AT(health_timeout), "TIME", "A check that takes longer has failed",
     .shown_default = "the image's, or 30s"},
    {"health-start-period", 0, OPTION_STRING, AT(health_start_period), "TIME", "Failures do not count so long",
     .shown_default = "the image's, or 0"},
    {"health-start-interval", 0, OPTION_STRING, AT(health_start_interval), "TIME", "Time between two checks until then",
     .shown_default = "the image's, or 5s"},
    {"health-retries", 0, OPTION_INT, AT(health_retries), "N", "So many failures in a row make it unhealthy",
     .shown_default = "the image's, or 3", .min = 1, .max = 1000},
    {"no-healthcheck", 0, OPTION_FLAG, AT(no_healthcheck), .help = "Do not check its health, whatever the image says"},
    {NULL},
};

const Option deploy_backup_rows[] = {
    {"backup-dump", 0, OPTION_STRING, AT(backup_dump), "COMMAND", "It is backed up by what this command writes",
     .details =
         "In the running service, by the image's shell, instead of the files of a volume: `pg_dump`, for one. See gourd-volume(1)."},
    {"backup-restore", 0, OPTION_STRING, AT(backup_restore), "COMMAND", "This command reads what the other one wrote"},
    {"backup-before", 0, OPTION_STRING, AT(backup_before), "COMMAND", "Run this before files of its volumes are copied",
     .details = "They are copied while the service runs; without any such command it is stopped."},
    {"backup-after", 0, OPTION_STRING, AT(backup_after), "COMMAND", "Run this when they are, or could not be"},
    {"backup-volume", 0, OPTION_STRING, AT(backup_volume), "NAME", "The volume that the dump stands for",
     .shown_default = "its only one"},
    {"backup-timeout", 0, OPTION_STRING, AT(backup_timeout), "TIME", "End such a command that takes longer",
     .details = "0 is no limit.", .shown_default = "1h"},
    {NULL},
};
