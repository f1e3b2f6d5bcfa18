package command

import (
	"maps"
	"strconv"
	"strings"
	"testing"
)

// words stand for arguments that hold spaces; $DUMP, which is made by newTwice, for a serialized value.
var words = map[string]string{
	"$SCRIPT":  "return 1",
	"$INCR":    "return redis.call('INCR', 'n')",
	"$LIBRARY": "#!lua name=lib\nredis.register_function('f', function() return redis.call('INCR', 'n') end)",
}

// twice applies commands twice on a real server and compares.
type twice struct {
	*server
	dump string
}

func newTwice(t *testing.T) *twice {
	s := startServer(t)
	s.must("SET k dumped")
	return &twice{s, list(s.must("DUMP k"))[0]}
}

func (s *twice) arguments(line string) [][]byte {
	args := split(line)
	for n, arg := range args {
		if string(arg) == "$DUMP" {
			args[n] = []byte(s.dump)
		} else if text, found := words[string(arg)]; found {
			args[n] = []byte(text)
		}
	}
	return args
}

// state is what a second application must leave as it was.
type state struct {
	digest string           // of all databases: keys, types, values, whether each expires
	expiry map[string]int64 // in seconds
	dumps  string           // of streams, whose groups the digest leaves out
	probe  string
}

func (s *twice) state(probe string) state {
	st := state{digest: s.must("DEBUG DIGEST"), expiry: map[string]int64{}}
	for _, db := range []string{"1", "0"} {
		s.must("SELECT " + db)
		for _, key := range list(s.must("KEYS *")) {
			at, _ := strconv.ParseInt(strings.Trim(s.must("EXPIRETIME "+key), ":\r\n"), 10, 64)
			st.expiry[db+key] = at
			if s.must("TYPE "+key) == "+stream\r\n" {
				st.dumps += key + s.must("DUMP "+key)
			}
		}
	}
	if probe != "" {
		st.probe = s.must(probe)
	}
	return st
}

// same allows a minute for times to live that count from the second application: the samples' are a
// day or more.
func (a state) same(b state) bool {
	return a.digest == b.digest && a.dumps == b.dumps && a.probe == b.probe &&
		maps.EqualFunc(a.expiry, b.expiry, func(x, y int64) bool { return x-y <= 60 && y-x <= 60 })
}

type outcome struct {
	same, changed, failed bool
	replies               [2]string
}

func (s *twice) apply(sm sample, setup string) outcome {
	s.must("FLUSHALL")
	for _, line := range strings.Split(setup, "; ") {
		if line != "" {
			s.args(s.arguments(line)...)
		}
	}
	args := s.arguments(sm.command)
	before := s.state(sm.probe)
	first := s.args(args...)
	between := s.state(sm.probe)
	second := s.args(args...)
	after := s.state(sm.probe)
	return outcome{
		same:    first == second && between.same(after),
		changed: !before.same(between),
		failed:  strings.HasPrefix(first, "-"),
		replies: [2]string{first, second},
	}
}

// form gives the Info that the proxy would use for a sample.
func (s *twice) form(sm sample) *Info {
	args := s.arguments(sm.command)
	info := Lookup(args[0])
	if info.Dependent(len(args)) {
		info = info.Resolve(args)
	}
	return info
}

func label(i *Info) string {
	if i.Variant != "" {
		return i.Name + "+" + i.Variant
	}
	return i.Name
}

// Every form flagged idempotent is applied twice from several states: same state, same reply.
func TestIdempotentFormsAreIdempotent(t *testing.T) {
	s := newTwice(t)
	proved := map[*Info]bool{}
	for _, sm := range idempotent {
		info := s.form(sm)
		if !info.Flags.Has(Write | Idempotent) {
			t.Errorf("%s: %s is not flagged idempotent", sm.command, label(info))
		}
		for _, setup := range sm.setups {
			got := s.apply(sm, setup)
			if !got.same {
				t.Errorf("%s after %q: differs: %q", sm.command, setup, got.replies)
			}
			if !got.failed && got.changed != unchanging[label(info)] {
				proved[info] = true
			}
		}
	}
	for _, info := range All() {
		if info.Flags.Has(Idempotent) && !proved[info] {
			t.Errorf("%s is flagged idempotent, but no sample proves it", label(info))
		}
	}
}

// The other write forms do differ, so that the test above can fail, and the flag is not withheld for nothing.
func TestOtherWritesDiffer(t *testing.T) {
	s := newTwice(t)
	shown := map[*Info]bool{}
	for _, sm := range differing {
		info := s.form(sm)
		if info.Flags.Has(Idempotent) || !info.Flags.Has(Write) {
			t.Errorf("%s: %s has flags %s", sm.command, label(info), info.Flags)
		}
		for _, setup := range sm.setups {
			if got := s.apply(sm, setup); !got.same && !got.failed {
				shown[info] = true
			} else {
				t.Errorf("%s after %q: does not differ: %q", sm.command, setup, got.replies)
			}
		}
	}
	listed := s.table()
	for _, info := range All() {
		server := listed[info.Name]
		if server == nil || !server["write"] || info.Flags.Has(Idempotent) {
			continue
		}
		if _, excused := judged[label(info)]; !shown[info] && !excused {
			t.Errorf("%s: no sample shows that it differs, no reason in judged", label(info))
		}
	}
}
