# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# Backend ns: systemd as the first process of fresh namespaces, on this machine's kernel. Boots in a second. The root file
# system is an overlay over the folder in the cache, so there is nothing to copy, and no loop device to leave behind.

ns_build() {
        rootfs_build "$1" >/dev/null
}

# What a test may need that this kernel or these namespaces lack: verity (device-mapper and its nodes are the whole
# machine's), partitions (no nodes appear in a private /dev).
ns_provides() {
        echo nat
        echo xattrs
        # Controllers: where systemd rules here, it hands them down.
        if [ -d /run/systemd/system ] && grep -qsw memory /sys/fs/cgroup/cgroup.subtree_control; then
                echo limits
        fi
        if unshare --net ip link add probe type dummy 2>/dev/null; then
                echo dummy
        fi
}

ns_start() {
        need_program nsenter util-linux
        # A machine that is booted again goes on with what it had.
        [ -e "$MACHINE/base" ] || rootfs_build "$1" >"$MACHINE/base"
        mkdir -p "$MACHINE/root" "$MACHINE/disk"
        spawn unshare --mount --uts --ipc --net --pid --cgroup --fork --kill-child=KILL \
                "$BED/ns-init" "$MACHINE" "$(<"$MACHINE/base")"
}

# The first process as it is called out here; nothing yet if there is none.
ns_leader() {
        local pid children
        pid=$(<"$MACHINE/pid")
        pid=${pid% *}
        children=$(cat "/proc/$pid/task/$pid/children" 2>/dev/null)
        [ -n "$children" ] && echo "${children%% *}"
}

ns_wait() {
        local leader
        # Before it is systemd it is ns-init, which sees this machine's /run.
        leader=$(ns_leader) && [ "$(cat "/proc/$leader/comm" 2>/dev/null)" = systemd ] &&
                nsenter --target "$leader" --mount test -S /run/systemd/private 2>/dev/null
}

# ns_run SECONDS FOLDER COMMAND…: with our standard input, output and error. It runs in a cgroup of the machine that
# its systemd knows nothing of; that cgroup is how it is ended if it takes too long.
ns_run() {
        local seconds=$1 folder=$2 cgroup leader status=0
        shift 2
        leader=$(ns_leader)
        cgroup=$(<"$MACHINE/cgroup")/testbed-$BASHPID
        mkdir "$cgroup"
        trap 'echo 1 >"$cgroup/cgroup.kill"; exit 143' TERM
        # shellcheck disable=SC2016 # for the other shell
        (
                echo "$BASHPID" >"$cgroup/cgroup.procs"
                exec timeout --foreground --kill-after=5 "$seconds" \
                        nsenter --target "$leader" --mount --uts --ipc --net --pid --cgroup \
                        env -i PATH="$GUEST_PATH" HOME=/root LANG=C.UTF-8 TERM="${TERM:-dumb}" \
                        bash -c 'cd "$0" && exec "$@"' "$folder" "$@"
        ) || status=$?
        trap - TERM
        [ "$status" -ne 124 ] || echo 1 >"$cgroup/cgroup.kill"
        # What it left running in the background goes on, and so does the cgroup.
        rmdir "$cgroup" 2>/dev/null || true
        return "$status"
}

# Orderly, as far as it goes.
ns_poweroff() {
        ns_run 30 / systemctl poweroff >/dev/null 2>&1 || true
}
