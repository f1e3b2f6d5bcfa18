#!/usr/bin/env bash
# Runs every fuzz target of the module for FUZZTIME (10s), one after the other: the go command fuzzes only
# one target at a time, and only by its exact name.
set -euo pipefail

fuzztime=${FUZZTIME:-10s}
targets=0
while IFS=: read -r file line; do
	package=./$(dirname "$file")
	target=$(sed -E 's/^func (Fuzz[A-Za-z0-9_]*)\(.*/\1/' <<<"$line")
	echo "fuzz $package $target for $fuzztime"
	go test -run '^$' -fuzz "^$target\$" -fuzztime "$fuzztime" "$package"
	targets=$((targets + 1))
done < <(git ls-files -z --cached --others --exclude-standard '*_test.go' |
	xargs -0 grep -HE '^func Fuzz[A-Za-z0-9_]*\(' || true)

# A run that fuzzed nothing is a mistake in the search above, not a success.
((targets)) || { echo "no fuzz target found" >&2; exit 1; }
echo "$targets fuzz targets, nothing found"
