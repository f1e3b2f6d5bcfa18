package chaos

import (
	"fmt"
	"time"

	"sentinelproxy/internal/servers"
)

// second is one failover behind the other, as soon as the Sentinels take it.
var second = fault{
	name: "a second SENTINEL FAILOVER at once",
	strike: func(w *world) {
		old := w.cluster.Master()
		w.failover()
		next := w.cluster.WaitMasterOtherThan(old)
		w.failover()
		w.promoted(next)
	},
}

// killedWhileReleasing is a new master that is killed as soon as it says that it is one: when the proxies are about to let go what they
// have held. It has no replica yet.
var killedWhileReleasing = fault{
	name: "SIGKILL of the new master while releasing", promise: asynchronous,
	options: func(o *servers.ClusterOptions) { o.FailoverTimeout = 3 * time.Second },
	strike: func(w *world) {
		old := w.cluster.Master()
		w.failover()
		next := w.turned(old)
		w.must(next.Kill())
		w.promotedOrKept(next)
	},
}

// turned waits until a replica says that it is a master, and asks them all the time.
func (w *world) turned(old *servers.Node) (next *servers.Node) {
	w.t.Helper()
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(time.Millisecond) {
		for _, n := range w.others(old) {
			if role, err := n.Role(); err == nil && role == "master" {
				return n
			}
		}
	}
	w.t.Fatal("no replica is promoted")
	return nil
}

// promotedOrKept waits until the proxies serve from whom the Sentinels agree on, who is not this one: the former master, where they have
// not noticed the promotion before it was undone, or another.
func (w *world) promotedOrKept(not *servers.Node) {
	w.t.Helper()
	eventually(w.t, "all agree on a master", func() error {
		master, err := w.cluster.Cluster.Master()
		if err != nil {
			return err
		}
		if master == not {
			return fmt.Errorf("it is still %s", not.Name())
		}
		for _, p := range w.proxies {
			g, err := p.group()
			if err != nil {
				return err
			}
			if g.State != "serving" || g.Master != master.Addr() {
				return fmt.Errorf("a proxy is %s with %s, the master is %s", g.State, g.Master, master.Addr())
			}
		}
		return nil
	})
}
