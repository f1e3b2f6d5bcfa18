package command

import (
	"math"
	"strings"
)

// ID names a command or subcommand for `switch` and for arrays of counters; Unknown (0) is none in the
// table. The values change when the table grows: never store or show them.
type ID uint16

// Always, as PlainArgs, is more arguments than a command can have: the class depends on no argument.
const Always = math.MaxInt32

// Info is what the table knows about a command, a subcommand, or a command with certain arguments. All
// Infos are static and must not be changed; pointers can be compared.
type Info struct {
	// Name in lower case, "container|sub" for a subcommand, as COMMAND gives it. Forms that differ by
	// arguments share it.
	Name string
	// Variant names a form of the command that only certain arguments give ("" for the form that
	// Lookup returns).
	Variant string
	// Reason: why the flags are what they are, where it is not obvious; never empty with Idempotent.
	Reason string
	// Since is the Redis version the command came with where Redis 7.0 lacks it; "" otherwise.
	Since string
	// Arity counts the arguments, the name included; negative: at least so many. 0: not known.
	Arity int
	// FirstKey, LastKey, Step locate the keys among the arguments, as COMMAND does: LastKey negative
	// counts from the end, FirstKey 0 is none or not fixed.
	FirstKey, LastKey, Step int
	// PlainArgs: with so many arguments or fewer (name included) this Info is right as it is.
	PlainArgs int
	Flags     Flags
	ID        ID
	Way       Way
	Pin       Pin
	// Redis: in the table of Redis 7.0.15, or of a later one when Since is set. Dragonfly: in 1.40.1's.
	Redis, Dragonfly bool

	rule  rule
	other *Info  // the form for which the rule holds; nil for ruleSubcommand and ruleNone
	subs  uint16 // for a container: so many Infos after it in the table are its subcommands
}

// Dependent reports whether with n arguments (the name included) the class depends on what they are,
// so that Resolve has to be asked.
func (i *Info) Dependent(n int) bool { return n > i.PlainArgs }

func (i *Info) isSubcommand() bool { return strings.IndexByte(i.Name, '|') >= 0 }

// NotListed is what a command that is not in the table is: it may set up anything on its connection
// and write anything.
func NotListed() *Info { return &table[Unknown] }

// All gives every command and subcommand, sorted by name, each followed by its other form where it has
// one. It allocates: for documentation and tests.
func All() []*Info {
	var all []*Info
	for n := range table[1:] {
		i := &table[n+1]
		all = append(all, i)
		if i.other != nil {
			all = append(all, i.other)
		}
	}
	return all
}
