package chaos

// plainFailover is somebody else's SENTINEL FAILOVER.
var plainFailover = fault{
	name: "SENTINEL FAILOVER", short: true,
	strike: func(w *world) {
		old := w.cluster.Master()
		w.failover()
		w.promoted(old)
	},
}
