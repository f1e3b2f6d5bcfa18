package chaos

import (
	"fmt"
	"strings"
	"time"

	"sentinelproxy/internal/servers"
)

// aborted is a failover that is given up, because the candidate stands still. When it goes on, it does what it was told in vain: it
// calls itself a master, until the Sentinels make it a replica again.
var aborted = fault{
	name: "an aborted failover", short: true,
	options: func(o *servers.ClusterOptions) { o.FailoverTimeout, o.DownAfter = 2*time.Second, 20*time.Second },
	strike: func(w *world) {
		master := w.cluster.Master()
		for _, n := range w.others(master) {
			w.must(n.Pause())
		}
		w.failover()
		w.proxies[0].holding()
		eventually(w.t, "the failover is aborted", func() error {
			if log := w.cluster.Sentinels[0].Log(); !strings.Contains(log, "-failover-abort-slave-timeout") {
				return fmt.Errorf("it is not")
			}
			return nil
		})
		for _, n := range w.others(master) {
			w.must(n.Resume())
		}
		w.load.works(rounds)
		w.serving(master)
		for _, n := range w.others(master) {
			w.demoted(n)
			w.inSync(n)
		}
		w.serving(master)
	},
}
