// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tar-pax.h"

#include <linux/limits.h>
#include <string.h>

void pax_header_init(PaxHeader *header)
{
    *header = (PaxHeader){0};
}

void pax_header_clear(PaxHeader *header)
{
    g_free(header->path);
    g_free(header->linkpath);
    g_free(header->sparse_name);
    xattrs_unref(header->xattrs);
    sparse_map_free(header->sparse_map);
    pax_header_init(header);
}

/* A decimal number of at most `highest`, the whole value. */
static gboolean parse_number(const char *value, guint64 highest, guint64 *ret_number)
{
    return g_ascii_string_to_unsigned(value, 10, 0, highest, ret_number, NULL);
}

static gboolean parse_id(const char *value, guint32 *ret_id)
{
    guint64 number;

    if (!parse_number(value, G_MAXUINT32, &number))
        return FALSE;
    *ret_id = (guint32)number;
    return TRUE;
}

/* "[-]SECONDS[.FRACTION]"; nanoseconds count upwards from the second below, as in struct timespec. */
static gboolean parse_time(const char *value, gint64 *ret_seconds, guint32 *ret_nsec)
{
    gboolean negative = *value == '-';
    const char *digits = negative ? value + 1 : value;
    const char *dot = strchr(digits, '.');
    g_autofree char *whole = dot ? g_strndup(digits, (gsize)(dot - digits)) : g_strdup(digits);
    guint64 seconds;
    guint32 nsec = 0, unit = 100000000;

    if (!parse_number(whole, G_MAXINT64 - 1, &seconds))
        return FALSE;
    for (const char *at = dot ? dot + 1 : ""; *at != '\0'; at++, unit /= 10) {
        if (!g_ascii_isdigit(*at))
            return FALSE;
        nsec += (guint32)(*at - '0') * unit; /* unit is 0 behind the ninth digit */
    }
    *ret_seconds = negative ? -(gint64)seconds : (gint64)seconds;
    *ret_nsec = nsec;
    if (negative && nsec > 0) {
        *ret_seconds -= 1;
        *ret_nsec = 1000000000 - nsec;
    }
    return TRUE;
}

/* What the kernel would not set or list, so that no file system it mounts has it. The limit on the names together also
 * bounds how many attributes there are. */
static gboolean check_xattr(PaxHeader *header, const char *name, gsize size, GError **error)
{
    gsize name_size = strlen(name);

    if (name_size == 0)
        return gourd_error_set(error, GOURD_ERROR_INPUT, "an extended attribute without a name");
    if (name_size > XATTR_NAME_MAX)
        return gourd_error_set(error, GOURD_ERROR_INPUT, "the name is over %d bytes, more than Linux can hold",
                               XATTR_NAME_MAX);
    if (size > XATTR_SIZE_MAX)
        return gourd_error_set(error, GOURD_ERROR_INPUT,
                               "a value of %" G_GSIZE_FORMAT " bytes, more than Linux can hold", size);
    header->xattrs_names_size += name_size + 1;
    if (header->xattrs_names_size > XATTR_LIST_MAX)
        return gourd_error_set(error, GOURD_ERROR_INPUT,
                               "the names of the extended attributes are over %d bytes, more than Linux can list",
                               XATTR_LIST_MAX);
    return TRUE;
}

static gboolean add_xattr(PaxHeader *header, const char *name, const guint8 *value, gsize size, gsize size_max,
                          GError **error)
{
    header->xattrs_size += strlen(name) + size;
    if (header->xattrs_size > size_max) {
        gourd_error_set(error, GOURD_ERROR_LIMIT,
                        "extended attributes of more than %" G_GSIZE_FORMAT " bytes (limit xattr-size)", size_max);
        return gourd_error_hint(error, "if you trust the image, allow more with --limit xattr-size=BYTES");
    }
    if (!check_xattr(header, name, size, error))
        return FALSE;
    if (!header->xattrs)
        header->xattrs = xattrs_new();
    xattrs_set(header->xattrs, name, value, size);
    return TRUE;
}

