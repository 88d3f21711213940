// SPDX-License-Identifier: LGPL-2.1-or-later
#include "environment.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "output.h"
#include "text.h"

/* Linux takes no longer string of an environment (MAX_ARG_STRLEN), name, "=" and zero included. */
#define VARIABLE_SIZE_MAX (128 * 1024)

static int fail(const char *credential, const char *problem)
{
    message(MESSAGE_ERROR, "credential '%s': %s", credential, problem);
    return EXIT_STATUS_CREDENTIALS;
}

static int split_assignment(const char *assignment, char *ret_name, size_t size, const char **ret_value)
{
    size_t length = strcspn(assignment, "=");

    if (length >= size) {
        message(MESSAGE_ERROR, "the name of a variable is longer than %u bytes", (unsigned)size - 1);
        return EXIT_STATUS_USAGE;
    }
    memcpy(ret_name, assignment, length);
    ret_name[length] = '\0';
    *ret_value = assignment + length + 1;
    return 0;
}

static int set(const char *name, const char *value)
{
    if (setenv(name, value, 1) == 0)
        return 0;
    message(MESSAGE_ERROR, "cannot set $%s: %s", name, strerror(errno));
    return EXIT_STATUS_USAGE;
}

/* Reads the whole file into `value`, of which it returns the size; -1 with errno (E2BIG: longer than fits). */
static ssize_t read_file(const char *path, char *value, size_t size)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    size_t got = 0;
    ssize_t n;

    if (fd < 0)
        return -1;
    while ((n = read(fd, value + got, size - got)) > 0)
        got += (size_t)n;
    close(fd);
    if (n < 0)
        return -1;
    if (got == size) {
        errno = E2BIG;
        return -1;
    }
    return (ssize_t)got;
}

static int set_secret(const char *name, const char *credential)
{
    static char value[VARIABLE_SIZE_MAX];
    char buffer[4096];
    Text path = TEXT(buffer);
    const char *folder = getenv("CREDENTIALS_DIRECTORY");
    ssize_t size;

    if (!folder)
        return fail(credential, "$CREDENTIALS_DIRECTORY is not set: the unit has no LoadCredential= for it");
    if (*credential == '\0' || strchr(credential, '/'))
        return fail(credential, "this is no name of a credential");
    text_add(&path, "%s/%s", folder, credential);
    if (path.cut)
        return fail(credential, "the path is too long");
    size = read_file(buffer, value, sizeof(value) - strlen(name) - 1);
    if (size < 0)
        return fail(credential, errno == E2BIG ? "longer than a variable can be (128 KiB)" : strerror(errno));
    if (memchr(value, '\0', (size_t)size))
        return fail(credential, "it has a zero byte, which no variable can hold");
    if (size > 0 && value[size - 1] == '\n')
        size--;
    value[size] = '\0';
    return set(name, value);
}

int environment_prepare(const Options *options)
{
    char name[256];
    const char *value;
    int status = 0;

    for (char **variable = options->variables; *variable && status == 0; variable++) {
        status = split_assignment(*variable, name, sizeof(name), &value);
        if (status == 0)
            status = set(name, value);
    }
    for (char **secret = options->secrets; *secret && status == 0; secret++) {
        status = split_assignment(*secret, name, sizeof(name), &value);
        if (status == 0)
            status = set_secret(name, value);
    }
    return status;
}

bool environment_is_addressed(const char *variable, const char *main_pid)
{
    const char *value = getenv(variable);

    return value && (strcmp(value, main_pid) == 0 || strcmp(main_pid, "1") == 0);
}

void environment_readdress(const char *main_pid)
{
    /* sd_listen_fds(3), sd_watchdog_enabled(3) */
    static const char *const names[] = {"LISTEN_PID", "WATCHDOG_PID"};
    char buffer[16];
    Text own = TEXT(buffer);

    text_add(&own, "%d", (int)getpid());
    for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
        if (environment_is_addressed(names[i], main_pid))
            setenv(names[i], buffer, 1);
}
