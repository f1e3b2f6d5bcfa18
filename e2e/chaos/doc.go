// Package chaos is the fault matrix: faults x loads x one or four proxies, each cell with a cluster, proxies and clients of its own. What
// the clients see in a cell is counted, and compared with what is promised for its fault.
//
//	go test ./e2e/chaos            the short form
//	make chaos                     the whole matrix, which takes minutes, into docs/faults.md
//	make hold-times                how long a switch takes, into docs/faults.md
//
//	main_test.go        flags; the program is built once, and the tests run in a network namespace where that can be had
//	matrix_test.go      which cells there are, and what one cell does
//	fault_test.go       what a fault is, and what may be promised for it
//	world_test.go       a cluster with the proxies before it, and what faults do to them
//	network_test.go     addresses for each process, and cuts between them
//	history_test.go     clients that share keys, and a check whether one order explains what they saw
//	load_test.go        clients that work until they are told to rest, each on keys of its own
//	tally_test.go       what they have seen
//	client_test.go      one connection
//	table_test.go       the tables
//	holdtimes_test.go   the distributions
//
// A file for each kind of session (counter, pipeline, transaction, queue, channel, ...) says what that kind of client checks. Every
// other file is named after its fault.
package chaos
