// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tar.h"

#include "tar-header.h"
#include "tar-pax.h"
#include "tar-sparse.h"

#include <string.h>

/* Extended headers and GNU long names are read whole into memory; as Go's archive/tar, which made most images. */
#define TAR_SPECIAL_SIZE_MAX (1024 * 1024)
/* Of all headers in front of one entry together: else an archive of nothing but such headers would keep us busy. */
#define TAR_SPECIALS_SIZE_MAX (2 * TAR_SPECIAL_SIZE_MAX)

typedef struct {
    EntryReader reader;
    ByteStream *source;
    ImageLimits limits;
    Notes *notes;
    Entry entry;
    guint64 number;    /* of the entry, from 1 */
    guint64 unpacked;  /* bytes of content so far */
    guint64 data_left; /* bytes of the entry's data not yet consumed */
    guint64 padding;   /* zero bytes behind them */
    guint64 shown;     /* bytes of the last peek, to be consumed by the next call */
    SparseMap *sparse; /* of the current entry, or NULL */
    guint segment;
    guint64 at; /* in the current sparse file */
    gboolean require_end, ended;
    /* what the headers in front of an entry said */
    PaxHeader pax;
    char *long_name, *long_link;
    guint64 specials_size; /* bytes of them with their headers */
    gboolean pending;      /* one of them waits for its entry */
} TarReader;

static gboolean fail_truncated(GError **error)
{
    return gourd_error_set(error, GOURD_ERROR_INPUT, "the archive ends within it");
}

static void consume_shown(TarReader *self)
{
    byte_stream_advance(self->source, self->shown);
    self->data_left -= self->shown;
    self->shown = 0;
}

static gboolean skip_bytes(TarReader *self, guint64 size, GError **error)
{
    while (size > 0) {
        const guint8 *bytes;
        gsize available;

        if (!byte_stream_peek(self->source, 1, &bytes, &available, error))
            return FALSE;
        if (available == 0)
            return fail_truncated(error);
        available = MIN(available, size);
        byte_stream_advance(self->source, available);
        size -= available;
    }
    return TRUE;
}

/* Data fill whole blocks. */
static guint64 padding_of(guint64 size)
{
    return (TAR_BLOCK_SIZE - size % TAR_BLOCK_SIZE) % TAR_BLOCK_SIZE;
}

static gboolean skip_rest(TarReader *self, GError **error)
{
    consume_shown(self);
    if (!skip_bytes(self, self->data_left + self->padding, error))
        return FALSE;
    self->data_left = self->padding = 0;
    return TRUE;
}

/* The data of an extended header or long name, NUL-terminated. */
static gboolean read_special(TarReader *self, guint64 size, char **ret_bytes, GError **error)
{
    if (size > TAR_SPECIAL_SIZE_MAX)
        return gourd_error_set(error, GOURD_ERROR_LIMIT, "a header of %" G_GUINT64_FORMAT " bytes, more than %d", size,
                               TAR_SPECIAL_SIZE_MAX);
    self->specials_size += TAR_BLOCK_SIZE + size;
    if (self->specials_size > TAR_SPECIALS_SIZE_MAX)
        return gourd_error_set(error, GOURD_ERROR_LIMIT, "more than %d bytes of extended headers",
                               TAR_SPECIALS_SIZE_MAX);
    g_autofree char *copy = g_malloc(size + 1);
    for (gsize got = 0; got < size;) {
        const guint8 *bytes;
        gsize available;

        if (!byte_stream_peek(self->source, 1, &bytes, &available, error))
            return FALSE;
        if (available == 0)
            return fail_truncated(error);
        available = MIN(available, size - got);
        memcpy(copy + got, bytes, available);
        byte_stream_advance(self->source, available);
        got += available;
    }
    copy[size] = '\0';
    *ret_bytes = g_steal_pointer(&copy);
    return skip_bytes(self, padding_of(size), error);
}

/* Headers that speak of the next one: TRUE in *ret_taken. */
static gboolean take_special(TarReader *self, const TarHeader *header, gboolean *ret_taken, GError **error)
{
    g_autofree char *bytes = NULL;

    *ret_taken = strchr("xXgLK", header->type) != NULL && header->type != '\0';
    if (!*ret_taken)
        return TRUE;
    if (!read_special(self, header->size, &bytes, error))
        return FALSE;
    self->pending = self->pending || header->type != 'g';
    switch (header->type) {
    case 'g':
        if (pax_records_matter((const guint8 *)bytes, header->size))
            notes_add(self->notes, "pax-global-ignored", "a pax global header was ignored, as unpackers of images do",
                      NULL);
        return TRUE;
    case 'L':
        g_free(self->long_name);
        self->long_name = g_steal_pointer(&bytes);
        return TRUE;
    case 'K':
        g_free(self->long_link);
        self->long_link = g_steal_pointer(&bytes);
        return TRUE;
    default:
        return pax_header_parse(&self->pax, (const guint8 *)bytes, header->size, self->limits.xattr_size, error);
    }
}

