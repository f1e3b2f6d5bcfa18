package chaos

import (
	"fmt"
	"slices"
	"strconv"

	"sentinelproxy/internal/servers"
)

// everyKind of session.
var everyKind = []kind{
	{"one by one", newPlain},
	{"pipeline", newPipeline},
	{"transaction", newTransaction},
	{"watch", newWatch},
	{"script", newScript},
	{"databases", newDatabases},
	{"short-lived", newShortLived},
	{"queue", newQueue},
	{"channel", newChannel},
}

// plain is INCR, SET and GET, each after the reply to the one before.
type plain struct {
	client   *client
	counter  counter
	register register
}

func newPlain(l *load, addr, name string, number int) session {
	s := &plain{
		client: l.client(addr, number), counter: counter{tally: l.tally, key: name + "n"},
		register: register{tally: l.tally, key: name + "v"},
	}
	s.client.one(s.counter.first(number)...)
	return s
}

func (s *plain) increment() { s.counter.incremented(s.client.one("INCR", s.counter.key)) }

func (s *plain) set() { s.register.setBy(s.client) }

func (s *plain) get() { s.register.read(s.client.one("GET", s.register.key), s.register.sent) }

func (s *plain) round() {
	s.increment()
	s.set()
	s.get()
}

func (s *plain) end() { s.client.hangUp() }

func (s *plain) final(master *servers.Node) {
	s.counter.final(master)
	s.register.final(master)
}

// pipeline sends sixteen commands at once.
type pipeline struct{ plain }

func newPipeline(l *load, addr, name string, number int) session {
	return &pipeline{*newPlain(l, addr, name, number).(*plain)}
}

func (s *pipeline) round() {
	var batch [][]string
	before := s.register.sent
	for i := range 4 {
		echo := fmt.Sprintf("%s%d.%d", s.register.key, s.register.sent, i)
		batch = append(batch, []string{"INCR", s.counter.key}, s.register.set(), []string{"GET", s.register.key}, []string{"ECHO", echo})
	}
	values := s.client.do(batch...)
	// Where the outcome of a write is unknown, the reads are asked behind all of the batch.
	unsure := slices.ContainsFunc(values, func(v any) bool { yes, _ := applied(v); return !yes })
	for i := 0; i < len(values); i += 4 {
		before++
		s.counter.incremented(values[i])
		s.register.written(before, values[i+1])
		latest := before
		if unsure {
			latest = s.register.sent
		}
		s.register.read(values[i+2], latest)
		if yes, _ := applied(values[i+3]); yes && values[i+3] != batch[i+3][1] {
			s.client.foreign(fmt.Sprintf("ECHO %s was answered with %v", batch[i+3][1], values[i+3]))
		}
	}
}

// transaction increments two counters by MULTI and EXEC.
type transaction struct {
	client *client
	pair   [2]counter
}

func newTransaction(l *load, addr, name string, number int) session {
	s := &transaction{client: l.client(addr, number)}
	for i := range s.pair {
		s.pair[i] = counter{tally: l.tally, key: name + strconv.Itoa(i)}
		s.client.one(s.pair[i].first(2*number + i)...)
	}
	return s
}

func (s *transaction) round() {
	v := s.client.do([]string{"MULTI"}, []string{"INCR", s.pair[0].key}, []string{"INCR", s.pair[1].key}, []string{"EXEC"})[3]
	yes, _ := applied(v)
	list, _ := v.([]any)
	if yes && len(list) != len(s.pair) {
		s.client.foreign(fmt.Sprintf("EXEC was answered with %v", v))
		return
	}
	for i := range s.pair {
		if yes {
			v = list[i]
		}
		s.pair[i].incremented(v)
	}
}

func (s *transaction) end() { s.client.hangUp() }

func (s *transaction) final(master *servers.Node) {
	for i := range s.pair {
		s.pair[i].final(master)
	}
}

// watch sets a register in a transaction that is void when the key has changed: at a new master it is, as if it had.
type watch struct {
	client   *client
	register register
}

func newWatch(l *load, addr, name string, number int) session {
	return &watch{client: l.client(addr, number), register: register{tally: l.tally, key: name + "v"}}
}

func (s *watch) round() {
	s.client.one("WATCH", s.register.key)
	s.register.read(s.client.one("GET", s.register.key), s.register.sent)
	var v any
	for _, command := range [][]string{{"MULTI"}, s.register.set(), {"EXEC"}} {
		if v = s.client.one(command...); v == (unanswered{}) {
			return // the transaction has gone with the connection
		}
	}
	if list, is := v.([]any); is && len(list) == 1 {
		v = list[0]
	}
	if v != nil {
		s.register.written(s.register.sent, v)
	}
}

func (s *watch) end() { s.client.hangUp() }

func (s *watch) final(master *servers.Node) { s.register.final(master) }

// script increments by EVALSHA.
type script struct{ plain }

// The script, and its SHA-1.
const (
	increment    = "return redis.call('INCR', KEYS[1])"
	incrementSHA = "61636018f4e6b5817b89791bbed242f93fa089e3"
)

func newScript(l *load, addr, name string, number int) session {
	s := &script{plain{client: l.client(addr, number), counter: counter{tally: l.tally, key: name + "n"}}}
	s.client.greet = append(s.client.greet, []string{"SCRIPT", "LOAD", increment})
	s.client.one(s.counter.first(number)...)
	return s
}

func (s *script) round() {
	s.counter.incremented(s.client.one("EVALSHA", incrementSHA, "1", s.counter.key))
}

func (s *script) final(master *servers.Node) { s.counter.final(master) }

// databases has a register in each of four.
type databases struct {
	client    *client
	registers [4]register
	at        int
}

func newDatabases(l *load, addr, name string, number int) session {
	s := &databases{client: l.client(addr, number)}
	for i := range s.registers {
		s.registers[i] = register{tally: l.tally, key: fmt.Sprintf("%sv%d", name, i)}
	}
	return s
}

func (s *databases) round() {
	s.at = (s.at + 1) % len(s.registers)
	s.client.greet = append(s.client.greet[:0:0], []string{"SELECT", strconv.Itoa(s.at)}) // where a connection is made anew in between
	s.client.one("SELECT", strconv.Itoa(s.at))
	r := &s.registers[s.at]
	r.setBy(s.client)
	r.read(s.client.one("GET", r.key), r.sent)
}

func (s *databases) end() { s.client.hangUp() }

func (s *databases) final(master *servers.Node) { s.registers[0].final(master) }

// shortLived has a connection for each round.
type shortLived struct{ plain }

func newShortLived(l *load, addr, name string, number int) session {
	return &shortLived{*newPlain(l, addr, name, number).(*plain)}
}

func (s *shortLived) round() {
	s.plain.round()
	s.client.hangUp()
}
