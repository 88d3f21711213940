// SPDX-License-Identifier: LGPL-2.1-or-later
#include "build-options.h"
#include "stack-image.h"

#include "pack/pack.h"

#include <string.h>

#define JOBS_MAX 1024
#define LEVEL_MAX 19 /* of any compressor; each has its own range */

/* SquashFS 4.0 knows blocks of 4 KiB to 1 MiB, powers of two. */
#define BLOCK_SIZE_MIN (4 * 1024)
#define BLOCK_SIZE_MAX (1024 * 1024)

static gboolean check_block_size(const char *argument, GError **error)
{
    guint64 bytes = 0;

    if (!size_parse(argument, &bytes, error))
        return FALSE;
    if (bytes >= BLOCK_SIZE_MIN && bytes <= BLOCK_SIZE_MAX && (bytes & (bytes - 1)) == 0)
        return TRUE;
    gourd_error_set(error, GOURD_ERROR_USAGE, "'%s' is no block size of SquashFS", argument);
    return gourd_error_hint(error, "it is a power of two from 4K to 1M");
}

static gboolean check_platform(const char *argument, GError **error)
{
    Platform platform = {NULL, NULL, NULL};

    if (!platform_parse(argument, &platform, error))
        return FALSE;
    platform_clear(&platform);
    return TRUE;
}

static gboolean check_limit(const char *argument, GError **error)
{
    ImageLimits limits;

    image_limits_init(&limits);
    return build_limit_apply(&limits, argument, error);
}

static gboolean check_owner(const char *argument, GError **error)
{
    OwnerMap owners;

    return build_owner_parse(argument, &owners, error);
}

static gboolean check_mount_point(const char *argument, GError **error)
{
    g_autofree char *shown = text_escape(argument);

    if (*argument == '/')
        return TRUE;
    gourd_error_set(error, GOURD_ERROR_USAGE, "'%s' is not an absolute path", shown);
    return gourd_error_hint(error, "write it as inside the image: /%s", shown);
}

/* Blocks find their places at the end, so a bundle cannot be streamed; and nobody wants a file of this name. */
static gboolean check_output(const char *argument, GError **error)
{
    if (strcmp(argument, "-") != 0)
        return TRUE;
    gourd_error_set(error, GOURD_ERROR_USAGE, "a bundle cannot be written to standard output");
    return gourd_error_hint(error, "name a file");
}

/* Globs are matched against whole paths, so one that begins with a name leaves out nothing; an empty one would leave out
 * everything. */
static gboolean check_glob(const char *argument, GError **error)
{
    g_autofree char *shown = text_escape(argument);

    if (*argument != '\0' && strchr("/*?[\\", *argument))
        return TRUE;
    gourd_error_set(error, GOURD_ERROR_USAGE, "'%s' matches no path", shown);
    return gourd_error_hint(error, "paths begin with a slash: /%s", *shown ? shown : "usr/share/doc/*");
}

/* A bundle's name becomes a file name and a unit name. */
static gboolean check_name(const char *argument, GError **error)
{
    return build_check_name(argument, "name", error);
}

static gboolean check_version(const char *argument, GError **error)
{
    return build_check_name(argument, "version", error);
}

#define AT(member) .offset = offsetof(BuildOptions, member)

static const OptionChoice verifications[] = {
    {"quick", PACK_VERIFY_QUICK, "the structure"},
    {"full", PACK_VERIFY_FULL, "every block"},
    {"none", PACK_VERIFY_NONE, NULL},
    {NULL, 0, NULL},
};

static const Option output_rows[] = {
    {"output", 'o', OPTION_STRING, AT(output), "FILE", "Write the bundle to FILE", .check = check_output,
     .details = "The file appears only when it is complete.", .shown_default = "`NAME_VERSION.raw`",
     .completion = COMPLETE_BUNDLE},
    {"force", 'f', OPTION_FLAG, AT(force), .help = "Replace FILE if it exists",
     .details = "It is replaced at once, so that whoever has the old one open keeps it."},
    {"name", 0, OPTION_STRING, AT(name), "NAME", "Name of the bundle",
     .shown_default = "the image's repository, or the file's name", .check = check_name},
    {"version", 0, OPTION_STRING, AT(version), "VERSION", "Version of the bundle",
     .shown_default = "the image's tag, or `latest`", .check = check_version},
    {"index", 0, OPTION_FLAG, AT(index), .help = "Put gourd's index behind the file system",
     .details = "Incremental builds, small updates, `gourd diff` and `gourd verify` live on it; it takes less than one "
                "per cent of the size.",
     .fallback = "yes", .negatable = TRUE},
    {"verify", 0, OPTION_CHOICE, AT(verify), "HOW", "Read back what was written", .fallback = "quick",
     .choices = verifications},
    {"json", 0, OPTION_FLAG, AT(json), .help = "Print the result as JSON"},
    {NULL},
};