static void forget_specials(TarReader *self)
{
    pax_header_clear(&self->pax);
    g_clear_pointer(&self->long_name, g_free);
    g_clear_pointer(&self->long_link, g_free);
    g_clear_pointer(&self->sparse, sparse_map_free);
    self->specials_size = 0;
    self->pending = FALSE;
}

/* The entry's path, from the last of the places where it may stand. */
static const char *choose_path(const TarReader *self, const TarHeader *header)
{
    if (self->pax.sparse_name)
        return self->pax.sparse_name;
    if (self->long_name)
        return self->long_name;
    return self->pax.path ? self->pax.path : header->name;
}

static gboolean set_type(const TarHeader *header, const char *path, EntryType *ret_type, GError **error)
{
    switch (header->type) {
    case '0':
    case '7': /* contiguous */
    case 'S':
        *ret_type = ENTRY_FILE;
        return TRUE;
    case '\0': /* before POSIX a folder was a file with a slash behind its name */
        *ret_type = g_str_has_suffix(path, "/") ? ENTRY_DIRECTORY : ENTRY_FILE;
        return TRUE;
    case '1':
        *ret_type = ENTRY_HARD_LINK;
        return TRUE;
    case '2':
        *ret_type = ENTRY_SYMLINK;
        return TRUE;
    case '3':
        *ret_type = ENTRY_CHAR_DEVICE;
        return TRUE;
    case '4':
        *ret_type = ENTRY_BLOCK_DEVICE;
        return TRUE;
    case '5':
    case 'D': /* a GNU incremental backup: its data, a listing, is passed over */
        *ret_type = ENTRY_DIRECTORY;
        return TRUE;
    case '6':
        *ret_type = ENTRY_FIFO;
        return TRUE;
    default: {
        g_autofree char *shown = bytes_escape(&header->type, 1);

        return gourd_error_set(error, GOURD_ERROR_UNSUPPORTED, "entries of type '%s' are not known", shown);
    }
    }
}

static gboolean set_paths(TarReader *self, const TarHeader *header, GError **error)
{
    Entry *entry = &self->entry;
    const char *path = choose_path(self, header);
    const char *target = self->pax.linkpath ? self->pax.linkpath : header->linkname;

    if (self->long_link)
        target = self->long_link;
    entry->path = g_strdup(path);
    if (entry->type == ENTRY_SYMLINK || entry->type == ENTRY_HARD_LINK)
        entry->target = g_strdup(target);
    if (*path == '\0')
        return gourd_error_set(error, GOURD_ERROR_INPUT, "it has no name");
    if (entry->target && *entry->target == '\0')
        return gourd_error_set(error, GOURD_ERROR_INPUT, "it links to nothing");
    if (strlen(path) > self->limits.path_length ||
        (entry->target && strlen(entry->target) > self->limits.path_length)) {
        gourd_error_set(error, GOURD_ERROR_LIMIT, "its path is over %" G_GUINT64_FORMAT " bytes (limit path-length)",
                        self->limits.path_length);
        return gourd_error_hint(error, "if you trust the image, allow more with --limit path-length=BYTES");
    }
    return TRUE;
}

static void set_attributes(TarReader *self, const TarHeader *header)
{
    Entry *entry = &self->entry;
    const PaxHeader *pax = &self->pax;

    entry->mode = header->mode;
    entry->uid = pax->has_uid ? pax->uid : header->uid;
    entry->gid = pax->has_gid ? pax->gid : header->gid;
    entry->mtime = pax->has_mtime ? pax->mtime : header->mtime;
    entry->mtime_nsec = pax->has_mtime ? pax->mtime_nsec : 0;
    entry->device_major = pax->has_major ? pax->device_major : header->device_major;
    entry->device_minor = pax->has_minor ? pax->device_minor : header->device_minor;
    entry->xattrs = pax->xattrs ? xattrs_ref(pax->xattrs) : NULL;
    if (pax->has_acl)
        notes_add(self->notes, "acl-dropped", "POSIX ACLs were left out: SquashFS cannot hold them", entry->path);
}

