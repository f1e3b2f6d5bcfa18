#!/usr/bin/env bash
# Usage: check-config.sh IMAGE.json
#
# Compares an image's configuration, as `buildah inspect --type image` prints it, with what deploy/ relies on.
set -euo pipefail

config=$(tr -d ' \n' <"${1:?usage: check-config.sh IMAGE.json}")
failed=0
want() { # WHAT WANTED-JSON
	if [[ $config != *"$2"* ]]; then
		echo "the image's configuration lacks $1: $2" >&2
		failed=1
	fi
}
want "the non-root numeric user" '"User":"65532:65532"'
want "the entry point" '"Entrypoint":["/sentinelproxy"]'
want "the command" '"Cmd":["run"]'
want "the port" '"6379/tcp":{}'
want "the health check" '"Test":["CMD","/sentinelproxy","status","--check"]'
exit "$failed"