/* The codecs that SquashFS has a number for; the names are those of codec_to_name(). */
static const OptionChoice compressors[] = {
    {"zstd", CODEC_ZSTD, "small and fast; Linux 4.14 and later"},
    {"xz", CODEC_XZ, "smallest; slow to read"},
    {"gzip", CODEC_GZIP, "for the oldest kernels"},
    {"lz4", CODEC_LZ4, "fastest to read; large"},
    {"none", CODEC_NONE, "only packed, not compressed"},
    {NULL, 0, NULL},
};

static const OptionChoice layouts[] = {
    {"fast", PACK_LAYOUT_FAST, "small files are read quickly"},
    {"small", PACK_LAYOUT_SMALL, "the smallest bundle"},
    {NULL, 0, NULL},
};

static const char *const block_sizes[] = {"4K", "8K", "16K", "32K", "64K", "128K", "256K", "512K", "1M", NULL};

static const Option format_rows[] = {
    {"compressor", 0, OPTION_CHOICE, AT(compressor), "NAME", "Compressor of the blocks", .fallback = "zstd",
     .choices = compressors},
    {"level", 0, OPTION_INT, AT(level), "N", "How hard to compress: higher is smaller and slower",
     .details = "1 to 19 with zstd, 1 to 9 with xz, 1 to 12 with gzip, 1 to 12 with lz4.",
     .shown_default = "what suits the compressor", .min = 1, .max = LEVEL_MAX},
    {"block-size", 0, OPTION_SIZE, AT(block_size), "SIZE", "Size of the blocks, 4K to 1M",
     .details = "Larger blocks compress better, smaller ones are read faster at random.",
     .fallback = "256K" /* PACK_BLOCK_SIZE_DEFAULT */, .suggestions = block_sizes, .min = BLOCK_SIZE_MIN,
     .max = BLOCK_SIZE_MAX, .completion = COMPLETE_VALUES, .check = check_block_size},
    {"layout", 0, OPTION_CHOICE, AT(layout), "FOR", "Lay the data out for quick access or for small size",
     .details =
         "`fast` puts few small files into one block and leaves the tables of files and folders uncompressed; `small` "
         "fills whole blocks and compresses all. The difference is about three per cent of the size, and twice the "
         "time to read a small file from a cold cache.",
     .fallback = "fast", .choices = layouts},
    {"jobs", 'j', OPTION_INT, AT(jobs), "N", "Compress with N threads", .shown_default = "the number of processors",
     .details = "The bundle is the same whatever N is.", .min = 1, .max = JOBS_MAX},
    {NULL},
};

static const char *const platforms[] = {
    "linux/amd64",   "linux/arm64", "linux/arm/v7",  "linux/arm/v6", "linux/386",
    "linux/ppc64le", "linux/s390x", "linux/riscv64", NULL,
};
static const char *const limits[] = {"unpacked-size=", "entries=",       "layers=", "path-length=",
                                     "xattr-size=",    "metadata-size=", NULL};
static const char *const owners[] = {"keep", "root", NULL};

static const Option content_rows[] = {
    {"platform", 0, OPTION_STRING, AT(platform), "OS/ARCH[/VARIANT]", "Take the image for this platform",
     .shown_default = "this machine's", .suggestions = platforms, .completion = COMPLETE_VALUES,
     .check = check_platform},
    {"exclude", 0, OPTION_STRINGS, AT(excludes), "GLOB", "Leave out what matches GLOB",
     .details =
         "GLOB is matched against the whole path in the image, as in `/usr/share/doc/*`; `*` matches slashes too. "
         "A folder that matches is left out with all that is in it.",
     .check = check_glob},
    {"mountpoint", 0, OPTION_STRINGS, AT(mountpoints), "PATH[:file]",
     "Make an empty folder, or file, to mount on, unless PATH exists",
     .details =
         "The API file systems, `/etc/hosts`, `/etc/resolv.conf`, `/etc/machine-id` and all volumes of the image "
         "get theirs without being named.",
     .check = check_mount_point},
    {"owner", 0, OPTION_STRING, AT(owner), "OWNER", "Who owns the files of a `dir:` source: `keep`, `root` or UID:GID",
     .fallback = "keep", .suggestions = owners, .completion = COMPLETE_VALUES, .check = check_owner},
    {"limit", 0, OPTION_STRINGS, AT(limits), "NAME=VALUE", "Change a limit that protects from hostile images",
     .details = "The limits are `unpacked-size` (bytes in one layer), `entries` (in all layers), `layers`, "
                "`path-length`, `xattr-size` (bytes of one entry) and `metadata-size` (bytes of paths, links, extended "
                "attributes and lists of blocks in all layers). VALUE may have a suffix K, M, G or T.",
     .suggestions = limits, .completion = COMPLETE_VALUES, .check = check_limit},
    {NULL},
};

