// Package history lets concurrent clients work on shared keys, writes down every call, and checks what they have seen:
// whether one order of the calls, one after the other, explains all replies (linearizability, by porcupine, key by key).
//
//	run, err := history.Start(ctx, history.Options{Addrs: []string{proxy1, proxy2}})
//	err = run.Works(ctx, 100)    // each client has done 100 more operations
//	h := run.Stop()              // and every key has been read once more
//	for _, v := range h.Check() { t.Error(v) }
//	t.Logf("%+v", h.Summary())
//
// A client is a socket that sends nothing of its own accord and nothing twice: what was on its way when the connection broke, and
// what was answered with UNKNOWNOUTCOME, may have been applied at any time after the call, or never. Every value that is
// written is unique in the run, so a reply that belongs to somebody else is known for that by itself.
//
// After a crash of a master that acknowledges before it replicates, acknowledged writes are gone and no order explains the replies. What
// must be true even then is checked by CheckLossy.
//
//	operation.go   one call and its reply
//	verb.go        what clients call: commands, the shape of the reply, and what it does to a key
//	wire.go        a connection
//	client.go      what a client calls next
//	run.go         all clients, and keys that are new every second or so, which keeps histories of a key short
//	check.go       violations
//	values.go      where every value comes from
//	summary.go     what the clients have seen, as figures
package history
