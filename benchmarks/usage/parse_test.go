package usage

import (
	"testing"
	"time"
)

func TestParseStat(t *testing.T) {
	// The name holds what the parser might stumble over.
	stat := "17 (a) b (c) S 1 17 17 0 -1 4194560 1133 0 0 0 250 75 9 9 20 0 4 0 1000 2 3"
	user, system, err := parseStat(stat)
	if err != nil || user != 2500*time.Millisecond || system != 750*time.Millisecond {
		t.Errorf("user %v, system %v, %v", user, system, err)
	}
	for _, bad := range []string{"", "17 (a", "17 (a) S 1 2", "17 (a) S 1 17 17 0 -1 4194560 1133 0 0 0 x 75 9 9"} {
		if _, _, err := parseStat(bad); err == nil {
			t.Errorf("%q: no error", bad)
		}
	}
}

func TestParseStatus(t *testing.T) {
	// One name is the end of the other's.
	status := "Name:\tx\nVmRSS:\t    5120 kB\nnonvoluntary_ctxt_switches:\t7\nvoluntary_ctxt_switches:\t42\n"
	got, err := parseStatus(status, "VmRSS", "voluntary_ctxt_switches", "nonvoluntary_ctxt_switches")
	if err != nil || got[0] != 5120 || got[1] != 42 || got[2] != 7 {
		t.Errorf("%v, %v", got, err)
	}
	if _, err := parseStatus(status, "VmHWM"); err == nil {
		t.Error("a missing line is no error")
	}
	if _, err := parseStatus(status, "Name"); err == nil {
		t.Error("a word is taken for a number")
	}
}

func TestParseHost(t *testing.T) {
	//          user nice sys idle iowait irq softirq steal guest
	h, err := parseHost("cpu  100 10 50 9000 800 3 7 20 60 0\ncpu0 1 1 1 1 1 1 1 1 1 1\n")
	if err != nil || h.Busy != 170*tick || h.Steal != 20*tick {
		t.Errorf("%+v, %v", h, err)
	}
	for _, bad := range []string{"", "cpu 1 2 3", "intr 1 2 3 4 5 6 7 8 9", "cpu 1 2 3 4 5 6 7 x 9"} {
		if _, err := parseHost(bad); err == nil {
			t.Errorf("%q: no error", bad)
		}
	}
}

func TestSince(t *testing.T) {
	earlier := Snapshot{CPU: time.Second, User: 400 * time.Millisecond, System: 600 * time.Millisecond, Voluntary: 5, Involuntary: 1, RSS: 1 << 20}
	later := Snapshot{CPU: 1100 * time.Millisecond, User: 430 * time.Millisecond, System: 660 * time.Millisecond, Voluntary: 15, Involuntary: 3, RSS: 2 << 20}
	want := Delta{
		CPU: 100 * time.Millisecond, User: 33333333, System: 66666667, Voluntary: 10, Involuntary: 2, RSS: 2 << 20,
	}
	if got := later.Since(earlier); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	// Less than a tick: the proportion is unknown, the sum is not.
	idle := Snapshot{CPU: time.Second + time.Microsecond, User: earlier.User, System: earlier.System}
	if got := idle.Since(earlier); got.CPU != time.Microsecond || got.User != 0 || got.System != 0 {
		t.Errorf("%+v", got)
	}
}
