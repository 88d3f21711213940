# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# What all backends have in common: a machine is a folder, $MACHINE, and a cgroup that all its processes are in. The
# folder says how it was started; the cgroup is how it is ended for good, whoever was killed before.
#
#   backend release shares owner   how it was asked for; owner is the process it belongs to, if any
#   pid                            its first process; this and owner as "PID START", since numbers are used again
#   cgroup                         path of its cgroup
#   base                           the root file system under what it writes, in the cache
#   console                        what it printed
#   disk/ …                        what it wrote; kept over a reboot, gone with the machine

readonly MACHINES=$CACHE/machines

# process_mark PID: "PID START", where START is when it started; fails when there is no such process.
process_mark() {
        local text
        text=$(cat "/proc/$1/stat" 2>/dev/null) || return 1
        # proc(5): what follows the name in parentheses is field 3, the state, and on
        # shellcheck disable=SC2086
        set -- "$1" ${text##*) }
        [ "$2" != Z ] || return 1
        echo "$1 ${21}"
}

# is_marked FILE: whether the process that the file names lives.
is_marked() {
        local mark
        mark=$(cat "$1" 2>/dev/null) && [ -n "$mark" ] && [ "$mark" = "$(process_mark "${mark% *}")" ]
}

is_alive() {
        is_marked "$MACHINE/pid"
}

select_machine() {
        NAME=$1
        MACHINE=$MACHINES/$1
}

# in_use PATH: whether a machine has this root file system.
in_use() {
        grep -qsxF -- "$1" "$MACHINES"/*/base
}

# Where the machine's cgroup is made if there is no systemd here to make one.
own_cgroup() {
        local top=/sys/fs/cgroup
        [ -e $top/cgroup.controllers ] || top=$top/unified
        echo "$top/gourd-testbed-$NAME"
}

# spawn COMMAND…: starts the machine's first process: in its cgroup, in a session of its own, with nothing open of ours.
spawn() {
        (
                local fd
                for fd in "/proc/$BASHPID/fd/"*; do
                        fd=${fd##*/}
                        [ "$fd" -le 2 ] || eval "exec $fd>&-"
                done
                # Where systemd rules, it gives us a part of the cgroup tree to do with as we like; under a new name each time,
                # since it remembers one for a while.
                if [ -d /run/systemd/system ]; then
                        exec systemd-run --quiet --scope --collect -p Delegate=yes --unit="gourd-testbed-$NAME-$BASHPID" \
                                "$BED/enter" "$MACHINE" "$@"
                fi
                mkdir -p "$(own_cgroup)"
                echo "$BASHPID" >"$(own_cgroup)/cgroup.procs"
                exec "$BED/enter" "$MACHINE" "$@"
        ) </dev/null >>"$MACHINE/console" 2>&1 &
        process_mark $! >"$MACHINE/pid"
        disown
}

# Ends all processes of the machine, at once, and its cgroup with them. What it wrote stays.
kill_machine() {
        local pid cgroup attempt
        cgroup=$(cat "$MACHINE/cgroup" 2>/dev/null) || cgroup=$(own_cgroup)
        if is_alive; then
                pid=$(<"$MACHINE/pid")
                kill -KILL "${pid% *}" 2>/dev/null || true
        fi
        [ ! -e "$cgroup/cgroup.kill" ] || echo 1 >"$cgroup/cgroup.kill" 2>/dev/null || true
        for attempt in {1..200}; do
                find "$cgroup" -depth -type d -exec rmdir {} + 2>/dev/null || true
                [ -d "$cgroup" ] || is_alive || break
                sleep 0.05
        done
        [ "$attempt" -lt 200 ] || die "processes of $NAME do not end: see $cgroup/cgroup.procs"
        rm -f "$MACHINE/pid" "$MACHINE/cgroup"
}

remove_machine() {
        kill_machine
        rm -rf --one-file-system "$MACHINE"
}

# Removes what killed runs have left: machines that are dead, and machines whose owner is. Under the lock.
sweep() {
        local folder
        for folder in "$MACHINES"/*/; do
                [ -d "$folder" ] || continue
                (
                        select_machine "$(basename "$folder")"
                        if ! is_alive || { [ -e "$MACHINE/owner" ] && ! is_marked "$MACHINE/owner"; }; then
                                say "removing what is left of $NAME"
                                remove_machine
                        fi
                )
        done
}

# with_lock COMMAND…: one at a time starts and ends machines. What is started does not inherit the lock.
with_lock() {
        mkdir -p "$MACHINES"
        exec 8>"$MACHINES/lock"
        flock 8
        "$@"
        exec 8>&-
}
