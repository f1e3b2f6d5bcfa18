package history

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

// did is one line of a hand-made history: the call and its return in ms.
type did struct {
	client    int
	call, end int
	verb      Verb
	value     string // of CAS: old>new
	reply     any    // lost: unknown outcome
}

// lost stands for the reply of a call whose outcome is unknown.
type lost struct{}

// told makes the history of one key per kind.
func told(lines ...did) *History {
	h := &History{}
	for _, l := range lines {
		o := &Operation{
			Client: l.client, Verb: l.verb, Key: "k:" + string(verbs[l.verb].kind), Value: l.value,
			Call: time.Duration(l.call) * time.Millisecond, Return: time.Duration(l.end) * time.Millisecond,
			Outcome: Answered, Reply: l.reply,
		}
		if old, value, is := strings.Cut(l.value, ">"); is {
			o.Old, o.Value = old, value
		}
		if _, is := l.reply.(lost); is {
			o.Outcome, o.Reply, o.Error, o.replied = Unknown, nil, unknownOutcome+" it may have been applied", true
		}
		h.Operations = append(h.Operations, o)
	}
	h.Operations[len(h.Operations)-1].final = true
	return h
}

const n0, n1, n2, n3 = int64(0), int64(1), int64(2), int64(3)

// TestRight: nothing is found where nothing is wrong.
func TestRight(t *testing.T) {
	for name, h := range map[string]*History{
		"counter": told(
			did{0, 0, 9, INCR, "", n3}, did{1, 1, 5, INCRTWICE, "", n1}, did{2, 6, 9, GETNUMBER, "", n3},
		),
		"register": told(
			did{0, 0, 1, SET, "0.1", "OK"}, did{1, 2, 8, SWAP, "1.1", "0.1"}, did{2, 3, 4, GET, "", "0.1"}, did{2, 5, 6, GET, "", "1.1"},
		),
		"list": told(
			did{0, 0, 5, RPUSH, "0.1", n2}, did{1, 0, 5, RPUSH, "1.1", n1}, did{2, 6, 7, LPOP, "", "1.1"},
			did{2, 8, 9, LLEN, "", n1}, did{2, 10, 11, LRANGE, "", Values(",0.1")},
		),
		"set": told(
			did{0, 0, 1, SADD, "0.1", n1}, did{1, 2, 9, SREM, "0.1", n1}, did{2, 3, 4, SISMEMBER, "0.1", n1},
			did{2, 5, 6, SMEMBERS, "", Values("")},
		),
		// A call of unknown outcome takes effect long after, or not at all.
		"unknown increment, applied": told(did{0, 0, 1, INCR, "", lost{}}, did{1, 2, 3, GETNUMBER, "", n0}, did{1, 50, 51, GETNUMBER, "", n1}),
		"unknown increment, never":   told(did{0, 0, 1, INCR, "", lost{}}, did{1, 2, 3, INCR, "", n1}, did{1, 50, 51, GETNUMBER, "", n1}),
		"unknown transaction":        told(did{0, 0, 1, INCRTWICE, "", lost{}}, did{1, 2, 3, GETNUMBER, "", n0}, did{1, 50, 51, GETNUMBER, "", n2}),
		"unknown set, applied":       told(did{0, 0, 1, SET, "0.1", lost{}}, did{1, 2, 3, GET, "", nil}, did{1, 4, 5, GET, "", "0.1"}),
		"unknown push, never":        told(did{0, 0, 1, RPUSH, "0.1", lost{}}, did{1, 2, 3, LRANGE, "", Values("")}),
		"unknown pop, applied": told(
			did{0, 0, 1, RPUSH, "0.1", n1}, did{0, 2, 3, LPOP, "", lost{}}, did{1, 4, 5, LLEN, "", n1}, did{1, 6, 7, LRANGE, "", Values("")},
		),
		"unknown remove, applied": told(did{0, 0, 1, SADD, "0.1", n1}, did{0, 2, 3, SREM, "0.1", lost{}}, did{1, 4, 5, SMEMBERS, "", Values("")}),
		"unknown read":            told(did{0, 0, 1, GET, "", lost{}}, did{0, 2, 3, GET, "", nil}),
	} {
		t.Run(name, func(t *testing.T) {
			for _, v := range h.Check() {
				t.Error(v)
			}
			if s := h.Summary(); s.Lost != 0 || s.Twice != 0 {
				t.Errorf("%+v", s)
			}
		})
	}
}

