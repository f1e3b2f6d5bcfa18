package history

import (
	"slices"
	"strconv"
)

// Verb is what a client calls, by the command's name where it is a single one.
type Verb string

// The verbs.
const (
	INCR      Verb = "INCR"
	INCRTWICE Verb = "INCRTWICE" // MULTI, INCR, INCR, EXEC
	GETNUMBER Verb = "GET number"

	SET  Verb = "SET"
	SWAP Verb = "SET GET" // SET key value GET
	CAS  Verb = "CAS"     // a script: 1 if the value was Old and is Value now, 0 if it was another
	GET  Verb = "GET"

	RPUSH  Verb = "RPUSH"
	LPOP   Verb = "LPOP"
	LLEN   Verb = "LLEN"
	LRANGE Verb = "LRANGE" // all of it

	SADD      Verb = "SADD"
	SREM      Verb = "SREM"
	SISMEMBER Verb = "SISMEMBER"
	SMEMBERS  Verb = "SMEMBERS"
)

// verb is what there is to know of a Verb.
type verb struct {
	kind  Kind
	write bool
	// fresh: Value is a value that was never written before. known: it is one that the client has seen of this key.
	fresh, known bool
	send         func(o *Operation) [][]string // the commands; the last one's reply counts
	shape        func(reply any) (any, bool)   // the reply as Operation.Reply has it; false: it can't be this verb's
	// apply is the reply of a key in this state, and the state afterwards. A counter's state is an int64, the others' strings: a
	// register's value, and a list or set as Values.
	apply func(state any, o *Operation) (reply, next any)
}

// initial is the state of a key that is not there.
var initial = map[Kind]any{Counter: int64(0), Register: "", List: Values(""), Set: Values("")}

// final reads all of a key.
var final = map[Kind]Verb{Counter: GETNUMBER, Register: GET, List: LRANGE, Set: SMEMBERS}

const cas = `if (redis.call('GET', KEYS[1]) or '') == ARGV[1] then redis.call('SET', KEYS[1], ARGV[2]) return 1 end return 0`

var verbs = map[Verb]*verb{
	INCR: {
		kind: Counter, write: true, send: plain("INCR"), shape: integer,
		apply: func(s any, _ *Operation) (any, any) { n := s.(int64); return n + 1, n + 1 },
	},
	INCRTWICE: {
		kind: Counter, write: true,
		send: func(o *Operation) [][]string {
			return [][]string{{"MULTI"}, {"INCR", o.Key}, {"INCR", o.Key}, {"EXEC"}}
		},
		shape: twoIntegers,
		apply: func(s any, _ *Operation) (any, any) { n := s.(int64); return n + 1, n + 2 },
	},
	GETNUMBER: {kind: Counter, send: plain("GET"), shape: number, apply: func(s any, _ *Operation) (any, any) { return s, s }},

	SET: {
		kind: Register, write: true, fresh: true, send: plain("SET"), shape: ok,
		apply: func(_ any, o *Operation) (any, any) { return "OK", o.Value },
	},
	SWAP: {
		kind: Register, write: true, fresh: true,
		send:  func(o *Operation) [][]string { return [][]string{{"SET", o.Key, o.Value, "GET"}} },
		shape: value, apply: func(s any, o *Operation) (any, any) { return orNil(s.(string)), o.Value },
	},
	CAS: {
		kind: Register, write: true, fresh: true,
		send:  func(o *Operation) [][]string { return [][]string{{"EVAL", cas, "1", o.Key, o.Old, o.Value}} },
		shape: integer,
		apply: func(s any, o *Operation) (any, any) {
			if s != o.Old {
				return int64(0), s
			}
			return int64(1), o.Value
		},
	},
	GET: {kind: Register, send: plain("GET"), shape: value, apply: func(s any, _ *Operation) (any, any) { return orNil(s.(string)), s }},

	RPUSH: {
		kind: List, write: true, fresh: true, send: plain("RPUSH"), shape: integer,
		apply: func(s any, o *Operation) (any, any) {
			next := s.(Values) + "," + Values(o.Value)
			return length(next), next
		},
	},
	LPOP:   {kind: List, write: true, send: plain("LPOP"), shape: value, apply: pop},
	LLEN:   {kind: List, send: plain("LLEN"), shape: integer, apply: func(s any, _ *Operation) (any, any) { return length(s.(Values)), s }},
	LRANGE: {kind: List, send: plain("LRANGE", "0", "-1"), shape: values, apply: func(s any, _ *Operation) (any, any) { return s, s }},

	SADD: {
		kind: Set, write: true, fresh: true, send: plain("SADD"), shape: integer,
		apply: func(s any, o *Operation) (any, any) {
			if s.(Values).has(o.Value) {
				return int64(0), s
			}
			return int64(1), sorted(append(s.(Values).list(), o.Value))
		},
	},
	SREM: {
		kind: Set, write: true, known: true, send: plain("SREM"), shape: integer,
		apply: func(s any, o *Operation) (any, any) {
			list := s.(Values).list()
			i := slices.Index(list, o.Value)
			if i < 0 {
				return int64(0), s
			}
			return int64(1), valuesOf(slices.Delete(list, i, i+1))
		},
	},
	SISMEMBER: {
		kind: Set, known: true, send: plain("SISMEMBER"), shape: integer,
		apply: func(s any, o *Operation) (any, any) {
			if s.(Values).has(o.Value) {
				return int64(1), s
			}
			return int64(0), s
		},
	},
	SMEMBERS: {
		kind: Set, send: plain("SMEMBERS"), shape: func(reply any) (any, bool) {
			v, is := values(reply)
			if !is {
				return nil, false
			}
			return sorted(v.(Values).list()), true
		},
		apply: func(s any, _ *Operation) (any, any) { return s, s },
	},
}

// plain sends a command with the key, further arguments, and the value if there is one.
func plain(name string, further ...string) func(*Operation) [][]string {
	return func(o *Operation) [][]string {
		args := append([]string{name, o.Key}, further...)
		if o.Value != "" {
			args = append(args, o.Value)
		}
		return [][]string{args}
	}
}

func pop(s any, _ *Operation) (any, any) {
	list := s.(Values).list()
	if len(list) == 0 {
		return nil, s
	}
	return list[0], valuesOf(list[1:])
}

func orNil(s string) any {
	if s == "" {
		return nil
	}
	return s
}

func length(v Values) int64 { return int64(len(v.list())) }

func sorted(list []string) Values {
	slices.Sort(list)
	return valuesOf(list)
}

func integer(reply any) (any, bool) {
	_, is := reply.(int64)
	return reply, is
}

func twoIntegers(reply any) (any, bool) {
	list, _ := reply.([]any)
	if len(list) != 2 {
		return nil, false
	}
	first, is := list[0].(int64)
	second, is2 := list[1].(int64)
	return first, is && is2 && second == first+1
}

func number(reply any) (any, bool) {
	if reply == nil {
		return int64(0), true
	}
	text, _ := reply.(string)
	n, err := strconv.ParseInt(text, 10, 64)
	return n, err == nil
}

func ok(reply any) (any, bool) { return "OK", reply == status("OK") }

func value(reply any) (any, bool) {
	_, is := reply.(string)
	return reply, is || reply == nil
}

func values(reply any) (any, bool) {
	list, is := reply.([]any)
	if !is {
		return nil, false
	}
	texts := make([]string, len(list))
	for i := range list {
		if texts[i], is = list[i].(string); !is {
			return nil, false
		}
	}
	return valuesOf(texts), true
}
