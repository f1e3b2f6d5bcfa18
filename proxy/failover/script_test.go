package failover

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/datadriven"
)

// script plays the lines of a testdata file to one machine with a clock of its own. Directives:
//
//	start [sentinels=(s1,s2,s3)] [hold=60s] [fence] [serving=A epoch=5]
//	run: one input per line (words_test.go), or "wait 10ms" (timers run out in their order); prints every action
type script struct {
	m      Machine
	o      oracle
	now    time.Time
	began  time.Time
	out    strings.Builder
	silent bool
}

func TestScripts(t *testing.T) {
	datadriven.Walk(t, "testdata/scripts", func(t *testing.T, path string) {
		s := &script{}
		datadriven.RunTest(t, path, func(t *testing.T, d *datadriven.TestData) string {
			s.out.Reset()
			switch d.Cmd {
			case "start":
				s.start(t, d)
			case "run":
				for line := range strings.Lines(d.Input) {
					s.line(t, strings.TrimSpace(line))
				}
			default:
				d.Fatalf(t, "no such directive: %s", d.Cmd)
			}
			return s.out.String()
		})
	})
}

func (s *script) start(t *testing.T, d *datadriven.TestData) {
	cfg := DefaultConfig([]string{"s1", "s2", "s3"})
	cfg.Strict = true
	if a, ok := d.Arg("sentinels"); ok {
		cfg.Sentinels = a.Vals
	}
	_, cfg.Fence = d.Arg("fence")
	if a, ok := d.Arg("hold"); ok {
		cfg.HoldTimeout, _ = time.ParseDuration(a.Vals[0])
	}
	s.now = time.Unix(0, 0)
	s.began = s.now
	var acts []Action
	s.m, acts = NewMachine(cfg, s.now)
	s.o = newOracle(&s.m)
	a, serving := d.Arg("serving")
	if !serving {
		s.print(acts)
		return
	}
	s.silent = true
	for _, name := range cfg.Sentinels {
		s.line(t, fmt.Sprintf("%s names %s 5", name, a.Vals[0]))
	}
	s.line(t, "role "+a.Vals[0]+" master")
	s.line(t, "lanes restored")
	s.line(t, "wait 1s")
	s.line(t, "role "+a.Vals[0]+" master")
	s.silent, s.began = false, s.now
	fmt.Fprintf(&s.out, "%v %s\n", s.m.state, s.m.master)
}

func (s *script) line(t *testing.T, line string) {
	if line == "" || line[0] == '#' {
		return
	}
	if d, ok := strings.CutPrefix(line, "wait "); ok {
		d, err := time.ParseDuration(d)
		if err != nil {
			t.Fatal(err)
		}
		s.wait(t, d)
		return
	}
	in, err := parse(line, &s.m, s.now)
	if err != nil {
		t.Fatalf("%s: %v", line, err)
	}
	s.say(line)
	s.feed(t, in)
}

func (s *script) wait(t *testing.T, d time.Duration) {
	end := s.now.Add(d)
	for {
		timer, at, ok := s.m.Next()
		if !ok || at.After(end) {
			break
		}
		s.now = at
		s.say("timer " + timer.String())
		s.feed(t, Fired{timer})
	}
	s.now = end
}

func (s *script) say(line string) {
	if !s.silent {
		fmt.Fprintf(&s.out, "%5dms %s\n", s.now.Sub(s.began).Milliseconds(), line)
	}
}

func (s *script) feed(t *testing.T, in Input) {
	before := s.m
	var acts []Action
	s.m, acts = Step(s.m, in, s.now)
	s.print(acts)
	if err := s.o.step(&before, &s.m, in, acts); err != nil {
		t.Fatalf("%v\n%s", err, s.out.String())
	}
}

func (s *script) print(acts []Action) {
	if s.silent {
		return
	}
	for _, a := range acts {
		fmt.Fprintf(&s.out, "          %v\n", a)
	}
}
