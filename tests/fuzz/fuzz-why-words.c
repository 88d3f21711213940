// SPDX-License-Identifier: LGPL-2.1-or-later
#include "doctor/why-private.h"

#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Services write what they like into the journal. Each line of the input is one of a program's; the unit mounts something, so that
 * paths in them are followed. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char unit[] =
        "[Service]\nExecStart=/bin/x\nBindReadOnlyPaths=/nothing:/data\nTemporaryFileSystem=/srv\n";
    g_autofree char *text = line_escape(data, size);
    g_auto(GStrv) lines = g_strsplit(text, "\\x0a", -1);
    g_autoptr(GPtrArray) findings = why_findings_new();
    g_autoptr(GPtrArray) entries = g_ptr_array_new_with_free_func((GDestroyNotify)host_entry_free);
    g_autoptr(GPtrArray) sources = g_ptr_array_new();
    WhySource source = {.path = (char *)"/web.service", .file = unit_file_parse(unit, strlen(unit), NULL, NULL)};
    WhyFacts facts = {.unit = "web.service",
                      .sources = sources,
                      .entries = entries,
                      .failure = {.status = 127, .entries = entries}};

    g_ptr_array_add(sources, &source);
    for (char **line = lines; *line; line++) {
        HostEntry *entry = g_new0(HostEntry, 1);

        entry->message = g_strdup(*line);
        g_ptr_array_add(entries, entry);
    }
    (void)why_explain_words(&facts, findings);
    for (guint i = 0; i < findings->len; i++)
        g_assert_true(g_utf8_validate(((const WhyFinding *)g_ptr_array_index(findings, i))->text, -1, NULL));
    unit_file_free(source.file);
    return 0;
}