static const Option stack_rows[] = {
    {"service", 0, OPTION_STRINGS, AT(services), "SERVICE", "Only the image of this service",
     .completion = COMPLETE_OF_FILE},
    {"builder", 0, OPTION_STRING, AT(builder), "PROGRAM", "Build images with this one",
     .shown_default = "the first that is there", .suggestions = stack_builder_names, .completion = COMPLETE_VALUES,
     .check = stack_image_check_builder},
    /* As stack_option_rows, but for -f. */
    {"file", 0, OPTION_STRINGS, AT(stack.files), "FILE", "Read this Compose file", .completion = COMPLETE_FILE},
    {"project-name", 'p', OPTION_STRING, AT(stack.project_name), "NAME", "Name of the stack"},
    {"project-directory", 0, OPTION_STRING, AT(stack.project_folder), "FOLDER", "Where relative paths begin",
     .completion = COMPLETE_FOLDER},
    {"env-file", 0, OPTION_STRINGS, AT(stack.env_files), "FILE", "Take variables from this file instead of `.env`",
     .completion = COMPLETE_FILE},
    {"profile", 0, OPTION_STRINGS, AT(stack.profiles), "NAME", "Services of this profile too"},
    {NULL},
};

#undef AT

static const OptionGroup groups[] = {
    {"Output", output_rows},
    {"Format", format_rows},
    {"Content", content_rows},
    {"Images of a stack, without SOURCE", stack_rows},
    {NULL, NULL},
};

static const Operand operands[] = {{"SOURCE", 0, 1, COMPLETE_SOURCE}, {NULL, 0, 0, COMPLETE_NOTHING}};

static const char *const description[] = {
    "Turns a container image into a bundle: one file with a SquashFS image that systemd runs, `mount -o loop` mounts and "
    "`unsquashfs` unpacks. It needs no root, no daemon and no room for unpacked files.",
    "SOURCE is a `docker-archive:FILE`, `oci-archive:FILE`, `oci:FOLDER`, `tar:FILE` or `dir:FOLDER`; a path without such "
    "a prefix is recognised by its content, and `-` is standard input. `gourd help sources` tells more.",
    "Owners, modes, times, extended attributes, file capabilities, hard links and device nodes are kept as an unpacker of "
    "the image would make them; what cannot be kept is said in a note. The image's configuration is stored in "
    "`/usr/lib/gourd` of the bundle. The same image and the same options always give the same bytes.",
    "If the build fails or is interrupted, no file is left behind.",
    "Without SOURCE it builds the images of the Compose file in this folder or above, as `docker compose build` does, with buildah, podman "
    "or docker, whichever is there first, and makes bundles of them beside the file: `NAME_TAG-DIGITS.raw`, of which `gourd up` takes "
    "the newest.",
    NULL,
};

static const Example examples[] = {
    {"gourd build web.tar -o web_1.0.raw", "What `docker save` wrote, as a bundle"},
    {"docker save web:1.0 | gourd build - -o web_1.0.raw", "The same without a file between"},
    {"gourd build oci:layout:1.0 --platform linux/arm64", "One image of a layout, for another machine"},
    {"gourd build dir:rootfs --owner root --name tools --version 2 --level 19", "A folder, as small as it gets"},
    {"gourd build", "The images of the Compose file in this folder"},
    {NULL, NULL},
};

static const ExitCode codes[] = {
    EXIT_CODE_INPUT,       EXIT_CODE_LIMIT,     EXIT_CODE_EXISTS, EXIT_CODE_DIFFERS,
    EXIT_CODE_UNSUPPORTED, EXIT_CODE_NOT_FOUND, EXIT_CODE_OK,
};

const Verb verb_build = {
    .name = "build",
    .topic = "Bundles",
    .summary = "Turn a container image into a bundle",
    .operands = operands,
    .groups = groups,
    .description = description,
    .examples = examples,
    .exit_codes = codes,
    .options_size = sizeof(BuildOptions),
    .run = build_run,
};
