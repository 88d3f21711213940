/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The index of a bundle, from any bytes: index and footer as they lie behind an image. A fuzzer cannot guess SHA-256, so
 * digests are put right first; that they are checked is for the unit tests. */

#include "bundle/bundle.h"

#include <stdint.h>
#include <string.h>

#define HEADER_SIZE 64u
#define SECTION_SIZE 80u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static guint64 read_number(const guint8 *bytes, gsize size)
{
    guint64 value = 0;

    memcpy(&value, bytes, size);
    return GUINT64_FROM_LE(value);
}

static void repair_digests(guint8 *bytes, gsize size)
{
    guint64 n_sections = read_number(bytes + 52, 4);
    guint64 table_end = HEADER_SIZE + n_sections * SECTION_SIZE;

    if (table_end > size)
        return;
    for (guint64 i = 0; i < n_sections; i++) {
        guint8 *section = bytes + HEADER_SIZE + i * SECTION_SIZE;
        guint64 offset = read_number(section + 16, 8), stored = read_number(section + 24, 8);

        if (offset <= size && stored <= size - offset)
            digest_of_bytes(bytes + offset, stored, (Digest *)(section + 48));
    }
    digest_of_bytes(bytes, table_end, (Digest *)(bytes + size - BUNDLE_FOOTER_BYTES + 32));
}

static void use_index(const BundleIndex *index)
{
    const IndexFacts *facts = bundle_index_facts(index);

    for (guint64 i = 0; i < facts->n_files; i++) {
        g_autofree char *path = bundle_index_get_path(index, i);
        Digest digest;
        guint64 found;

        if (!bundle_index_find_file(index, path, &found) || found != i)
            g_error("file %" G_GUINT64_FORMAT " is not found", i);
        if (facts->n_files < 64)
            bundle_index_get_digest(index, i, &digest);
    }
    for (guint layer = 1; layer <= facts->n_layers; layer++) {
        g_autoptr(IndexLayerReader) reader = bundle_index_read_layer(index, layer, NULL);
        guint64 count = 0, file;

        while (index_layer_reader_next(reader, &file))
            count++;
        if (count != bundle_index_count_entries(index, layer))
            g_error("layer %u lost entries", layer);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autofree guint8 *bytes = g_memdup2(data, size);
    BundleFooter footer;

    if (size < HEADER_SIZE + BUNDLE_FOOTER_BYTES)
        return 0;
    repair_digests(bytes, size);
    guint64 index_offset = read_number(bytes + size - BUNDLE_FOOTER_BYTES + 16, 8);
    if (index_offset > G_MAXINT64 ||
        !bundle_footer_parse(bytes + size - BUNDLE_FOOTER_BYTES, index_offset + size, &footer, NULL))
        return 0;
    g_autoptr(GBytes) stored = g_bytes_new(bytes, footer.index_size);
    g_autoptr(BundleIndex) index = bundle_index_parse(stored, &footer, NULL);
    if (index)
        use_index(index);
    return 0;
}
