//go:build !mistake_skip_role

package failover

// mistakes of a program as it is built for use: none.
var mistakes bugs
