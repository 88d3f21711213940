// SPDX-License-Identifier: LGPL-2.1-or-later
#include "platform.h"

#include <string.h>
#include <sys/utsname.h>

/* Other names of architectures: uname's, Debian's, and forms with the variant inside (containerd,
 * platforms/database.go). */
static const struct {
    const char *alias, *architecture, *variant;
} architecture_aliases[] = {
    {"x86_64", "amd64", NULL},    {"x86-64", "amd64", NULL},
    {"aarch64", "arm64", NULL},   {"aarch64_be", "arm64be", NULL},
    {"armhf", "arm", "v7"},       {"armel", "arm", "v6"},
    {"armv8l", "arm", "v8"},      {"armv7l", "arm", "v7"},
    {"armv6l", "arm", "v6"},      {"armv5tel", "arm", "v5"},
    {"i386", "386", NULL},        {"i486", "386", NULL},
    {"i586", "386", NULL},        {"i686", "386", NULL},
    {"ppc64el", "ppc64le", NULL}, {"loongarch64", "loong64", NULL},
};

/* What an image without variant is built for. */
static const struct {
    const char *architecture, *variant;
} default_variants[] = {
    {"amd64", "v1"},
    {"arm", "v7"},
    {"arm64", "v8"},
};

static const char *default_variant(const char *architecture)
{
    for (gsize i = 0; i < G_N_ELEMENTS(default_variants); i++)
        if (strcmp(default_variants[i].architecture, architecture) == 0)
            return default_variants[i].variant;
    return NULL;
}

void platform_init(const char *os, const char *architecture, const char *variant, Platform *ret_platform)
{
    g_autofree char *lower = g_ascii_strdown(architecture ? architecture : "", -1);
    g_autofree char *lower_variant = variant && *variant ? g_ascii_strdown(variant, -1) : NULL;
    const char *name = lower, *implied = lower_variant;

    for (gsize i = 0; i < G_N_ELEMENTS(architecture_aliases); i++) {
        if (strcmp(architecture_aliases[i].alias, lower) == 0) {
            name = architecture_aliases[i].architecture;
            if (!implied)
                implied = architecture_aliases[i].variant;
            break;
        }
    }
    /* "7" is as good as "v7". */
    g_autofree char *with_v = implied && g_ascii_isdigit(*implied) ? g_strconcat("v", implied, NULL)
                                                                   : g_strdup(implied);
    const char *standard = default_variant(name);

    ret_platform->os = os && *os ? g_ascii_strdown(os, -1) : g_strdup("linux");
    ret_platform->architecture = g_strdup(name);
    /* Of arm the variant is always shown, since no two readers agree on its default. */
    if (strcmp(name, "arm") == 0)
        ret_platform->variant = g_strdup(with_v ? with_v : standard);
    else
        ret_platform->variant = g_strcmp0(with_v, standard) == 0 ? NULL : g_steal_pointer(&with_v);
}

void platform_copy(const Platform *platform, Platform *ret_platform)
{
    ret_platform->os = g_strdup(platform->os);
    ret_platform->architecture = g_strdup(platform->architecture);
    ret_platform->variant = g_strdup(platform->variant);
}

gboolean platform_parse(const char *text, Platform *ret_platform, GError **error)
{
    g_auto(GStrv) parts = g_strsplit(text, "/", -1);
    guint count = g_strv_length(parts);
    gboolean valid = count >= 1 && count <= 3;

    for (guint i = 0; valid && i < count; i++) {
        valid = *parts[i] != '\0';
        for (const char *c = parts[i]; valid && *c; c++)
            valid = g_ascii_isalnum(*c) || strchr("._-", *c);
    }
    if (!valid) {
        g_autofree char *shown = text_escape(text);

        gourd_error_set(error, GOURD_ERROR_USAGE, "platform '%s' is not OS/ARCHITECTURE[/VARIANT]", shown);
        return gourd_error_hint(error, "for example linux/amd64, linux/arm64 or linux/arm/v7");
    }
    if (count == 1)
        platform_init("linux", parts[0], NULL, ret_platform);
    else
        platform_init(parts[0], parts[1], parts[2], ret_platform);
    return TRUE;
}

void platform_init_host(Platform *ret_platform)
{
    struct utsname host;

    /* uname(2) cannot fail with a valid buffer. The variant of amd64 is left at the lowest, so that one image gives the
     * same bundle wherever it is built. */
    uname(&host);
    platform_init("linux", host.machine, NULL, ret_platform);
}

void platform_clear(Platform *platform)
{
    g_clear_pointer(&platform->os, g_free);
    g_clear_pointer(&platform->architecture, g_free);
    g_clear_pointer(&platform->variant, g_free);
}

char *platform_to_text(const Platform *platform)
{
    g_autofree char *text = g_strdup_printf("%s/%s%s%s", platform->os, platform->architecture,
                                            platform->variant ? "/" : "", platform->variant ? platform->variant : "");

    return text_escape(text);
}

/* "v7" is 7; -1 for anything else ("power9"). */
static int variant_number(const Platform *platform)
{
    const char *variant = platform->variant ? platform->variant : default_variant(platform->architecture);

    if (!variant || variant[0] != 'v' || !g_ascii_isdigit(variant[1]))
        return -1;
    /* "v8.2" of arm64 is above v8 and below v9. */
    int number = 10 * g_ascii_digit_value(variant[1]);

    if (variant[2] == '.' && g_ascii_isdigit(variant[3]) && !variant[4])
        return number + g_ascii_digit_value(variant[3]);
    return variant[2] ? -1 : number;
}

int platform_rank(const Platform *wanted, const Platform *offered)
{
    if (strcmp(wanted->os, offered->os) != 0 || strcmp(wanted->architecture, offered->architecture) != 0)
        return -1;
    int wanted_number = variant_number(wanted), offered_number = variant_number(offered);

    if (wanted_number >= 0 && offered_number >= 0)
        return wanted_number >= offered_number ? wanted_number - offered_number : -1;
    return g_strcmp0(wanted->variant, offered->variant) == 0 ? 0 : -1;
}
