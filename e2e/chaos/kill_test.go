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

// killedAcknowledged is the same where a write is acknowledged when both replicas have it: nothing is lost, whoever is promoted.
var killedAcknowledged = fault{
	name: "SIGKILL of the master, --acknowledge replicas=2", promise: unknown,
	args: ifKnown("--acknowledge", "replicas=2"), needs: "--acknowledge",
	strike: killed.strike,
}
