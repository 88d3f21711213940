#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The complete manifest of a folder, one line a path; and ways to look into a bundle with tools that others wrote.

    manifest.py FOLDER      prints it

    TYPE MODE UID:GID SIZE MTIME PATH [> TARGET] [= FIRST NAME] [MAJOR,MINOR] [sha256:…] [XATTR=VALUE]…

Types: f d l c b p s. SIZE and MTIME (with nanoseconds, if there are) are those of the inode; folders have no size. Names and
values are escaped as \\xNN where they are not printable ASCII, and space and backslash too."""

import contextlib
import errno
import hashlib
import os
import stat
import subprocess
import sys
from pathlib import Path

TYPES = {stat.S_IFREG: "f", stat.S_IFDIR: "d", stat.S_IFLNK: "l", stat.S_IFCHR: "c", stat.S_IFBLK: "b", stat.S_IFIFO: "p",
         stat.S_IFSOCK: "s"}


def escape(data):
    return "".join(chr(byte) if 0x21 <= byte < 0x7f and byte != 0x5c else f"\\x{byte:02x}" for byte in data)


def time_text(status):
    seconds, rest = divmod(status.st_mtime_ns, 10**9)
    return f"{seconds}.{rest:09}" if rest else str(seconds)


def sha256(path):
    state = hashlib.sha256()
    with open(path, "rb") as stream:
        while piece := stream.read(1 << 20):
            state.update(piece)
    return state.hexdigest()


def list_xattrs(path):
    try:
        return sorted(os.listxattr(path, follow_symlinks=False))
    except OSError as problem:
        if problem.errno == errno.EOPNOTSUPP:  # a SquashFS image without any
            return []
        raise


def describe(path, first_names, relative):
    """The fields of one path, as a dictionary in the order of the line."""
    status = os.lstat(path)
    kind = TYPES[stat.S_IFMT(status.st_mode)]
    fields = {"type": kind, "mode": f"{stat.S_IMODE(status.st_mode):04o}", "owner": f"{status.st_uid}:{status.st_gid}",
              "size": str(status.st_size if kind in "fl" else 0), "mtime": time_text(status), "path": escape(relative)}
    if kind == "l":
        fields["target"] = "> " + escape(os.readlink(path))
    if kind != "d" and status.st_nlink > 1:
        first = first_names.setdefault((status.st_dev, status.st_ino), fields["path"])
        if first != fields["path"]:
            fields["first"] = "= " + first
    if kind in "cb":
        fields["device"] = f"{os.major(status.st_rdev)},{os.minor(status.st_rdev)}"
    if kind == "f":
        fields["digest"] = "sha256:" + sha256(path)
    for name in list_xattrs(path):
        fields["xattr " + name] = escape(name.encode()) + "=" + escape(os.getxattr(path, name, follow_symlinks=False))
    return fields


def walk(folder):
    """All paths of a folder: {escaped path: fields}, the root as "/"."""
    top, first_names, found = os.fsencode(folder), {}, {}

    def visit(path, relative):
        fields = describe(path, first_names, relative or b"/")
        found[fields["path"]] = fields
        if fields["type"] == "d":
            for name in sorted(os.listdir(path)):
                visit(path + b"/" + name, relative + b"/" + name if relative else name)
    sys.setrecursionlimit(10000)
    visit(top, b"")
    return found


def lines(found):
    return [" ".join(fields.values()) for fields in found.values()]


# --- looking into a bundle --------------------------------------------------------------------------------------

def can_mount():
    """Root and loop devices; whether the kernel knows SquashFS shows when it is tried."""
    return os.geteuid() == 0 and os.path.exists("/dev/loop-control")


class CannotMount(Exception):
    """This machine lacks what a mount needs."""


@contextlib.contextmanager
def mounted(bundle, where):
    """The bundle mounted by the kernel; CannotMount if it will not."""
    Path(where).mkdir()
    result = subprocess.run(["mount", "-t", "squashfs", "-o", "loop,ro", bundle, where], capture_output=True, text=True,
                            check=False)
    if result.returncode:
        os.rmdir(where)
        raise CannotMount(result.stderr.strip())
    try:
        yield where
    finally:
        subprocess.run(["umount", where], check=True)


def unpacked(bundle, where, fake=False):
    """The manifest's lines after unsquashfs; with fake, under fakeroot, for those who are not root."""
    script = ('unsquashfs -no-progress -quiet -dest "$2" "$1" >"$2.log" 2>&1 || { cat "$2.log" >&2; exit 1; }; '
              'exec python3 "$0" "$2"')
    command = ["sh", "-c", script, __file__, str(bundle), str(where)]
    result = subprocess.run((["fakeroot"] if fake else []) + command, capture_output=True, text=True, check=False)
    if result.returncode:
        raise OSError(result.stderr.strip())
    return result.stdout.splitlines()


def look(bundle, where):
    """The manifest's lines of a bundle, by the best judge there is here."""
    if can_mount():
        with contextlib.suppress(CannotMount), mounted(bundle, where):
            return lines(walk(where))
    return unpacked(bundle, where, fake=os.geteuid() != 0)


if __name__ == "__main__":
    print("\n".join(lines(walk(sys.argv[1]))))
