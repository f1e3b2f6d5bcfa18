package chaos

// orderedSwitch is the command that is meant for it.
var orderedSwitch = fault{
	name: "sentinelproxy switch", short: true,
	strike: func(w *world) {
		old := w.cluster.Master()
		if out, err := w.command().CombinedOutput(); err != nil {
			w.t.Errorf("switch: %v\n%s", err, out)
		}
		w.promoted(old)
	},
}
