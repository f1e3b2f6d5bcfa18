// Package dragonflydouble is a double of Dragonfly 1.40: a server that behaves as Dragonfly does where that differs
// from Redis, for tests and for the demo on machines without Dragonfly, which is in no distribution. It runs as a
// program of its own (cmd/dragonflydouble), takes Dragonfly's flags, and can be stopped, killed and frozen.
//
// Behind it a private redis-server holds the data. What clients send is checked against Dragonfly's own table of
// commands (data/commands.json, its COMMAND), refused or answered here where Dragonfly differs, and otherwise passed
// on; replies are rewritten on the way back:
//
//	server.go       listener, clients, beginning and end
//	backend.go      the private redis-server
//	relay.go        between the private redis-server and its master: no partial resync, Dragonfly's acknowledgements
//	replication.go  REPLICAOF, ROLE, INFO REPLICATION and the states of a full sync
//	feed.go         its own replicas: other doubles, as a Dragonfly's are Dragonflies; no Redis
//	session.go      one client: what comes in
//	answers.go      one client: what goes out, in order
//	dispatch.go     what is checked before a command is executed, in Dragonfly's order
//	plan.go         which commands are answered here, forwarded, rewritten
//	multi.go        MULTI, which is collected here; scripts.go: undeclared keys, SHA; cursor.go: SCAN
//	hello.go        HELLO, AUTH, RESET; client.go: CLIENT; config.go: CONFIG; info.go: INFO; pubsub.go; monitor.go
//
// All of it was seen on a real Dragonfly 1.40.1 or read in its source; testdata/replies-1.40.1.txt is a record of
// one, which a test compares with what the double answers.
//
// Not doubled: commands that Redis 7.0 does not have (JSON, bloom filters, HEXPIRE, ...) are unknown; rules of ACL
// users bind what is passed on but not what is answered here; commands that Dragonfly silently loses from a Redis
// master's stream (SWAPDB, COPY between databases, ...) are applied; nothing is said of memory, snapshots and speed.
package dragonflydouble
