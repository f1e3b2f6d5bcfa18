package e2e

import (
	"fmt"
	"strconv"
	"strings"
)

// rules of a scenario: what a client may see.
type rules struct {
	// lossy: the master was killed, and what it had acknowledged and not replicated is gone.
	lossy bool
	// excused says whether a command may be answered with this error.
	excused func(command []string, err replyError) bool
}

// planned excuses nothing.
var planned = rules{excused: func([]string, replyError) bool { return false }}

// unknownWrites excuses UNKNOWNOUTCOME for a write that may not be sent twice. Of what the workers send that
// is INCR alone: SET leaves the same state and gives the same reply the second time.
func unknownWrites(command []string, err replyError) bool {
	return command[0] == "INCR" && strings.HasPrefix(string(err), "UNKNOWNOUTCOME ")
}

// work is what one worker does: a batch to send, and what it makes of the replies.
type work struct {
	prefix string
	batch  func(*work) [][]string
	rules  *rules

	round   int64
	written int64 // of the key v: the last value sent
	count   counter
	seen    map[string]int // excused errors by their first word
	excused int            // how many in all
}

func newWork(kind, prefix string, r *rules) *work {
	return &work{prefix: prefix, batch: batches[kind], rules: r, seen: map[string]int{}}
}

// batches by kind. Every value is unique to its worker and its round, so a reply that belongs to another
// command, worker or round is seen.
var batches = map[string]func(*work) [][]string{
	"set/get": func(w *work) [][]string {
		return [][]string{w.set(), {"GET", w.prefix + "v"}}
	},
	"incr": func(w *work) [][]string {
		return [][]string{{"INCR", w.prefix + "n"}}
	},
	"pipeline of 16": func(w *work) [][]string {
		var batch [][]string
		for i := range 4 {
			batch = append(batch,
				[]string{"INCR", w.prefix + "n"}, w.set(), []string{"GET", w.prefix + "v"},
				[]string{"ECHO", fmt.Sprintf("%s%d.%d", w.prefix, w.round, i)})
		}
		return batch
	},
}

func (w *work) set() []string {
	w.written++
	return []string{"SET", w.prefix + "v", w.prefix + strconv.FormatInt(w.written, 10)}
}

// once sends one batch and checks every reply. SET and GET of one worker alternate one by one where they are
// not pipelined, as an ordinary client's do.
func (w *work) once(c client) error {
	w.round++
	before := w.written
	batch := w.batch(w)
	var replies []any
	if len(batch) == 2 {
		for i := range batch {
			v, err := c.do(batch[i : i+1])
			if err != nil {
				return fmt.Errorf("%s: connection: %w", batch[i][0], err)
			}
			replies = append(replies, v...)
		}
	} else {
		var err error
		if replies, err = c.do(batch); err != nil {
			return fmt.Errorf("reply %d of %d: connection: %w", len(replies)+1, len(batch), err)
		}
	}
	at := before
	for i, command := range batch {
		if command[0] == "SET" {
			at++
		}
		if err := w.check(command, replies[i], at); err != nil {
			return fmt.Errorf("round %d, command %d, %q: %w", w.round, i, command, err)
		}
	}
	return nil
}

// check takes one reply; at is the number of the value that the key v was last SET to before the command.
func (w *work) check(command []string, reply any, at int64) error {
	if e, is := reply.(replyError); is {
		// Whatever is excused: these are about a node that is no master now, and are the proxy's to deal with.
		for _, word := range []string{"READONLY", "LOADING", "MASTERDOWN", "UNBLOCKED"} {
			if strings.Contains(string(e), word) {
				return fmt.Errorf("a rejection was passed on: %w", e)
			}
		}
		if !w.rules.excused(command, e) {
			return e
		}
		word, _, _ := strings.Cut(string(e), " ")
		w.seen[word]++
		w.excused++
		if command[0] == "INCR" && word == "UNKNOWNOUTCOME" {
			w.count.lost()
		}
		return nil
	}
	switch command[0] {
	case "INCR":
		n, is := reply.(int64)
		if !is {
			return fmt.Errorf("answered %v", reply)
		}
		return w.count.acknowledged(n, w.rules.lossy)
	case "GET":
		return w.got(reply, at)
	case "SET":
		return same(reply, "OK")
	default:
		return same(reply, command[1])
	}
}

func same(reply any, want string) error {
	if reply != want {
		return fmt.Errorf("answered %v, want %s", reply, want)
	}
	return nil
}

// got checks the answer to GET: the last value set; in a lossy scenario, or when a SET was not acknowledged, an
// earlier one, but never one of another key or of the future.
func (w *work) got(reply any, at int64) error {
	if reply == nil && (w.rules.lossy || len(w.seen) > 0) {
		return nil
	}
	text, _ := reply.(string)
	number, mine := strings.CutPrefix(text, w.prefix)
	n, err := strconv.ParseInt(number, 10, 64)
	if !mine || err != nil || n > at {
		return fmt.Errorf("answered %v, want %s%d", reply, w.prefix, at)
	}
	if n < at && !w.rules.lossy && len(w.seen) == 0 {
		return fmt.Errorf("an acknowledged write is lost: answered %v, want %s%d", reply, w.prefix, at)
	}
	return nil
}
