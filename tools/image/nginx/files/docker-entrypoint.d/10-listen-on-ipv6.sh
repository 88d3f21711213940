#!/bin/sh
# Lets the default server listen on IPv6 too, where there is IPv6 and its file may be changed.
set -e
file=/etc/nginx/conf.d/default.conf

if [ ! -f /proc/net/if_inet6 ]; then
        echo "$0: no IPv6 here" >&2
elif ! touch "$file" 2>/dev/null; then
        echo "$0: cannot change $file (read-only file system?)" >&2
elif ! grep -q 'listen  *\[::]:80;' "$file"; then
        sed -i 's/listen  *80;/listen 80; listen [::]:80;/' "$file"
fi
