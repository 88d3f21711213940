// SPDX-License-Identifier: LGPL-2.1-or-later
#include "listing.h"
#include "verb.h"

#include "bundle/bundle.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

typedef struct {
    CommonOptions common;
    gboolean details, recursive, folder, digest, json;
} LsOptions;

typedef struct {
    const Call *call;
    const LsOptions *options;
    Bundle *bundle;
    SquashExpander *expander; /* for --digest */
    gboolean skip_first;      /* the folder whose content is listed */
    gboolean is_later;        /* something was printed */
    gboolean whole_paths;
    GPtrArray *lines; /* Line *, of one folder, to be sorted; NULL: printed as they come */
} Lister;

typedef struct {
    char *name, *text;
    size_t size;
} Line;

static Line *line_new(const char *name)
{
    Line *line = g_new0(Line, 1);

    line->name = g_strdup(name);
    return line;
}

static void line_free(Line *line)
{
    g_free(line->name);
    free(line->text); /* of open_memstream(3) */
    g_free(line);
}

static int compare_lines(gconstpointer a, gconstpointer b)
{
    const Line *const *x = a, *const *y = b;

    return strcmp((*x)->name, (*y)->name);
}

/* "drwxr-xr-x", as ls(1) has it. */
static void format_mode(const SquashNode *node, char *ret_text)
{
    static const char types[] = {
        [ENTRY_FILE] = '-',         [ENTRY_DIRECTORY] = 'd', [ENTRY_SYMLINK] = 'l', [ENTRY_CHAR_DEVICE] = 'c',
        [ENTRY_BLOCK_DEVICE] = 'b', [ENTRY_FIFO] = 'p',      [ENTRY_SOCKET] = 's',
    };
    static const char bits[] = "rwxrwxrwx";

    ret_text[0] = types[node->type];
    for (guint i = 0; i < 9; i++)
        ret_text[1 + i] = node->mode & (0400 >> i) ? bits[i] : '-';
    if (node->mode & 04000)
        ret_text[3] = node->mode & 0100 ? 's' : 'S';
    if (node->mode & 02000)
        ret_text[6] = node->mode & 010 ? 's' : 'S';
    if (node->mode & 01000)
        ret_text[9] = node->mode & 01 ? 't' : 'T';
    ret_text[10] = '\0';
}

static char *format_size(const SquashNode *node)
{
    if (node->type == ENTRY_CHAR_DEVICE || node->type == ENTRY_BLOCK_DEVICE)
        return g_strdup_printf("%u,%u", node->device_major, node->device_minor);
    return g_strdup_printf("%" G_GUINT64_FORMAT, node->size);
}

/* Control characters in names could do things to a terminal; a pipe gets the bytes as they are. */
static char *format_name(const Screen *screen, const char *name)
{
    return screen->is_terminal ? text_escape(name) : g_strdup(name);
}

static Style style_of(const SquashNode *node)
{
    switch (node->type) {
    case ENTRY_DIRECTORY:
        return STYLE_BLUE;
    case ENTRY_SYMLINK:
        return STYLE_CYAN;
    case ENTRY_FILE:
        return node->mode & 0111 ? STYLE_GREEN : STYLE_NONE;
    default:
        return STYLE_YELLOW;
    }
}

static void print_details(const SquashNode *node, FILE *file)
{
    g_autoptr(GDateTime) time = g_date_time_new_from_unix_local(node->mtime);
    g_autofree char *when = g_date_time_format(time, "%Y-%m-%d %H:%M");
    g_autofree char *size = format_size(node);
    char mode[11];

    format_mode(node, mode);
    fprintf(file, "%s %3u %5u %5u %11s %s ", mode, node->n_links, node->uid, node->gid, size, when);
}

static void print_line(const Lister *lister, const SquashNode *node, const Digest *digest, FILE *file)
{
    const Screen *out = &lister->call->out;
    g_autofree char *path = g_strconcat("/", node->path, NULL);
    g_autofree char *name = format_name(out, lister->whole_paths ? path : node->name);
    g_autofree char *hash = digest ? digest_to_text(digest) : NULL;

    if (lister->options->details)
        print_details(node, file);
    if (lister->options->digest)
        fprintf(file, "%*s ", -DIGEST_TEXT_LENGTH, hash ? hash : "-");
    fprintf(file, "%s%s%s", screen_begin(out, style_of(node)), name, screen_end(out, style_of(node)));
    if (lister->options->details && node->target) {
        g_autofree char *target = format_name(out, node->target);

        fprintf(file, " -> %s", target);
    }
    fputc('\n', file);
}

static gboolean keep_line(const Lister *lister, const SquashNode *node, const Digest *digest, GError **error)
{
    Line *line = line_new(node->name);
    FILE *file = open_memstream(&line->text, &line->size);

    g_ptr_array_add(lister->lines, line);
    if (!file)
        return gourd_error_set_errno(error, errno, "cannot list '/%s'", node->path);
    print_line(lister, node, digest, file);
    return fclose(file) == 0 || gourd_error_set_errno(error, errno, "cannot list '/%s'", node->path);
}

/* By the bytes of their names, as ls(1) does in the locale C. */
static void print_lines(const Lister *lister)
{
    g_ptr_array_sort(lister->lines, compare_lines);
    for (guint i = 0; i < lister->lines->len; i++) {
        const Line *line = g_ptr_array_index(lister->lines, i);

        fwrite(line->text, 1, line->size, lister->call->out.file);
    }
    g_ptr_array_set_size(lister->lines, 0);
}

