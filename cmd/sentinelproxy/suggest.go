package main

import (
	"os"
	"strings"

	"sentinelproxy/proxy"
)

// didYouMean is ", did you mean NAME?" for the option nearest to a mistyped one, or "".
func didYouMean(typed string) string {
	best, distance := "", 3 // more than two slips are another word
	for _, o := range proxy.Options() {
		// hold_timeout and holdTimeout are what people try first.
		if d := editDistance(plain(typed), plain(o.Name)); d < distance {
			best, distance = o.Name, d
		}
	}
	if best == "" {
		return ""
	}
	return ", did you mean " + best + "?"
}

func plain(s string) string {
	return strings.ToLower(strings.NewReplacer("-", "", "_", "").Replace(s))
}

func editDistance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			replaced := diagonal
			if a[i] != b[j] {
				replaced++
			}
			diagonal = row[j+1]
			row[j+1] = min(replaced, row[j]+1, diagonal+1)
		}
	}
	return row[len(b)]
}

// unknownVariables finds SENTINELPROXY_* variables that mean nothing here. They are worth a warning and
// not an error, because Kubernetes puts SENTINELPROXY_SERVICE_HOST, SENTINELPROXY_PORT_6379_TCP and such
// into every pod beside a Service called sentinelproxy; those are passed over.
func unknownVariables() (names []string) {
	for _, pair := range os.Environ() {
		name, _, _ := strings.Cut(pair, "=")
		rest, ok := strings.CutPrefix(name, envPrefix)
		if !ok || rest == "CONFIG" || strings.Contains(rest, "SERVICE_") || strings.Contains(rest, "PORT") {
			continue
		}
		if o, ok := option(strings.ToLower(strings.ReplaceAll(rest, "_", "-"))); !ok || envName(o.Name) != name {
			names = append(names, name)
		}
	}
	return names
}
