#!/usr/bin/env bash
# Usage: redis-source.sh FOLDER
#
# Unpacks the source of the installed redis-server into FOLDER, from the source package of Debian or Ubuntu, for the
# tests that come with it. Nothing of the system's apt is changed: the source index is kept in a temporary folder. Where
# there is none to be had it says so in one line and ends 1. A FOLDER that is there is left alone.
set -euo pipefail

folder=$1
[[ ! -e $folder/tests/test_helper.tcl ]] || exit 0

fail() {
	echo "Redis's own tests can't be had: $*" >&2
	exit 1
}

command -v apt-get >/dev/null || fail "no apt-get"
version=$(dpkg-query -W -f '${source:Version}' redis-server 2>/dev/null) || fail "redis-server is not a package of this system"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$work"/{sources,lists/partial,cache/archives/partial,source}

# The mirrors that the packages come from, asked for sources. Those of others may have none.
for file in /etc/apt/sources.list.d/{debian,ubuntu}.sources; do
	[[ ! -e $file ]] || sed 's/^Types:.*/Types: deb-src/' "$file" >"$work/sources/${file##*/}"
done
if [[ -e /etc/apt/sources.list ]]; then
	sed -n 's/^deb /deb-src /p' /etc/apt/sources.list >"$work/sources/sources.list"
fi

apt() {
	apt-get -q -o Dir::Etc::sourcelist=/dev/null -o Dir::Etc::sourceparts="$work/sources" -o Dir::State::lists="$work/lists" \
		-o Dir::Cache="$work/cache" -o APT::Sandbox::User="$(id -un)" "$@" >>"$work/log" 2>&1
}
apt update || fail "$(tail -n 1 "$work/log")"
cd "$work/source"
apt source --download-only "redis=$version" || fail "$(tail -n 1 "$work/log")"
cd "$OLDPWD"

orig=("$work"/source/redis_*.orig.tar.*)
[[ -e ${orig[0]} ]] || fail "no source in the package"
mkdir -p "$folder"
tar -xf "${orig[0]}" -C "$folder" --strip-components=1 --no-same-owner
