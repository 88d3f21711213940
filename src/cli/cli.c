// SPDX-License-Identifier: LGPL-2.1-or-later
#include "cli.h"

#include "help.h"
#include "parse.h"
#include "report.h"

#include <errno.h>
#include <locale.h>
#include <stdlib.h>

static ColorMode find_color_mode(const CommonOptions *common)
{
    return common->no_color ? COLOR_NEVER : (ColorMode)common->color;
}

static void print_version(void)
{
    puts("gourd " GOURD_VERSION);
}

static void print_overview(const CommonOptions *common)
{
    Screen screen;

    screen_init(&screen, stdout, find_color_mode(common));
    g_autofree char *text = help_format_overview(screen_get_width(&screen), screen.is_colored);
    fputs(text, stdout);
}

static void print_verb_help(const Verb *verb, const Screen *screen)
{
    g_autofree char *text = help_format_verb(verb, screen_get_width(screen), screen->is_colored);

    fputs(text, screen->file);
}

static ExitCode run_parsed(const Parsed *parsed, GError **error)
{
    const CommonOptions *common = parsed->options;
    Call call = {
        .verb = parsed->verb,
        .options = parsed->options,
        .common = common,
        .operands = (const char *const *)parsed->operands->pdata,
        .n_operands = parsed->operands->len,
        .words = parsed_words(parsed),
    };

    screen_init(&call.out, stdout, find_color_mode(common));
    screen_init(&call.err, stderr, find_color_mode(common));
    if (common->help) {
        print_verb_help(parsed->verb, &call.out);
        return EXIT_CODE_OK;
    }
    if (common->version) {
        print_version();
        return EXIT_CODE_OK;
    }
    return parsed->verb->run(&call, error);
}

typedef ExitCode (*CodeOfError)(const GError *error);

/* arguments begin with the verb. *common becomes what the verb's own arguments made of it. */
static ExitCode run_verb(const char *const *arguments, CommonOptions *common, CodeOfError *ret_code_of, GError **error)
{
    const Verb *verb = verb_find(arguments[0]);

    if (!verb) {
        verb_set_unknown(arguments[0], error);
        return EXIT_CODE_USAGE;
    }
    if (verb->runs_program)
        *ret_code_of = exit_code_of_run;
    g_autoptr(Parsed) parsed = parse_arguments(verb, common, arguments + 1, error);
    if (!parsed) {
        gourd_error_prefix(error, "%s", verb->name);
        return EXIT_CODE_USAGE;
    }
    *common = *(const CommonOptions *)parsed->options;
    return run_parsed(parsed, error);
}

static ExitCode run_arguments(const char *const *arguments, CommonOptions *common, CodeOfError *ret_code_of,
                              GError **error)
{
    guint used = 0;

    if (!parse_leading_options(arguments, common, &used, error))
        return EXIT_CODE_USAGE;
    if (common->version) {
        print_version();
        return EXIT_CODE_OK;
    }
    if (common->help || !arguments[used]) {
        print_overview(common);
        return EXIT_CODE_OK;
    }
    return run_verb(arguments + used, common, ret_code_of, error);
}

/* A full disk or a closed descriptor shows only when the last bytes of the output are written. */
static void flush_output(GError **error)
{
    errno = 0;
    if (fflush(stdout) != 0 || ferror(stdout))
        gourd_error_set_errno(error, errno ? errno : EIO, "cannot write standard output");
}

int cli_run(const char *const *arguments)
{
    g_autoptr(GError) error = NULL;
    CodeOfError code_of = exit_code_of_error;
    CommonOptions common;
    Screen screen;

    /* For widths and printable characters; numbers and messages stay as they are, scripts read them. */
    setlocale(LC_CTYPE, "");
    options_init(&common, &common_options);
    ExitCode code = run_arguments(arguments, &common, &code_of, &error);
    if (!error)
        flush_output(&error);
    if (!error)
        return (int)code;
    screen_init(&screen, stderr, find_color_mode(&common));
    report_error(&screen, error);
    return (int)code_of(error);
}
