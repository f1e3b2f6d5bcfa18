//go:build mistake_skip_role

package failover

// mistakes of a program that e2e/history builds, to see that what its clients notice of this one is found.
var mistakes = bugs{skipRole: true}
