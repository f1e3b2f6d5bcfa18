package failover

import (
	"fmt"
	"testing"
)

// story is the world in which the Sentinels s1 and s2 are honest, and know the truth sooner or later; s3 may be a liar. Nodes
// really have roles and ROLE probes tell them; messages can get lost; a crashed master can come back as a zombie that calls itself
// master. In it the exploration gets deep enough for whole failovers, two in a row included.
type story struct {
	roles  [3]byte // of A, B, C: 'm', 's', 'x' (dead)
	master int8    // the true one, as the Sentinels' quorum sees it
	next   int8    // candidate of the running failover
	stage  stage   // of the failover that s1 runs
	epoch  uint8
	names  [3]int8 // what each Sentinel names
	epochs [3]uint8
	left   budget
	tamper bool // a message was lost, a timer ran out early, or somebody lied: the truth can't be demanded any more
}

// budget bounds what can happen how often.
type budget struct{ failovers, crashes, zombies, losses, timers, lies int8 }

func (w story) key() []byte {
	b := []byte{byte(w.master), byte(w.next), byte(w.stage), w.epoch, bits(w.tamper)}
	b = append(b, w.roles[:]...)
	for i := range w.names {
		b = append(b, byte(w.names[i]), w.epochs[i])
	}
	l := w.left
	return append(b, byte(l.failovers), byte(l.crashes), byte(l.zombies), byte(l.losses), byte(l.timers), byte(l.lies))
}

func letter(n int8) string { return string(rune('A' + n)) }

func (w story) moves(m *Machine) []move {
	list := w.nodes(m)
	list = append(list, w.answers(m)...)
	list = append(list, w.failover(m)...)
	return append(list, w.lies(m)...)
}

func say(m *Machine, w world, line string) move {
	in, err := parse(line, m, still)
	if err != nil {
		panic(err)
	}
	return move{line, in, w}
}

// nodes crash and come back.
func (w story) nodes(m *Machine) []move {
	var list []move
	if w.left.crashes > 0 && w.roles[w.master] == 'm' {
		v := w
		v.left.crashes--
		v.roles[w.master] = 'x'
		list = append(list, move{"crash of " + letter(w.master), nil, v})
	}
	for n, role := range w.roles {
		if role == 'x' && w.left.zombies > 0 {
			v := w
			v.left.zombies--
			v.roles[n] = 'm'
			list = append(list, move{"return of " + letter(int8(n)), nil, v})
		}
		if role == 'm' && int8(n) != w.master && w.stage == stageNone {
			v := w
			v.roles[n] = 's'
			list = append(list, move{"demotion of " + letter(int8(n)), nil, v})
		}
	}
	return list
}

// answers are those of probes, lanes and polls, and timers.
func (w story) answers(m *Machine) []move {
	var list []move
	for _, p := range m.probes {
		if p.number != 0 {
			role := map[byte]string{'m': "master", 's': "replica", 'x': "failed"}[w.roles[node(p.addr)]]
			list = append(list, say(m, w, "role "+p.addr+" "+role))
		}
	}
	for _, f := range m.fences {
		if f.number != 0 && (!f.left || w.roles[node(f.addr)] != 'm') {
			list = append(list, say(m, w, "lifted "+f.addr))
		}
	}
	if m.term > 0 && (w.roles[node(m.master)] == 'x' && !m.hold.broken) {
		list = append(list, say(m, w, "lanes link-lost"))
	}
	if m.state == Restoring && w.roles[node(m.master)] != 'x' {
		list = append(list, say(m, w, "lanes restored"))
	}
	for i := range w.names {
		if v := m.view(fmt.Sprintf("s%d", i+1)); v.master != letter(w.names[i]) || v.epoch != uint64(w.epochs[i]) || !v.fresh {
			list = append(list, say(m, w, fmt.Sprintf("s%d names %s %d", i+1, letter(w.names[i]), w.epochs[i])))
		}
	}
	for t, d := range m.deadline {
		switch {
		case d.IsZero() || Timer(t) == TimerAsk:
		case Timer(t) == TimerProbe:
			list = append(list, say(m, w, "timer probe"))
		case w.left.timers > 0:
			v := w
			v.left.timers--
			v.tamper = true
			list = append(list, say(m, v, "timer "+Timer(t).String()))
		}
	}
	return list
}

