// SPDX-License-Identifier: LGPL-2.1-or-later
#include "why-private.h"

static const WhyCause causes[] = {
    /* the root */
    {"image-missing", "the file of RootImage= is not there"},
    {"image-damaged", "the image is damaged"},
    {"image-unknown", "the file of RootImage= is no image"},
    {"root-missing", "the folder of RootDirectory= is not there"},
    {"kernel-without-squashfs", "the kernel has no SquashFS"},
    {"kernel-without-compressor", "the kernel lacks the image's compressor"},
    {"kernel-without-loop", "there are no loop devices"},
    {"kernel-without-verity", "the kernel has no dm-verity"},
    /* mounts */
    {"mount-point-missing", "the root has no folder or file to mount on"},
    {"mount-point-type", "a file is to be mounted on a folder, or the other way round"},
    {"bind-source-missing", "what is to be mounted is not there"},
    {"bind-source-denied", "the service's user may not use what is mounted"},
    {"namespace-denied", "the kernel does not allow mounts"},
    /* the program */
    {"starts-as-root", "the image is made to start as root and to become another user; said beside what went wrong"},
    {"program-missing", "the program is not in the root"},
    {"program-not-executable", "it is a folder, or not executable"},
    {"program-format", "it is neither a binary nor a script"},
    {"program-architecture", "it is for another processor"},
    {"program-denied", "the service's user may not execute it"},
    {"program-noexec", "NoExecPaths= forbids it"},
    {"interpreter-missing", "the interpreter of a script is not in the root"},
    {"loader-missing", "the dynamic loader of a binary is not in the root"},
    {"library-missing", "a shared library is not in the root"},
    {"command-missing", "a script calls a program that is not in the root"},
    {"working-folder-missing", "the working folder is not in the root"},
    {"working-folder-denied", "the service's user may not enter it"},
    /* who it is, and what it may */
    {"user-missing", "the user is not known to the host"},
    {"group-missing", "a group is not known to the host"},
    {"capability-unavailable", "the host itself lacks a capability"},
    {"pam-service-missing", "PAMName= names no file"},
    {"apparmor-profile-missing", "the AppArmor profile is not loaded"},
    {"kernel-without-seccomp", "the kernel has no filters of system calls"},
    {"system-call-denied", "a system call was forbidden by its filter"},
    {"permission", "a mode or the sandbox forbids it to use a path"},
    {"read-only", "it wants to write where the root is read-only"},
    {"file-missing", "it wants a file that is not in the root"},
    /* files of the host */
    {"credential-missing", "the file of a credential is not there"},
    {"credential-undecryptable", "an encrypted credential is for another host"},
    {"environment-file-missing", "the file of EnvironmentFile= is not there"},
    {"folder-taken", "a folder cannot be made because something else has its name"},
    {"folder-unwritable", "a folder cannot be made because its file system is full or read-only"},
    {"stream-missing", "the file of standard input, or the folder of standard output, is not there"},
    {"device-missing", "a device is not there"},
    {"device-hidden", "PrivateDevices= hides a device"},
    {"socket-missing", "it is started by a socket, and was started without"},
    /* limits */
    {"out-of-memory", "it was killed for memory"},
    {"limit-refused", "a limit is higher than the host allows"},
    {"processor-missing", "CPUAffinity= names processors that are not there"},
    {"too-many-files", "it has too many files open"},
    {"too-many-processes", "it has too many processes"},
    {"no-space", "a file system is full"},
    /* network */
    {"port-taken", "somebody else listens on a port that it wants"},
    {"name-not-resolved", "a host name could not be resolved"},
    {"network-namespace-missing", "NetworkNamespacePath= is not there"},
    /* how it went */
    {"unhealthy", "its health check fails"},
    {"watchdog", "it did not answer its watchdog"},
    {"start-timeout", "it was not ready in time"},
    {"stop-timeout", "it did not stop in time"},
    {"runtime-limit", "it ran as long as RuntimeMaxSec= allows"},
    {"never-ready", "it ended before it was ready"},
    {"crashed", "the program crashed"},
    {"killed", "somebody killed it"},
    {"program-failed", "the program ended with an error of its own"},
    {"program-ended", "the program ended without an error"},
    {"restarts", "it was started too often in a short time, so systemd gave up"},
    {"step-failed", "a step before the program failed: the setting is named"},
    {"systemd-failed", "systemd could not start a process"},
    /* the unit */
    {"unit-invalid", "systemd refuses the unit's files"},
    {"unit-masked", "the unit is masked"},
    {"reload-needed", "the unit's files were changed"},
    {"setting-unknown", "a setting is left out because no systemd has it"},
    {"systemd-too-old", "a setting is left out by this systemd"},
    {"dependency-failed", "a unit that it needs failed"},
    {"dependency-missing", "a unit that it needs does not exist"},
    {"condition-unmet", "a condition of the unit is not met"},
    {"stopped", "it does not run, and did not fail"},
    /* the host */
    {"systemd-unsupported", "systemd is older than gourd's units need"},
    {"cgroup-old", "the host has no cgroup v2"},
    {"users-unresolved", "root cannot be looked up: nsswitch.conf is broken"},
    {"disk-full", "the file system of the bundles is nearly full"},
    {"inodes-full", "it has nearly no inodes left"},
    {NULL, NULL},
};

const WhyCause *why_causes(void)
{
    return causes;
}
