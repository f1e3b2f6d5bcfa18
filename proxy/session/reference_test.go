package session

import (
	"fmt"
	"slices"
	"testing"

	"sentinelproxy/internal/servers"
)

// reference is what a conversation gives on a server that stays.
type reference struct {
	answers answers
	own     string
	data    string
}

func (r *reference) counts() []int {
	var n []int
	for _, frames := range r.answers {
		n = append(n, len(frames))
	}
	return n
}

// bench has what tests of switches need: a server that stays, and lanes to pairs that don't.
type bench struct {
	t      *testing.T
	direct *servers.Node
	admin  *administrator
	names  int
	forms  []map[string]form
}

func newBench(t *testing.T, direct *servers.Node, forms ...map[string]form) *bench {
	t.Helper()
	return &bench{t: t, direct: direct, admin: administer(t, direct), forms: forms}
}

// own is a new name for §.
func (b *bench) own() string {
	b.names++
	return fmt.Sprintf("q%05d", b.names)
}

// refer holds talk with the server that stays. Before the command with index touched, if there is one, the keys that
// the client may watch are touched by somebody else: that is what a switch is for a WATCH.
func (b *bench) refer(talk conversation, touched int) *reference {
	b.t.Helper()
	own := b.own()
	got, err := ask(direct(b.t, b.direct.Addr()), talk.own(own), func(i int) {
		if i == touched {
			b.admin.touch(own)
		}
	})
	if err != nil {
		b.t.Fatalf("%v\n%s", err, talk)
	}
	r := &reference{own: own}
	for _, frames := range got {
		var list []string
		for _, f := range frames {
			if !invalidation(f) {
				list = append(list, f)
			}
		}
		r.answers = append(r.answers, list)
	}
	r.data = b.admin.dump(len(own))[own]
	b.admin.do(said("FLUSHALL"))
	return r
}

// possible are the commands before which the switch may be for the server's state of the client. Of those that are not
// answered it is not known how far they have come.
func (d *disturbed) possible() []int {
	first, last := d.at, d.at
	for counts := d.want.counts(); first > 0 && counts[first-1] == 0; {
		first--
	}
	switch d.when {
	case underWay:
		last++
	case halfRead:
		if last++; d.want.counts()[d.at] > 0 {
			first = last
		}
	case allSent:
		last = len(d.talk)
	}
	var all []int
	for i := first; i <= last; i++ {
		all = append(all, i)
	}
	return all
}

// watching says for each command whether something is watched before it.
func watching(talk conversation) []bool {
	var f follower
	list := []bool{false}
	for _, l := range talk {
		f.due(l)
		list = append(list, f.watching)
	}
	return append(list, false)
}

// wrong is how a client's replies and data differ from all that is right.
func (b *bench) wrong(d *disturbed, data string) string {
	var wrong string
	refs := map[int]*reference{}
	for _, i := range d.possible() {
		if !watching(d.talk)[i] {
			i = -1
		}
		if refs[i] != nil {
			continue
		}
		refs[i] = d.want
		if i >= 0 {
			refs[i] = b.refer(d.talk, i)
		}
		if wrong = b.differs(d, refs[i], data); wrong == "" {
			return ""
		}
	}
	return wrong
}

func (b *bench) differs(d *disturbed, want *reference, data string) string {
	if wrong := compare(d.talk, want.answers, want.own, replies{d.got, d.own}, b.forms...); wrong != "" || d.failed != nil {
		return fmt.Sprintf("%s (%v)", wrong, d.failed)
	}
	if data != want.data {
		return fmt.Sprintf("in the end there is\n%s\nwant\n%s", data, want.data)
	}
	return ""
}

// scope ends what is made for a part of a test with that part.
type scope struct {
	testing.TB
	cleanups []func()
}

func (s *scope) Cleanup(f func()) { s.cleanups = append(s.cleanups, f) }

func (s *scope) end() {
	for _, f := range slices.Backward(s.cleanups) {
		f()
	}
}
