#!/bin/sh
# Each /etc/nginx/templates/NAME.template becomes /etc/nginx/conf.d/NAME, with variables of the environment put in.
set -e
templates=/etc/nginx/templates
out=/etc/nginx/conf.d

[ -d "$templates" ] || exit 0
if [ ! -w "$out" ]; then
        echo "$0: $templates is there, but $out cannot be written" >&2
        exit 0
fi
# shellcheck disable=SC2016 # envsubst wants the dollar signs
names=$(env | sed -n 's/^\([A-Za-z_][A-Za-z0-9_]*\)=.*/${\1}/p' | tr '\n' ' ')
for template in "$templates"/*.template; do
        name=$(basename "$template" .template)
        [ ! -f "$template" ] || envsubst "$names" <"$template" >"$out/$name"
done
