// Package history asks whether what clients see over a change of master has one order that explains it: internal/history's clients work
// through one, two and four proxies at once, on keys that they share, before a real cluster.
//
//	go test ./e2e/history
//	SENTINELPROXY_ROUNDS=20 go test -timeout 1h ./e2e/history     20 times as many switches
//
//	main_test.go      builds the program, and one with a mistake
//	world_test.go     a cluster, the proxies before it, and the clients
//	planned_test.go   `sentinelproxy switch` and SENTINEL FAILOVER
//	crash_test.go     a master that ends without a word
//	canfail_test.go   the same checks where something essential is left out: they have to find it
package history
