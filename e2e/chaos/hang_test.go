package chaos

import (
	"time"

	"sentinelproxy/internal/servers"
)

// hung is a master that stands still for 5 s, too short for the Sentinels to do anything about it: no connection ends, no reply comes.
// What was on the wire is unknown to whoever was told so; it may be applied when the master goes on.
var hung = fault{
	name: "SIGSTOP of the master, 5 s", promise: unknown,
	options: func(o *servers.ClusterOptions) { o.DownAfter = 20 * time.Second },
	strike: func(w *world) {
		master := w.cluster.Master()
		w.must(master.Pause())
		time.Sleep(5 * time.Second)
		w.must(master.Resume())
		w.serving(master)
	},
}
