// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

/* Runs a function in a child process, and ends it, or has a system call fail, at the n-th change that it makes to files.
 *
 * The child's system calls that change something wait for an answer of the parent (seccomp_unotify(2)), so that nothing of the
 * code under test has to know. A process that is killed elsewhere leaves the same as one killed before its next such call. */

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

typedef enum {
    FAULT_NONE,
    FAULT_KILL,  /* SIGKILL before the n-th change */
    FAULT_ERROR, /* the n-th change fails */
    FAULT_FULL,  /* from the n-th change on, all that need space fail */
} FaultKind;

typedef struct {
    FaultKind kind;
    guint n;         /* from 1 */
    int errno_value; /* of FAULT_ERROR and FAULT_FULL */
} Fault;

typedef struct {
    int number;
    gboolean needs_space;
} Watched;

static const Watched watched_calls[] = {
#ifdef SYS_open
    {SYS_open, TRUE},      {SYS_creat, TRUE},     {SYS_mkdir, TRUE},
    {SYS_rmdir, FALSE},    {SYS_unlink, FALSE},   {SYS_rename, FALSE},
    {SYS_link, TRUE},      {SYS_symlink, TRUE},   {SYS_chmod, FALSE},
    {SYS_renameat, FALSE},
#endif
    {SYS_openat, TRUE},    {SYS_write, TRUE},     {SYS_pwrite64, TRUE},
    {SYS_writev, TRUE},    {SYS_ftruncate, TRUE}, {SYS_fallocate, TRUE},
    {SYS_mkdirat, TRUE},   {SYS_unlinkat, FALSE}, {SYS_renameat2, FALSE},
    {SYS_linkat, TRUE},    {SYS_symlinkat, TRUE}, {SYS_fchmod, FALSE},
    {SYS_fchown, FALSE},   {SYS_fsync, FALSE},    {SYS_copy_file_range, TRUE},
};

static inline const Watched *find_watched(int number)
{
    for (guint i = 0; i < G_N_ELEMENTS(watched_calls); i++)
        if (watched_calls[i].number == number)
            return &watched_calls[i];
    return NULL;
}

/* Returns a descriptor that the calls are announced on, or -1 where that is not allowed. */
static inline int install_filter(void)
{
    struct sock_filter code[2 + 2 * G_N_ELEMENTS(watched_calls)] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
    };
    gsize length = 1;

    for (guint i = 0; i < G_N_ELEMENTS(watched_calls); i++) {
        code[length++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (guint32)watched_calls[i].number, 0,
                                                      1);
        code[length++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF);
    }
    code[length++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
    struct sock_fprog program = {(gushort)length, code};
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
        return -1;
    return (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER, &program);
}

static inline void send_descriptor(int to, int fd)
{
    char byte = fd >= 0 ? 'y' : 'n';
    struct iovec part = {&byte, 1};
    union {
        struct cmsghdr header;
        char bytes[CMSG_SPACE(sizeof(int))];
    } control = {0};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};

    if (fd >= 0) {
        message.msg_control = control.bytes;
        message.msg_controllen = sizeof control.bytes;
        control.header.cmsg_level = SOL_SOCKET;
        control.header.cmsg_type = SCM_RIGHTS;
        control.header.cmsg_len = CMSG_LEN(sizeof(int));
        memcpy(CMSG_DATA(&control.header), &fd, sizeof fd);
    }
    if (sendmsg(to, &message, 0) != 1)
        _exit(125);
}

static inline int receive_descriptor(int from)
{
    char byte = 'n';
    struct iovec part = {&byte, 1};
    union {
        struct cmsghdr header;
        char bytes[CMSG_SPACE(sizeof(int))];
    } control = {0};
    struct msghdr message = {.msg_iov = &part,
                             .msg_iovlen = 1,
                             .msg_control = control.bytes,
                             .msg_controllen = sizeof control.bytes};
    int fd = -1;

    g_assert_cmpint(recvmsg(from, &message, MSG_CMSG_CLOEXEC), ==, 1);
    if (byte == 'y')
        memcpy(&fd, CMSG_DATA(&control.header), sizeof fd);
    return fd;
}

/* Opening for reading changes nothing. */
static inline gboolean is_change(const struct seccomp_data *call)
{
#ifdef SYS_open
    if (call->nr == SYS_open)
        return (call->args[1] & O_CREAT) != 0;
#endif
    return call->nr != SYS_openat || (call->args[2] & O_CREAT) != 0;
}

/* Answers the child until it ends; returns how many changes it wanted to make. */
static inline guint answer(int listener, pid_t child, const Fault *fault)
{
    guint count = 0;

    for (;;) {
        struct pollfd wait = {.fd = listener, .events = POLLIN};
        struct seccomp_notif request = {0};

        if (poll(&wait, 1, -1) < 0 && errno == EINTR)
            continue;
        if ((wait.revents & POLLIN) == 0)
            return count;
        if (ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &request) < 0)
            continue;
        struct seccomp_notif_resp response = {.id = request.id, .flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE};
        if (is_change(&request.data)) {
            const Watched *watched = find_watched(request.data.nr);

            count++;
            if (fault->kind == FAULT_KILL && count == fault->n) {
                kill(child, SIGKILL);
                continue;
            }
            if ((fault->kind == FAULT_ERROR && count == fault->n) ||
                (fault->kind == FAULT_FULL && count >= fault->n && watched->needs_space)) {
                response.flags = 0;
                response.error = -fault->errno_value;
            }
        }
        ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &response);
    }
}

/* Runs run(data) in a child, which exits with what it returns. *ret_status is as of waitpid(2), *ret_count the number of
 * changes that were tried. FALSE: this machine does not allow it (the test is to be skipped). */
static inline gboolean supervise(int (*run)(gpointer data), gpointer data, const Fault *fault, int *ret_status,
                                 guint *ret_count)
{
    int pair[2];

    g_assert_cmpint(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), ==, 0);
    pid_t child = fork();
    g_assert_cmpint(child, >=, 0);
    if (child == 0) {
        int listener = install_filter();

        send_descriptor(pair[1], listener);
        close(pair[0]);
        close(pair[1]);
        if (listener >= 0)
            close(listener);
        _exit(listener >= 0 ? run(data) : 125);
    }
    close(pair[1]);
    int listener = receive_descriptor(pair[0]);
    close(pair[0]);
    if (listener >= 0) {
        *ret_count = answer(listener, child, fault);
        close(listener);
    }
    g_assert_cmpint(waitpid(child, ret_status, 0), ==, child);
    return listener >= 0;
}

/* From now on a system call fails in this process. FALSE: not allowed here. */
static inline gboolean deny_call(int number, int errno_value)
{
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (guint32)number, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (guint32)errno_value),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog program = {G_N_ELEMENTS(code), code};

    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
           syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) == 0;
}
