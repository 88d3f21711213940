// SPDX-License-Identifier: LGPL-2.1-or-later
#include "spec.h"

#include <string.h>

/* What a service may use, in systemd's settings (systemd.resource-control(5), systemd.exec(5)). */

/* The weights of control groups v1, which Docker's options still are, and those of v2. The default of one is that of the other, as
 * systemd itself converts them. */
#define SHARES_DEFAULT 1024
#define SHARES_MIN 2
#define SHARES_MAX 262144
#define BLKIO_DEFAULT 500
#define BLKIO_MIN 10
#define BLKIO_MAX 1000
#define WEIGHT_DEFAULT 100
#define WEIGHT_MAX 10000
/* What the kernel takes for the period of a quota (sched-bwc.rst). */
#define PERIOD_MIN_USEC 1000
#define PERIOD_MAX_USEC G_USEC_PER_SEC

/* Names of limits, as getrlimit(2) has them without RLIMIT_. */
static const struct {
    const char *name, *key;
} rlimits[] = {
    {"as", "LimitAS"},           {"core", "LimitCORE"},         {"cpu", "LimitCPU"},
    {"data", "LimitDATA"},       {"fsize", "LimitFSIZE"},       {"locks", "LimitLOCKS"},
    {"memlock", "LimitMEMLOCK"}, {"msgqueue", "LimitMSGQUEUE"}, {"nice", "LimitNICE"},
    {"nofile", "LimitNOFILE"},   {"nproc", "LimitNPROC"},       {"rss", "LimitRSS"},
    {"rtprio", "LimitRTPRIO"},   {"rttime", "LimitRTTIME"},     {"sigpending", "LimitSIGPENDING"},
    {"stack", "LimitSTACK"},
};

/* Takes device and value. */
static void add(SpecSource *source, const char *key, char *device, char *value)
{
    ServiceLimit *limit = g_new0(ServiceLimit, 1);

    limit->key = key;
    limit->device = device;
    limit->value = value;
    g_ptr_array_add(source->spec->limits, limit);
}

static gboolean fail_value(const char *option, const char *value, const char *wanted, GError **error)
{
    g_autofree char *shown = text_escape(value);

    return gourd_error_set(error, GOURD_ERROR_USAGE, "%s '%s' is not %s", option, shown, wanted);
}

/* --- memory and processors ---------------------------------------------------------------------------------------- */

static gboolean add_memory(SpecSource *source, GError **error)
{
    const ServiceOptions *options = source->options;

    if (options->swap > 0 && !options->memory)
        return gourd_error_set(error, GOURD_ERROR_USAGE, "a limit of swap needs one of memory");
    if (options->memory && options->memory_low > options->memory)
        return gourd_error_set(error, GOURD_ERROR_USAGE, "more memory is set aside than the limit allows");
    if (options->memory_low)
        add(source, "MemoryLow", NULL, unit_format_size(options->memory_low));
    if (options->memory)
        add(source, "MemoryMax", NULL, unit_format_size(options->memory));
    if (options->swap >= 0)
        add(source, "MemorySwapMax", NULL, unit_format_size((guint64)options->swap));
    return TRUE;
}

static char *format_quota(gint64 per_mille)
{
    if (per_mille % 10 == 0)
        return g_strdup_printf("%" G_GINT64_FORMAT "%%", per_mille / 10);
    return g_strdup_printf("%" G_GINT64_FORMAT ".%" G_GINT64_FORMAT "%%", per_mille / 10, per_mille % 10);
}

static char *format_weight(gint64 weight, gint64 standard)
{
    return g_strdup_printf("%" G_GINT64_FORMAT, CLAMP(weight * WEIGHT_DEFAULT / standard, 1, WEIGHT_MAX));
}

static gboolean add_processors(SpecSource *source, GError **error)
{
    const ServiceOptions *options = source->options;
    const char *cpus = options->cpuset;

    if (options->cpu_period_usec != SERVICE_UNSET &&
        (options->cpu_period_usec < PERIOD_MIN_USEC || options->cpu_period_usec > PERIOD_MAX_USEC))
        return gourd_error_set(error, GOURD_ERROR_USAGE, "the period of a CPU quota is 1 ms to 1 s");
    if (options->cpu_shares != SERVICE_UNSET && options->cpu_shares != 0 &&
        (options->cpu_shares < SHARES_MIN || options->cpu_shares > SHARES_MAX))
        return gourd_error_set(error, GOURD_ERROR_USAGE, "shares of the CPU are from %d to %d", SHARES_MIN, SHARES_MAX);
    if (cpus && (!g_ascii_isdigit(*cpus) || strspn(cpus, "0123456789,-") != strlen(cpus)))
        return fail_value("--cpuset", cpus, "a list of processors, as in 0-3,5", error);
    if (options->cpus_per_mille > 0)
        add(source, "CPUQuota", NULL, format_quota(options->cpus_per_mille));
    if (options->cpu_period_usec != SERVICE_UNSET)
        add(source, "CPUQuotaPeriodSec", NULL, unit_format_duration((guint64)options->cpu_period_usec));
    if (options->cpu_shares > 0)
        add(source, "CPUWeight", NULL, format_weight(options->cpu_shares, SHARES_DEFAULT));
    if (cpus)
        add(source, "AllowedCPUs", NULL, g_strdup(cpus));
    return TRUE;
}

