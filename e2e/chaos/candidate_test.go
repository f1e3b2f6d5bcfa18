package chaos

import (
	"time"

	"sentinelproxy/internal/servers"
)

// slowCandidate is a replica that stands still for 5 s when it is to be promoted, and then does what it was told.
//
// Broken so far: a failover without progress is believed for three seconds (failover.Config.Patience), after that writes go to the old
// master again, although the candidate may still be promoted.
var slowCandidate = fault{
	name:    "SENTINEL FAILOVER, and SIGSTOP of the replicas for 5 s",
	options: func(o *servers.ClusterOptions) { o.DownAfter = 20 * time.Second },
	strike: func(w *world) {
		old := w.cluster.Master()
		for _, n := range w.others(old) {
			w.must(n.Pause())
		}
		w.failover()
		time.Sleep(5 * time.Second)
		for _, n := range w.others(old) {
			w.must(n.Resume())
		}
		w.promoted(old)
	},
}
