package history

import (
	"fmt"
	"strings"
	"time"
)

// Kind of a key.
type Kind string

// The kinds.
const (
	Counter  Kind = "counter"
	Register Kind = "register"
	List     Kind = "list"
	Set      Kind = "set"
)

// Outcome of a call.
type Outcome string

// The outcomes.
const (
	Answered Outcome = "answered"
	// Refused: an error reply that says that nothing was applied.
	Refused Outcome = "refused"
	// Unknown: applied at any time after the call, or never.
	Unknown Outcome = "unknown"
)

// Values is an array reply: each value behind a comma. Those of a set are sorted.
type Values string

func (v Values) list() []string {
	if v == "" {
		return nil
	}
	return strings.Split(string(v[1:]), ",")
}

func (v Values) has(value string) bool { return strings.Contains(string(v)+",", ","+value+",") }

func valuesOf(list []string) Values {
	if len(list) == 0 {
		return ""
	}
	return Values("," + strings.Join(list, ","))
}

// Operation is one call of a client.
type Operation struct {
	Client int
	Addr   string // where the client was connected
	Verb   Verb
	Key    string
	Value  string // that is written or asked for; "": none
	Old    string // CAS: the value that is to be replaced; "": no such key

	Call, Return time.Duration // since History.Began
	Outcome      Outcome
	Reply        any    // of an answered one: int64, string, Values or nil; of INCRTWICE the first of both numbers
	Error        string // else: the error reply, or what was wrong with the connection

	replied bool // Error is a reply
	final   bool // read when all clients had ended
}

func (o *Operation) String() string {
	b := fmt.Sprintf("%12.6f %12.6f client %d at %s: %s %s", o.Call.Seconds(), o.Return.Seconds(), o.Client, o.Addr, o.Verb, o.Key)
	if o.Verb == CAS {
		b += fmt.Sprintf(" %q ->", o.Old)
	}
	if o.Value != "" {
		b += fmt.Sprintf(" %q", o.Value)
	}
	if o.Outcome != Answered {
		return fmt.Sprintf("%s: %s: %s", b, o.Outcome, o.Error)
	}
	return fmt.Sprintf("%s: %s", b, show(o.Reply))
}

func show(reply any) string {
	switch r := reply.(type) {
	case nil:
		return "nothing"
	case int64:
		return fmt.Sprint(r)
	default:
		return fmt.Sprintf("%q", r)
	}
}
