#!/bin/sh
# Runs what is in /docker-entrypoint.d, then the command: as the official nginx image does.
set -e

for script in /docker-entrypoint.d/*.sh; do
        if [ -x "$script" ]; then
                echo "$0: running $script" >&2
                "$script"
        fi
done

exec "$@"
