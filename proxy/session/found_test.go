package session

import (
	"testing"

	"sentinelproxy/internal/servers"
	"sentinelproxy/proxy/upstream"
)

// found are conversations that differential tests have found to differ, by what was wrong.
var found = map[string]conversation{
	"DISCARD with an argument ended the transaction here, not at the server": said("MULTI", "DISCARD x", "SET §s1 1", "DISCARD"),
	"and every WATCH":                                         said("WATCH §s1", "DISCARD x", "SET §s1 1", "MULTI", "GET §s1", "EXEC"),
	"the next session's transaction had begun":                said("MULTI", "DISCARD x"),
	"REPLY OFF behind SKIP":                                   said("CLIENT REPLY SKIP", "CLIENT REPLY OFF", "RESET", "GET §s1"),
	"RESET threw writes away that get no reply":               said("CLIENT REPLY OFF", "SET §s1 1", "RESET", "GET §s1"),
	"and such a single one":                                   said("CLIENT REPLY SKIP", "SET §s1 1", "RESET", "GET §s1"),
	"and in a transaction":                                    said("CLIENT REPLY OFF", "SET §s1 1", "MULTI", "SET §s1 2", "RESET", "GET §s1"),
	"and in one that has begun unheard":                       said("CLIENT REPLY SKIP", "MULTI", "RESET", "GET §s1"),
	"the database of a link of its own":                       said("WATCH §s1", "SELECT 1", "UNWATCH", "SET §s1 1", "HELLO 3", "WATCH §s1", "HELLO 2", "UNWATCH"),
	"a refused command was counted as queued":                 said("MULTI", "MULTI", "SELECT 1", "EXEC", "SET §s1 1", "SELECT 0", "GET §s1"),
	"and another's reply taken for that of SELECT":            said("MULTI", "WATCH §s1", "SELECT 99", "SET §s1 1", "EXEC", "GET §s1"),
	"an EXEC of no transaction ended the next one":            said("EXEC x", "MULTI", "SELECT 1", "SET §s1 1", "EXEC", "GET §s1"),
	"MULTI behind a subscription that was none":               said("SUBSCRIBE", "MULTI", "SET §s1 1", "EXEC"),
	"and behind the end of one":                               said("SUBSCRIBE §c", "UNSUBSCRIBE", "MULTI", "SET §s1 1", "EXEC"),
	"the second MULTI without replies waited for the first's": said("CLIENT REPLY OFF", "MULTI", "INCR §s1", "EXEC", "MULTI", "INCR §s1", "EXEC", "CLIENT REPLY ON", "GET §s1"),
	"RESET with an argument is answered by the server":        said("CLIENT REPLY OFF", "SET §s1 1", "RESET x", "GET §s1", "CLIENT REPLY ON", "GET §s1"),
	"RESET with an argument spoils a transaction":             said("MULTI", "SET §s1 1", "RESET x", "EXEC", "GET §s1"),
	"a name given in a transaction without replies":           said("CLIENT REPLY OFF", "MULTI", "CLIENT SETNAME x", "EXEC", "CLIENT REPLY ON", "CLIENT GETNAME"),
	"and the protocol":                                        said("CLIENT REPLY OFF", "MULTI", "HELLO 3", "EXEC", "CLIENT REPLY ON", "HGETALL §h1"),
	"RESET of a silent subscriber was not answered":           said("CLIENT REPLY OFF", "SET §s1 1", "SUBSCRIBE §c", "RESET", "GET §s1"),
	"and one may not WATCH":                                   said("CLIENT REPLY OFF", "SUBSCRIBE §c", "WATCH §s1", "UNSUBSCRIBE §c", "SET §s1 1", "RESET", "GET §s1"),
	"a transaction without replies that subscribes":           said("CLIENT REPLY OFF", "MULTI", "GET §s1", "SUBSCRIBE §c", "EXEC", "PING", "UNSUBSCRIBE §c", "CLIENT REPLY ON", "GET §s1"),
	"RESP3: EXEC waited for one element more than there is":   said("HELLO 3", "MULTI", "SUBSCRIBE §c", "GET §s1", "EXEC", "PUBLISH §c x", "UNSUBSCRIBE §c", "GET §s1"),
	"and without replies":                                     said("HELLO 3", "CLIENT REPLY OFF", "MULTI", "SUBSCRIBE §c", "GET §s1", "EXEC", "PUBLISH §c x", "CLIENT REPLY ON", "GET §s1"),
	"and without one it is silent behind REPLY SKIP":          said("CLIENT REPLY SKIP", "SET §s1 1", "CLIENT REPLY SKIP", "RESET", "GET §s1"),
}

