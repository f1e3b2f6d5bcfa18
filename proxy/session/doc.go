// Package session is one client: it parses what the client sends, decides the way of each command,
// keeps the replies in order, and remembers what the client has set up on its connection. All of it is
// owned by the lane's loop.
//
//	group.go        what the sessions of one group on one lane share
//	session.go      one client: its connection's events, from accept to close
//	dispatch.go     the way of a command: here, shared link, pinned link; the gate
//	stop.go         why a session does not read on, and what makes it go on
//	reply.go        replies in, output out, and their limits
//	throttle.go     clients that are slow to take a large reply
//	slow.go         clients that write without reading
//	local.go        what is answered here
//	identity.go     AUTH, HELLO, SELECT, RESET: choosing the shared link
//	client.go       CLIENT LIST, INFO, UNBLOCK: about the clients of all lanes
//	clientkill.go   CLIENT KILL
//	clientline.go   one line of CLIENT LIST
//	blocking.go     blocking commands issued again with the time they had left
//	cursor.go       cursors that belong to a former master
//	script.go       scripts that a new master has to be told
//	unknown.go      commands that the table lacks
//	large.go        the memory of large requests
//	pause.go        CLIENT PAUSE
//	hook.go         replies that change what is known of the session
//	pin.go          sessions with a link of their own, and until when
//	transaction.go  MULTI, WATCH, EXEC
//	whole.go        transactions that have come whole
//	follow.go       what a transaction has set up
//	subscribe.go    subscriptions and the frames that answer no command
//	relay.go        replicas
//	setup.go        commands that set up a connection, and are repeated on a new one
//	redirect.go     CLIENT TRACKING that sends invalidations to another client
//	silent.go       clients that want no replies
//	restore.go      a pinned session gets a new link on the next master
//	stats.go        what the sessions of a group have counted
//
// The order of replies rests on one rule: all commands that a session has in flight are on one link.
// A command that has to go another way waits until nothing is in flight.
package session
