#!/bin/sh
# Before nginx starts, runs what is in /docker-entrypoint.d, in order: *.envsh in this shell, *.sh as programs.
set -e

if [ "$1" = nginx ]; then
        for script in /docker-entrypoint.d/*; do
                [ -x "$script" ] || continue
                echo "$0: launching $script" >&2
                # shellcheck source=/dev/null
                case $script in
                *.envsh) . "$script" ;;
                *.sh) "$script" ;;
                esac
        done
        echo "$0: configuration complete; ready for start up" >&2
fi

exec "$@"
