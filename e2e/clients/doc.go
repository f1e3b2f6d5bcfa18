// Package clients runs programs that nobody here wrote, or that use libraries nobody here wrote, through the
// built sentinelproxy in front of real Redis nodes and Sentinels.
//
//	rueidis_test.go    rueidis's own integration tests, in a network namespace, because they want port 6379
//	library_test.go    what is installed, and how each application is started
//	scenario_test.go   all applications at once: steadily, through a planned switch, to Dragonfly, through a crash
//	handshake_test.go  what Lettuce and Jedis send when they connect, compared byte by byte with a direct connection
//
// The folders c, node, php, python and ruby hold one application per library, each with the library's default
// settings. An application is started with HOST PORT STOPFILE, works in rounds with data of its own, which it
// verifies, prints a line "round N" after each, and ends after the round in which it finds STOPFILE. Its last
// line is a report in JSON:
//
//	{"operations": 1234, "errors": {"text": count}, "closed": 0, "unknown": 0}
//
// closed counts connections that the library had to make anew, unknown the replies UNKNOWNOUTCOME. Errors of its
// own verification begin with
//
//	lost: stale: missing:   something acknowledged is not there (excused after a crash: replication is asynchronous)
//	redone:                 a library has done work again of which it could not say that it was done (likewise)
//	twice:                  something has been applied or delivered twice (never excused)
//
// The package.json in node holds msgpackr-extract at a version that is published for every system: with the next one,
// npm ci finds the lock file incomplete.
package clients
