// Command demo is `make demo`: it starts Redis with a replica and three Sentinels, Dragonfly, the proxy, and
// clients that know nothing of Sentinel; then it stops the master, lets Dragonfly join, stops that master
// too, and tells what the clients noticed.
//
//	go run ./demo                     the walkthrough
//	go run ./demo --without-proxy     the same with the clients straight at the first Redis: they notice, and it fails
//
// Environment:
//
//	DRAGONFLY        the Dragonfly binary; else `dragonfly` on PATH, else the official image where a docker
//	                 engine answers, else a double of it stands in (internal/dragonflydouble)
//	DEMO_PORT_BASE   moves all ports, to eight in a row: base+0 the first Redis (6379), +1 its replica (6380),
//	                 +2 to +4 the Sentinels (5000 to 5002), +5 Dragonfly (6000), +6 the proxy (6390),
//	                 +7 its HTTP side (8379)
//
// Exit status: 0 when the clients behind the proxy noticed nothing (an INCR that was on the wire when a master
// stopped may be answered UNKNOWNOUTCOME), 1 when they did or the walkthrough went wrong, 2 when it could not
// begin, 130 when it was interrupted. (`go run` and make make their own of any but 0.) Nothing that it starts outlives it.
package main
