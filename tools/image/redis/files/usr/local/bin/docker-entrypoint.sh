#!/bin/sh
# Runs redis-server as the user redis, with what it stores readable by nobody else.
set -e

# Options only, or a file of settings: for redis-server.
if [ "${1#-}" != "$1" ] || [ "${1%.conf}" != "$1" ]; then
        set -- redis-server "$@"
fi

if [ "$1" = redis-server ] && [ "$(id -u)" = 0 ]; then
        find . \! -user redis -exec chown redis '{}' +
        exec gosu redis "$0" "$@"
fi

if [ "$(umask)" = 0022 ]; then
        umask 0077
fi

exec "$@"
