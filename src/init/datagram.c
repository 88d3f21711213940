// SPDX-License-Identifier: LGPL-2.1-or-later
#include "datagram.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "output.h"

#define LISTEN_FIRST 3       /* SD_LISTEN_FDS_START */
#define LISTENERS_MAX 16     /* sockets of one unit */
#define SESSIONS_MAX 4000    /* senders at once; the one that was silent longest goes for a new one */
#define IDLE_SEC 180         /* as long as the kernel's own address translation keeps a stream of datagrams */
#define DATAGRAM_MAX 65536   /* bytes: more fit into none */
#define DATAGRAMS_AT_ONCE 64 /* of one socket, before another one has a turn */
#define POLL_MSEC 10000      /* until sessions that were silent are looked for */
#define DESCRIPTORS_OURS 32  /* besides those of sessions */

typedef union {
    struct sockaddr any;
    struct sockaddr_in in;
    struct sockaddr_in6 in6;
} Address;

/* The address that a datagram was sent to, for the answer. */
typedef union {
    struct cmsghdr header; /* for its alignment */
    char bytes[CMSG_SPACE(sizeof(struct in6_pktinfo)) + CMSG_SPACE(sizeof(struct in_pktinfo))];
} Control;

typedef struct {
    int fd; /* connected to the target */
    int listener;
    Address sender;
    socklen_t sender_length;
    Control control;
    size_t control_length;
    time_t used;
} Session;

static struct {
    Address target;
    socklen_t target_length;
    unsigned n_listeners, n_sessions, max_sessions;
    Session sessions[SESSIONS_MAX];
    struct pollfd fds[LISTENERS_MAX + SESSIONS_MAX];
    char bytes[DATAGRAM_MAX];
} relay;

static time_t now_sec(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec;
}

static bool parse_port(const char *text, in_port_t *ret_port)
{
    unsigned port = 0;

    for (; *text >= '0' && *text <= '9' && port <= UINT16_MAX; text++)
        port = port * 10 + (unsigned)(*text - '0');
    *ret_port = htons((uint16_t)port);
    return *text == '\0' && port > 0 && port <= UINT16_MAX;
}

static bool parse_target(const char *text)
{
    const char *colon = strrchr(text, ':');
    char host[INET6_ADDRSTRLEN + 2];
    size_t length = colon ? (size_t)(colon - text) : 0;

    if (!colon || length == 0 || length >= sizeof host)
        return false;
    memcpy(host, text, length);
    host[length] = '\0';
    if (host[0] == '[' && host[length - 1] == ']') {
        host[length - 1] = '\0';
        relay.target.in6.sin6_family = AF_INET6;
        relay.target_length = sizeof relay.target.in6;
        return inet_pton(AF_INET6, host + 1, &relay.target.in6.sin6_addr) == 1 &&
               parse_port(colon + 1, &relay.target.in6.sin6_port);
    }
    relay.target.in.sin_family = AF_INET;
    relay.target_length = sizeof relay.target.in;
    return inet_pton(AF_INET, host, &relay.target.in.sin_addr) == 1 && parse_port(colon + 1, &relay.target.in.sin_port);
}

/* --- sessions ---------------------------------------------------------------------------------------------------------- */

static void drop(unsigned index)
{
    close(relay.sessions[index].fd);
    relay.n_sessions--;
    if (index < relay.n_sessions)
        relay.sessions[index] = relay.sessions[relay.n_sessions];
}

static void drop_oldest(void)
{
    unsigned oldest = 0;

    for (unsigned i = 1; i < relay.n_sessions; i++)
        if (relay.sessions[i].used < relay.sessions[oldest].used)
            oldest = i;
    drop(oldest);
}

static void drop_silent(void)
{
    time_t now = now_sec();

    for (unsigned i = relay.n_sessions; i > 0; i--)
        if (now - relay.sessions[i - 1].used > IDLE_SEC)
            drop(i - 1);
}

static Session *find_session(int listener, const struct msghdr *from)
{
    for (unsigned i = 0; i < relay.n_sessions; i++) {
        Session *session = &relay.sessions[i];

        if (session->listener == listener && session->sender_length == from->msg_namelen &&
            memcmp(&session->sender, from->msg_name, from->msg_namelen) == 0 &&
            session->control_length == from->msg_controllen &&
            memcmp(session->control.bytes, from->msg_control, from->msg_controllen) == 0)
            return session;
    }
    return NULL;
}

