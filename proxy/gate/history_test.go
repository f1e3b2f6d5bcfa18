package gate

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func fixed() time.Time { return time.Unix(1000, 0) }

// model is what a gate should do, said simply: its queue is a slice.
type model struct {
	t     *rapid.T
	gate  *Gate
	queue []*waiter
	went  uint64 // commands that went on in the present release or refusal
}

// waiter is a session: from GoOn it parks again, or cancels another, when told to.
type waiter struct {
	m        *model
	ticket   Ticket
	commands int
	again    bool
	kills    *waiter
}

// GoOn checks that it is this one's turn.
func (w *waiter) GoOn() {
	m := w.m
	if len(m.queue) == 0 || m.queue[0] != w {
		m.t.Fatal("went on before its turn")
	}
	if w.ticket.Parked() {
		m.t.Fatal("still parked in GoOn")
	}
	m.queue = m.queue[1:]
	m.went += uint64(w.commands)
	if w.kills != nil {
		m.cancel(w.kills)
		w.kills = nil
	}
	if w.again {
		w.again = false
		m.gate.Hold(HoldAll)
		m.park(w)
	}
}

func (m *model) park(w *waiter) {
	m.gate.Park(&w.ticket, w, w.commands, 10*w.commands)
	m.queue = append(m.queue, w)
}

func (m *model) cancel(w *waiter) {
	m.gate.Cancel(&w.ticket)
	m.queue = slices.DeleteFunc(m.queue, func(o *waiter) bool { return o == w })
}

// end lets the queue go: everyone who was parked goes on, and counter counts their commands.
func (m *model) end(f func(), counter *uint64) {
	before := *counter
	m.went = 0
	last := len(m.queue)
	f()
	if *counter-before != m.went {
		m.t.Fatalf("counted %d, %d went on", *counter-before, m.went)
	}
	if len(m.queue) > last {
		m.t.Fatal("more are parked than before")
	}
}

// check compares queue, sums and identity.
func (m *model) check() (commands int) {
	var want, got []*Ticket
	for _, w := range m.queue {
		commands += w.commands
		want = append(want, &w.ticket)
	}
	for tk := m.gate.queue.next; tk != &m.gate.queue; tk = tk.next {
		got = append(got, tk)
	}
	if !slices.Equal(got, want) {
		m.t.Fatalf("%d in the queue, want %d, or another order", len(got), len(want))
	}
	pc, pb := m.gate.Pending()
	if pc != commands || pb != 10*commands || m.gate.Parked() != len(want) {
		m.t.Fatalf("pending %d commands, %d bytes, %d sessions; want %d of %d", pc, pb, m.gate.Parked(), commands, len(want))
	}
	if n := m.gate.Counters; n.Held != n.Released+n.Expired+n.Cancelled+uint64(pc) {
		m.t.Fatalf("held %d, but released %d, expired %d, cancelled %d, pending %d", n.Held, n.Released, n.Expired, n.Cancelled, pc)
	}
	return commands
}

// TestHistories compares two gates that share a budget with the model, under random histories.
func TestHistories(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		budget := NewBudget(100, 1000)
		var models [2]*model
		var sessions [2][6]*waiter
		for g := range models {
			models[g] = &model{t: t, gate: New(HoldAll, budget, fixed)}
			for i := range sessions[g] {
				sessions[g][i] = &waiter{m: models[g]}
			}
		}
		for range rapid.IntRange(1, 100).Draw(t, "steps") {
			g := rapid.IntRange(0, 1).Draw(t, "gate")
			m := models[g]
			pick := func(label string) *waiter { return sessions[g][rapid.IntRange(0, 5).Draw(t, label)] }
			w := pick("session")
			switch rapid.IntRange(0, 8).Draw(t, "step") {
			case 0, 1, 2:
				if !w.ticket.Parked() {
					w.commands = rapid.IntRange(0, 5).Draw(t, "commands")
					w.again = rapid.Bool().Draw(t, "again")
					if w.kills = nil; rapid.Bool().Draw(t, "kills") {
						w.kills = pick("victim")
					}
					m.park(w)
				}
			case 3:
				m.cancel(w)
			case 4:
				m.end(m.gate.Release, &m.gate.Counters.Released)
			case 5:
				m.end(m.gate.Refuse, &m.gate.Counters.Expired)
			case 6:
				m.gate.Hold(HoldWrites)
			case 7:
				m.gate.HoldAgain()
			case 8:
				if m.gate.Mode() == HoldWrites {
					m.end(m.gate.RefuseWrites, &m.gate.Counters.Expired)
				}
			}
			held := models[0].check() + models[1].check()
			if c, b := budget.commands.Load(), budget.bytes.Load(); c != int64(held) || b != int64(10*held) {
				t.Fatalf("the budget has %d commands, %d bytes; %d are held", c, b, held)
			}
		}
	})
}