/* Where a file's data are and how many; the map of a sparse one is read here. */
static gboolean set_content(TarReader *self, const TarHeader *header, const guint8 *block, GError **error)
{
    Entry *entry = &self->entry;
    const PaxHeader *pax = &self->pax;
    guint64 data_size = pax->has_size ? pax->size : header->size, map_start;

    if (entry->type != ENTRY_FILE && header->type != 'D') {
        self->data_left = self->padding = 0; /* whatever the header says: links and devices have none */
        return TRUE;
    }
    self->padding = padding_of(data_size);
    self->data_left = data_size;
    if (entry->type != ENTRY_FILE)
        return TRUE;
    entry->size = data_size;
    map_start = byte_stream_position(self->source);
    if (header->type == 'S') {
        self->sparse = sparse_map_read_gnu(self->source, block, &entry->size, error);
    } else if (pax->has_sparse && pax->sparse_major == 1) {
        self->sparse = sparse_map_read_pax(self->source, data_size, error);
        self->data_left -= byte_stream_position(self->source) - map_start;
    } else if (pax->sparse_map) {
        self->sparse = g_steal_pointer(&self->pax.sparse_map);
    } else {
        return TRUE;
    }
    if (pax->has_sparse_size)
        entry->size = pax->sparse_size;
    self->segment = 0;
    self->at = 0;
    return self->sparse && sparse_map_check(self->sparse, entry->size, self->data_left, error);
}

static gboolean count_content(TarReader *self, GError **error)
{
    if (self->entry.size > self->limits.unpacked_size ||
        (self->unpacked += self->entry.size) > self->limits.unpacked_size) {
        gourd_error_set(error, GOURD_ERROR_LIMIT,
                        "the files of the layer exceed %" G_GUINT64_FORMAT " bytes (limit unpacked-size)",
                        self->limits.unpacked_size);
        return gourd_error_hint(error, "if you trust the image, allow more with --limit unpacked-size=SIZE");
    }
    if (self->number > self->limits.entries) {
        gourd_error_set(error, GOURD_ERROR_LIMIT,
                        "the layer has more than %" G_GUINT64_FORMAT " entries (limit entries)", self->limits.entries);
        return gourd_error_hint(error, "if you trust the image, allow more with --limit entries=NUMBER");
    }
    return TRUE;
}

/* Shows the next header block; NULL at the end of the archive. */
static gboolean peek_header(TarReader *self, const guint8 **ret_block, GError **error)
{
    gsize available;

    *ret_block = NULL;
    if (!byte_stream_peek(self->source, TAR_BLOCK_SIZE, ret_block, &available, error))
        return FALSE;
    if (available == 0) {
        if (self->require_end)
            return gourd_error_set(error, GOURD_ERROR_INPUT, "the archive has no end mark: it may have been cut off");
        *ret_block = NULL;
        return TRUE;
    }
    if (available < TAR_BLOCK_SIZE)
        return fail_truncated(error);
    if (!tar_block_is_zero(*ret_block))
        return TRUE;
    byte_stream_advance(self->source, TAR_BLOCK_SIZE);
    if (!byte_stream_peek(self->source, TAR_BLOCK_SIZE, ret_block, &available, error))
        return FALSE;
    if (available >= TAR_BLOCK_SIZE && !tar_block_is_zero(*ret_block))
        return gourd_error_set(error, GOURD_ERROR_INPUT, "a lone block of zeros where a header should be");
    *ret_block = NULL;
    return TRUE;
}

/* Reads what follows the end mark, so that digests behind us see all of it. */
static gboolean drain(TarReader *self, GError **error)
{
    gboolean junk = FALSE;

    for (;;) {
        const guint8 *bytes;
        gsize available;

        if (!byte_stream_peek(self->source, 1, &bytes, &available, error))
            return FALSE;
        if (available == 0)
            break;
        junk = junk || bytes[0] != 0 || memcmp(bytes, bytes + 1, available - 1) != 0;
        byte_stream_advance(self->source, available);
    }
    if (junk)
        notes_add(self->notes, "bytes-after-archive", "bytes after the end mark of a tar were ignored", NULL);
    self->ended = TRUE;
    return TRUE;
}

