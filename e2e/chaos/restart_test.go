package chaos

import (
	"time"

	"sentinelproxy/internal/servers"
)

// restarted is a proxy that is killed in the middle of a failover, when it holds, and started again before the promotion. Its clients
// lose their connections, and nothing else.
var restarted = fault{
	name: "SIGKILL of a proxy that holds, and its restart", short: true, promise: promise{closed: true},
	options: func(o *servers.ClusterOptions) { o.DownAfter = 20 * time.Second },
	strike: func(w *world) {
		old := w.cluster.Master()
		p := w.proxies[0]
		for _, n := range w.others(old) {
			w.must(n.Pause())
		}
		w.failover()
		p.holding()
		w.must(p.Kill())
		w.must(p.Restart())
		time.Sleep(time.Second) // in which it may take the old master for the one to write to
		for _, n := range w.others(old) {
			w.must(n.Resume())
		}
		w.promoted(old)
	},
}
