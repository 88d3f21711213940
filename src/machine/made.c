// SPDX-License-Identifier: LGPL-2.1-or-later
#include "skeleton-private.h"

#include <string.h>

/* What no package has in its list because its maintainer scripts make it: from where these take it, never from the host's own configuration. */

#define CERTIFICATES "/etc/ssl/certs"
#define CERTIFICATES_SOURCE "/usr/share/ca-certificates/"
#define SHELLS "/usr/share/debianutils/shells"
#define SHELLS_ELSEWHERE \
    "/bin/sh\n/bin/bash\n/usr/bin/sh\n/usr/bin/bash\n" /* packages' scripts append theirs to one file */

/* Files of /usr that become configuration. The program's form of a machine has them too. */
static const struct {
    const char *source, *path;
} copies[] = {
    {"/usr/lib/os-release",
     "/etc/os-release"}, /* a link would do inside, but systemd-nspawn looks for it before /usr is there */
    {"/usr/share/base-files/profile", "/etc/profile"},
    {"/usr/share/base-files/dot.bashrc", "/root/.bashrc"},
    {"/usr/share/base-files/dot.profile", "/root/.profile"},
};

static const struct {
    const char *path;
    mode_t mode;
} folders[] = {
    {"/dev", 0755},      {"/etc", 0755},       {"/home", 0755},      {"/media", 0755},    {"/mnt", 0755},
    {"/opt", 0755},      {"/proc", 0555},      {"/root", 0700},      {"/run", 0755},      {"/srv", 0755},
    {"/sys", 0555},      {"/tmp", 01777},      {"/var/cache", 0755}, {"/var/lib", 0755},  {"/var/log", 0755},
    {"/var/mail", 0755}, {"/var/spool", 0755}, {"/var/opt", 0755},   {"/var/tmp", 01777},
};

static const struct {
    const char *path, *target;
} links[] = {
    {"/etc/localtime", "/usr/share/zoneinfo/Etc/UTC"},
    {"/etc/mtab", "../proc/self/mounts"},
    {"/var/lock", "/run/lock"},
    {"/var/run", "/run"},
    {"/var/spool/mail", "../mail"},
};

static const struct {
    const char *path, *text;
} texts[] = {
    {"/etc/environment", ""},
    {"/etc/locale.conf", "LANG=C.UTF-8\n"},
    {"/etc/resolv.conf", ""},
    {"/etc/timezone", "Etc/UTC\n"},
};

/* --- simple ones -------------------------------------------------------------------------------------------------- */

static gboolean add_copies(SkeletonBuild *build, GError **error)
{
    for (guint i = 0; i < G_N_ELEMENTS(copies); i++) {
        g_autofree char *text = NULL;

        if (!skeleton_read(build, copies[i].source, &text, error))
            return FALSE;
        if (text)
            skeleton_add_text(build->skeleton, copies[i].path, 0644, text);
    }
    return TRUE;
}

static void add_names(SkeletonBuild *build)
{
    const char *name = build->origin->machine;
    g_autofree char *hostname = g_strconcat(name, "\n", NULL);
    g_autofree char *hosts = g_strdup_printf("127.0.0.1\tlocalhost\n127.0.1.1\t%s\n::1\tlocalhost ip6-localhost "
                                             "ip6-loopback\n",
                                             name);

    skeleton_add_text(build->skeleton, "/etc/hostname", 0644, hostname);
    skeleton_add_text(build->skeleton, "/etc/hosts", 0644, hosts);
}

/* Links in /etc/alternatives, to programs that are there. */
static gboolean add_alternatives(SkeletonBuild *build, GError **error)
{
    g_autoptr(GPtrArray) alternatives = NULL;

    if (!machine_packages_list_alternatives(build->packages, &alternatives, error))
        return FALSE;
    for (guint i = 0; i < alternatives->len; i++) {
        const MachineAlternative *alternative = g_ptr_array_index(alternatives, i);
        g_autofree char *path = g_strconcat("/etc/alternatives/", alternative->name, NULL);

        if (skeleton_is_shared(alternative->target))
            skeleton_add_link(build->skeleton, path, alternative->target);
    }
    return TRUE;
}

/* A cache of what is in /usr, which ldconfig would take a second to make again inside. */
static gboolean add_library_cache(SkeletonBuild *build, GError **error)
{
    g_autoptr(GBytes) content = NULL;

    if (!root_load(build->root, "/etc/ld.so.cache", SKELETON_FILE_SIZE_MAX, &content, NULL, error))
        return FALSE;
    if (content)
        skeleton_add(build->skeleton, "/etc/ld.so.cache", S_IFREG | 0644)->content = g_steal_pointer(&content);
    return TRUE;
}

static gboolean add_shells(SkeletonBuild *build, GError **error)
{
    g_autoptr(GPtrArray) names = NULL;
    g_autofree char *base = NULL;

    if (!skeleton_read(build, SHELLS, &base, error) || !root_list(build->root, SHELLS ".d", &names, error))
        return FALSE;
    g_autoptr(GString) shells = g_string_new(base);
    for (guint i = 0; base && i < names->len; i++) {
        g_autofree char *path = g_build_filename(SHELLS ".d", g_ptr_array_index(names, i), NULL), *text = NULL;

        if (!skeleton_read(build, path, &text, error))
            return FALSE;
        g_string_append(shells, text ? text : "");
    }
    skeleton_add_text(build->skeleton, "/etc/shells", 0644, base ? shells->str : SHELLS_ELSEWHERE);
    return TRUE;
}

/* --- the name service switch -------------------------------------------------------------------------------------- */

