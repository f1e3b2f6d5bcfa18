// Package command is the table of what every command of Redis 7.0 to 8.10, Dragonfly 1.40 and Valkey does: to the
// data (may it be sent again when its reply was lost?), and to the connection (may it go over a link that
// carries other sessions?).
//
//	info := command.Lookup(cmd.Name)            // nil: not listed, command.NotListed() says what that means
//	if info.Dependent(cmd.Args) {               // SET k v is not, SET k v NX and CLIENT anything are
//		info = info.Resolve(args)
//	}
//	switch info.ID { case command.Hello: ... }
//
// A wrong answer must err to the careful side: a command called Shared that is not harms other clients, a
// write called Idempotent that is not is applied twice. Hence: what is not listed is pinned and a write; the
// generator refuses a table with a write that nobody has classed; every Idempotent flag is proved by a
// test against a real server, which means that commands no server at hand has are never flagged so.
//
// The folder:
//
//	class.go, pin.go   the vocabulary: Flags, Way, Pin
//	info.go            Info, one entry of the table
//	lookup.go, byid.go from a name, or an ID, to its Info
//	resolve.go         from arguments to the right form of a command
//	rules.go           what arguments decide, rule by rule
//	table_gen.go       the table; ids_gen.go its constants: both generated
//	internal/gen       the generator; its data/ (COMMAND of real servers) and overlay/ (our own classes, with
//	                   reasons) are where a command is added or changed, then go generate; its families/ are the
//	                   rows and words of the table in docs/compatibility.md, which it writes as well
package command

//go:generate go run ./internal/gen
