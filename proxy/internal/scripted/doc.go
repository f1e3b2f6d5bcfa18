// Package scripted is a server for tests that does exactly what the test says, byte by byte: what a real
// server can't be made to do (answer half a reply and vanish, reject in the middle of a pipeline). Tests
// only.
//
//	server.go  Server: listens, and hands its connections over one by one
//	conn.go    Conn: Expect, Send, Cut
//	relay.go   Relay: to a real server, its first connection cut at a given byte
//	breaker.go  Breaker: to a real server, all connections cut at once
//	node.go    Node: a small Redis over a Server, with faults at a given byte
package scripted
