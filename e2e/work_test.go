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
	// repeated: writes may be sent twice, because the proxy was told to.
	repeated bool
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
	single bool // one command after the other, not the batch at once
	rules  *rules

	round   int64
	written int64 // of the key v: the last value sent
	count   counter
	seen    map[string]int // excused errors by their first word
	excused int            // how many in all
	before  int            // of them, before this round
}

func newWork(kind, prefix string, r *rules) *work {
	return &work{prefix: prefix, batch: batches[kind], single: oneByOne[kind], rules: r, seen: map[string]int{}}
}

// oneByOne are the kinds that are not pipelined, as an ordinary client's SET and GET are not.
var oneByOne = map[string]bool{"set/get": true}

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

// once sends one batch and checks every reply.
func (w *work) once(c client) error {
	w.round++
	w.before = w.excused
	before := w.written
	batch := w.batch(w)
	replies, err := w.send(c, batch)
	if err != nil {
		return fmt.Errorf("reply %d of %d, to %q: connection: %w", len(replies)+1, len(batch), batch[min(len(replies), len(batch)-1)], err)
	}
	for i := range batch {
		if e, is := replies[i].(replyError); is && w.rules.excused(batch[i], e) {
			w.excused++
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

func (w *work) send(c client, batch [][]string) (replies []any, err error) {
	if !w.single {
		return c.do(batch)
	}
	for i := range batch {
		v, err := c.do(batch[i : i+1])
		replies = append(replies, v...)
		if err != nil {
			return replies, err
		}
	}
	return replies, nil
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
		if word == "UNKNOWNOUTCOME" {
			for range increments[command[0]] {
				w.count.lost()
			}
		}
		return nil
	}
	return w.answered(command, reply, at)
}

// increments is how many of them a command makes that was answered with UNKNOWNOUTCOME.
var increments = map[string]int{"INCR": 1, "EVAL": 1, "EXEC": 2}

func (w *work) answered(command []string, reply any, at int64) error {
	switch command[0] {
	case "INCR", "EVAL":
		if reply == "QUEUED" {
			return nil
		}
		n, is := reply.(int64)
		if !is {
			return fmt.Errorf("answered %v", reply)
		}
		return w.count.acknowledged(n, w.rules)
	case "EXEC":
		return w.executed(reply)
	case "GET":
		return w.got(reply, at)
	case "RPUSH":
		return same(reply, int64(1))
	case "BLPOP":
		return same(fmt.Sprint(reply), fmt.Sprintf("[%sl %d]", w.prefix, w.round))
	case "ECHO":
		return same(reply, command[1])
	default:
		return same(reply, "OK")
	}
}

// executed checks EXEC's reply: two increments, or null for a transaction that had watched keys on a former master.
func (w *work) executed(reply any) error {
	list, _ := reply.([]any)
	if reply == nil && len(w.batch(w)) == 5 {
		return nil
	}
	if len(list) != 2 {
		return fmt.Errorf("answered %v", reply)
	}
	for _, v := range list {
		n, is := v.(int64)
		if !is {
			return fmt.Errorf("answered %v", reply)
		}
		if err := w.count.acknowledged(n, w.rules); err != nil {
			return err
		}
	}
	return nil
}

func same(reply, want any) error {
	if reply != want {
		return fmt.Errorf("answered %v, want %v", reply, want)
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
	latest := at
	if w.excused > w.before {
		// Of a pipeline whose writes are of unknown outcome the reads are sent again behind those that were written with them.
		latest = w.written
	}
	if !mine || err != nil || n > latest {
		return fmt.Errorf("answered %v, want %s%d", reply, w.prefix, at)
	}
	if n < at && !w.rules.lossy && len(w.seen) == 0 {
		return fmt.Errorf("an acknowledged write is lost: answered %v, want %s%d", reply, w.prefix, at)
	}
	return nil
}
