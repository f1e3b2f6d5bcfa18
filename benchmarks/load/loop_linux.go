package load

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"time"
	"unsafe"

	"github.com/HdrHistogram/hdrhistogram-go"
	"golang.org/x/sys/unix"
)

// run is one case on a crowd.
type run struct {
	Case
	crowd    *Crowd
	clients  []*client
	requests []request
	replies  int // of a request
	keys     uint64
	random   random

	total    int // requests
	issued   int // of these, due or given to a client
	answered int
	interval float64 // nanoseconds between requests; 0: closed loop
	epoch    time.Time
	touched  []*client

	latencies, late *hdrhistogram.Histogram
}

// Run sends n requests of the case over the first c.Conns connections and returns when all are answered. It keeps the calling
// goroutine's thread for itself.
func (w *Crowd) Run(ctx context.Context, c Case, n, keys int) (Result, error) {
	k, ok := kindOf(c.Command)
	if !ok {
		return Result{}, fmt.Errorf("no command %q", c.Command)
	}
	if c.Conns > len(w.clients) || c.Depth < 1 {
		return Result{}, fmt.Errorf("%s: %d connections are open", c, len(w.clients))
	}
	r := &run{
		Case: c, crowd: w, clients: w.clients[:c.Conns], requests: k.requests(c.Size), keys: uint64(keys), random: random(time.Now().UnixNano() | 1),
		total: n, latencies: NewLatencies(), late: NewLatencies(),
	}
	r.replies = r.requests[0].replies
	if c.Rate > 0 {
		r.interval = float64(time.Second) / float64(c.Rate)
	}
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	// Timers of a thread are late by 50 µs unless it says that it minds.
	if err := unix.Prctl(unix.PR_SET_TIMERSLACK, 1, 0, 0, 0); err != nil {
		return Result{}, os.NewSyscallError("prctl", err)
	}
	defer func() { _ = unix.Prctl(unix.PR_SET_TIMERSLACK, 0, 0, 0, 0) }() // 0 is the default again
	before := threadCPU()
	if err := r.all(ctx); err != nil {
		return Result{}, fmt.Errorf("%s: %w", c, err)
	}
	return r.result(threadCPU() - before), nil
}

