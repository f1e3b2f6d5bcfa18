#!/usr/bin/env bash
# Usage: ping.sh ROOT
#
# Starts a Redis and a Sentinel of its own, runs ROOT/sentinelproxy as the image's user with ROOT as its
# root folder, and talks to it as a client, as the health check and as the engine that stops it would.
set -euo pipefail

root=${1:?usage: ping.sh ROOT}
work=$(mktemp -d)
pids=()
cleanup() {
	local pid
	for pid in "${pids[@]}"; do kill -KILL "$pid" 2>/dev/null || true; done
	wait 2>/dev/null || true
	rm -rf "$work"
}
trap cleanup EXIT

die() {
	echo "ping: $*" >&2
	tail -n 20 "$work"/*.log >&2 || true
	exit 1
}

# free_port prints a port, of the 2000 from FIRST, that nothing listens on. All are below the range that the
# kernel gives to outgoing connections, and a range for each server keeps two of them from drawing the same.
free_port() { # FIRST
	local port
	while :; do
		port=$(($1 + RANDOM % 2000))
		if ! (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then
			echo "$port"
			return
		fi
	done
}

# eventually runs a command until it succeeds, for at most 15 s.
eventually() {
	local what=$1 tries
	shift
	for ((tries = 0; tries < 150; tries++)); do
		if "$@" >/dev/null 2>&1; then return; fi
		sleep 0.1
	done
	die "$what: not within 15 s: $*"
}

cli() { timeout 20 redis-cli -p "$@"; }
answers() { # PORT WANTED COMMAND...
	local port=$1 want=$2
	shift 2
	[[ $(cli "$port" "$@") == "$want" ]]
}

data=$(free_port 20000) sentinel=$(free_port 22000) proxy=$(free_port 24000) admin=$(free_port 26000)

redis-server --port "$data" --bind 127.0.0.1 --save '' --dir "$work" >"$work/redis.log" 2>&1 &
pids+=($!)
printf 'port %s\nbind 127.0.0.1\ndir %s\nsentinel monitor image 127.0.0.1 %s 1\n' "$sentinel" "$work" "$data" >"$work/sentinel.conf"
redis-server "$work/sentinel.conf" --sentinel >"$work/sentinel.log" 2>&1 &
pids+=($!)
eventually "Redis answers" answers "$data" PONG PING
eventually "Sentinel answers" answers "$sentinel" PONG PING

in_image() { chroot --userspec=65532:65532 "$root" /sentinelproxy "$@"; }

# Not through in_image: $! would be the subshell's, and the signal below would not reach the proxy.
chroot --userspec=65532:65532 "$root" /sentinelproxy run --listen "127.0.0.1:$proxy" --master image \
	--sentinel "127.0.0.1:$sentinel" --admin "127.0.0.1:$admin" >"$work/proxy.log" 2>&1 &
pid=$!
pids+=("$pid")

eventually "PING through the proxy" answers "$proxy" PONG PING
answers "$proxy" OK SET image works || die "SET through the proxy failed"
answers "$data" works GET image || die "what was SET through the proxy is not in Redis"
in_image status --check --admin "127.0.0.1:$admin" >"$work/status.log" 2>&1 || die "the health check failed"

kill -TERM "$pid"
gone() { ! kill -0 "$pid"; }
eventually "ending on SIGTERM" gone
code=0
wait "$pid" || code=$?
((code == 0)) || die "the proxy ended $code on SIGTERM, not 0"
echo "ping: PONG, SET, health check and SIGTERM are as they should be"
