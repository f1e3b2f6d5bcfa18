package chaos

import (
	"fmt"
	"strings"

	"sentinelproxy/e2e/liar"
)

// lied is one of four Sentinels that insists on a master of the past, at the epoch of the past, and publishes failovers that nobody
// else knows of; and then a real failover.
var lied = fault{
	name: "a Sentinel that lies, and SENTINEL FAILOVER",
	prepare: func(w *world) {
		past := w.cluster.Master()
		w.failover()
		present := w.cluster.WaitMasterOtherThan(past)
		w.liar = liar.Start(w.t, w.cluster.Name, past.Addr(), 0)
		w.more = append(w.more, w.liar.Addr())
		w.demoted(past)
		w.replicated(present, 2)
		w.past = past
	},
	strike: func(w *world) {
		present := w.cluster.Master()
		old, now := strings.Replace(w.past.Addr(), ":", " ", 1), strings.Replace(present.Addr(), ":", " ", 1)
		master := fmt.Sprintf("master %s %s", w.cluster.Name, now)
		back := fmt.Sprintf("slave %s %s @ %s %s", w.past.Addr(), old, w.cluster.Name, now)
		moved := fmt.Sprintf("%s %s %s", w.cluster.Name, now, old)
		for _, message := range [][2]string{
			{"+switch-master", moved},
			{"+try-failover", master},
			{"+selected-slave", back},
			{"+promoted-slave", back},
			{"+switch-master", moved},
			{"+odown", master + " #quorum 3/3"},
		} {
			w.liar.Publish(message[0], message[1])
			w.load.works(2) // held for a while perhaps, but served
		}
		w.serving(present)
		w.failover()
		w.promoted(present)
	},
}