// foundSwitched are those that differ when the master changes meanwhile, at one of their commands.
var foundSwitched = []conversation{
	// EXEC was answered with nil for the WATCH that was lost, and not refused.
	said("WATCH §s1", "MULTI", "SET §s1", "EXEC"),
	said("WATCH §s1", "MULTI", "MULTI", "WATCH §s1", "EXEC"),
	said("WATCH §s1", "MULTI", "EXEC x"),
	// It was executed, after an UNWATCH that the server had refused.
	said("WATCH §s1", "UNWATCH x", "MULTI", "EXEC"),
	// What was queued was executed at once by the next master, which had not been told of the MULTI.
	said("CLIENT REPLY OFF", "MULTI", "SET §s1 1", "SET §s2 1", "DISCARD"),
	said("CLIENT REPLY SKIP", "MULTI", "SET §s1 1", "SET §s2 1", "EXEC"),
	// Nobody told whether the SELECT of a transaction without replies had been executed: it was begun again in the database
	// that it goes to, or the session went on in the former one.
	said("CLIENT REPLY OFF", "MULTI", "SET §s1 1", "SELECT 1", "SET §s1 1", "EXEC", "SET §s2 2", "CLIENT REPLY ON", "GET §s1"),
	said("CLIENT REPLY OFF", "MULTI", "SELECT 1", "DISCARD", "SET §s1 1"),
	said("CLIENT REPLY OFF", "MULTI", "SELECT 1", "SET §s1", "EXEC", "SET §s1 1"),
	said("CLIENT REPLY OFF", "MULTI", "SELECT 1", "EXEC x", "SET §s1 1"),
	said("CLIENT REPLY OFF", "MULTI", "SELECT 1", "SELECT 99", "EXEC", "SET §s1 1"),
	said("WATCH §s1", "CLIENT REPLY OFF", "MULTI", "SELECT 1", "EXEC", "SET §s1 1"),
	said("CLIENT REPLY SKIP", "MULTI", "SELECT 1", "EXEC", "SET §s1 1"),
	said("CLIENT REPLY OFF", "MULTI", "SELECT 1", "EXEC", "MULTI", "SELECT 2", "DISCARD", "INCR §s1", "SELECT 2", "INCR §s1"),
	// The same of all else that one sets up.
	said("CLIENT REPLY OFF", "MULTI", "HELLO 3", "EXEC", "CLIENT REPLY ON", "HGETALL §h1"),
	said("CLIENT REPLY OFF", "MULTI", "AUTH nobody x", "AUTH user pw", "EXEC", "CLIENT REPLY ON", "ACL WHOAMI"),
	said("CLIENT REPLY OFF", "MULTI", "CLIENT SETNAME x", "CLIENT NO-EVICT ON", "EXEC", "CLIENT REPLY ON", "CLIENT GETNAME"),
	said("CLIENT REPLY OFF", "MULTI", "SUBSCRIBE §c", "EXEC", "PING", "UNSUBSCRIBE §c", "CLIENT REPLY ON", "GET §s1"),
	said("HELLO 3", "CLIENT REPLY OFF", "MULTI", "SUBSCRIBE §c", "EXEC", "UNSUBSCRIBE §c", "CLIENT REPLY ON", "GET §s1"),
	said("HELLO 3", "MULTI", "SUBSCRIBE §c", "EXEC", "PUBLISH §c x", "UNSUBSCRIBE §c", "GET §s1"),
	// The WATCH without replies was not over, and the next transaction not executed.
	said("CLIENT REPLY OFF", "WATCH §s1", "MULTI", "SET §s1 1", "EXEC", "MULTI", "SET §s1 2", "EXEC", "CLIENT REPLY ON", "GET §s1"),
	said("CLIENT REPLY OFF", "WATCH §s1", "UNWATCH", "MULTI", "SET §s1 1", "EXEC"),
	// A tracking that the server had refused, or ended.
	said("HELLO 3", "CLIENT REPLY OFF", "CLIENT TRACKING x", "CLIENT REPLY ON", "CLIENT TRACKINGINFO"),
	said("HELLO 3", "CLIENT REPLY OFF", "CLIENT TRACKING ON", "CLIENT TRACKING OFF", "CLIENT REPLY ON", "CLIENT TRACKINGINFO"),
	// The next master would not let a subscriber of RESP2 be silent, time and again.
	said("CLIENT REPLY OFF", "SET §s1 1", "SUBSCRIBE §c", "UNSUBSCRIBE", "GET §s1", "CLIENT REPLY ON", "GET §s1"),
}

