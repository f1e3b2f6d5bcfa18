package chaos

import (
	"fmt"
	"time"

	"sentinelproxy/internal/servers"
)

// cutFromMaster is a proxy that can't reach the master, which all others can: there is no failover, and it has to wait. Another proxy
// goes on meanwhile.
var cutFromMaster = fault{
	name: "partition: a proxy from the master, 3 s", network: true, short: true, promise: unknown,
	strike: func(w *world) {
		master := w.cluster.Master()
		heal := w.network.cut([]string{w.proxies[0].host}, hosts(master))
		w.proxies[0].holding()
		time.Sleep(3 * time.Second)
		heal()
		w.serving(master)
	},
}

// cutFromMinority is one Sentinel of three that no proxy reaches, through a failover that another one leads.
var cutFromMinority = fault{
	name: "partition: the proxies from a minority of the Sentinels, and SENTINEL FAILOVER", network: true,
	strike: func(w *world) {
		old := w.cluster.Master()
		heal := w.network.cut(w.proxyHosts(), w.sentinelHosts(2))
		w.failover() // by the first Sentinel
		w.promoted(old)
		w.load.works(rounds)
		heal()
	},
}

// cutFromLeader is that one Sentinel, when it leads the failover. Nobody else tells of it before it is done.
var cutFromLeader = fault{
	name: "partition: the proxies from the Sentinel that leads a SENTINEL FAILOVER", network: true,
	promise: promise{
		errors: unknown.errors, lost: true, undelivered: true,
		why: "the others learn of the failover when it is done, up to two seconds later",
	},
	strike: func(w *world) {
		old := w.cluster.Master()
		heal := w.network.cut(w.proxyHosts(), w.sentinelHosts(0))
		w.failover() // by the first Sentinel
		w.promoted(old)
		w.load.works(rounds)
		heal()
	},
}

// cutFromMajority is two Sentinels of three that no proxy reaches, and a failover which those agree on. A proxy that hears only a
// minority holds rather than writes to a master that may be one no more: broken where there is no --minority-grace.
var cutFromMajority = fault{
	name: "partition: the proxies from a majority of the Sentinels, and SENTINEL FAILOVER", network: true,
	args: ifKnown("--minority-grace", "1s"),
	strike: func(w *world) {
		old := w.cluster.Master()
		heal := w.network.cut(w.proxyHosts(), w.sentinelHosts(0, 1))
		time.Sleep(5 * time.Second) // until they have noticed, and the grace is over
		w.failover()                // by the first Sentinel
		w.cluster.WaitMasterOtherThan(old)
		time.Sleep(time.Second)
		heal()
		w.promoted(old)
	},
}

// cutFromReplicas is a master that the replicas can't reach, which all others can: it goes on alone.
var cutFromReplicas = fault{
	name: "partition: the master from its replicas, 3 s", network: true,
	strike: func(w *world) {
		master := w.cluster.Master()
		heal := w.network.cut(hosts(master), hosts(w.others(master)...))
		time.Sleep(3 * time.Second)
		heal()
		for _, n := range w.others(master) {
			w.inSync(n)
		}
	},
}

// alone is a master that only the proxies reach: a replica is promoted, and the old master does not learn of it. What it has acknowledged
// before the proxies have held is lost.
var alone = fault{
	name: "partition: the master from its replicas and all Sentinels", network: true, promise: asynchronous,
	strike: func(w *world) {
		old := w.cluster.Master()
		others := append(hosts(w.others(old)...), w.sentinelHosts(0, 1, 2)...)
		heal := w.network.cut(hosts(old), others)
		w.promoted(old)
		w.load.works(rounds)
		heal()
		w.demoted(old)
	},
}

func (w *world) proxyHosts() (list []string) {
	for _, p := range w.proxies {
		list = append(list, p.host)
	}
	return list
}

func (w *world) sentinelHosts(numbers ...int) (list []string) {
	for _, i := range numbers {
		list = append(list, host(w.cluster.Sentinels[i].Addr()))
	}
	return list
}

// inSync waits until a replica follows its master.
func (w *world) inSync(n *servers.Node) {
	w.t.Helper()
	eventually(w.t, n.Name()+" is in sync", func() error {
		info, err := n.Info("replication")
		if err == nil && info["master_link_status"] != "up" {
			err = fmt.Errorf("its link is %s", info["master_link_status"])
		}
		return err
	})
}
