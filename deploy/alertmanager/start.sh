#!/bin/sh
# Starts Alertmanager with alertmanager.yml and the secrets beside it. The dead man's address is put in here, for Debian's
# 0.25 knows no `url_file` of a webhook (0.26 does); without one the watchdog is told to an address that does not exist.
#
#   SECRETS   folder of operator_slack_url and dead_man_url; default /run/secrets
#   further arguments go to Alertmanager: --storage.path=…
set -eu
here=$(dirname "$0")
secrets=${SECRETS:-/run/secrets}
program=$(command -v alertmanager || command -v prometheus-alertmanager)
umask 077
made=$(mktemp)
address=http://dead-man.invalid
if [ -s "$secrets/dead_man_url" ]; then
  address=$(head -n 1 "$secrets/dead_man_url" | sed 's/[&|\\]/\\&/g')
fi
sed -e "s|http://dead-man.invalid|$address|" -e "s|/run/secrets/|$secrets/|" "$here/alertmanager.yml" > "$made"
exec "$program" --config.file="$made" "$@"
