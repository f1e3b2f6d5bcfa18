package chaos

// terminated is a master that is stopped in good order: it lets its replicas catch up before it ends, so nothing that was
// acknowledged is lost.
var terminated = fault{
	name: "SIGTERM of the master", short: true, promise: unknown,
	strike: func(w *world) {
		old := w.cluster.Master()
		w.must(old.Stop())
		w.promoted(old)
	},
}
