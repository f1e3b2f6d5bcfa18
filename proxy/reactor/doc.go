// Package reactor is the event loop of a lane: one goroutine that owns its sockets and everything its
// handlers keep, so that nothing on the data's way needs a lock.
//
//	loop.go     one turn: wait, dispatch, mailbox, timers, resumed connections, flush, close
//	conn.go     one socket: reads into a shared buffer, keeps only what its handler left, writes
//	mailbox.go  the only way in from other goroutines
//	timer.go    deadlines of a lane, few and coarse
//	buffer.go   free lists, so that idle connections hold no buffers
//	large*.go   memory of large frames, outside the heap
//	poll_*.go   epoll (Linux) and kqueue (macOS, the BSDs), both edge-triggered
//	sys_*.go    the system calls of the data's way
//
// Edge-triggered: a connection is registered once, for both directions, and not touched again. To stop
// reading is then free: a paused connection remembers that it was readable. A peer's hang-up is still
// reported while paused, which is how the gate learns that a held client has gone.
package reactor
