package chaos

// comeback is a killed master that is started again: empty, it calls itself master for about ten seconds, until the Sentinels make it a
// replica.
var comeback = fault{
	name: "the old master back after a crash", promise: asynchronous,
	strike: func(w *world) {
		old := w.cluster.Master()
		w.must(old.Kill())
		w.promoted(old)
		w.must(old.Restart())
		w.load.works(rounds)
		w.demoted(old)
	},
}
