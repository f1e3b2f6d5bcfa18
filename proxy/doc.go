// Package proxy puts the parts together and runs them.
//
// The data's way, all of it inside one lane (a reactor.Loop and what it owns), no locks:
//
//	listener.go accepts -> reactor reads -> resp frames -> command classifies -> session decides the way
//	-> gate passes or parks -> upstream appends to a link; one write per link at the end of the turn
//	link readable -> resp frames -> the head of the pending queue -> session's output; one write per session
//
// The control's way, one goroutine per group:
//
//	topology (Sentinels), prober (ROLE), lanes (broken links, rejections) -> failover.Driver
//	-> groupLanes -> each lane's mailbox -> laneGroup: its gate and its links
//
// Files:
//
//	proxy.go      Run: what is started, and the order in which it is stopped
//	group.go      one master name: its watcher, its driver, its listeners
//	lanes.go      what the driver commands, spread over the lanes; what they answer, gathered
//	lanegroup.go  one group on one lane: gate, links, sessions, and the hold it is in
//	holdstats.go  the figures of one hold
//	listener.go   accepting clients
//	prober.go     ROLE
//	source.go     what the admin server shows
//	switchover.go  the planned switchovers that it is asked for
//	eventcounts.go  the control plane's counters
//	config*.go    everything that can be configured
package proxy
