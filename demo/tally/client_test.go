package tally

import (
	"testing"
	"time"
)

func TestClientTimes(t *testing.T) {
	start := time.Unix(1000, 0)
	at := func(ms int) time.Time { return start.Add(time.Duration(ms) * time.Millisecond) }
	c := NewClient(start)

	c.Sent(at(10))
	c.Done(at(30), 1)
	c.Served(at(30))
	if c.ServedSince(at(30)) || !c.ServedSince(at(29)) {
		t.Error("ServedSince is wrong about the first reply")
	}
	c.Sent(at(100))
	if f := c.Figures(at(150)); f.LongestWait != 50*time.Millisecond || f.LongestGap != 120*time.Millisecond {
		t.Errorf("while it waits: wait %v, gap %v", f.LongestWait, f.LongestGap)
	}
	c.Done(at(600), 16)
	c.Failed("16 at once")
	if f := c.Figures(at(700)); f.Commands != 17 || f.LongestWait != 500*time.Millisecond || f.LongestGap != 670*time.Millisecond {
		t.Errorf("after an error: %+v", f)
	}
	c.Served(at(800))
	if f := c.Figures(at(900)); f.LongestGap != 770*time.Millisecond {
		t.Errorf("after service again: gap %v", f.LongestGap)
	}
}

func TestNoticed(t *testing.T) {
	for name, test := range map[string]struct {
		see     func(c *Client)
		noticed bool
	}{
		"nothing":         {func(c *Client) {}, false},
		"unknown outcome": {func(c *Client) { c.Unknown() }, false},
		"error":           {func(c *Client) { c.Failed("x") }, true},
		"wrong":           {func(c *Client) { c.Wrong("x") }, true},
		"closed":          {func(c *Client) { c.Closed() }, true},
	} {
		c := NewClient(time.Now())
		test.see(c)
		if got := c.Figures(time.Now()).Noticed(); got != test.noticed {
			t.Errorf("%s: noticed is %v", name, got)
		}
	}
}

func TestSum(t *testing.T) {
	a := Figures{Commands: 1, Errors: 2, Unknown: 3, Wrong: 4, Closed: 5, LongestWait: 6, LongestGap: 9, Troubles: []string{"a", "b"}}
	b := Figures{Commands: 10, Errors: 20, Unknown: 30, Wrong: 40, Closed: 50, LongestWait: 7, LongestGap: 8, Troubles: []string{"c", "d"}}
	sum := Sum(a, b)
	if sum.Commands != 11 || sum.Errors != 22 || sum.Unknown != 33 || sum.Wrong != 44 || sum.Closed != 55 {
		t.Errorf("counts: %+v", sum)
	}
	if sum.LongestWait != 7 || sum.LongestGap != 9 || len(sum.Troubles) != maxTroubles {
		t.Errorf("times and troubles: %+v", sum)
	}
}
