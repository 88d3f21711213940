#!/bin/bash
# Runs postgres as the user postgres; at the first start makes the database first:
#
#   POSTGRES_PASSWORD   of the superuser; or POSTGRES_HOST_AUTH_METHOD=trust for none
#   POSTGRES_USER       the superuser (postgres), POSTGRES_DB (as the user): a database
#   POSTGRES_INITDB_ARGS
#
# POSTGRES_PASSWORD_FILE (and so on) names a file with the value. /docker-entrypoint-initdb.d: scripts run once, then.
set -Eeuo pipefail

# NAME_FILE becomes NAME.
file_env() {
        local name=$1 file=$1_FILE default=${2-}
        if [ "${!name:-}" ] && [ "${!file:-}" ]; then
                echo "error: both $name and $file are set" >&2
                exit 1
        fi
        if [ "${!file:-}" ]; then
                export "$name"="$(<"${!file}")"
        else
                export "$name"="${!name:-$default}"
        fi
        unset "$file"
}

create_folders() {
        mkdir -p "$PGDATA"
        chmod 00700 "$PGDATA" || :
        mkdir -p /var/run/postgresql || :
        chmod 03775 /var/run/postgresql || :
        if [ "$(id -u)" = 0 ]; then
                find "$PGDATA" \! -user postgres -exec chown postgres '{}' +
                find /var/run/postgresql \! -user postgres -exec chown postgres '{}' +
        fi
}

check_password() {
        [ -z "$POSTGRES_PASSWORD" ] && [ "${POSTGRES_HOST_AUTH_METHOD-}" != trust ] || return 0
        cat >&2 <<TEXT
error: the database is not made yet, and the superuser has no password
       Give one in POSTGRES_PASSWORD, or POSTGRES_HOST_AUTH_METHOD=trust to let everybody in.
TEXT
        exit 1
}

make_database() {
        # shellcheck disable=SC2086 # words
        initdb --username="$POSTGRES_USER" --pwfile=<(printf '%s\n' "$POSTGRES_PASSWORD") ${POSTGRES_INITDB_ARGS-}
        printf '\nhost all all all %s\n' "${POSTGRES_HOST_AUTH_METHOD:-scram-sha-256}" >>"$PGDATA/pg_hba.conf"
}

sql() {
        PGHOST='' PGHOSTADDR='' psql -v ON_ERROR_STOP=1 --no-psqlrc --no-password --username "$POSTGRES_USER" "$@"
}

# A server that is reached by its socket only, for as long as the scripts run.
run_scripts() {
        local script
        pg_ctl -D "$PGDATA" -o "-c listen_addresses=''" -w start
        if [ "$POSTGRES_DB" != postgres ]; then
                sql --dbname postgres --set db="$POSTGRES_DB" <<<'CREATE DATABASE :"db";'
        fi
        for script in /docker-entrypoint-initdb.d/*; do
                case $script in
                *.sh) "$script" ;;
                *.sql) sql --dbname "$POSTGRES_DB" -f "$script" ;;
                esac
        done
        pg_ctl -D "$PGDATA" -m fast -w stop
}

main() {
        if [ "${1:0:1}" = '-' ]; then
                set -- postgres "$@"
        fi
        if [ "$1" = postgres ]; then
                create_folders
                if [ "$(id -u)" = 0 ]; then
                        exec gosu postgres "$0" "$@"
                fi
                if [ ! -s "$PGDATA/PG_VERSION" ]; then
                        file_env POSTGRES_PASSWORD
                        file_env POSTGRES_USER postgres
                        file_env POSTGRES_DB "$POSTGRES_USER"
                        check_password
                        make_database
                        run_scripts
                        echo 'The database is made; the server can start.'
                fi
                unset POSTGRES_PASSWORD
        fi
        exec "$@"
}

main "$@"
