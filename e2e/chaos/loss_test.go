package chaos

import (
	"time"

	"sentinelproxy/internal/servers"
)

// lossyFailover is a network that loses packets between the proxies and the nodes, in a plain failover. A packet that is sent again takes
// longer than the 0.2 s that Sentinel leaves, so that the outcome of a write can be unknown.
var lossyFailover = fault{
	name: "packet loss of 5 %, and SENTINEL FAILOVER", network: true,
	promise: promise{errors: unknown.errors, undelivered: true, why: onTheWire},
	options: patientSentinels,
	strike: func(w *world) {
		old := w.cluster.Master()
		w.losing(func() {
			w.failover()
			w.promoted(old)
		})
	},
}

// lossySwitch is the same with the command that waits for what is on its way.
var lossySwitch = fault{
	name: "packet loss of 5 %, and sentinelproxy switch", network: true,
	promise: promise{undelivered: true, why: onTheWire},
	options: patientSentinels,
	strike:  func(w *world) { w.losing(func() { orderedSwitch.strike(w) }) },
}

// onTheWire: a packet that is lost three times is not there for more than a second.
const onTheWire = "what the old master has handed out and the network not yet delivered when a proxy leaves it is given to nobody"

// patientSentinels call nobody down for a few packets.
func patientSentinels(o *servers.ClusterOptions) { o.DownAfter = 5 * time.Second }

// losing does something while packets between the proxies and the nodes are lost.
func (w *world) losing(do func()) {
	heal := w.network.lose(0.05, w.proxyHosts(), hosts(w.cluster.Nodes...))
	w.load.works(rounds)
	do()
	w.load.works(rounds)
	heal()
}