static int open_session(void)
{
    int fd = socket(relay.target.any.sa_family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    if (fd >= 0 && connect(fd, &relay.target.any, relay.target_length) != 0) {
        close(fd);
        fd = -1;
    }
    return fd;
}

static Session *new_session(int listener, const struct msghdr *from)
{
    if (relay.n_sessions == relay.max_sessions)
        drop_oldest();
    int fd = open_session();
    if (fd < 0 && errno == EMFILE && relay.n_sessions > 0) {
        drop_oldest();
        fd = open_session();
    }
    if (fd < 0)
        return NULL;
    Session *session = &relay.sessions[relay.n_sessions++];
    *session = (Session){.fd = fd, .listener = listener, .sender_length = from->msg_namelen};
    memcpy(&session->sender, from->msg_name, from->msg_namelen);
    memcpy(session->control.bytes, from->msg_control, from->msg_controllen);
    session->control_length = from->msg_controllen;
    return session;
}

/* --- datagrams --------------------------------------------------------------------------------------------------------- */

/* The link is the kernel's choice, but for addresses that are told apart by it. */
static void forget_links(struct msghdr *header)
{
    for (struct cmsghdr *at = CMSG_FIRSTHDR(header); at; at = CMSG_NXTHDR(header, at)) {
        if (at->cmsg_level == IPPROTO_IPV6 && at->cmsg_type == IPV6_PKTINFO) {
            struct in6_pktinfo *info = (void *)CMSG_DATA(at);

            if (!IN6_IS_ADDR_LINKLOCAL(&info->ipi6_addr))
                info->ipi6_ifindex = 0;
        } else if (at->cmsg_level == IPPROTO_IP && at->cmsg_type == IP_PKTINFO) {
            struct in_pktinfo *info = (void *)CMSG_DATA(at);

            info->ipi_ifindex = 0;
        }
    }
}

static void take_in(int listener)
{
    for (unsigned i = 0; i < DATAGRAMS_AT_ONCE; i++) {
        Address sender = {0};
        Control control = {0};
        struct iovec part = {.iov_base = relay.bytes, .iov_len = sizeof relay.bytes};
        struct msghdr header = {
            .msg_name = &sender,
            .msg_namelen = sizeof sender,
            .msg_iov = &part,
            .msg_iovlen = 1,
            .msg_control = control.bytes,
            .msg_controllen = sizeof control.bytes,
        };
        ssize_t length = recvmsg(listener, &header, MSG_DONTWAIT);

        if (length < 0)
            return;
        forget_links(&header);
        Session *session = find_session(listener, &header);
        if (!session)
            session = new_session(listener, &header);
        if (!session)
            continue;
        session->used = now_sec();
        (void)!send(session->fd, relay.bytes, (size_t)length, MSG_DONTWAIT | MSG_NOSIGNAL);
    }
}

static void give_back(Session *session)
{
    for (unsigned i = 0; i < DATAGRAMS_AT_ONCE; i++) {
        ssize_t length = recv(session->fd, relay.bytes, sizeof relay.bytes, MSG_DONTWAIT);
        struct iovec part = {.iov_base = relay.bytes, .iov_len = length < 0 ? 0 : (size_t)length};
        struct msghdr header = {
            .msg_name = &session->sender,
            .msg_namelen = session->sender_length,
            .msg_iov = &part,
            .msg_iovlen = 1,
            .msg_control = session->control.bytes,
            .msg_controllen = session->control_length,
        };

        if (length < 0) /* nothing more, or nobody is there to answer */
            return;
        session->used = now_sec();
        (void)!sendmsg(session->listener, &header, MSG_DONTWAIT | MSG_NOSIGNAL);
    }
}

/* --- the loop ---------------------------------------------------------------------------------------------------------- */

static bool find_listeners(void)
{
    const char *pid = getenv("LISTEN_PID"), *count = getenv("LISTEN_FDS");

    if (!pid || !count || strtol(pid, NULL, 10) != getpid())
        return false;
    long n = strtol(count, NULL, 10);
    if (n < 1 || n > LISTENERS_MAX)
        return false;
    relay.n_listeners = (unsigned)n;
    return true;
}

/* A descriptor for each session. */
static void raise_limit(void)
{
    struct rlimit limit = {0};

    relay.max_sessions = SESSIONS_MAX;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return;
    limit.rlim_cur = limit.rlim_max;
    if (setrlimit(RLIMIT_NOFILE, &limit) != 0 && getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return;
    if (limit.rlim_cur < SESSIONS_MAX + DESCRIPTORS_OURS && limit.rlim_cur > DESCRIPTORS_OURS)
        relay.max_sessions = (unsigned)limit.rlim_cur - DESCRIPTORS_OURS;
}

int datagram_relay(const char *target)
{
    if (!parse_target(target)) {
        message(MESSAGE_ERROR, "'%s' is not ADDRESS:PORT", target);
        return 2;
    }
    if (!find_listeners()) {
        message(MESSAGE_ERROR, "systemd has passed no sockets");
        return 2;
    }
    raise_limit();
    for (;;) {
        for (unsigned i = 0; i < relay.n_listeners; i++)
            relay.fds[i] = (struct pollfd){.fd = LISTEN_FIRST + (int)i, .events = POLLIN};
        unsigned n = relay.n_sessions;
        for (unsigned i = 0; i < n; i++)
            relay.fds[relay.n_listeners + i] = (struct pollfd){.fd = relay.sessions[i].fd, .events = POLLIN};
        if (poll(relay.fds, relay.n_listeners + n, POLL_MSEC) < 0 && errno != EINTR) {
            message(MESSAGE_ERROR, "cannot wait for datagrams: %s", strerror(errno));
            return 1;
        }
        for (unsigned i = 0; i < n; i++) /* before sessions come and go */
            if (relay.fds[relay.n_listeners + i].revents)
                give_back(&relay.sessions[i]);
        for (unsigned i = 0; i < relay.n_listeners; i++)
            if (relay.fds[i].revents)
                take_in(relay.fds[i].fd);
        drop_silent();
    }
}
