# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash disable=SC2154
#
# For tests of services that gourd installs. The test file says which, and how to ask it:
#
#   SERVICE          its name, and that of the bundles $BUNDLES/SERVICE_VERSION.raw
#   OPTIONS          an array: what every install gets
#   served_version   prints the version that answers, and fails when none does
#
# Most functions check as they go, so a test is a list of them.

UNIT=$SERVICE.service
readonly EXPOSURE_MAX=20 # tenths of what systemd-analyze security says: the promise of the default profile
readonly SECONDS_TO_ANSWER=30

bundle() {
        echo "$BUNDLES/${SERVICE}_$1.raw"
}

# The first installation, and a list of the files that were there before.
install_first() {
        files_that_count >"$FILE_DIR/files.before"
        install_it 1.0
}

install_it() {
        local version=$1
        shift
        succeeds "$GOURD" install "$(bundle "$version")" ${OPTIONS[@]+"${OPTIONS[@]}"} "$@"
        equal "$(property "$UNIT" ActiveState)" active
        answers_with "$version"
}

purge() {
        run "$GOURD" remove --purge "$SERVICE"
}

# at VERSION: it runs in this version, with the options of every install; anew if it was another.
at() {
        wait_for "$SECONDS_TO_ANSWER" is_settled || true
        [ "$(served_version 2>/dev/null)" != "$1" ] || return 0
        purge
        install_it "$1"
}

# A job that the last test left behind is done.
is_settled() {
        [[ $(property "$UNIT" ActiveState) != *ing ]]
}

answers() {
        served_version
}

is_silent() {
        run answers
        [ "$status" -ne 0 ] || printf 'it answers still: %s\n' "$out"
        [ "$status" -ne 0 ]
}

# Without a health check it may take a moment until it does.
answers_with() {
        wait_for "$SECONDS_TO_ANSWER" answers
        equal "$out" "$1"
}

# What a removal and a gc must not leave anything of: files, and folders with the service's name. The lock stays, and what is
# in /run, until the next boot.
files_that_count() {
        {
                find /etc /var/lib /var/cache /usr/local /opt -path /var/lib/systemd -prune -o -not -type d -print
                find /etc /var -path /var/lib/systemd -prune -o -path '*/system-tests/*' -prune -o -type d -name "*$SERVICE*" -print
        } | grep -vE '^/etc/(\.pwd\.lock|(passwd|group|shadow|gshadow)-)$|^/var/lib/gourd/state/lock$' | sort
}

# The version of the image that a running service is from, for programs that cannot be asked.
running_version() {
        tr '\0' '\n' <"/proc/$(property "$UNIT" MainPID)/environ" | sed -n 's/^IMAGE_VERSION=//p' | grep .
}

# Runs a program of the image in the service's root.
inside() {
        nsenter --target "$(property "$UNIT" MainPID)" --mount --root --wd "$@"
}

# Its own lines of the journal, of what its program said, since this boot.
log_lines() {
        journalctl --boot --quiet --unit "$UNIT" --identifier "$SERVICE" --output cat "$@"
}

log_has() {
        log_lines | grep -F -- "$1"
}

# --- what holds for every service ------------------------------------------------------------------------------------

runs_and_is_enabled() {
        equal "$(systemctl is-enabled "$UNIT")" enabled
        equal "$(property "$UNIT" ActiveState)" active
        equal "$(property "$UNIT" NRestarts)" 0
        answers_with 1.0
}

# logs_under_its_name TEXT: and so that -u finds it.
logs_under_its_name() {
        wait_for 10 log_has "$1"
}

is_tight() {
        run systemd-analyze security --offline=yes --threshold="$EXPOSURE_MAX" "/etc/systemd/system/$UNIT"
        [ "$status" -eq 0 ] && return 0
        tail -n 1 <<<"$out"
        return 1
}

# systemd-analyze looks for programs on the host, where those of an image are not.
is_verified() {
        run systemd-analyze verify --man=no "/etc/systemd/system/$UNIT"
        equal "$(grep -v 'Command .* is not executable' <<<"$out$err")" ""
}

comes_back_when_killed() {
        local first
        first=$(property "$UNIT" MainPID)
        kill -KILL "$first"
        wait_for "$SECONDS_TO_ANSWER" another_answers "$first"
        equal "$(property "$UNIT" NRestarts)" 1
}

another_answers() {
        local now
        now=$(property "$UNIT" MainPID)
        [ "$now" != 0 ] && [ "$now" != "$1" ] && answers
}

# stops_cleanly TEXT: its program says so when the signal of the image came.
stops_cleanly() {
        local began=$SECONDS
        systemctl stop "$UNIT"
        equal "$(property "$UNIT" Result)" success
        equal "$(property "$UNIT" ActiveState)" inactive
        [ $((SECONDS - began)) -lt 20 ]
        wait_for 10 log_has "$1"
        is_silent
        systemctl start "$UNIT"
        answers_with 1.0
}

upgrades_to() {
        succeeds "$GOURD" upgrade "$(bundle "$1")"
        answers_with "$1"
        contains "$(systemctl cat "$UNIT")" "${SERVICE}_$1.raw"
}

rolls_back_to() {
        succeeds "$GOURD" rollback "$SERVICE"
        answers_with "$1"
        contains "$(systemctl cat "$UNIT")" "${SERVICE}_$1.raw"
}

# stays_when_broken TEXT…: version 1.2 does not start; what the journal has of it is in the message, and not how 1.0 ended.
stays_when_broken() {
        local text words
        fails 1 "$GOURD" upgrade "$(bundle 1.2)"
        text=$out$err
        # Without wait: the upgrade has seen to it that the old one runs.
        equal "$(property "$UNIT" ActiveState)" active
        answers_with 1.0
        for words; do
                contains "$text" "$words"
        done
        lacks "$text" "Stopping $UNIT"
        contains "$(systemctl cat "$UNIT")" "${SERVICE}_1.0.raw"
}

is_gone_after_a_purge() {
        succeeds "$GOURD" remove --purge "$SERVICE"
        is_silent
        equal "$(property "$UNIT" LoadState)" not-found
        succeeds "$GOURD" gc
        files_that_count >files.after
        run diff "$FILE_DIR/files.before" files.after
        equal "$out" ""
}
