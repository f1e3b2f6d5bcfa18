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
