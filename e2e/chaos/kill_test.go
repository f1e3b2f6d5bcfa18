package chaos

// killed is a master that is gone without a word.
var killed = fault{
	name: "SIGKILL of the master", short: true, promise: asynchronous,
	strike: func(w *world) {
		old := w.cluster.Master()
		w.must(old.Kill())
		w.promoted(old)
	},
}

// killedAcknowledged is the same where a write is acknowledged when both replicas have it: nothing is lost, whoever is promoted. The killed one comes
// back as a replica, without which every write would wait for its time.
var killedAcknowledged = fault{
	name: "SIGKILL of the master, --acknowledge replicas=2", promise: unknown,
	args: ifKnown("--acknowledge", "replicas=2"), needs: "--acknowledge",
	strike: func(w *world) {
		old := w.cluster.Master()
		w.must(old.Kill())
		next := w.promoted(old)
		w.must(old.Restart())
		w.demoted(old)
		w.replicated(next, 2)
	},
}
