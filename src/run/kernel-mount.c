// SPDX-License-Identifier: LGPL-2.1-or-later
#include "kernel-mount.h"

#include "scene-private.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <linux/loop.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#define LOOP_TRIES 64            /* another process may take the free device first */
#define LOOP_MAJOR_ID 7          /* devices.txt of Linux */
#define READ_AHEAD_SECTORS 256UL /* 128 KiB, a block of a bundle: what Linux takes for most devices */
#define SECTOR_SIZE 4096 /* with it newer kernels keep the pages in which metadata blocks meet: half as many reads */

#define FILES_MAX 4         /* a script, its interpreter, a dynamic loader, a C library */
#define READ_MAX (2u << 20) /* bytes of each: of busybox and of a C library even /bin/true touches nearly all blocks */
#define READ_STEP (64u << 10) /* from one page to the next: the kernel expands whole blocks, and keeps all of them */
#define READ_SIZE 4096u
#define C_LIBRARY "libc.so.6" /* glibc's, which lies beside its loader */
#define LOADER_CACHE "/etc/ld.so.cache"

struct KernelMount {
    int fd;
    GThread *thread;
    GMutex lock; /* of what follows */
    GCond changed;
    gboolean mounted;
    int tree; /* the mount, attached nowhere; -1: the kernel did not do it */
    gboolean told;
    char *program; /* to be read ahead, once that is told; NULL: none */
    gboolean over; /* atomic: nothing needs to be read any more */
};

/* --- the loop device -------------------------------------------------------------------------------------------------------- */

/* The node of a loop device: the host's, or one of our own where /dev has none, as in containers. scratch may be NULL. */
static int open_loop(int number, const char *scratch)
{
    g_autofree char *path = g_strdup_printf("/dev/loop%d", number);
    int fd = open(path, O_RDONLY | O_CLOEXEC);

    if (fd >= 0 || errno != ENOENT || !scratch)
        return fd;
    g_autofree char *own = g_build_filename(scratch, "loop", NULL);
    unlink(own);
    return mknod(own, S_IFBLK | 0600, makedev(LOOP_MAJOR_ID, (guint)number)) < 0 ? -1 : open(own, O_RDONLY | O_CLOEXEC);
}

/* A device that shows the file, and is gone with its last user. Returns a descriptor that keeps it, or -1 and errno. */
static int attach_loop(int fd, const char *scratch)
{
    autofd control = open("/dev/loop-control", O_RDWR | O_CLOEXEC);
    struct loop_config config = {.fd = (guint32)fd, .info = {.lo_flags = LO_FLAGS_READ_ONLY | LO_FLAGS_AUTOCLEAR}};
    struct stat status;

    if (fstat(fd, &status) == 0 && status.st_size % SECTOR_SIZE == 0) /* else its end would be cut off */
        config.block_size = SECTOR_SIZE;

    for (guint tries = 0; control >= 0 && tries < LOOP_TRIES; tries++) {
        int number = ioctl(control, LOOP_CTL_GET_FREE);
        autofd device = number < 0 ? -1 : open_loop(number, scratch);

        if (device < 0)
            return -1;
        if (ioctl(device, LOOP_CONFIGURE, &config) == 0) {
            /* Some kernels would read, and expand, megabytes around each page of a program. */
            ioctl(device, BLKRASET, READ_AHEAD_SECTORS);
            return fd_steal(&device);
        }
        if (errno != EBUSY)
            return -1;
    }
    return -1;
}

/* --- reading ahead ---------------------------------------------------------------------------------------------------------- */

/* Reads a file into the kernel's cache: its first page, the last, where a library's data is, which is relocated before all else, and
 * then what is between. Returns a descriptor of it, or -1; *ret_file is cleared by the caller. */
static int read_file(KernelMount *mount, int root, const char *path, ProgramFile *ret_file)
{
    guint8 bytes[READ_SIZE];
    autofd fd = root_open(root, path, O_RDONLY | O_NONBLOCK, 0);
    struct stat status;

    if (fd < 0 || fstat(fd, &status) < 0 || !S_ISREG(status.st_mode))
        return -1;
    off_t end = MIN(status.st_size, READ_MAX);
    ssize_t got = pread(fd, bytes, sizeof bytes, 0);
    program_file_parse(bytes, (gsize)MAX(got, 0), ret_file);
    if (end > READ_STEP)
        got = pread(fd, bytes, sizeof bytes, end - 1);
    for (off_t at = READ_STEP; at < end && got > 0 && !g_atomic_int_get(&mount->over); at += READ_STEP)
        got = pread(fd, bytes, sizeof bytes, at);
    return fd_steal(&fd);
}

