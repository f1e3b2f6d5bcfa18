// Package upstream is the way to the master: the links of one lane to the nodes of one group, what is in
// flight on each, and what becomes of it when a link is lost. All of it is owned by the lane's loop.
//
//	entry.go    one command in flight, and who wants its reply
//	ring.go     the pending queue of a link
//	link.go     one connection: commands out, replies in, in the same order
//	batch.go    replies of a pipeline, handed over together
//	transaction.go  transactions that are one entry
//	retain.go   the bytes of commands, kept until their replies have come
//	idle.go     what a link keeps of the memory that a busy moment needed
//	large.go    large replies: nobody else waits for them, and a switch does not cut them
//	relay.go    a replication stream, passed on as it is
//	handshake.go  what a link says before it carries commands
//	loss.go     what is sent again and what is unknown: the policy, in one function
//	row.go     what must not be sent again behind something else
//	noreplicas.go  a fence, or the master's own
//	seal.go     no reply is passed on when another node may be master
//	acknowledge.go  whether the replicas have what the master has
//	withheld.go  replies that wait for that
//	window.go    how many commands a server is given at a time, where their replies are long
//	poison.go   commands on which the server closes the link
//	backlog.go  commands that wait for the next master
//	set.go      all links of a lane to one group: shared by key, pinned, adopted and dropped together
//	pinned.go   links of one session
//	pool.go     the warm pool, for the next ones
//	stats.go    what the set has counted
package upstream