static gboolean print_json_entry(Lister *lister, const SquashNode *node, const Digest *digest, GError **error)
{
    g_autoptr(Xattrs) xattrs = NULL;
    FILE *file = lister->call->out.file;

    if (!squash_reader_read_xattrs(bundle_image(lister->bundle), node->xattrs, &xattrs, error))
        return FALSE;
    g_autoptr(Json) json = manifest_entry(node, xattrs, digest);
    fputs(lister->is_later ? ",\n" : "", file);
    json_dumpf(json, file, JSON_COMPACT);
    lister->is_later = TRUE;
    return TRUE;
}

static gboolean list_node(const SquashNode *node, gpointer data, GError **error)
{
    Lister *lister = data;
    Digest digest;
    gboolean has_digest = lister->options->digest && node->type == ENTRY_FILE;

    if (lister->skip_first) {
        lister->skip_first = FALSE;
        if (node->type == ENTRY_DIRECTORY)
            return TRUE;
    }
    if (has_digest && !squash_file_digest(lister->expander, node, &digest, error)) {
        g_autofree char *path = text_escape(node->path);

        return gourd_error_prefix(error, "'/%s'", path);
    }
    if (lister->options->json)
        return print_json_entry(lister, node, has_digest ? &digest : NULL, error);
    if (lister->lines)
        return keep_line(lister, node, has_digest ? &digest : NULL, error);
    print_line(lister, node, has_digest ? &digest : NULL, lister->call->out.file);
    return TRUE;
}

static gboolean list_paths(Lister *lister, GError **error)
{
    static const char *const root[] = {"/", NULL};
    const char *const *paths = lister->call->n_operands > 1 ? lister->call->operands + 1 : root;
    const LsOptions *options = lister->options;
    SquashWalk walk = {.visit = list_node, .data = lister};
    g_autoptr(GPtrArray) lines = g_ptr_array_new_with_free_func((GDestroyNotify)line_free);

    if (!options->recursive && !options->folder && !options->json)
        lister->lines = lines;
    walk.depth = options->folder ? 0 : options->recursive ? G_MAXUINT : 1;
    lister->whole_paths = options->recursive || options->folder || lister->call->n_operands > 2;
    for (; *paths; paths++) {
        lister->skip_first = !options->recursive && !options->folder;
        if (!squash_reader_walk(bundle_image(lister->bundle), *paths, &walk, error))
            return FALSE;
        if (lister->lines)
            print_lines(lister);
    }
    return TRUE;
}

static ExitCode run(const Call *call, GError **error)
{
    g_autoptr(Bundle) bundle = bundle_open(call->operands[0], error);

    if (!bundle)
        return EXIT_CODE_FAILED;
    g_autoptr(SquashExpander) expander = squash_expander_new(bundle_image(bundle), error);
    Lister lister = {.call = call, .options = call->options, .bundle = bundle, .expander = expander};
    if (!expander)
        return EXIT_CODE_FAILED;
    if (lister.options->json)
        fputs("[", call->out.file);
    gboolean done = list_paths(&lister, error);
    if (lister.options->json)
        fputs("]\n", call->out.file);
    return done ? EXIT_CODE_OK : EXIT_CODE_FAILED;
}

#define AT(member) .offset = offsetof(LsOptions, member)

static const Option rows[] = {
    {"long", 'l', OPTION_FLAG, AT(details), .help = "Show mode, links, owner, size, time and link target too"},
    {"recursive", 'R', OPTION_FLAG, AT(recursive), .help = "List a folder itself and all that is below it",
     .details = "In the order in which the bundle has it: the files of a folder, then its subfolders."},
    {"directory", 'd', OPTION_FLAG, AT(folder), .help = "List folders themselves, not what is in them"},
    {"digest", 0, OPTION_FLAG, AT(digest), .help = "Read all files and show the SHA-256 of their content"},
    {"json", 0, OPTION_FLAG, AT(json), .help = "Print a JSON array with an object for each path, one a line",
     .details =
         "It has all that the bundle says of a path, extended attributes (in base64) too; with `-R --digest` it is "
         "a complete manifest. Names that are not UTF-8 are escaped, and repeated in base64 as `path_base64`."},
    {NULL},
};

#undef AT

static const OptionGroup groups[] = {{"Options", rows}, {NULL, NULL}};
static const Operand operands[] = {
    {"BUNDLE", 1, 1, COMPLETE_BUNDLE},
    {"PATH", 0, OPERANDS_ANY, COMPLETE_NOTHING},
    {NULL, 0, 0, COMPLETE_NOTHING},
};

static const char *const description[] = {
    "Lists what is in a bundle, or in any other SquashFS file. PATH is a path in it: of a folder its entries are listed, of "
    "anything else that itself. Without PATH, the root.",
    "On a terminal names are escaped; elsewhere they are printed as they are.",
    NULL,
};

static const Example examples[] = {
    {"gourd ls -l web_1.0.raw /etc", "A folder"},
    {"gourd ls -R --digest --json web_1.0.raw > manifest.json", "All there is to know"},
    {NULL, NULL},
};

static const ExitCode codes[] = {
    EXIT_CODE_INPUT, EXIT_CODE_LIMIT, EXIT_CODE_UNSUPPORTED, EXIT_CODE_NOT_FOUND, EXIT_CODE_OK,
};

const Verb verb_ls = {
    .name = "ls",
    .topic = "Bundles",
    .summary = "List the files in a bundle",
    .operands = operands,
    .groups = groups,
    .description = description,
    .examples = examples,
    .exit_codes = codes,
    .options_size = sizeof(LsOptions),
    .run = run,
};
