// Package redis runs Redis's own test suite through the built sentinelproxy.
//
// The suite is not part of this project: REDIS_SUITE names the folder where Redis's source is unpacked, as
// tools/redis-suite.sh does it, and without it the test is skipped. Every master that the suite starts gets a proxy of
// its own, and all connections that the suite makes as a client go through that.
//
//	fronts_test.go      starts and ends the proxies when the suite asks for it (front.tcl asks)
//	unit_test.go        one unit of the suite: how it is run, and what has become of each of its tests
//	exceptions_test.go  exceptions.txt: which tests a proxy can't pass, and why
//	suite_test.go       all units, against the exceptions
//
// Variables for looking closer: REDIS_SUITE_UNITS names the units ("unit/multi unit/type/list"), REDIS_SUITE_ONLY one
// test, REDIS_SUITE_DIRECT=1 leaves the proxy out, REDIS_SUITE_OUTPUT is a folder that keeps what each unit has printed,
// with the logs of the proxies.
package redis