// TestWrong: every kind of violation is found, and counted.
func TestWrong(t *testing.T) {
	for _, c := range []struct {
		name        string
		lost, twice int
		rules       []Rule
		history     *History
	}{
		{"lost increment", 1, 0, []Rule{NotLinearizable}, told(did{0, 0, 1, INCR, "", n1}, did{0, 2, 3, INCR, "", n2}, did{1, 4, 5, GETNUMBER, "", n1})},
		{"half a transaction", 1, 0, []Rule{NotLinearizable}, told(did{0, 0, 1, INCRTWICE, "", n1}, did{1, 4, 5, GETNUMBER, "", n1})},
		{"lost set", 1, 0, []Rule{NotLinearizable}, told(
			did{0, 0, 1, SET, "0.1", "OK"}, did{0, 2, 3, SET, "0.2", "OK"}, did{1, 4, 5, GET, "", "0.1"},
		)},
		{"lost push", 1, 0, []Rule{NotLinearizable}, told(did{0, 0, 1, RPUSH, "0.1", n1}, did{1, 2, 3, LRANGE, "", Values("")})},
		{"lost pop", 1, 0, []Rule{NotLinearizable}, told(
			did{0, 0, 1, RPUSH, "0.1", n1}, did{1, 2, 3, LPOP, "", "0.1"}, did{1, 4, 5, LRANGE, "", Values(",0.1")},
		)},
		{"popped twice", 1, 0, []Rule{NotLinearizable}, told(
			did{0, 0, 1, RPUSH, "0.1", n1}, did{1, 2, 3, LPOP, "", "0.1"}, did{2, 4, 5, LPOP, "", "0.1"}, did{2, 6, 7, LRANGE, "", Values("")},
		)},
		{"lost add", 1, 0, []Rule{NotLinearizable}, told(did{0, 0, 1, SADD, "0.1", n1}, did{1, 2, 3, SMEMBERS, "", Values("")})},
		{"lost remove", 1, 0, []Rule{NotLinearizable}, told(
			did{0, 0, 1, SADD, "0.1", n1}, did{1, 2, 3, SREM, "0.1", n1}, did{1, 4, 5, SMEMBERS, "", Values(",0.1")},
		)},

		{"stale counter", 0, 0, []Rule{NotLinearizable}, told(did{0, 0, 1, INCR, "", n1}, did{1, 2, 3, GETNUMBER, "", n0}, did{1, 4, 5, GETNUMBER, "", n1})},
		{"stale register", 0, 0, []Rule{NotLinearizable}, told(
			did{0, 0, 1, SET, "0.1", "OK"}, did{0, 2, 3, SET, "0.2", "OK"}, did{1, 4, 5, GET, "", "0.1"}, did{1, 6, 7, GET, "", "0.2"},
		)},
		{"back and forth", 0, 0, []Rule{NotLinearizable}, told(
			did{0, 0, 9, SET, "0.1", lost{}}, did{1, 2, 3, GET, "", "0.1"}, did{1, 4, 5, GET, "", nil}, did{1, 6, 7, GET, "", "0.1"},
		)},
		{"swapped for the same", 0, 0, []Rule{NotLinearizable}, told(
			did{0, 0, 1, SET, "0.1", "OK"}, did{1, 2, 3, SWAP, "1.1", "0.1"}, did{2, 2, 3, SWAP, "2.1", "0.1"}, did{1, 6, 7, GET, "", "2.1"},
		)},
		{"both compared and set", 0, 0, []Rule{NotLinearizable}, told(
			did{0, 0, 1, SET, "0.1", "OK"}, did{1, 2, 3, CAS, "0.1>1.1", n1}, did{2, 2, 3, CAS, "0.1>2.1", n1}, did{1, 6, 7, GET, "", "2.1"},
		)},
		{"stale length", 0, 0, []Rule{NotLinearizable}, told(did{0, 0, 1, RPUSH, "0.1", n1}, did{1, 2, 3, LLEN, "", n0}, did{1, 4, 5, LRANGE, "", Values(",0.1")})},
		{"out of order", 0, 0, []Rule{NotLinearizable}, told(
			did{0, 0, 1, RPUSH, "0.1", n1}, did{0, 2, 3, RPUSH, "0.2", n2}, did{1, 4, 5, LRANGE, "", Values(",0.2,0.1")},
		)},
		{"stale member", 0, 0, []Rule{NotLinearizable}, told(
			did{0, 0, 1, SADD, "0.1", n1}, did{1, 2, 3, SISMEMBER, "0.1", n0}, did{1, 4, 5, SMEMBERS, "", Values(",0.1")},
		)},

		{"increment applied twice", 0, 1, []Rule{Doubled, NotLinearizable}, told(did{0, 0, 1, INCR, "", lost{}}, did{1, 2, 3, GETNUMBER, "", n2})},
		{"answered for the second time", 0, 1, []Rule{Doubled, Doubled, NotLinearizable}, told(did{0, 0, 1, INCR, "", n2}, did{1, 2, 3, GETNUMBER, "", n2})},
		{"pushed twice", 0, 1, []Rule{Doubled, NotLinearizable}, told(did{0, 0, 1, RPUSH, "0.1", lost{}}, did{1, 2, 3, LRANGE, "", Values(",0.1,0.1")})},
		{"added after it was removed", 1, 0, []Rule{NotLinearizable}, told(
			did{0, 0, 1, SADD, "0.1", lost{}}, did{1, 2, 3, SREM, "0.1", n1}, did{1, 4, 5, SISMEMBER, "0.1", n1}, did{1, 6, 7, SADD, "1.1", n1},
			did{1, 8, 9, SMEMBERS, "", Values(",0.1")},
		)},

		{"nobody's value", 0, 0, []Rule{Foreign, NotLinearizable}, told(did{0, 0, 1, GET, "", "7.7"}, did{0, 2, 3, GET, "", nil})},
		{"another key's value", 0, 0, []Rule{Foreign, NotLinearizable}, told(
			did{0, 0, 1, RPUSH, "0.1", n1}, did{3, 0, 1, GET, "", "0.1"}, did{0, 2, 3, GET, "", nil},
		)},
		{"another command's reply", 0, 0, []Rule{Foreign, NotLinearizable}, told(did{0, 0, 1, INCR, "", misfit("status OK")}, did{0, 2, 3, GETNUMBER, "", n1})},
	} {
		t.Run(c.name, func(t *testing.T) {
			var rules []Rule
			for _, v := range c.history.Check() {
				t.Log(v)
				rules = append(rules, v.Rule)
			}
			if !slices.Equal(rules, c.rules) {
				t.Errorf("found %q, want %q", rules, c.rules)
			}
			if s := c.history.Summary(); s.Lost != c.lost || s.Twice != c.twice {
				t.Errorf("%d lost, %d twice, want %d, %d", s.Lost, s.Twice, c.lost, c.twice)
			}
		})
	}
}

