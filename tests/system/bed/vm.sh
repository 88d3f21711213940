# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# Running commands in a machine with a kernel of its own (uml). Both sides see the folder $MACHINE/host, and look for
# what has come: a job is a folder with the files script, in, out, err, perhaps kill and, when it has ended, status.
# The other side is guest/agent. (A serial line to wake it was tried: now and then User-mode Linux did not open it.)

readonly POLL_SECONDS=0.02

vm_prepare() {
        rm -rf "$MACHINE/host" "$MACHINE/nap"
        mkdir -p "$MACHINE/host/jobs" "$MACHINE/disk"
        cp "$MACHINE/shares" "$MACHINE/host/shares"
        mkfifo "$MACHINE/nap"
}

vm_wait() {
        [ -e "$MACHINE/host/ready" ]
}

# vm_run SECONDS FOLDER COMMAND…: our standard input is read to its end first, unless it is a terminal.
vm_run() {
        local seconds=$1 folder=$2 new job
        shift 2
        new=$MACHINE/host/new-$BASHPID
        job=$MACHINE/host/jobs/${EPOCHREALTIME/./}-$BASHPID
        mkdir "$new"
        : >"$new/out"
        : >"$new/err"
        if [ -t 0 ]; then
                : >"$new/in"
        else
                cat >"$new/in"
        fi
        printf 'cd %q && exec' "$folder" >"$new/script"
        printf ' %q' "$@" >>"$new/script"
        mv "$new" "$job"
        vm_follow "$job" "$seconds"
}

# Passes the output of a job on as it comes, and returns its exit status.
vm_follow() {
        local job=$1 seconds=$2 began=$SECONDS turn=0 status=''
        exec 4<>"$MACHINE/nap" 5<"$job/out" 6<"$job/err"
        trap ': >"$job/kill"; exit 143' INT TERM
        while [ -z "$status" ]; do
                if [ -e "$job/status" ]; then
                        status=$(<"$job/status")
                elif [ $((SECONDS - began)) -ge "$seconds" ]; then
                        : >"$job/kill"
                        status=124
                elif ((++turn % 10 == 0)); then
                        cat <&5
                        cat <&6 >&2
                        is_alive || status=125
                fi
                read -r -t "$POLL_SECONDS" <&4 || true # a nap without a process
        done
        cat <&5
        cat <&6 >&2
        trap - INT TERM
        exec 4<&- 5<&- 6<&-
        # One that is to be killed is left for the agent to find.
        [ "$status" -eq 124 ] || rm -rf "$job"
        return "$status"
}

vm_poweroff() {
        vm_run 10 / systemctl poweroff </dev/null >/dev/null 2>&1 || true
}
