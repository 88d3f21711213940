/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Runs a fuzz target over every file of the folders and files named on the command line, without libFuzzer, and
 * prints TAP. So each `meson test` goes through the whole corpus, also under gcc and the sanitizers. */

#include <glib.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static unsigned n_run;

static void run_file(const char *path)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *contents = NULL;
    size_t length = 0;

    n_run++;
    if (!g_file_get_contents(path, &contents, &length, &error)) {
        printf("not ok %u - %s # %s\n", n_run, path, error->message);
        return;
    }

    /* An exact copy: GLib adds a terminating NUL, which would hide reads of one byte too many from ASan. */
    g_autofree uint8_t *data = g_memdup2(contents, length);

    LLVMFuzzerTestOneInput(data, length);
    printf("ok %u - %s\n", n_run, path);
    fflush(stdout);
}

static int compare_names(const void *a, const void *b)
{
    const char *const *x = a;
    const char *const *y = b;

    return g_strcmp0(*x, *y);
}

static void run_folder(const char *path)
{
    g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);
    const char *name;

    if (!dir)
        return;

    while ((name = g_dir_read_name(dir)))
        g_ptr_array_add(names, g_strdup(name));
    g_ptr_array_sort(names, compare_names);

    for (size_t i = 0; i < names->len; i++) {
        g_autofree char *file = g_build_filename(path, names->pdata[i], NULL);

        if (g_file_test(file, G_FILE_TEST_IS_REGULAR))
            run_file(file);
    }
}

int main(int argc, char **argv)
{
    /* The empty input is part of every corpus, even of one that has no files yet. */
    n_run++;
    LLVMFuzzerTestOneInput((const uint8_t *)"", 0);
    printf("ok %u - empty input\n", n_run);
    fflush(stdout);

    for (int i = 1; i < argc; i++) {
        if (g_file_test(argv[i], G_FILE_TEST_IS_DIR))
            run_folder(argv[i]);
        else if (g_file_test(argv[i], G_FILE_TEST_IS_REGULAR))
            run_file(argv[i]);
    }

    printf("1..%u\n", n_run);
    return EXIT_SUCCESS;
}