/* libarchive's form: the name is percent-encoded, the value base64 without padding. The same attribute in star's form,
 * which libarchive writes beside it, wins because it comes later or says the same. */
static gboolean add_libarchive_xattr(PaxHeader *header, const char *encoded_name, const char *encoded_value,
                                     gsize size_max, GError **error)
{
    g_autofree char *name = g_uri_unescape_string(encoded_name, NULL);
    gsize missing = (4 - strlen(encoded_value) % 4) % 4, size = 0;
    g_autofree char *padded = g_strconcat(encoded_value, &"==="[3 - missing], NULL);
    g_autofree guint8 *value = g_base64_decode(padded, &size);

    if (!name || !value)
        return gourd_error_set(error, GOURD_ERROR_INPUT, "an extended attribute that is not well encoded");
    return add_xattr(header, name, value, size, size_max, error);
}

/* GNU.sparse.*; `key` is what follows that. */
static gboolean take_sparse(PaxHeader *header, const char *key, const char *value, gboolean *ret_valid, GError **error)
{
    guint64 number = 0;

    header->has_sparse = TRUE;
    *ret_valid = TRUE;
    if (strcmp(key, "name") == 0) {
        g_free(header->sparse_name);
        header->sparse_name = g_strdup(value);
        return TRUE;
    }
    if (strcmp(key, "map") == 0) {
        sparse_map_free(header->sparse_map);
        header->sparse_map = sparse_map_parse_list(value, error);
        return header->sparse_map != NULL;
    }
    *ret_valid = parse_number(value, G_MAXINT64, &number);
    if (strcmp(key, "major") == 0) {
        header->sparse_major = (guint)MIN(number, 99);
    } else if (strcmp(key, "minor") == 0) {
        header->sparse_minor = (guint)MIN(number, 99);
    } else if (strcmp(key, "size") == 0 || strcmp(key, "realsize") == 0) {
        header->has_sparse_size = TRUE;
        header->sparse_size = number;
    } else if (strcmp(key, "offset") == 0) {
        header->sparse_offset = number;
        header->sparse_offset_pending = TRUE;
    } else if (strcmp(key, "numbytes") == 0) {
        if (!header->sparse_map)
            header->sparse_map = sparse_map_new();
        *ret_valid = *ret_valid && header->sparse_offset_pending;
        header->sparse_offset_pending = FALSE;
        return sparse_map_add(header->sparse_map, header->sparse_offset, number, error);
    }
    return TRUE;
}

static gboolean is_text(const char *value, gsize size)
{
    return memchr(value, '\0', size) == NULL;
}

/* One record; value is NUL-terminated behind its size bytes. *ret_valid is FALSE if the value makes no sense. */
static gboolean take_record(PaxHeader *header, const char *key, const char *value, gsize size, gsize xattr_size_max,
                            gboolean *ret_valid, GError **error)
{
    *ret_valid = is_text(value, size);
    if (g_str_has_prefix(key, "SCHILY.xattr.")) {
        *ret_valid = TRUE;
        return add_xattr(header, key + strlen("SCHILY.xattr."), (const guint8 *)value, size, xattr_size_max, error);
    }
    if (!*ret_valid)
        return TRUE;
    if (g_str_has_prefix(key, "LIBARCHIVE.xattr."))
        return add_libarchive_xattr(header, key + strlen("LIBARCHIVE.xattr."), value, xattr_size_max, error);
    if (g_str_has_prefix(key, "GNU.sparse."))
        return take_sparse(header, key + strlen("GNU.sparse."), value, ret_valid, error);
    if (strcmp(key, "path") == 0) {
        g_free(header->path);
        header->path = g_strdup(value);
    } else if (strcmp(key, "linkpath") == 0) {
        g_free(header->linkpath);
        header->linkpath = g_strdup(value);
    } else if (strcmp(key, "size") == 0) {
        *ret_valid = header->has_size = parse_number(value, G_MAXINT64, &header->size);
    } else if (strcmp(key, "uid") == 0) {
        *ret_valid = header->has_uid = parse_id(value, &header->uid);
    } else if (strcmp(key, "gid") == 0) {
        *ret_valid = header->has_gid = parse_id(value, &header->gid);
    } else if (strcmp(key, "mtime") == 0) {
        *ret_valid = header->has_mtime = parse_time(value, &header->mtime, &header->mtime_nsec);
    } else if (strcmp(key, "SCHILY.devmajor") == 0) {
        *ret_valid = header->has_major = parse_id(value, &header->device_major);
    } else if (strcmp(key, "SCHILY.devminor") == 0) {
        *ret_valid = header->has_minor = parse_id(value, &header->device_minor);
    } else if (g_str_has_prefix(key, "SCHILY.acl.")) {
        header->has_acl = TRUE;
    }
    return TRUE;
}

