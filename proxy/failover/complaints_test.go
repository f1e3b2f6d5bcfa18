package failover

import (
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"
)

func watchLog(o *Options) *observer.ObservedLogs {
	core, logs := observer.New(zapcore.InfoLevel)
	o.Logger = zap.New(core)
	return logs
}

// lines are the logged messages that begin with prefix.
func lines(logs *observer.ObservedLogs, prefix string) (list []observer.LoggedEntry) {
	for _, e := range logs.All() {
		if strings.HasPrefix(e.Message, prefix) {
			list = append(list, e)
		}
	}
	return list
}

// TestWrongPassword: the log says it once, the status and the clients are told why, the nodes are left in peace, and
// all goes well once it is mended.
func TestWrongPassword(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var logs *observer.ObservedLogs
		r := newRig(t, func(o *Options) {
			o.Config.HoldTimeout = 10 * time.Second
			logs = watchLog(o)
		})
		r.set(r.roles, "A", "denied")
		r.set(r.names, "s1", "A 5", "s2", "A 5", "s3", "A 5")
		r.run()
		defer r.stop()
		time.Sleep(9 * time.Second)
		s := r.d.Status()
		if s.Waiting != "role_refused" || s.Probed[0].Result != "denied" {
			t.Errorf("status: %+v", s)
		}
		if n := s.Counters.Probes; n < 8 || n > 12 {
			t.Errorf("asked %d times in 9 s", n)
		}
		r.told()
		time.Sleep(time.Second + time.Millisecond)
		text := "the master named by the Sentinels refuses to tell its role: check --username and --password"
		r.expect("refuse " + text)
		if s := r.d.Status(); s.RefuseReason != "role_refused" || s.RefuseText != text {
			t.Errorf("status: %+v", s)
		}
		const line = "ROLE of A refused: WRONGPASS invalid username-password pair or user is disabled. (see --username, --password-file)"
		if got := lines(logs, "ROLE of A"); len(got) != 1 || got[0].Message != line {
			t.Errorf("logged: %v", got)
		}
		r.set(r.roles, "A", "master")
		time.Sleep(1100 * time.Millisecond)
		r.expect("adopt A 1; release 1")

		// Changed while it serves: nothing is held, and one more line.
		r.set(r.roles, "A", "denied")
		time.Sleep(10 * time.Second)
		r.expect("")
		if got := lines(logs, "ROLE "); len(got) != 2 {
			t.Errorf("logged: %v", got)
		}
	})
}

func TestSentinelsDeny(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, func(o *Options) { o.Config.HoldTimeout = time.Second })
		r.run()
		defer r.stop()
		r.event("s1 down")
		r.event("s2 denies")
		time.Sleep(time.Second + time.Millisecond)
		r.expect("hold-all 0; refuse the Sentinels refuse the password: check --sentinel-username and --sentinel-password")
	})
}

// TestUnknownMasterName: one line for each Sentinel, and another only after it has known the master.
func TestUnknownMasterName(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var logs *observer.ObservedLogs
		r := newRig(t, func(o *Options) { logs = watchLog(o) })
		r.run()
		defer r.stop()
		for range 5 {
			r.event("s1 no-such-master")
			r.event("s2 no-such-master")
		}
		synctest.Wait()
		var who []any
		for _, e := range lines(logs, "this Sentinel does not know") {
			who = append(who, e.ContextMap()["sentinel"], e.ContextMap()["master_name"])
		}
		if !slices.Equal(who, []any{"s1", "g", "s2", "g"}) {
			t.Errorf("logged: %v", who)
		}
		r.event("s1 names A 5")
		r.event("s1 no-such-master")
		synctest.Wait()
		if n := len(lines(logs, "this Sentinel does not know")); n != 3 {
			t.Errorf("%d lines", n)
		}
	})
}

// TestSummary: each hold ends with one line that says what it has cost.
func TestSummary(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var logs *observer.ObservedLogs
		r := newRig(t, func(o *Options) {
			o.Config.HoldTimeout = 2 * time.Second
			logs = watchLog(o)
		})
		r.serve()
		defer r.stop()
		r.set(r.names, "s1", "B 6", "s2", "B 6", "s3", "B 6")
		r.set(r.roles, "B", "master", "A", "replica")
		time.Sleep(time.Second)
		r.ask()
		time.Sleep(time.Second)
		got := lines(logs, "switch ended")
		if len(got) != 1 || len(lines(logs, "hold ended")) != 1 {
			t.Fatalf("logged: %v", logs.All())
		}
		c := got[0].ContextMap()
		if c["from"] != "A" || c["to"] != "B" || c["held"] != uint64(3) || c["released"] != uint64(3) || c["hold_max_ms"] != 2.0 || c["duration_ms"] == nil {
			t.Errorf("%v", c)
		}
		r.set(r.roles, "B", "failed")
		time.Sleep(4 * time.Second)
		if got := lines(logs, "hold given up"); len(got) != 1 || got[0].ContextMap()["duration_ms"] != 2000.0 {
			t.Errorf("logged: %v", got)
		}
	})
}