func threadCPU() time.Duration {
	var u unix.Rusage
	if unix.Getrusage(unix.RUSAGE_THREAD, &u) != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func (r *run) result(cpu time.Duration) Result {
	ms := func(ns int64) float64 { return float64(ns) / float64(time.Millisecond) }
	q := r.latencies.ValueAtPercentilesSlice([]float64{50, 95, 99, 99.9})
	out := Result{
		Asked: r.total, RPS: float64(r.total) / time.Since(r.epoch).Seconds(),
		P50: ms(q[0]), P95: ms(q[1]), P99: ms(q[2]), P999: ms(q[3]), Max: ms(r.latencies.Max()),
		Late: ms(r.late.ValueAtPercentile(99)), ClientCPU: cpu, Latencies: r.latencies,
	}
	for _, c := range r.clients {
		out.Errors += c.in.errors
		if out.FirstError == "" {
			out.FirstError = c.in.firstError
		}
	}
	return out
}

func (r *run) now() int64 { return int64(time.Since(r.epoch)) }

// intended is when request number i is due.
func (r *run) intended(i int) int64 { return int64(float64(i) * r.interval) }

// all turns the loop until the last reply. Nothing answered for so long means that nothing will be.
func (r *run) all(ctx context.Context) error {
	const silence = 30 * time.Second
	var events [256]unix.EpollEvent
	r.epoch = time.Now()
	for _, c := range r.clients {
		c.in = frames{}
		c.due, c.sent, c.answered = 0, 0, 0
		if r.interval == 0 {
			if err := r.again(c); err != nil {
				return err
			}
		}
	}
	progress, answered := r.now(), 0
	for r.answered < r.total {
		if err := r.issue(); err != nil {
			return err
		}
		n, err := r.wait(events[:])
		if err != nil {
			return err
		}
		for _, e := range events[:n] {
			if err := r.event(e); err != nil {
				return err
			}
		}
		if r.answered > answered {
			progress, answered = r.now(), r.answered
		}
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if n == 0 && r.now()-progress > int64(silence) && r.issued > r.answered {
			return fmt.Errorf("%d of %d answered, and then nothing for %v", r.answered, r.total, silence)
		}
	}
	return nil
}

// again gives a client of a closed loop its next pipeline.
func (r *run) again(c *client) error {
	n := min(r.Depth, r.total-r.issued)
	if n == 0 {
		return nil
	}
	r.issued += n
	c.due += n
	c.began = r.now()
	return r.send(c)
}

// issue sends what has become due at a fixed rate.
func (r *run) issue() error {
	if r.interval == 0 || r.issued == r.total {
		return nil
	}
	for now := r.now(); r.issued < r.total && r.intended(r.issued) <= now; r.issued++ {
		c := r.clients[r.issued%r.Conns]
		c.due++
		if !c.marked {
			c.marked = true
			r.touched = append(r.touched, c)
		}
	}
	for _, c := range r.touched {
		c.marked = false
		if err := r.send(c); err != nil {
			return err
		}
	}
	r.touched = r.touched[:0]
	return nil
}

// wait sleeps until something has come or the next request is due, but not for so long that an end of the context goes
// unnoticed.
func (r *run) wait(events []unix.EpollEvent) (int, error) {
	const longest = 100 * time.Millisecond
	timeout := int64(longest)
	if r.interval > 0 && r.issued < r.total {
		timeout = max(0, min(timeout, r.intended(r.issued)-r.now()))
	}
	ts := unix.NsecToTimespec(timeout)
	n, _, errno := unix.Syscall6(unix.SYS_EPOLL_PWAIT2, uintptr(r.crowd.poll), uintptr(unsafe.Pointer(&events[0])), uintptr(len(events)),
		uintptr(unsafe.Pointer(&ts)), 0, 0)
	switch errno {
	case 0:
		return int(n), nil
	case unix.EINTR:
		return 0, nil
	case unix.ENOSYS:
		return 0, errors.New("epoll_pwait2: needs Linux 5.11 or later")
	}
	return 0, os.NewSyscallError("epoll_pwait2", errno)
}

func (r *run) event(e unix.EpollEvent) error {
	c := r.crowd.clients[e.Fd]
	if c.index >= r.Conns { // idles; its end is its own affair
		return nil
	}
	if e.Events&(unix.EPOLLIN|unix.EPOLLRDHUP|unix.EPOLLHUP|unix.EPOLLERR) != 0 {
		if err := r.receive(c); err != nil {
			return err
		}
	}
	if e.Events&unix.EPOLLOUT != 0 && (c.at < len(c.out) || len(c.tail) > 0) {
		return r.send(c)
	}
	return nil
}

// receive reads all that is there. A read that does not fill the buffer has emptied the socket, and whatever comes later is a
// new event.
func (r *run) receive(c *client) error {
	for {
		n, errno := raw(unix.SYS_READ, c.fd, r.crowd.buf)
		switch {
		case errno == unix.EAGAIN:
			return nil
		case errno != 0:
			return os.NewSyscallError("read", errno)
		case n == 0:
			return errors.New("the connection was closed")
		}
		if err := c.in.feed(r.crowd.buf[:n]); err != nil {
			return err
		}
		if err := r.answers(c); err != nil {
			return err
		}
		if n < len(r.crowd.buf) {
			return nil
		}
	}
}

// answers accounts for the requests whose last reply has come, and goes on.
func (r *run) answers(c *client) error {
	done := c.in.replies / r.replies
	if done == c.answered {
		return nil
	}
	if done > c.sent {
		return errors.New("more replies than requests")
	}
	now := r.now()
	for ; c.answered < done; c.answered++ {
		latency := now - c.began
		if r.interval > 0 {
			latency = now - r.intended(c.answered*r.Conns+c.index)
		}
		if err := r.latencies.RecordValue(latency); err != nil {
			return err
		}
		r.answered++
	}
	if r.interval == 0 {
		if c.answered == c.due {
			return r.again(c)
		}
		return nil
	}
	if c.sent < c.due {
		return r.send(c)
	}
	return nil
}

// send writes until the socket takes no more or there is nothing that may be sent.
func (r *run) send(c *client) error {
	for {
		if c.at == len(c.out) && len(c.tail) == 0 && !r.compose(c) {
			return nil
		}
		b := c.out[c.at:]
		if len(b) == 0 {
			b = c.tail
		}
		n, errno := raw(unix.SYS_WRITE, c.fd, b)
		if errno == unix.EAGAIN {
			return nil // an event tells when there is room
		}
		if errno != 0 {
			return os.NewSyscallError("write", errno)
		}
		if c.at < len(c.out) {
			c.at += n
		} else {
			c.tail = c.tail[n:]
		}
	}
}

// compose puts the requests that may be sent into the empty output: up to the first large value, and not more on their way
// than the case's depth. It returns false when there are none.
func (r *run) compose(c *client) bool {
	c.out, c.at = c.out[:0], 0
	for c.sent < c.due && c.sent-c.answered < r.Depth && len(c.tail) == 0 {
		q := &r.requests[(c.sent+c.index)%len(r.requests)]
		c.out = q.appendTo(c.out, &r.random, r.keys)
		c.tail = q.tail
		if r.interval > 0 && c.sent == c.answered { // it did not wait for another one's reply
			due := r.intended(c.sent*r.Conns + c.index)
			_ = r.late.RecordValue(max(0, r.now()-due)) // a value beyond the histogram has failed the run already
		}
		c.sent++
	}
	return len(c.out) > 0
}

// raw calls read or write on a socket that does not block, without telling the scheduler.
func raw(call uintptr, fd int, b []byte) (int, unix.Errno) {
	n, _, errno := unix.RawSyscall(call, uintptr(fd), uintptr(unsafe.Pointer(&b[0])), uintptr(len(b)))
	return int(n), errno
}