/* --- disks -------------------------------------------------------------------------------------------------------- */

static gboolean is_weight(gint64 weight)
{
    return weight >= BLKIO_MIN && weight <= BLKIO_MAX;
}

/* DEVICE:NUMBER; paths of devices have colons too (/dev/disk/by-path). */
static gboolean add_device_limits(SpecSource *source, char *const *texts, const char *key, gboolean weight,
                                  GError **error)
{
    for (gsize i = 0; texts && texts[i]; i++) {
        const char *colon = strrchr(texts[i], ':');
        gint64 number;

        if (*texts[i] != '/' || !colon || !g_ascii_string_to_signed(colon + 1, 10, 1, G_MAXINT64, &number, NULL) ||
            (weight && !is_weight(number)))
            return fail_value(key, texts[i], weight ? "DEVICE:WEIGHT" : "DEVICE:NUMBER", error);
        add(source, key, g_strndup(texts[i], (gsize)(colon - texts[i])),
            weight ? format_weight(number, BLKIO_DEFAULT) : g_strdup(colon + 1));
    }
    return TRUE;
}

static gboolean add_disks(SpecSource *source, GError **error)
{
    const ServiceOptions *options = source->options;

    if (options->blkio_weight > 0 && !is_weight(options->blkio_weight))
        return gourd_error_set(error, GOURD_ERROR_USAGE, "the weight of disk access is from %d to %d", BLKIO_MIN,
                               BLKIO_MAX);
    if (options->blkio_weight > 0)
        add(source, "IOWeight", NULL, format_weight(options->blkio_weight, BLKIO_DEFAULT));
    return add_device_limits(source, options->io_weights, "IODeviceWeight", TRUE, error) &&
           add_device_limits(source, options->io_read_bytes, "IOReadBandwidthMax", FALSE, error) &&
           add_device_limits(source, options->io_write_bytes, "IOWriteBandwidthMax", FALSE, error) &&
           add_device_limits(source, options->io_read_ops, "IOReadIOPSMax", FALSE, error) &&
           add_device_limits(source, options->io_write_ops, "IOWriteIOPSMax", FALSE, error);
}

/* --- limits of processes ------------------------------------------------------------------------------------------ */

/* "1024", "-1": "infinity" for the latter; NULL if it is neither. */
static char *parse_rlimit(const char *text)
{
    guint64 number;

    if (strcmp(text, "-1") == 0)
        return g_strdup("infinity");
    return g_ascii_string_to_unsigned(text, 10, 0, G_MAXUINT64 - 1, &number, NULL) ? g_strdup(text) : NULL;
}

/* NAME=SOFT[:HARD] */
static gboolean add_ulimit(SpecSource *source, const char *text, GError **error)
{
    const char *equals = strchr(text, '=');
    g_autofree char *name = equals ? g_strndup(text, (gsize)(equals - text)) : g_strdup(text);
    g_auto(GStrv) parts = g_strsplit(equals ? equals + 1 : "", ":", 2);
    g_autofree char *soft = parts[0] ? parse_rlimit(parts[0]) : NULL;
    g_autofree char *hard = parts[0] && parts[1] ? parse_rlimit(parts[1]) : g_strdup(soft);

    if (!soft || !hard)
        return fail_value("--ulimit", text, "NAME=SOFT[:HARD]", error);
    for (gsize i = 0; i < G_N_ELEMENTS(rlimits); i++)
        if (strcmp(rlimits[i].name, name) == 0) {
            add(source, rlimits[i].key, NULL,
                strcmp(soft, hard) == 0 ? g_strdup(soft) : g_strdup_printf("%s:%s", soft, hard));
            return TRUE;
        }
    fail_value("--ulimit", name, "a limit that Linux knows", error);
    return gourd_error_hint(error, "nofile, nproc, memlock, core and others of getrlimit(2), in small letters");
}

gboolean spec_add_limits(SpecSource *source, GError **error)
{
    const ServiceOptions *options = source->options;
    gint64 score;

    if (options->cpus_per_mille == 0 || options->pids == 0)
        return gourd_error_set(error, GOURD_ERROR_USAGE, "a limit of nothing: no service can run with it");
    if (options->oom_score_adj && !g_ascii_string_to_signed(options->oom_score_adj, 10, -1000, 1000, &score, NULL))
        return fail_value("--oom-score-adj", options->oom_score_adj, "a number from -1000 to 1000", error);
    if (!add_memory(source, error) || !add_processors(source, error))
        return FALSE;
    if (options->pids != SERVICE_UNSET)
        add(source, "TasksMax", NULL, g_strdup_printf("%" G_GINT64_FORMAT, options->pids));
    if (!add_disks(source, error))
        return FALSE;
    for (char **ulimit = options->ulimits; ulimit && *ulimit; ulimit++)
        if (!add_ulimit(source, *ulimit, error))
            return FALSE;
    if (options->oom_score_adj)
        add(source, "OOMScoreAdjust", NULL, g_strdup(options->oom_score_adj));
    return TRUE;
}
