package topology

import (
	"errors"
	"strings"
	"testing"

	"sentinelproxy/internal/servers"
)

func TestAboutCredentials(t *testing.T) {
	for reply, want := range map[string]bool{
		"NOAUTH Authentication required.":                               true,
		"WRONGPASS invalid username-password pair":                      true,
		"ERR invalid password":                                          true,
		"NOPERM this user has no permissions to run the 'role' command": true,
		"ERR max number of clients reached":                             false,
		"LOADING Redis is loading the dataset in memory":                false,
	} {
		if AboutCredentials(reply) != want {
			t.Errorf("%s: want %v", reply, want)
		}
	}
	if aboutCredentials(errors.New("NOAUTH of the network")) {
		t.Error("what no server has said is taken for a reply")
	}
}

// TestSentinelDeniesUs: a Sentinel that does not let us in is told from one that is not there, also when it was not
// there before.
func TestSentinelDeniesUs(t *testing.T) {
	pool := servers.NewT(t)
	master := pool.Redis(servers.RedisOptions{})
	one := pool.Sentinel(servers.SentinelOptions{Master: "mymaster", MasterAddr: master.Addr(), Password: "right"})
	r := watch(t, Options{Sentinels: []string{one.Addr()}, Password: "wrong"})
	if e := r.awaitKind(0, "SentinelDown", SentinelDown, one.Addr()); !e.Denied || !strings.Contains(e.Text, "WRONGPASS") {
		t.Errorf("%+v", e)
	}
	must(t, one.Kill())
	if e := r.awaitKind(r.after, "SentinelDown", SentinelDown, one.Addr()); e.Denied {
		t.Errorf("killed: %+v", e)
	}
	must(t, one.Restart())
	if e := r.awaitKind(r.after, "SentinelDown", SentinelDown, one.Addr()); !e.Denied {
		t.Errorf("back: %+v", e)
	}
}