/* Cuts the next record off: its key and value, both inside bytes. */
static gboolean next_record(const guint8 **bytes, gsize *size, const guint8 **ret_key, gsize *ret_key_length,
                            const guint8 **ret_value, gsize *ret_value_size)
{
    gsize length = 0, digits = 0;

    while (digits < *size && digits < 9 && g_ascii_isdigit((*bytes)[digits]))
        length = length * 10 + (gsize)((*bytes)[digits++] - '0');
    if (digits == 0 || length > *size || length < digits + 3 || (*bytes)[digits] != ' ' || (*bytes)[length - 1] != '\n')
        return FALSE;
    const guint8 *key = *bytes + digits + 1;
    const guint8 *equals = memchr(key, '=', length - digits - 2);
    if (!equals || equals == key || memchr(key, '\0', (gsize)(equals - key)))
        return FALSE;
    *ret_key = key;
    *ret_key_length = (gsize)(equals - key);
    *ret_value = equals + 1;
    *ret_value_size = (gsize)(*bytes + length - 1 - (equals + 1));
    *bytes += length;
    *size -= length;
    return TRUE;
}

gboolean pax_header_parse(PaxHeader *header, const guint8 *bytes, gsize size, gsize xattr_size_max, GError **error)
{
    while (size > 0 && *bytes != '\0') {
        const guint8 *key_bytes, *value_bytes;
        gsize key_length, value_size;
        gboolean valid;

        if (!next_record(&bytes, &size, &key_bytes, &key_length, &value_bytes, &value_size))
            return gourd_error_set(error, GOURD_ERROR_INPUT, "pax header: a record is not well formed");
        g_autofree char *key = g_strndup((const char *)key_bytes, key_length);
        /* An empty value takes back what a global header said; but attributes may be empty, and GNU tar and containerd
         * write and read them so. */
        if (value_size == 0 && !g_str_has_prefix(key, "SCHILY.xattr."))
            continue;
        g_autofree char *value = g_malloc(value_size + 1);
        memcpy(value, value_bytes, value_size);
        value[value_size] = '\0';
        gboolean taken = take_record(header, key, value, value_size, xattr_size_max, &valid, error);
        g_autofree char *shown_key = text_escape(key);
        if (!taken)
            return gourd_error_prefix(error, "pax header: %s", shown_key);
        if (!valid) {
            g_autofree char *shown = bytes_escape(value, value_size);

            return gourd_error_set(error, GOURD_ERROR_INPUT, "pax header: %s: '%s' makes no sense", shown_key, shown);
        }
    }
    return TRUE;
}

gboolean pax_records_matter(const guint8 *bytes, gsize size)
{
    while (size > 0 && *bytes != '\0') {
        const guint8 *key, *value;
        gsize key_length, value_size;

        if (!next_record(&bytes, &size, &key, &key_length, &value, &value_size))
            return TRUE;
        if (key_length != strlen("comment") || memcmp(key, "comment", key_length) != 0)
            return TRUE;
    }
    return FALSE;
}
