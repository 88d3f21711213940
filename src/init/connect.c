// SPDX-License-Identifier: LGPL-2.1-or-later
#include "connect.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define HOSTS_SIZE_MAX (256 * 1024) /* of /etc/hosts; what is behind is not looked at */
/* After the status is known, so much and so long is read of the rest, so that an ordinary server can say all of it; one that
 * never ends is healthy too. */
#define REST_SIZE_MAX (64 * 1024)
#define REST_MSEC 100

/* An attempt to reach one of a host's addresses. */
typedef struct {
    const Url *url;
    int fd; /* of the connection, or -1 */
    Text *text;
    bool refused; /* the text has the first failure, which is the one that says most */
} Attempt;

/* The connection, or -1 with errno. */
static int connect_to(int family, int type, const void *address, socklen_t size)
{
    int fd = socket(family, type | SOCK_CLOEXEC, 0);

    if (fd >= 0 && connect(fd, address, size) != 0) {
        int error = errno;

        close(fd);
        errno = error;
        return -1;
    }
    return fd;
}

/* One of the addresses; true if this ends the search. */
static bool try_address(const char *address, void *data)
{
    Attempt *attempt = data;
    unsigned short port = htons((unsigned short)strtoul(attempt->url->port, NULL, 10));
    struct sockaddr_in ip4 = {.sin_family = AF_INET, .sin_port = port};
    struct sockaddr_in6 ip6 = {.sin6_family = AF_INET6, .sin6_port = port};

    if (inet_pton(AF_INET, address, &ip4.sin_addr) == 1)
        attempt->fd = connect_to(AF_INET, SOCK_STREAM, &ip4, sizeof(ip4));
    else if (inet_pton(AF_INET6, address, &ip6.sin6_addr) == 1)
        attempt->fd = connect_to(AF_INET6, SOCK_STREAM, &ip6, sizeof(ip6));
    else
        return false;
    if (attempt->fd >= 0)
        return true;
    if (!attempt->refused)
        text_add(attempt->text, strchr(address, ':') ? "[%s]:%s: %s" : "%s:%s: %s", address, attempt->url->port,
                 strerror(errno));
    attempt->refused = true;
    return false;
}

static void try_names_of_hosts(Attempt *attempt)
{
    static char bytes[HOSTS_SIZE_MAX];
    int fd = open("/etc/hosts", O_RDONLY | O_CLOEXEC);
    size_t size = 0;
    ssize_t n;

    if (fd < 0)
        return;
    while (size < sizeof(bytes) && (n = read(fd, bytes + size, sizeof(bytes) - size)) > 0)
        size += (size_t)n;
    close(fd);
    hosts_find(bytes, size, attempt->url->host, try_address, attempt);
}

/* The connection, or -1 and why in the text. */
static int connect_url(const Url *url, Text *text)
{
    Attempt attempt = {.url = url, .fd = -1, .text = text};

    /* RFC 6761, 6.3: always the loopback addresses, whatever /etc/hosts says. */
    if (strcmp(url->host, "localhost") == 0)
        (void)(try_address("127.0.0.1", &attempt) || try_address("::1", &attempt));
    else if (!try_address(url->host, &attempt) && !attempt.refused)
        try_names_of_hosts(&attempt);
    if (attempt.fd >= 0)
        *text = text_make(text->bytes, text->size);
    else if (!attempt.refused)
        text_add(text, "'%s' is no address, and not in /etc/hosts", url->host);
    return attempt.fd;
}

static bool send_all(int fd, const char *bytes, size_t size)
{
    while (size > 0) {
        ssize_t n = send(fd, bytes, size, MSG_NOSIGNAL);

        if (n <= 0)
            return false;
        bytes += n;
        size -= (size_t)n;
    }
    return true;
}

static void read_rest(int fd)
{
    static char bytes[4096];
    struct pollfd readable = {.fd = fd, .events = POLLIN};
    size_t size = 0;
    ssize_t n;

    while (size < REST_SIZE_MAX && poll(&readable, 1, REST_MSEC) == 1 && (n = read(fd, bytes, sizeof(bytes))) > 0)
        size += (size_t)n;
}

static bool read_answer(int fd, Text *text)
{
    static char bytes[HTTP_ANSWER_MAX];
    size_t size = 0;
    unsigned status;

    while (size < sizeof(bytes)) {
        ssize_t n = read(fd, bytes + size, sizeof(bytes) - size);

        if (n < 0) {
            text_add(text, "no answer: %s", strerror(errno));
            return false;
        }
        if (n == 0) {
            text_add(text, "the connection was closed without an answer");
            return false;
        }
        size += (size_t)n;
        switch (http_read_status(bytes, size, &status)) {
        case HTTP_STATUS:
            read_rest(fd);
            text_add(text, "HTTP %u", status);
            return status < 400;
        case HTTP_GARBAGE:
            text_add(text, "the answer is not HTTP");
            return false;
        case HTTP_MORE:
            break;
        }
    }
    text_add(text, "no status within %u bytes", (unsigned)sizeof(bytes));
    return false;
}

static bool probe_http(const Url *url, Text *text)
{
    char buffer[2 * URL_SIZE_MAX];
    Text request = TEXT(buffer);
    int fd = connect_url(url, text);

    if (fd < 0)
        return false;
    http_add_request(&request, url);
    if (!send_all(fd, buffer, request.length)) {
        text_add(text, "cannot send a request: %s", strerror(errno));
        return false;
    }
    return read_answer(fd, text);
}

static bool probe_unix(const char *path, Text *text)
{
    static const int types[] = {SOCK_STREAM, SOCK_SEQPACKET, SOCK_DGRAM};
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    size_t length = strlen(path);
    int fd = -1;

    if (length >= sizeof(address.sun_path)) {
        text_add(text, "the path is longer than the name of a socket can be");
        return false;
    }
    memcpy(address.sun_path, path, length + 1);
    errno = EPROTOTYPE;
    for (size_t i = 0; i < sizeof(types) / sizeof(*types) && fd < 0 && errno == EPROTOTYPE; i++)
        fd = connect_to(AF_UNIX, types[i], &address, sizeof(address));
    if (fd < 0)
        text_add(text, "%s: %s", path, strerror(errno));
    return fd >= 0;
}

bool connect_probe(const ProbeTarget *target, Text *text)
{
    if (target->kind == PROBE_HTTP)
        return probe_http(&target->url, text);
    if (target->kind == PROBE_UNIX)
        return probe_unix(target->path, text);
    return connect_url(&target->url, text) >= 0;
}
