package chaos

// zombie is a master that stands still until another one has taken its place, and then goes on as if nothing had happened, for about
// ten seconds, until the Sentinels make it a replica. Nobody's command may go there.
var zombie = fault{
	name: "SIGSTOP of the master, SIGCONT after the promotion", short: true, promise: asynchronous,
	strike: func(w *world) {
		old := w.cluster.Master()
		w.must(old.Pause())
		w.promoted(old)
		w.load.works(rounds)
		w.must(old.Resume())
		w.load.works(rounds)
		w.demoted(old)
	},
}
