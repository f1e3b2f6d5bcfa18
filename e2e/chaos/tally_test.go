package chaos

import (
	"maps"
	"strings"
	"sync"
	"time"

	"sentinelproxy/e2e/plainresp"
)

// seen is what the clients of one cell have seen.
type seen struct {
	Commands int64
	Errors   map[string]int // by their first word
	Closed   int            // connections that ended and were not to
	Lost     int            // writes that were acknowledged and are gone
	// Undelivered are messages and elements of a queue that were acknowledged, and that nobody was given.
	Undelivered int
	Twice       int // writes that were applied twice
	Foreign     int // replies that can't be to what was asked
	// Unexplained are the keys of which no order of the calls explains what was answered. Looked for where nothing may be lost, and the
	// clients share their keys.
	Unexplained int
	Longest     time.Duration // from a batch to its last reply; not of those that wait by themselves, as BLPOP does
	Notes       []string      // what was lost, undelivered, twice or foreign: the first few
}

// tally collects it. All clients of a cell share one.
type tally struct {
	mu struct {
		sync.Mutex
		seen
	}
}

func newTally() *tally {
	t := &tally{}
	t.mu.Errors = map[string]int{}
	return t
}

// seen so far.
func (t *tally) seen() seen {
	t.mu.Lock()
	defer t.mu.Unlock()
	s := t.mu.seen
	s.Errors = maps.Clone(s.Errors)
	return s
}

func (t *tally) answered(values []any, after time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.mu.Commands += int64(len(values))
	t.mu.Longest = max(t.mu.Longest, after)
	for _, v := range values {
		if e, is := v.(plainresp.Error); is {
			word, _, _ := strings.Cut(string(e), " ")
			t.mu.Errors[word]++
			t.note(string(e))
		}
	}
}

func (t *tally) closed(cause string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.mu.Closed++
	t.note("closed: " + cause)
}

func (t *tally) lost(n int64, note string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.mu.Lost += int(n)
	t.note("lost: " + note)
}

func (t *tally) undelivered(note string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.mu.Undelivered++
	t.note("undelivered: " + note)
}

func (t *tally) twice(n int64, note string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.mu.Twice += int(n)
	t.note("twice: " + note)
}

func (t *tally) foreign(note string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.mu.Foreign++
	t.note("foreign: " + note)
}

// enough notes.
const enough = 12

// note keeps the first few of each; the caller has locked.
func (t *tally) note(text string) {
	if len(t.mu.Notes) < enough {
		t.mu.Notes = append(t.mu.Notes, text)
	}
}
