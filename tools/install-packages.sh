#!/usr/bin/env bash
# Usage: install-packages.sh PACKAGE...
#
# Installs those of the Debian packages whose program is not on PATH, and those libraries that dpkg has not.
# Without root, or on another system, it says in one line what to install and ends 1. A machine that has them
# all is left alone.
set -euo pipefail

PATH=$PATH:/usr/sbin:/sbin

# program prints the name of a program that the package brings; the package's own name for most, nothing for
# libraries.
program() {
	case $1 in
	redis-tools) echo redis-benchmark ;;
	busybox-static) echo busybox ;;
	ca-certificates) echo update-ca-certificates ;;
	iproute2) echo ip ;;
	systemd) echo systemd-analyze ;;
	nodejs) echo node ;;
	prometheus) echo promtool ;;
	php-cli) echo php ;;
	ruby-sidekiq) echo sidekiq ;;
	tcl) echo tclsh ;;
	python3-redis | php-redis | ruby-redis | libhiredis-dev) ;;
	*) echo "$1" ;;
	esac
}

present() {
	local program
	program=$(program "$1")
	if [[ -n $program ]]; then
		command -v "$program" >/dev/null
	else
		[[ $(dpkg-query -W -f '${db:Status-Abbrev}' "$1" 2>/dev/null) == ii* ]]
	fi
}

missing=()
for package in "$@"; do
	present "$package" || missing+=("$package")
done
((${#missing[@]})) || exit 0

if [[ $(id -u) != 0 ]] || ! command -v apt-get >/dev/null; then
	echo "missing: ${missing[*]} (names of Debian's packages; on Debian or Ubuntu: sudo apt-get install ${missing[*]})" >&2
	exit 1
fi

# Debian starts a server as soon as it is installed: a Redis on 6379 that nobody asked for would answer in
# place of the one a test or the demo starts. A policy that forbids it is the documented way to prevent that
# (invoke-rc.d(8)); one that is there already is somebody's own and stays.
policy=/usr/sbin/policy-rc.d
if [[ ! -e $policy ]]; then
	trap 'rm -f "$policy"' EXIT
	printf '#!/bin/sh\nexit 101\n' >"$policy"
	chmod +x "$policy"
fi

export DEBIAN_FRONTEND=noninteractive
# retry: a mirror that is being updated refuses for some seconds.
retry() {
	local attempt
	for attempt in 1 2 3; do
		"$@" && return
		echo "attempt $attempt failed: $*" >&2
		sleep $((attempt * 5))
	done
	return 1
}

log=$(mktemp)
echo "installing ${missing[*]}"
if ! { retry apt-get update -q &&
	retry apt-get install -q -y --no-install-recommends -o DPkg::Lock::Timeout=120 "${missing[@]}"; } >"$log" 2>&1; then
	tail -n 20 "$log" >&2
	echo "could not install ${missing[*]}" >&2
	rm -f "$log"
	exit 1
fi
rm -f "$log"

# What was installed here must not come up at the machine's next start either.
if [[ -d /run/systemd/system ]]; then
	for package in "${missing[@]}"; do
		systemctl disable --quiet --now "$package" 2>/dev/null || true
	done
fi