/* Where the loader finds the C library: beside itself; but it looks into its cache first. */
static char *library_beside(int loader)
{
    g_autofree char *link = g_strdup_printf("/proc/self/fd/%d", loader);
    g_autofree char *path = g_file_read_link(link, NULL);
    g_autofree char *folder = path ? g_path_get_dirname(path) : NULL;

    return folder ? g_build_filename(folder, C_LIBRARY, NULL) : NULL;
}

static void read_loader_cache(KernelMount *mount, int root)
{
    g_auto(ProgramFile) file = {0};
    autofd fd = read_file(mount, root, LOADER_CACHE, &file);
}

/* What execve(2) and a dynamic loader will look at, in their order. */
static void read_program(KernelMount *mount, int root)
{
    g_autofree char *path = g_strdup(mount->program);
    ProgramFileKind before = PROGRAM_FILE_OTHER;

    for (guint i = 0; path && i < FILES_MAX; i++) {
        g_auto(ProgramFile) file = {0};
        autofd fd = read_file(mount, root, path, &file);
        gboolean loader = fd >= 0 && before == PROGRAM_FILE_ELF && !file.interpreter;

        g_free(path);
        if (loader)
            read_loader_cache(mount, root);
        path = loader ? library_beside(fd) : g_steal_pointer(&file.interpreter);
        before = loader ? PROGRAM_FILE_OTHER : file.kind;
    }
}

/* --- the thread ------------------------------------------------------------------------------------------------------------- */

static gpointer run(gpointer data)
{
    KernelMount *mount = data;
    autofd device = attach_loop(mount->fd, NULL);
    g_autofree char *path = g_strdup_printf("/proc/self/fd/%d", device);
    int tree = device < 0 ? -1 : mount_make("squashfs", path);
    autofd root = tree < 0 ? -1 : fcntl(tree, F_DUPFD_CLOEXEC, 0);

    g_mutex_lock(&mount->lock);
    mount->tree = tree;
    mount->mounted = TRUE;
    g_cond_broadcast(&mount->changed);
    while (!mount->told)
        g_cond_wait(&mount->changed, &mount->lock);
    g_mutex_unlock(&mount->lock);
    if (root >= 0)
        read_program(mount, root);
    return NULL;
}

KernelMount *kernel_mount_begin(int fd)
{
    KernelMount *mount = g_new0(KernelMount, 1);
    sigset_t all, before;

    mount->fd = fd;
    mount->tree = -1;
    g_mutex_init(&mount->lock);
    g_cond_init(&mount->changed);
    sigfillset(&all); /* they are for the thread that waits for them */
    pthread_sigmask(SIG_SETMASK, &all, &before);
    mount->thread = g_thread_try_new("gourd-mount", run, mount, NULL);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return mount;
}

void kernel_mount_read_ahead(KernelMount *mount, const char *program)
{
    g_mutex_lock(&mount->lock);
    mount->told = TRUE;
    mount->program = g_strdup(program);
    g_cond_broadcast(&mount->changed);
    g_mutex_unlock(&mount->lock);
}

/* In place at once: for kernels before 5.2, and where /dev has no nodes. */
static gboolean mount_now(int fd, const char *folder, const char *scratch)
{
    autofd device = attach_loop(fd, scratch);
    g_autofree char *path = g_strdup_printf("/proc/self/fd/%d", device);

    return device >= 0 && mount(path, folder, "squashfs", MS_RDONLY | MS_NODEV | MS_NOSUID, NULL) == 0;
}

gboolean kernel_mount_attach(KernelMount *mount, const char *folder, const char *scratch)
{
    autofd point = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);

    g_mutex_lock(&mount->lock);
    while (mount->thread && !mount->mounted)
        g_cond_wait(&mount->changed, &mount->lock);
    g_mutex_unlock(&mount->lock);
    return (mount->tree >= 0 && mount_attach(mount->tree, point) == 0) || mount_now(mount->fd, folder, scratch);
}

void kernel_mount_free(KernelMount *mount)
{
    if (!mount)
        return;
    if (!mount->told)
        kernel_mount_read_ahead(mount, NULL);
    g_atomic_int_set(&mount->over, TRUE);
    if (mount->thread)
        g_thread_join(mount->thread);
    fd_close(&mount->tree);
    g_mutex_clear(&mount->lock);
    g_cond_clear(&mount->changed);
    g_free(mount->program);
    g_free(mount);
}