// TestLossy: what was lost is not looked for; the rest is.
func TestLossy(t *testing.T) {
	h := told(did{0, 0, 1, SET, "0.1", "OK"}, did{0, 2, 3, SET, "0.2", "OK"}, did{1, 4, 5, GET, "", "0.1"})
	if found := h.CheckLossy(); len(found) > 0 {
		t.Error(found)
	}
	h = told(did{0, 0, 1, RPUSH, "0.1", n1}, did{1, 2, 3, LRANGE, "", Values(",0.1,0.1")}, did{1, 4, 5, GET, "", "0.1"})
	if found := h.CheckLossy(); len(found) != 2 || found[0].Rule != Foreign || found[1].Rule != Doubled {
		t.Error(found)
	}
}

// TestUndecided: a check that is given up is no success.
func TestUndecided(t *testing.T) {
	var lines []did
	for i := range 30 {
		lines = append(lines, did{i, 0, 99, SET, fmt.Sprint(i, ".1"), "OK"})
	}
	h := told(append(lines, did{0, 200, 201, GET, "", nil})...)
	if v := h.keys()[0].linearizable(1000); v == nil || v.Rule != Undecided {
		t.Error(v)
	}
}

// TestRefused: a refused write is none, and errors are counted.
func TestRefused(t *testing.T) {
	h := told(did{0, 0, 1, INCR, "", n1}, did{0, 2, 3, INCR, "", lost{}}, did{0, 4, 5, INCR, "", lost{}}, did{0, 6, 7, GETNUMBER, "", n2})
	h.Operations[1].settle(errorReply("NOMASTER the hold limit has passed"))
	if found := h.Check(); len(found) > 0 {
		t.Error(found)
	}
	if s := h.Summary(); s.Errors["NOMASTER"] != 1 || s.Unknown != 1 || s.Closed != 0 || s.LongestWait != time.Millisecond {
		t.Errorf("%+v", s)
	}
	h.Operations[2].settle(errorReply("NOMASTER the hold limit has passed"))
	if found := h.Check(); len(found) == 0 {
		t.Error("a refused increment that was applied is not found")
	}
}
