package chaos

import "fmt"

// oldState is a Sentinel that was down during a failover and is started again: it insists on the former master until it has heard of
// the other Sentinels.
var oldState = fault{
	name: "a Sentinel restarted with old state",
	strike: func(w *world) {
		old := w.cluster.Master()
		s := w.cluster.Sentinels[2]
		w.must(s.Stop())
		w.failover()
		next := w.promoted(old)
		w.must(s.Restart())
		w.load.works(rounds)
		eventually(w.t, "it knows the new master", func() error {
			addr, err := s.MasterAddr(w.t.Context())
			if err == nil && addr != next.Addr() {
				err = fmt.Errorf("it names %s", addr)
			}
			return err
		})
		w.demoted(old)
	},
}