/* A library that a package puts into the lines of some databases. */
static const struct {
    const char *package, *service, *databases;
} services[] = {
    {"libnss-systemd", "systemd", "passwd group shadow gshadow"},
    {"libnss-myhostname", "myhostname", "hosts"},
};

static gboolean has_package(const SkeletonBuild *build, const char *name)
{
    for (guint i = 0; i < build->chosen->len; i++) {
        if (strcmp(((SkeletonPackage *)g_ptr_array_index(build->chosen, i))->package->name, name) == 0)
            return TRUE;
    }
    return FALSE;
}

static void append_services(const SkeletonBuild *build, const char *line, GString *out)
{
    g_autofree char *database = g_strndup(line, strcspn(line, ":"));

    g_string_append(out, line);
    for (guint i = 0; i < G_N_ELEMENTS(services) && strchr(line, ':') && *line != '#'; i++) {
        g_auto(GStrv) databases = g_strsplit(services[i].databases, " ", -1);

        if (g_strv_contains((const char *const *)databases, database) && has_package(build, services[i].package))
            g_string_append_printf(out, " %s", services[i].service);
    }
}

static gboolean add_name_services(SkeletonBuild *build, GError **error)
{
    g_autofree char *text = NULL;
    g_autoptr(GString) out = g_string_new(NULL);

    if (!skeleton_read(build, "/usr/share/libc-bin/nsswitch.conf", &text, error))
        return FALSE;
    g_auto(GStrv) lines = g_strsplit(text ? g_strchomp(text) : "", "\n", -1);
    for (char **line = lines; *line; line++) {
        append_services(build, *line, out);
        g_string_append_c(out, '\n');
    }
    if (text)
        skeleton_add_text(build->skeleton, "/etc/nsswitch.conf", 0644, out->str);
    return TRUE;
}

/* --- certificates ------------------------------------------------------------------------------------------------- */

/* Of the links that update-ca-certificates(8) made those to the package's own files, and those by hash that lead to them. An admin's
 * authorities, in /usr/local, are the host's. */
static gboolean add_certificate(SkeletonBuild *build, const char *name, GHashTable *known, GString *bundle,
                                GError **error)
{
    g_autofree char *path = g_strconcat(CERTIFICATES "/", name, NULL), *target = NULL, *text = NULL;

    if (!root_load_link(build->root, path, &target, error))
        return FALSE;
    if (!target)
        return TRUE;
    if (g_str_has_prefix(target, CERTIFICATES_SOURCE)) {
        if (!skeleton_read(build, target, &text, error))
            return FALSE;
        if (!text)
            return TRUE;
        g_hash_table_add(known, g_strdup(name));
        g_string_append_printf(bundle, "%s%s", text, g_str_has_suffix(text, "\n") ? "" : "\n");
    } else if (!g_hash_table_contains(known, target)) {
        return TRUE;
    }
    skeleton_add_link(build->skeleton, path, target);
    return TRUE;
}

static gboolean add_certificates(SkeletonBuild *build, GError **error)
{
    g_autoptr(GHashTable) known = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    g_autoptr(GString) bundle = g_string_new(NULL);
    g_autoptr(GPtrArray) names = NULL;

    if (!has_package(build, "ca-certificates"))
        return TRUE;
    if (!root_list(build->root, CERTIFICATES, &names, error))
        return FALSE;
    for (guint pass = 0; pass < 2; pass++) { /* links by hash come before what they lead to */
        for (guint i = 0; i < names->len; i++) {
            const char *name = g_ptr_array_index(names, i);
            const gboolean is_plain = g_str_has_suffix(name, ".pem");

            if (is_plain == (pass == 0) && !add_certificate(build, name, known, bundle, error))
                return FALSE;
        }
    }
    skeleton_add_text(build->skeleton, CERTIFICATES "/ca-certificates.crt", 0644, bundle->str);
    return TRUE;
}

/* --- all ---------------------------------------------------------------------------------------------------------- */

/* systemd's own caches of /usr are as new as /usr: so nothing of ConditionNeedsUpdate= runs at the first boot (systemd-update-done(8)). */
static gboolean add_update_marks(SkeletonBuild *build, GError **error)
{
    static const char *const marks[] = {"/etc/.updated", "/var/.updated"};
    struct stat status;
    gboolean found;

    if (!root_look(build->root, "/usr", &status, &found, error))
        return FALSE;
    for (guint i = 0; found && i < G_N_ELEMENTS(marks); i++) {
        skeleton_add_text(build->skeleton, marks[i], 0644, "");
        ((MachineEntry *)g_hash_table_lookup(build->skeleton->by_path, marks[i]))->mtime = status.st_mtim;
    }
    return TRUE;
}

gboolean skeleton_add_made(SkeletonBuild *build, GError **error)
{
    MachineSkeleton *skeleton = build->skeleton;

    for (guint i = 0; i < G_N_ELEMENTS(folders); i++)
        skeleton_add_folder(skeleton, folders[i].path, folders[i].mode);
    for (guint i = 0; i < G_N_ELEMENTS(links); i++)
        skeleton_add_link(skeleton, links[i].path, links[i].target);
    for (guint i = 0; i < G_N_ELEMENTS(texts); i++)
        skeleton_add_text(skeleton, texts[i].path, 0644, texts[i].text);
    add_names(build);
    return add_copies(build, error) && add_alternatives(build, error) && add_library_cache(build, error) &&
           add_shells(build, error) && add_name_services(build, error) && add_certificates(build, error) &&
           add_update_marks(build, error);
}
