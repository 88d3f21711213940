// SPDX-License-Identifier: LGPL-2.1-or-later
#include "member-scan.h"

#include "tar-header.h"
#include "tar-pax.h"

#include <string.h>

#define EXTENSION_SIZE_MAX (64 * 1024) /* of one long name or pax header: archives of images need one short path */
#define POSITION_MAX ((guint64)G_MAXINT64 / 2) /* no sum of two such can overflow */

/* Old GNU sparse files continue their map in further blocks as long as this byte is set (GNU tar manual, "Old GNU
 * Format"): at this offset in the header, and at the other in each further block. */
enum {
    SPARSE_EXTENDED_AT = 482,
    SPARSE_MORE_AT = 504,
};

void member_clear(Member *member)
{
    g_clear_pointer(&member->path, g_free);
    g_clear_pointer(&member->target, g_free);
}

static gboolean read_exactly(MemberScan *scan, guint64 offset, void *bytes, gsize size, GError **error)
{
    gsize got;

    if (!scan->read(scan->data, offset, bytes, size, &got, error))
        return FALSE;
    if (got < size) {
        gourd_error_set(error, GOURD_ERROR_INPUT, "the archive ends at byte %" G_GUINT64_FORMAT ", inside of a header",
                        offset + got);
        return gourd_error_hint(error, "the archive is truncated: copy or save it again");
    }
    return TRUE;
}

/* Names and pax records that precede the header they belong to. */
typedef struct {
    char *path, *target;
    PaxHeader pax;
} Extensions;

static void extensions_clear(Extensions *extensions)
{
    g_free(extensions->path);
    g_free(extensions->target);
    pax_header_clear(&extensions->pax);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Extensions, extensions_clear)

static gboolean read_extension(MemberScan *scan, const TarHeader *header, Extensions *extensions, GError **error)
{
    if (header->size > EXTENSION_SIZE_MAX)
        return gourd_error_set(error, GOURD_ERROR_LIMIT,
                               "an extended header of %" G_GUINT64_FORMAT " bytes is over the limit of %d",
                               header->size, EXTENSION_SIZE_MAX);
    g_autofree char *bytes = g_malloc0(header->size + 1);
    if (!read_exactly(scan, scan->position, bytes, header->size, error))
        return FALSE;
    switch (header->type) {
    case 'L':
        g_free(extensions->path);
        extensions->path = g_steal_pointer(&bytes);
        return TRUE;
    case 'K':
        g_free(extensions->target);
        extensions->target = g_steal_pointer(&bytes);
        return TRUE;
    case 'x':
        return pax_header_parse(&extensions->pax, (const guint8 *)bytes, header->size, EXTENSION_SIZE_MAX, error);
    default: /* 'g': what holds for all members says nothing about where one is */
        return TRUE;
    }
}

static MemberType type_of(const TarHeader *header, const Extensions *extensions)
{
    if (extensions->pax.has_sparse)
        return MEMBER_OTHER;
    switch (header->type) {
    case '0':
    case '\0':
    case '7':
        return g_str_has_suffix(header->name, "/") ? MEMBER_DIRECTORY : MEMBER_FILE;
    case '1':
        return MEMBER_HARD_LINK;
    case '2':
        return MEMBER_SYMLINK;
    case '5':
        return MEMBER_DIRECTORY;
    default:
        return MEMBER_OTHER;
    }
}

/* Bytes of data behind the header: links, devices, folders and fifos have none, whatever their size field says. */
static guint64 data_size(const TarHeader *header, const Extensions *extensions)
{
    if (header->type >= '1' && header->type <= '6')
        return 0;
    return extensions->pax.has_size ? extensions->pax.size : header->size;
}

static gboolean skip_sparse_map(MemberScan *scan, const guint8 *header_block, GError **error)
{
    guint8 more = header_block[SPARSE_EXTENDED_AT];

    while (more) {
        if (!read_exactly(scan, scan->position + SPARSE_MORE_AT, &more, 1, error))
            return FALSE;
        scan->position += TAR_BLOCK_SIZE;
    }
    return TRUE;
}

static gboolean skip_data(MemberScan *scan, guint64 size, GError **error)
{
    if (size > POSITION_MAX - scan->position)
        return gourd_error_set(error, GOURD_ERROR_INPUT, "a member of %" G_GUINT64_FORMAT " bytes is too large", size);
    scan->position += (size + TAR_BLOCK_SIZE - 1) / TAR_BLOCK_SIZE * TAR_BLOCK_SIZE;
    return TRUE;
}

static gboolean finish_member(MemberScan *scan, const guint8 *block, const TarHeader *header, Extensions *extensions,
                              Member *ret_member, GError **error)
{
    PaxHeader *pax = &extensions->pax;

    if (header->type == 'S' && !skip_sparse_map(scan, block, error))
        return FALSE;
    guint64 offset = scan->position, size = data_size(header, extensions);
    if (!skip_data(scan, size, error))
        return FALSE;
    ret_member->type = type_of(header, extensions);
    ret_member->offset = offset;
    ret_member->size = size;
    ret_member->path = g_strdup(pax->path ? pax->path : extensions->path ? extensions->path : header->name);
    ret_member->target = NULL;
    if (ret_member->type == MEMBER_SYMLINK || ret_member->type == MEMBER_HARD_LINK)
        ret_member->target = g_strdup(pax->linkpath        ? pax->linkpath
                                      : extensions->target ? extensions->target
                                                           : header->linkname);
    return TRUE;
}

static gboolean scan_next(MemberScan *scan, Member *ret_member, gboolean *ret_more, GError **error)
{
    g_auto(Extensions) extensions = {NULL};
    guint8 block[TAR_BLOCK_SIZE];
    TarHeader header;

    pax_header_init(&extensions.pax);
    for (;;) {
        gsize got;

        if (!scan->read(scan->data, scan->position, block, 1, &got, error))
            return FALSE;
        if (got > 0 && !read_exactly(scan, scan->position, block, sizeof block, error))
            return FALSE;
        if (got == 0 || tar_block_is_zero(block)) {
            *ret_more = FALSE;
            return TRUE;
        }
        if (!tar_header_parse(block, &header, error))
            return FALSE;
        scan->position += TAR_BLOCK_SIZE;
        if (!header.type || !strchr("LKxg", header.type))
            break;
        if (!read_extension(scan, &header, &extensions, error) || !skip_data(scan, header.size, error))
            return FALSE;
    }
    *ret_more = TRUE;
    return finish_member(scan, block, &header, &extensions, ret_member, error);
}

gboolean member_scan_next(MemberScan *scan, Member *ret_member, gboolean *ret_more, GError **error)
{
    guint64 start = scan->position;

    if (!scan_next(scan, ret_member, ret_more, error))
        return gourd_error_prefix(error, "archive member at byte %" G_GUINT64_FORMAT, start);
    return TRUE;
}
