package gate

import (
	"testing"
	"time"
)

type nobody struct{}

func (nobody) GoOn() {}

func TestModes(t *testing.T) {
	hold := func(m Mode) func(*Gate) { return func(g *Gate) { g.Hold(m) } }
	for _, c := range []struct {
		from Mode
		do   func(*Gate)
		want Mode
	}{
		{Pass, hold(HoldWrites), HoldWrites},
		{Pass, hold(HoldAll), HoldAll},
		{HoldWrites, hold(HoldAll), HoldAll},
		{HoldAll, hold(HoldWrites), HoldAll},
		{Refuse, hold(HoldWrites), Refuse},
		{Refuse, hold(HoldAll), Refuse},
		{Refuse, (*Gate).HoldAgain, HoldAll},
		{Pass, (*Gate).HoldAgain, Pass},
		{HoldWrites, (*Gate).HoldAgain, HoldWrites},
		{HoldAll, (*Gate).Release, Pass},
		{Refuse, (*Gate).Release, Pass},
		{HoldAll, (*Gate).Refuse, Refuse},
		{HoldWrites, (*Gate).RefuseWrites, RefuseWrites},
		{HoldAll, (*Gate).RefuseWrites, HoldAll},
		{Pass, (*Gate).RefuseWrites, Pass},
		{RefuseWrites, hold(HoldWrites), RefuseWrites},
		{RefuseWrites, hold(HoldAll), HoldAll},
		{RefuseWrites, (*Gate).HoldAgain, RefuseWrites},
		{RefuseWrites, (*Gate).Release, Pass},
		{RefuseWrites, (*Gate).Refuse, Refuse},
	} {
		g := New(c.from, NewBudget(1, 1), fixed)
		if c.do(g); g.Mode() != c.want {
			t.Errorf("from %v to %v, want %v", c.from, g.Mode(), c.want)
		}
	}
}

func TestFull(t *testing.T) {
	budget := NewBudget(2, 100)
	a, b := New(HoldAll, budget, fixed), New(HoldAll, budget, fixed)
	var one, two Ticket
	if a.Full() || b.Full() {
		t.Fatal("full while nothing is held")
	}
	a.Park(&one, nobody{}, 2, 10)
	if !b.Full() || b.Counters.FullCommands != 1 {
		t.Error("the other gate does not see that the commands are used up")
	}
	a.Cancel(&one)
	a.Park(&one, nobody{}, 1, 99)
	if b.Full() {
		t.Error("full below both limits")
	}
	b.Park(&two, nobody{}, 0, 1)
	if !a.Full() || a.Counters.FullBytes != 1 {
		t.Error("the bytes of both gates are not summed")
	}
	a.Release()
	if a.Full() {
		t.Error("a gate that passes is full")
	}
	b.Refuse()
	if b.Full() {
		t.Error("a gate that refuses is full: its clients would wait for their error")
	}
	c := New(HoldWrites, budget, fixed)
	a.Hold(HoldAll)
	a.Park(&one, nobody{}, 2, 10)
	if !c.Full() {
		t.Error("not full")
	}
	if c.RefuseWrites(); c.Full() {
		t.Error("a gate that refuses writes is full: reads would wait")
	}
}

func TestWaits(t *testing.T) {
	now := fixed()
	g := New(HoldAll, NewBudget(100, 100), func() time.Time { return now })
	var a, b, unread, late Ticket
	g.Park(&a, nobody{}, 3, 1)
	if got := g.Oldest(); !got.Equal(now) {
		t.Errorf("oldest %v", got)
	}
	g.Park(&unread, nobody{}, 0, 0)
	now = now.Add(10 * time.Millisecond)
	g.Park(&b, nobody{}, 1, 1)
	now = now.Add(20 * time.Millisecond)
	g.Release()
	h := g.Waits()
	if h == nil || h.TotalCount() != 4 {
		t.Fatalf("%v", h)
	}
	if lo, hi := h.ValueAtQuantile(25), h.ValueAtQuantile(75); lo/1000 != 20 || hi/1000 < 29 || hi/1000 > 31 {
		t.Errorf("one waited %d us, three %d us", lo, hi)
	}
	if g.Waits() != nil {
		t.Error("the same waits are given twice")
	}
	if !g.Oldest().IsZero() {
		t.Error("oldest of nothing")
	}
	g.Hold(HoldAll)
	g.Park(&late, nobody{}, 1, 1)
	g.Release()
	g.Hold(HoldAll) // nobody has asked for the last one's
	if g.Waits() != nil {
		t.Error("a new hold begins with the waits of the last")
	}
}

// TestLongWait: beyond what the histogram can tell a wait counts as its longest.
func TestLongWait(t *testing.T) {
	now := fixed()
	g := New(HoldAll, NewBudget(100, 100), func() time.Time { return now })
	var a Ticket
	g.Park(&a, nobody{}, 1, 1)
	now = now.Add(48 * time.Hour)
	g.Refuse()
	if h := g.Waits(); h == nil || h.TotalCount() != 1 {
		t.Error("a very long wait is not counted")
	}
}

func TestParkTwicePanics(t *testing.T) {
	g := New(HoldAll, NewBudget(1, 1), fixed)
	var a Ticket
	g.Park(&a, nobody{}, 1, 1)
	defer func() {
		if recover() == nil {
			t.Error("a session was parked twice")
		}
	}()
	g.Park(&a, nobody{}, 1, 1)
}

func TestParkAllocates(t *testing.T) {
	g := New(HoldAll, NewBudget(1000, 1000), fixed)
	var a Ticket
	w := Waiter(nobody{})
	g.Park(&a, w, 1, 1)
	g.Release() // makes the histogram
	if n := testing.AllocsPerRun(100, func() {
		g.mode = HoldAll
		g.Park(&a, w, 1, 1)
		g.Release()
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkParkRelease(b *testing.B) {
	g := New(HoldAll, NewBudget(1000, 1000), fixed)
	tickets := make([]Ticket, 100)
	w := Waiter(nobody{})
	b.ReportAllocs()
	for b.Loop() {
		g.mode = HoldAll
		for i := range tickets {
			g.Park(&tickets[i], w, 1, 100)
		}
		g.Release()
	}
}
