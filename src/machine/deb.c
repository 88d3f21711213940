// SPDX-License-Identifier: LGPL-2.1-or-later
#include "deb.h"
#include "packaged.h"

#include "store/store.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define CACHE "/var/cache/apt/archives"
#define MEMBERS_MAX 16 /* deb(5) has three; signatures may be added */

/* --- where it is -------------------------------------------------------------------------------------------------- */

/* As apt names it: NAME_VERSION_ARCHITECTURE.deb, with "%3a" for the colon of an epoch. */
static char *deb_name(const HostPackage *package)
{
    g_auto(GStrv) parts = g_strsplit(package->version, ":", -1);
    g_autofree char *version = g_strjoinv("%3a", parts);

    return g_strdup_printf("%s_%s_%s.deb", package->name, version, package->architecture);
}

/* It needs no lock. */
static gboolean download(const HostPackage *package, int *ret_fd, GError **error)
{
    const gboolean fits_all = strcmp(package->architecture, "all") == 0;
    g_autofree char *what = g_strconcat(package->name, fits_all ? "" : ":", fits_all ? "" : package->architecture, "=",
                                        package->version, NULL);
    g_autofree char *name = deb_name(package);
    const char *const argv[] = {"apt-get", "--quiet=2", "-o", "APT::Sandbox::User=root", "download", what, NULL};

    return packaged_download(argv, name, ret_fd, error);
}

gboolean deb_open(const char *root_path, int root, const HostPackage *package, int *ret_fd, GError **error)
{
    g_autofree char *name = deb_name(package), *path = g_build_filename(CACHE, name, NULL);

    *ret_fd = root_open(root, path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK, 0);
    if (*ret_fd >= 0)
        return TRUE;
    if (errno != ENOENT && errno != ENOTDIR)
        return gourd_error_set_errno(error, errno, "cannot read '%s'", path);
    if (strcmp(root_path, "/") != 0)
        return gourd_error_set(error, GOURD_ERROR_NOT_FOUND, "there is no '%s' below '%s'", path, root_path);
    return download(package, ret_fd, error);
}

/* --- what is in it ------------------------------------------------------------------------------------------------ */

/* ar(5), the common format of System V and BSD:
 *
 *     0  name, padded with blanks; may end with '/'
 *    16  time, owner, group, mode: not looked at
 *    48  size of the content in decimal, padded with blanks
 *    58  '`' and a line feed
 *
 * Contents begin at even offsets. */
#define AR_MAGIC "!<arch>\n"
#define AR_HEADER_SIZE 60
#define AR_NAME_SIZE 16
#define AR_SIZE_OFFSET 48
#define AR_SIZE_SIZE 10

gboolean deb_parse_header(const guint8 *header, gsize size, guint64 at, guint64 file_size, char **ret_name,
                          DebMember *ret_member, GError **error)
{
    g_autofree char *text = NULL, *digits = NULL;
    guint64 content;

    if (size < AR_HEADER_SIZE || memcmp(header + AR_HEADER_SIZE - 2, "`\n", 2) != 0)
        return gourd_error_set(error, GOURD_ERROR_INPUT, "there is no member of an archive at byte %" G_GUINT64_FORMAT,
                               at);
    text = g_strndup((const char *)header, AR_NAME_SIZE);
    text[strcspn(text, "/ ")] = '\0';
    digits = g_strndup((const char *)header + AR_SIZE_OFFSET, AR_SIZE_SIZE);
    if (!g_ascii_string_to_unsigned(g_strchomp(digits), 10, 0, G_MAXINT64, &content, NULL) || at > file_size ||
        file_size - at < AR_HEADER_SIZE || content > file_size - at - AR_HEADER_SIZE)
        return gourd_error_set(error, GOURD_ERROR_INPUT, "the member at byte %" G_GUINT64_FORMAT " has no proper size",
                               at);
    *ret_name = g_steal_pointer(&text);
    *ret_member = (DebMember){.offset = at + AR_HEADER_SIZE, .size = content};
    return TRUE;
}

/* The member called data.tar, data.tar.xz … */
static gboolean find_data(int fd, const char *name, DebMember *ret_member, GError **error)
{
    guint8 header[AR_HEADER_SIZE];
    guint64 at = strlen(AR_MAGIC);
    struct stat status;

    if (fstat(fd, &status) < 0)
        return gourd_error_set_errno(error, errno, "cannot read '%s'", name);
    if (!fd_pread_exactly(fd, name, header, strlen(AR_MAGIC), 0, error))
        return FALSE;
    if (memcmp(header, AR_MAGIC, strlen(AR_MAGIC)) != 0)
        return gourd_error_set(error, GOURD_ERROR_INPUT, "this is no Debian package");
    for (guint i = 0; i < MEMBERS_MAX; i++) {
        g_autofree char *member = NULL;

        if (!fd_pread_exactly(fd, name, header, sizeof header, at, error) ||
            !deb_parse_header(header, sizeof header, at, (guint64)status.st_size, &member, ret_member, error))
            return FALSE;
        if (strcmp(member, "data.tar") == 0 || g_str_has_prefix(member, "data.tar."))
            return TRUE;
        at = ret_member->offset + ret_member->size + (ret_member->size & 1);
    }
    return gourd_error_set(error, GOURD_ERROR_INPUT, "there is no data.tar among its first %d members", MEMBERS_MAX);
}

gboolean deb_read_files(int fd, const char *name, char **paths, GHashTable *contents, GError **error)
{
    g_autofree char *what = g_strdup_printf("package '%s'", name);
    DebMember data;

    return find_data(fd, what, &data, error)
               ? packaged_read(byte_stream_new_file(fd, what, data.offset, data.size), what, paths, contents, error)
               : gourd_error_prefix(error, "%s", what);
}