static gboolean read_entry(TarReader *self, GError **error)
{
    guint8 block[TAR_BLOCK_SIZE];
    TarHeader header;
    gboolean special;

    do {
        const guint8 *next;

        if (!peek_header(self, &next, error))
            return FALSE;
        if (!next) {
            if (self->pending)
                return gourd_error_set(error, GOURD_ERROR_INPUT, "the archive ends after an extended header");
            return drain(self, error);
        }
        memcpy(block, next, TAR_BLOCK_SIZE);
        byte_stream_advance(self->source, TAR_BLOCK_SIZE);
        if (!tar_header_parse(block, &header, error) || !take_special(self, &header, &special, error))
            return FALSE;
        if (header.type == 'V') { /* the label of a volume */
            special = TRUE;
            if (!skip_bytes(self, header.size, error) || !skip_bytes(self, padding_of(header.size), error))
                return FALSE;
        }
    } while (special);
    if (!set_type(&header, choose_path(self, &header), &self->entry.type, error) || !set_paths(self, &header, error))
        return FALSE;
    set_attributes(self, &header);
    return set_content(self, &header, block, error) && count_content(self, error);
}

static gboolean prefix_place(const TarReader *self, GError **error)
{
    if (!self->entry.path)
        return gourd_error_prefix(error, "entry %" G_GUINT64_FORMAT, self->number);
    g_autofree char *shown = text_escape(self->entry.path);
    return gourd_error_prefix(error, "entry '%s'", shown);
}

static gboolean tar_next(EntryReader *reader, const Entry **ret_entry, GError **error)
{
    TarReader *self = (TarReader *)reader;

    if (!self->ended) {
        if (!skip_rest(self, error))
            return prefix_place(self, error);
        forget_specials(self);
        entry_clear(&self->entry);
        self->number++;
        if (!read_entry(self, error))
            return prefix_place(self, error);
    }
    *ret_entry = self->ended ? NULL : &self->entry;
    return TRUE;
}

/* How many bytes come next in a sparse file: data, or (in *ret_hole) a hole. */
static guint64 sparse_run(TarReader *self, gboolean *ret_hole)
{
    const GArray *segments = self->sparse->segments;

    if (self->segment < segments->len) {
        const SparseSegment *segment = &g_array_index(segments, SparseSegment, self->segment);

        *ret_hole = self->at < segment->offset;
        return *ret_hole ? segment->offset - self->at : segment->offset + segment->length - self->at;
    }
    *ret_hole = TRUE;
    return self->entry.size - self->at;
}

static gboolean tar_data(EntryReader *reader, const guint8 **ret_bytes, gsize *ret_size, GError **error)
{
    TarReader *self = (TarReader *)reader;
    guint64 run = self->data_left - self->shown;
    const guint8 *bytes;
    gsize available;

    consume_shown(self);
    if (self->entry.type != ENTRY_FILE) {
        run = 0;
    } else if (self->sparse) {
        gboolean hole;

        run = sparse_run(self, &hole);
        if (hole) {
            *ret_bytes = NULL;
            *ret_size = (gsize)run;
            self->at += run;
            return TRUE;
        }
    }
    *ret_bytes = NULL;
    *ret_size = 0;
    if (run == 0)
        return TRUE;
    if (!byte_stream_peek(self->source, 1, &bytes, &available, error))
        return prefix_place(self, error);
    if (available == 0) {
        fail_truncated(error);
        return prefix_place(self, error);
    }
    self->shown = MIN(run, available);
    if (self->sparse) {
        const SparseSegment *segment = &g_array_index(self->sparse->segments, SparseSegment, self->segment);

        self->at += self->shown;
        if (self->at == segment->offset + segment->length)
            self->segment++;
    }
    *ret_bytes = bytes;
    *ret_size = self->shown;
    return TRUE;
}

static guint64 tar_position(const EntryReader *reader)
{
    return byte_stream_position(((const TarReader *)reader)->source);
}

static void tar_free(EntryReader *reader)
{
    TarReader *self = (TarReader *)reader;

    forget_specials(self);
    entry_clear(&self->entry);
    byte_stream_free(self->source);
    g_free(self);
}

EntryReader *tar_reader_new(ByteStream *source, const ImageLimits *limits, Notes *notes)
{
    TarReader *self = g_new0(TarReader, 1);

    self->reader = (EntryReader){tar_next, tar_data, tar_position, tar_free};
    self->source = source;
    self->limits = *limits;
    self->notes = notes;
    return &self->reader;
}

void tar_reader_require_end(EntryReader *reader)
{
    ((TarReader *)reader)->require_end = TRUE;
}
