// SPDX-License-Identifier: LGPL-2.1-or-later
#include "why-private.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define COMPRESSOR_OFFSET 20 /* in the superblock, 16 bits */

/* The image or folder that is the service's root, and what the kernel needs to mount it. */

static gboolean file_has_line(const WhyFacts *facts, const char *path, const char *text)
{
    g_autofree char *real = host_path(facts->host, path);
    g_autofree char *content = NULL;

    return g_file_get_contents(real, &content, NULL, NULL) && strstr(content, text);
}

static gboolean host_has(const WhyFacts *facts, const char *path)
{
    g_autofree char *real = host_path(facts->host, path);

    return access(real, F_OK) == 0;
}

static void explain_root_missing(const WhyFacts *facts, GPtrArray *findings)
{
    g_autofree char *shown = text_escape(facts->root_path);
    gboolean is_image = facts->root_kind == WHY_ROOT_IMAGE;

    why_add(
        findings, is_image ? "image-missing" : "root-missing", &facts->root_setting,
        g_strdup_printf("the service's %s '%s' is not there", is_image ? "image" : "root folder", shown),
        facts->ours && is_image
            ? g_strdup(
                  "copy it back, or install or upgrade the service with a bundle: 'gourd list --bundles' shows which there are")
            : g_strdup("put it there, or name the right one"));
}

static void explain_no_image(const WhyFacts *facts, GPtrArray *findings)
{
    g_autofree char *shown = text_escape(facts->root_path);
    g_autofree char *real = host_path(facts->host, facts->root_path);
    g_autofree char *message = NULL, *hint = NULL;
    guint8 head[16] = {0};
    gsize got = 0;
    autofd fd = open(real, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

    if (fd >= 0 && !fd_pread(fd, real, head, sizeof head, 0, &got, NULL))
        got = 0;
    gourd_error_split(facts->root_problem, &message, &hint);
    if (squash_detect(head, got))
        why_add(findings, "image-damaged", &facts->root_setting,
                g_strdup_printf("the image '%s' is damaged: %s", shown, message),
                g_strdup("'gourd verify' says how much of it; copy it again from where it came from"));
    else if (why_find_message(facts, "Failed at step NAMESPACE"))
        why_add(
            findings, "image-unknown", &facts->root_setting,
            g_strdup_printf("'%s' is no file system image that the kernel can mount", shown),
            g_strdup(
                "RootImage= takes a SquashFS, EROFS, ext4 … file system, or a disk image with one: `file` says what this is"));
}

/* As the kernel calls the one that the image's superblock names (docs/format.md); or NULL. */
static const char *name_compressor(const WhyFacts *facts)
{
    static const char *const names[] = {"zlib", "lzma", "lzo", "xz", "lz4", "zstd"};
    g_autofree char *real = host_path(facts->host, facts->root_path);
    autofd fd = open(real, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    guint8 head[COMPRESSOR_OFFSET + 2];
    gsize got = 0;

    if (fd < 0 || !fd_pread(fd, real, head, sizeof head, 0, &got, NULL) || got < sizeof head ||
        !squash_detect(head, got))
        return NULL;
    guint id = head[COMPRESSOR_OFFSET] | (guint)head[COMPRESSOR_OFFSET + 1] << 8;
    return id > 0 && id <= G_N_ELEMENTS(names) ? names[id - 1] : NULL;
}

/* fs/squashfs/decompressor.c */
static void explain_compressor(const WhyFacts *facts, GPtrArray *findings)
{
    const char *name = name_compressor(facts);
    g_autofree char *text = g_strdup_printf("Filesystem uses \"%s\" compression. This is not supported",
                                            name ? name : "");
    g_autofree char *message = name ? why_find_kernel_message(facts, text) : NULL;

    if (!message)
        return;
    why_add(findings, "kernel-without-compressor", &facts->root_setting,
            g_strdup_printf("this kernel cannot read SquashFS that is compressed with %s", name),
            g_strdup("build the image again with a compressor that it has: gourd build … --compressor gzip"));
}

/* Of the running kernel: of a system at rest nothing is known. */
static void explain_kernel(const WhyFacts *facts, GPtrArray *findings)
{
    WhySetting setting;

    if (!facts->is_live || facts->root_kind != WHY_ROOT_IMAGE)
        return;
    if (!host_has(facts, "/dev/loop-control"))
        why_add(findings, "kernel-without-loop", &facts->root_setting,
                g_strdup("there are no loop devices here, by which images are mounted"),
                g_strdup("modprobe loop; in a container, give it /dev/loop-control and loop devices"));
    else if (facts->root && !file_has_line(facts, "/proc/filesystems", "\tsquashfs\n"))
        why_add(
            findings, "kernel-without-squashfs", &facts->root_setting, g_strdup("this kernel has no SquashFS"),
            g_strdup(
                "modprobe squashfs; if there is no such module, install the package with the rest of the kernel's modules"));
    else if ((why_setting(facts, "RootHash", &setting) || why_setting(facts, "RootVerity", &setting)) &&
             !file_has_line(facts, "/proc/devices", "device-mapper\n"))
        why_add(findings, "kernel-without-verity", &setting,
                g_strdup("this kernel has no dm-verity, which checks the image"),
                g_strdup("modprobe dm_verity; where the kernel lacks it, the service can only run without the check"));
}

void why_explain_image(const WhyFacts *facts, GPtrArray *findings)
{
    if (facts->root_kind == WHY_ROOT_HOST)
        return;
    if (g_error_matches(facts->root_problem, GOURD_ERROR, GOURD_ERROR_NOT_FOUND))
        explain_root_missing(facts, findings);
    else if (facts->is_live && facts->root_kind == WHY_ROOT_IMAGE && facts->failure.found)
        explain_compressor(facts, findings);
    if (findings->len > 0)
        return;
    if (facts->root_problem && facts->root_kind == WHY_ROOT_IMAGE && geteuid() == 0)
        explain_no_image(facts, findings);
    if (findings->len == 0)
        explain_kernel(facts, findings);
}
