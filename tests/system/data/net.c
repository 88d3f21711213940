// SPDX-License-Identifier: LGPL-2.1-or-later

/* A service for network.test, and its client:
 *
 *   net serve NAME PORT/tcp|udp…     answers "hello" with "NAME to PEER", and "HOST PORT tcp|udp" with what it gets from there, asking "hello"
 *   net ask HOST PORT tcp|udp WORDS  sends the words and prints the answer; exits 1 if there is none within three seconds
 *
 * Linked against musl it reads /etc/hosts itself. */

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define ANSWER_SIZE 1024
#define WAIT_MSEC 3000
#define SOCKETS_MAX 16

static const char *own_name;

static int wait_for(int fd, short events)
{
    struct pollfd poll_fd = {.fd = fd, .events = events};

    return poll(&poll_fd, 1, WAIT_MSEC) == 1;
}

static int ask_address(const struct addrinfo *address, const char *words, char *answer)
{
    int fd = socket(address->ai_family, address->ai_socktype | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), error = 0;
    socklen_t size = sizeof error;
    ssize_t length = -1;

    if (fd < 0)
        return 0;
    if ((connect(fd, address->ai_addr, address->ai_addrlen) == 0 || errno == EINPROGRESS) && wait_for(fd, POLLOUT) &&
        getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) == 0 && error == 0 &&
        send(fd, words, strlen(words), MSG_NOSIGNAL) > 0 && wait_for(fd, POLLIN))
        length = recv(fd, answer, ANSWER_SIZE - 1, 0);
    close(fd);
    if (length <= 0)
        return 0;
    answer[length] = '\0';
    return 1;
}

static void ask(const char *host, const char *port, const char *protocol, const char *words, char *answer)
{
    struct addrinfo hints = {.ai_socktype = strcmp(protocol, "udp") == 0 ? SOCK_DGRAM : SOCK_STREAM}, *list = NULL;

    if (getaddrinfo(host, port, &hints, &list) != 0) {
        snprintf(answer, ANSWER_SIZE, "no name %s\n", host);
        return;
    }
    for (const struct addrinfo *address = list; address; address = address->ai_next)
        if (ask_address(address, words, answer)) {
            freeaddrinfo(list);
            return;
        }
    freeaddrinfo(list);
    snprintf(answer, ANSWER_SIZE, "no answer from %s\n", host);
}

static void reply(char *words, const struct sockaddr_storage *peer, socklen_t peer_length, char *answer)
{
    char host[64] = "?", *rest = NULL, *name, *port, *protocol;

    words[strcspn(words, "\n")] = '\0';
    name = strtok_r(words, " ", &rest);
    port = strtok_r(NULL, " ", &rest);
    protocol = strtok_r(NULL, " ", &rest);
    if (protocol) {
        ask(name, port, protocol, "hello", answer);
        return;
    }
    getnameinfo((const struct sockaddr *)peer, peer_length, host, sizeof host, NULL, 0, NI_NUMERICHOST);
    snprintf(answer, ANSWER_SIZE, "%s to %s\n", own_name, strncmp(host, "::ffff:", 7) == 0 ? host + 7 : host);
}

static void serve_datagram(int fd)
{
    char words[ANSWER_SIZE], answer[ANSWER_SIZE];
    struct sockaddr_storage peer;
    socklen_t peer_length = sizeof peer;
    ssize_t length = recvfrom(fd, words, sizeof words - 1, 0, (struct sockaddr *)&peer, &peer_length);

    if (length < 0)
        return;
    words[length] = '\0';
    reply(words, &peer, peer_length, answer);
    sendto(fd, answer, strlen(answer), 0, (struct sockaddr *)&peer, peer_length);
}

static void serve_connection(int listener)
{
    char words[ANSWER_SIZE], answer[ANSWER_SIZE];
    struct sockaddr_storage peer;
    socklen_t peer_length = sizeof peer;
    int fd = accept(listener, (struct sockaddr *)&peer, &peer_length);
    ssize_t length;

    if (fd < 0)
        return;
    length = wait_for(fd, POLLIN) ? recv(fd, words, sizeof words - 1, 0) : -1;
    if (length > 0) {
        words[length] = '\0';
        reply(words, &peer, peer_length, answer);
        send(fd, answer, strlen(answer), MSG_NOSIGNAL);
    }
    close(fd);
}

static int open_port(const char *text, int *ret_udp)
{
    struct sockaddr_in6 address = {.sin6_family = AF_INET6, .sin6_port = htons((in_port_t)strtoul(text, NULL, 10))};
    int udp = strstr(text, "/udp") != NULL, one = 1;
    int fd = socket(AF_INET6, udp ? SOCK_DGRAM : SOCK_STREAM, 0);

    *ret_udp = udp;
    if (fd < 0)
        return -1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (bind(fd, (struct sockaddr *)&address, sizeof address) != 0 || (!udp && listen(fd, 16) != 0))
        return -1;
    return fd;
}

static int serve(char **ports)
{
    struct pollfd fds[SOCKETS_MAX];
    int udp[SOCKETS_MAX];
    nfds_t n = 0;

    for (; *ports && n < SOCKETS_MAX; ports++, n++) {
        fds[n] = (struct pollfd){.fd = open_port(*ports, &udp[n]), .events = POLLIN};
        if (fds[n].fd < 0) {
            perror(*ports);
            return 1;
        }
    }
    for (;;) {
        if (poll(fds, n, -1) < 0)
            return 1;
        for (nfds_t i = 0; i < n; i++)
            if (fds[i].revents && udp[i])
                serve_datagram(fds[i].fd);
            else if (fds[i].revents)
                serve_connection(fds[i].fd);
    }
}

int main(int argc, char **argv)
{
    if (argc >= 3 && strcmp(argv[1], "serve") == 0) {
        own_name = argv[2];
        return serve(argv + 3);
    }
    if (argc == 6 && strcmp(argv[1], "ask") == 0) {
        char answer[ANSWER_SIZE];

        ask(argv[2], argv[3], argv[4], argv[5], answer);
        fputs(answer, stdout);
        return strncmp(answer, "no ", 3) == 0;
    }
    fputs("usage: net serve NAME PORT/PROTOCOL... | net ask HOST PORT PROTOCOL WORDS\n", stderr);
    return 2;
}
