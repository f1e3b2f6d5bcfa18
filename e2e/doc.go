// Package e2e holds tests of the program as a whole: the built sentinelproxy, real Redis nodes and Sentinels,
// and clients that know nothing of Sentinel.
//
//	main_test.go       builds the program once
//	proxy_test.go      one running sentinelproxy, stopped gracefully at the end of each test
//	admin_test.go      what it says of itself: status, switch reports, metrics
//	accounts_test.go   the accounting identities, sampled all the time and compared with the clients' own counts
//	wire_test.go       a client that is only a socket, so that no library can hide anything
//	library_test.go    a go-redis client that may dial once and never retries
//	counter_test.go    what a client knows of a key that it alone increments
//	work_test.go       the rounds of a worker: SET and GET, INCR, pipelines
//	crowd_test.go      64 workers, and what they have seen
//	relay_test.go      loses the replies to what has been applied
//	race_test.go       a race-tested program for race-tested tests
//	brief_test.go      every kind of session that is over at once
//	malformed_test.go  what no client should send
//
// -short leaves out what takes more than ten seconds. E2E_PROXY=path tests a program that is built already.
//
// The other files are the scenarios: planned, switch, order, fence, rights, crash, sentinels, limit, start, pinned, mixed, shapes, benchmark, many, leak, moods,
// busy, full, loading, cli, and terminal, which is redis-cli as a person uses it.
//
// Nothing is concluded from how long something took. Deadlines are there to end a test that hangs.
package e2e
