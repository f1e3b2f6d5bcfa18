package session

import (
	"fmt"
	"slices"

	"sentinelproxy/proxy/command"
	"sentinelproxy/proxy/upstream"
)

// course is one of the ways that a conversation may have gone at the server.
type course struct {
	touched int      // before this command the keys that are watched were touched; -1: never
	unknown [64]bool // of these it is not known whether they have been executed
	lost    [64]bool // these have not been
	twice   int      // this one has been executed, and again; -1: none
}

// courses are all ways that a client's unknown outcomes leave. Commands of one connection are executed in order, so
// if one of them was not, none behind it was.
func (d *cutOff) courses() (list []course) {
	var unknown []int
	for i := range d.talk {
		if len(d.got[i]) == 1 && d.got[i][0] == upstream.UnknownOutcome {
			unknown = append(unknown, i)
		}
	}
	watched := watching(d.talk)
	for done := len(unknown); done >= 0; done-- {
		base := course{touched: -1, twice: -1}
		for _, i := range unknown {
			base.unknown[i] = true
		}
		for _, i := range unknown[done:] {
			base.lost[i] = true
		}
		if d.from == d.to || slices.Contains(watched[d.from:d.to], false) {
			list = append(list, base)
		}
		for i := d.from; i <= d.to; i++ {
			if i < len(watched) && watched[i] { // also by a WATCH that was in flight
				touched := base
				touched.touched = i
				list = append(list, touched)
			}
			// Whoever waits goes on waiting: what the first one has popped is lost, as docs/compatibility.md says.
			if i < min(d.to, len(d.talk)) && d.talk[i].info().Flags.Has(command.Blocking) {
				twice := base
				twice.twice = i
				list = append(list, twice)
			}
		}
	}
	return list
}

// follow holds the conversation with the server that stays, as it may have gone.
func (b *bench) follow(talk conversation, c course) *reference {
	b.t.Helper()
	var altered conversation
	var of []int
	touched := -1
	for i, l := range talk {
		if i == c.touched {
			touched = len(altered)
		}
		if c.lost[i] && l.is("exec") {
			l = said("DISCARD")[0]
		} else if c.lost[i] {
			continue
		}
		altered, of = append(altered, l), append(of, i)
		if i == c.twice {
			altered, of = append(altered, l), append(of, i)
		}
	}
	r := b.refer(altered, touched)
	got := make(answers, len(talk)+1)
	for i, frames := range r.answers[:len(altered)] {
		got[of[i]] = frames
	}
	for i := range talk {
		if c.unknown[i] {
			got[i] = []string{upstream.UnknownOutcome}
		}
	}
	got[len(talk)] = r.answers[len(altered)]
	r.answers = got
	return r
}

// wrongAfter is how what a client got, and what there is, differs from the course that it is most like.
func (b *bench) wrongAfter(d *cutOff, data string, known map[course]*reference) string {
	if d.failed != nil {
		return fmt.Sprintf("got %q, %v", d.got, d.failed)
	}
	wrong := ""
	for _, c := range d.courses() {
		if known[c] == nil {
			known[c] = b.follow(d.talk, c)
		}
		got, _ := d.settled(d.got).flat()
		wrong = compare(d.talk, d.settled(known[c].answers), known[c].own, replies{got, d.own}, b.forms...)
		if wrong == "" && data != known[c].data {
			wrong = fmt.Sprintf("in the end there is\n%s\nwant\n%s", data, known[c].data)
		}
		if wrong == "" {
			return ""
		}
	}
	return fmt.Sprintf("%s\nall it got: %q", wrong, d.got)
}

// settled are the answers without those to reads that may have been sent again behind the writes that the same client
// had sent after them: they may see those, as docs/compatibility.md says.
func (d *cutOff) settled(a answers) answers {
	if !d.whole {
		return a
	}
	a = slices.Clone(a)
	var f follower
	queued := []int{}
	for i, l := range d.talk {
		if l.info().Flags.Has(command.Read) {
			a[i] = nil
		}
		if f.multi {
			queued = append(queued, i)
		}
		switch f.due(l); {
		case f.multi:
		case len(queued) > 0 && d.got[i][0] == upstream.UnknownOutcome:
			// Nor is it known then whether the server has refused any of the commands.
			for _, q := range queued {
				a[q] = nil
			}
			fallthrough
		default:
			queued = nil
		}
	}
	return a
}
