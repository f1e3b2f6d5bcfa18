package load

import (
	"context"
	"errors"
	"net"
	"sync"
	"time"

	"sentinelproxy/demo/tally"
)

// connections dials for one go-redis client of one connection and counts those that were lost. go-redis
// closes a connection only when it is of no use any more (end of file, reset, time out, or found closed by
// the check before a use), so each Close before ours is a lost one.
type connections struct {
	seen *tally.Client
	mu   struct {
		sync.Mutex
		ending bool
		open   net.Conn
	}
}

// watched is a connection whose closing is counted. The TCPConn is embedded for its SyscallConn, by which
// go-redis finds closed connections before it uses them.
type watched struct {
	*net.TCPConn
	owner *connections
	once  sync.Once
}

var errEnding = errors.New("no more connections: the demo ends")

func (c *connections) dial(ctx context.Context, network, addr string) (net.Conn, error) {
	d := net.Dialer{Timeout: 5 * time.Second} // go-redis's own default
	conn, err := d.DialContext(ctx, network, addr)
	if err != nil {
		return nil, err
	}
	w := &watched{TCPConn: conn.(*net.TCPConn), owner: c}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.mu.ending { // a task's next command, after the one that was abandoned
		conn.Close()
		return nil, errEnding
	}
	c.mu.open = w
	return w, nil
}

// Close is called by go-redis, and by abandon.
func (w *watched) Close() error {
	w.once.Do(func() {
		w.owner.mu.Lock()
		defer w.owner.mu.Unlock()
		if !w.owner.mu.ending {
			w.owner.seen.Closed()
		}
	})
	return w.TCPConn.Close()
}

// end: from now on it is us who close.
func (c *connections) end() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.mu.ending = true
}

// abandon closes the connection under a client that waits for a reply that does not come.
func (c *connections) abandon() {
	c.end()
	c.mu.Lock()
	open := c.mu.open
	c.mu.Unlock()
	if open != nil {
		open.Close()
	}
}
