package migrate

import (
	"context"
	"strings"
	"testing"
	"time"

	"sentinelproxy/internal/servers"
)

// fails wants an error that says so; "" none.
func fails(t *testing.T, what string, err error, want string) {
	t.Helper()
	if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
		t.Errorf("%s: got %v, want %q", what, err, want)
	}
}

// TestUnacknowledged: what a Dragonfly says of its replicas.
func TestUnacknowledged(t *testing.T) {
	for value, want := range map[string]string{
		"ip=10.0.0.2,port=6379,state=online,lag=0":      "",
		"ip=10.0.0.2,port=6379,state=stable_sync,lag=0": "",
		"ip=10.0.0.2,port=6379,state=online,lag=17":     "not acknowledged 17 changes",
		"ip=10.0.0.2,port=6379,state=full_sync,lag=0":   "full_sync",
		"ip=10.0.0.3,port=6379,state=online,lag=0":      "does not know it",
	} {
		info := map[string]string{"role": "master", "connected_slaves": "1", "slave0": value}
		fails(t, value, unacknowledged(info, "10.0.0.2:6379"), want)
	}
}

// TestCatchUp: a replica that does not get as far as the master within the limit, because it follows another one.
func TestCatchUp(t *testing.T) {
	pool := servers.NewT(t)
	master, other := pool.Redis(servers.RedisOptions{}), pool.Redis(servers.RedisOptions{})
	replica, behind := pool.Redis(servers.RedisOptions{ReplicaOf: master.Addr()}), pool.Redis(servers.RedisOptions{ReplicaOf: other.Addr()})
	for _, n := range []*servers.Node{replica, behind} {
		if err := n.WaitSynced(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := master.Do(t.Context(), "SET", "a", strings.Repeat("x", 100_000)); err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		candidates []*servers.Node
		limit      time.Duration
		want       string
	}{
		// Redis may stream nothing to a replica for a second after a full resynchronisation, although INFO says that it is in sync.
		{[]*servers.Node{replica}, 30 * time.Second, ""},
		{[]*servers.Node{replica, behind}, 200 * time.Millisecond, behind.Addr() + " has not caught up within 200ms: it is at offset"},
	} {
		s := newSwitchover(Options{Limits: Limits{CatchUp: tc.limit}})
		s.master = s.node(master.Addr())
		for _, c := range tc.candidates {
			s.candidates = append(s.candidates, s.node(c.Addr()))
		}
		fails(t, tc.want, s.catchUp(context.Background()), tc.want)
		s.close()
	}
}

// TestCheck: every option that is wrong is named as the user has given it.
func TestCheck(t *testing.T) {
	for want, edit := range map[string]func(*Options){
		"":                                     func(*Options) {},
		`--to: "a" is not host:port`:           func(o *Options) { o.To = "a" },
		`--admin: ":1" is not host:port`:       func(o *Options) { o.Admins = []string{"a:1", ":1"} },
		`--sentinel: "" is not host:port`:      func(o *Options) { o.Sentinels = []string{""} },
		"--sentinel: a:1 is given twice":       func(o *Options) { o.Sentinels = []string{"a:1", "b:1", "a:1"} },
		"--hold-limit: 500ms is not between":   func(o *Options) { o.Limits.Hold = 500 * time.Millisecond },
		"--rehearse: 1m0s is not between":      func(o *Options) { o.Rehearse = time.Minute },
		"--dry-run and --repair: only one":     func(o *Options) { o.DryRun, o.Repair = true, true },
		"--rehearse and --repair: only one of": func(o *Options) { o.Rehearse, o.Repair = time.Second, true },
	} {
		o := Options{Limits: DefaultLimits(), Prefix: "--"}
		edit(&o)
		fails(t, want, o.Check(), want)
	}
}
