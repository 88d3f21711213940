# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# Backend uml: User-mode Linux, a kernel that runs as a process. It needs no KVM and boots in a few seconds; it has
# cgroup controllers, device-mapper and partitions, which ns lacks; it lacks NAT, xattrs in SquashFS, and a second CPU.

# Where a kernel is found that is new enough: those before 6.13, bookworm's and trixie's too, die on CPUs with AMX
# ("ptrace set fp regs failed, errno = 14"). FIXME(Debian 14): take the release's own.
readonly UML_SUITES=(forky sid)
readonly UML_MEMORY=1024 # MiB; it takes what is used
readonly UML_LIBRARIES=(ld-linux-x86-64.so.2 libc.so.6)

uml_build() {
        uml_kernel
        disk_build "$1" uml "$CACHE/kernel.uml" >/dev/null
}

uml_provides() {
        printf '%s\n' verity partitions limits dummy
}

# apt_of SUITE TOOL ARG…: apt-get or apt-cache on another suite of Debian, beside this machine's own.
apt_of() {
        local suite=$1 tool=$2 folder=$CACHE/apt.$1 options
        shift 2
        mkdir -p "$folder"/{lists/partial,cache/archives/partial}
        echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $(debian_mirror) $suite main" >"$folder/list"
        options=(
                -qq -o "Dir::Etc::sourcelist=$folder/list" -o Dir::Etc::sourceparts=- -o Dir::State::status=/dev/null
                -o "Dir::State::lists=$folder/lists" -o "Dir::Cache=$folder/cache" -o APT::Sandbox::User=root
                -o Acquire::Languages=none -o Acquire::Check-Valid-Until=false -o Acquire::Check-Date=false
        )
        compgen -G "$folder/lists/*Packages*" >/dev/null || apt-get "${options[@]}" update
        "$tool" "${options[@]}" "$@"
}

# unpack_of SUITE PACKAGE FOLDER: one package of another suite, unpacked and not installed.
unpack_of() {
        mkdir -p "$3"
        (
                cd "$3" && apt_of "$1" apt-get download "$2" && dpkg-deb -x "$2"_*.deb . && rm -f "$2"_*.deb
        ) >&2
}

# Makes the folder kernel.uml: the kernel, linux, and its modules/. The kernel needs a newer libc than bookworm has, so that
# comes along in lib/; as UML executes itself again, it must be named in the file.
uml_kernel() {
        local kernel=$CACHE/kernel.uml suite library
        exec 7>"$CACHE/lock.uml"
        flock 7
        if [ ! -d "$kernel" ]; then
                need_program patchelf patchelf
                say "fetching a kernel"
                for suite in "${UML_SUITES[@]}"; do
                        rm -rf "$kernel.new"
                        unpack_of "$suite" user-mode-linux "$kernel.new/deb" && unpack_of "$suite" libc6 "$kernel.new/deb" && break
                        suite=
                done
                [ -n "$suite" ] || die "no user-mode-linux in Debian ${UML_SUITES[*]}"
                mkdir "$kernel.new/lib"
                for library in "${UML_LIBRARIES[@]}"; do
                        cp -L "$kernel.new/deb/usr/lib/x86_64-linux-gnu/$library" "$kernel.new/lib/"
                done
                patchelf --set-interpreter "$kernel/lib/${UML_LIBRARIES[0]}" --set-rpath "$kernel/lib" \
                        --output "$kernel.new/linux" "$kernel.new/deb/usr/bin/linux.uml"
                mv "$kernel.new/deb/usr/lib/uml/modules" "$kernel.new/modules"
                rm -rf "$kernel.new/deb" "$CACHE/apt.$suite"
                mv "$kernel.new" "$kernel"
        fi
        exec 7>&-
}

uml_start() {
        [ -e "$MACHINE/base" ] || disk_build "$1" uml "$CACHE/kernel.uml" >"$MACHINE/base"
        vm_prepare
        # The disk is a copy-on-write file. Memory is a file in TMPDIR, so that must be a tmpfs. lsm: as on Debian.
        TMPDIR=/dev/shm spawn "$CACHE/kernel.uml/linux" "mem=${UML_MEMORY}M" "ubd0=$MACHINE/disk/cow,$(<"$MACHINE/base")" \
                root=/dev/ubda rw noreboot lsm=yama,apparmor seccomp=auto con=null con0=fd:0,fd:1 ssl=null TERM=dumb \
                "uml_dir=$MACHINE" umid=uml "testbed.folder=$MACHINE/host"
}

uml_wait() {
        vm_wait
}

uml_run() {
        vm_run "$@"
}

uml_poweroff() {
        vm_poweroff
}