// foundCrashed are those that differed when links were lost.
var foundCrashed = []conversation{
	// EXEC without MULTI was answered with nil for the WATCH that was lost.
	said("WATCH §s1", "EXEC", "GET §s1"),
	said("WATCH §s1", "EXEC x", "GET §s1"),
	// The WATCH was over, though nothing had ended it; or not, though it had never begun.
	said("WATCH §s1", "EXEC", "MULTI", "GET §s1", "EXEC"),
	said("WATCH", "MULTI", "GET §s1", "EXEC"),
	// One confirmation had come when the link was lost, and then two more were awaited for ever.
	said("PSUBSCRIBE a b c", "PUNSUBSCRIBE", "SUBSCRIBE a b c", "UNSUBSCRIBE", "GET §s1"),
	// The idempotent write was applied again, behind the other.
	said("SET §s1 1", "RENAME §s1 §s2", "GET §s1"),
	said("LPUSH §l1 a", "LSET §l1 0 x", "LPUSH §l1 y"),
	said("XGROUP SETID §x1 group 0", "XGROUP CREATE §x1 group 0 MKSTREAM"),
	said("SET §s1 x", "COPY §s1 §s2 REPLACE", "SET §s1 y"),
	// A row of those that write over what is there is sent again as a whole.
	said("SET §s1 1", "SET §s2 2", "MSET §s1 3 §s2 4", "SETEX §s1 100000 5", "GET §s1"),
	// With a transaction in flight.
	said("MULTI", "SET §s1 1", "INCR §s1", "EXEC x", "MULTI", "INCR §s1", "EXEC", "GET §s1"),
}

func TestFound(t *testing.T) {
	node := servers.NewT(t).Redis(withUser)
	admin := direct(t, node.Addr())
	for name, talk := range found {
		t.Run(name, func(t *testing.T) {
			talk = talk.own("q")
			fresh(admin, talk)
			want, err := ask(direct(t, node.Addr()), talk, func(int) {})
			if err != nil {
				t.Fatal(err)
			}
			l := newLane(t, func(_ *lane, o *upstream.Options) { o.PoolSize = pooled })
			l.serve(node.Addr())
			for _, groups := range [][]int{{1}, {2}, {len(talk)}} {
				fresh(admin, talk)
				got, err := pipelined(l.client(), talk, want, groups, nil)
				if wrong := compare(talk, want, "q", replies{got, "q"}, unstable); wrong != "" || err != nil {
					t.Errorf("groups of %d: %s, %v", groups, wrong, err)
				}
				if wrong := leftOver(l); wrong != "" {
					t.Errorf("groups of %d: %s", groups, wrong)
				}
			}
		})
	}
}

// TestSilentWritesAreWritten: a client that wants no replies and goes has its writes applied.
func TestSilentWritesAreWritten(t *testing.T) {
	node := servers.NewT(t).Redis(withUser)
	admin := direct(t, node.Addr())
	l := newLane(t, nil)
	l.serve(node.Addr())
	for key, leave := range map[string]func(c *client){
		"quit":  func(c *client) { c.do("QUIT"); c.all() },
		"close": func(c *client) { c.close(); l.until("gone", func() bool { return l.g.Sessions() == 0 }) },
	} {
		c := l.client()
		c.do("CLIENT REPLY OFF", "SET "+key+" 1")
		leave(c)
		admin.do("GET " + key)
		admin.expect("$1\r\n1\r\n")
	}
}