// failover lets s1 go on with a failover of the true master. Each message may be lost.
func (w story) failover(m *Machine) []move {
	v := w
	line := ""
	old := letter(w.master)
	switch w.stage {
	case stageNone:
		if w.left.failovers == 0 || w.roles[w.master] == 'm' && w.names[1] != w.master {
			return nil
		}
		v.left.failovers--
		v.next = -1
		for n, role := range w.roles {
			if role == 's' {
				v.next = int8(n)
			}
		}
		if v.next < 0 {
			return nil
		}
		v.stage, line = stageAnnounced, "s1 +try-failover "+old
	case stageAnnounced:
		v.stage, line = stageSelected, "s1 +selected-slave "+letter(w.next)+" "+old
	case stageSelected:
		v.stage = stagePromoting
		v.roles[w.next] = 'm'
		return []move{{"promotion of " + letter(w.next), nil, v}, w.abort(m)}
	case stagePromoting:
		v.stage, line = stagePromoted, "s1 +promoted-slave "+letter(w.next)+" "+old
		v.epoch++
		v.names[0], v.epochs[0] = w.next, v.epoch
	case stagePromoted:
		v.stage, line = stageSwitched, "s2 +switch-master "+old+" "+letter(w.next)
		v.names[1], v.epochs[1] = w.next, w.epoch
	case stageSwitched:
		v.stage, v.master, line = stageNone, w.next, "s1 +failover-end "+old
		v.names[2], v.epochs[2] = w.next, w.epoch
	}
	list := []move{say(m, v, line)}
	if w.left.losses > 0 {
		v.left.losses--
		v.tamper = true
		list = append(list, move{"lost: " + line, nil, v})
	}
	if w.stage == stageAnnounced {
		list = append(list, w.abort(m))
	}
	return list
}

func (w story) abort(m *Machine) move {
	v := w
	v.stage = stageNone
	return say(m, v, "s1 -failover-abort-x "+letter(w.master))
}

// lies are s3's: all it likes, about any node.
func (w story) lies(m *Machine) []move {
	if w.left.lies == 0 {
		return nil
	}
	w.left.lies--
	w.tamper = true
	var list []move
	for _, line := range []string{"names A 5", "names C 9", "+try-failover " + letter(w.master), "+selected-slave A B", "+selected-slave C A"} {
		list = append(list, say(m, w, "s3 "+line))
	}
	return list
}

// judge: as long as nobody lied and nothing was lost, nobody is let go to a master when another is already promoted.
func (w story) judge(acts []Action) error {
	for _, a := range acts {
		if a.Kind != ActRelease || w.tamper {
			continue
		}
		if n := node(a.Addr); w.stage >= stagePromoting && n != w.next {
			return fmt.Errorf("truth: %v to %s while %s is promoted", a, a.Addr, letter(w.next))
		}
	}
	return nil
}

func TestExploreStory(t *testing.T) {
	for _, c := range []struct {
		name string
		left budget
		more int
	}{
		{"planned and crash, two failovers", budget{failovers: 2, crashes: 1, zombies: 1}, 14},
		{"lost messages and early timers", budget{failovers: 1, crashes: 1, zombies: 1, losses: 1, timers: 1}, 9},
		{"a liar", budget{failovers: 1, crashes: 1, zombies: 1, lies: 2, timers: 1}, 7},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := story{roles: [3]byte{'m', 's', 's'}, epoch: 5, epochs: [3]uint8{5, 5, 5}, left: c.left}
			lim := limits{depth: *depth + c.more, fair: 31}
			if testing.Short() {
				lim.depth -= 2
			}
			res := explore([]position{root(t, w, bugs{}, servingA...)}, lim)
			t.Logf("depth %d, %d states, %d steps, %d fair ends", res.depth, res.states, res.steps, res.fair)
			if res.err != nil {
				t.Fatal(res.err)
			}
		})
	}
}
