package dragonflydouble

import (
	"bytes"
	"errors"
	"sync"

	"sentinelproxy/resp"
)

var errGone = errors.New("the session has ended")

// rewrite makes Dragonfly's reply of Redis's; nil leaves it.
type rewrite func(reply []byte) []byte

// entry is one command that has not been answered, in the order of commands.
type entry struct {
	ready   []byte      // the reply; nil: that of the private redis-server
	rewrite rewrite     // of it
	until   []byte      // the command is answered by any number of messages; this reply marks their end
	asked   chan []byte // the reply goes there and not to the client
	last    bool        // what comes behind the reply is a replica's stream
}

// pending is the queue of them.
type pending struct {
	mu      sync.Mutex
	changed *sync.Cond    // an entry has gone, or closed
	gone    chan struct{} // closed by close
	list    []entry       // guarded by mu
	closed  bool          // guarded by mu
}

func (p *pending) close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closed, p.list = true, nil
	close(p.gone)
	p.changed.Broadcast()
}

func (p *pending) push(e entry) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.closed {
		p.list = append(p.list, e)
	}
	return !p.closed
}

func (p *pending) head() (entry, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.list) == 0 {
		return entry{}, false
	}
	return p.list[0], true
}

// pop takes the head away, and writes what is ready behind it: before anybody can see that nothing is left, and
// write something that comes after it.
func (p *pending) pop(write func([]byte)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.list) > 0 {
		p.list = p.list[1:]
	}
	for len(p.list) > 0 && p.list[0].ready != nil {
		write(p.list[0].ready)
		p.list = p.list[1:]
	}
	if len(p.list) == 0 {
		p.changed.Broadcast()
	}
}

// forward sends a command to the private redis-server.
func (c *session) forward(raw []byte, r rewrite) {
	if c.pending.push(entry{rewrite: r}) {
		_, _ = c.toLink.Write(raw) // the error comes again at Flush
	}
}

// ask sends a command and waits for its reply, and so for those of all commands before. The client can't be seen to
// leave meanwhile.
func (c *session) ask(args ...string) ([]byte, error) { return c.askRaw(command(args...)) }

func (c *session) askRaw(raw []byte) ([]byte, error) { return c.askFor(raw, entry{}) }

func (c *session) askFor(raw []byte, e entry) ([]byte, error) {
	e.asked = make(chan []byte, 1)
	if !c.pending.push(e) {
		return nil, errGone
	}
	_, _ = c.toLink.Write(raw)
	if err := c.toLink.Flush(); err != nil {
		return nil, err
	}
	select {
	case reply := <-e.asked:
		return reply, nil
	case <-c.pending.gone:
		return nil, errGone
	}
}

// drain waits until every command is answered.
func (c *session) drain() {
	if c.toLink.Flush() != nil {
		return
	}
	c.pending.mu.Lock()
	defer c.pending.mu.Unlock()
	for len(c.pending.list) > 0 {
		c.pending.changed.Wait()
	}
}

// reply answers a command here, in its turn.
func (c *session) reply(ready []byte) {
	c.pending.mu.Lock()
	waits := len(c.pending.list) > 0
	if waits {
		c.pending.list = append(c.pending.list, entry{ready: ready})
	}
	c.pending.mu.Unlock()
	if !waits {
		c.write(ready)
		c.flush()
	}
}

func (c *session) write(reply []byte) {
	c.out.Lock()
	defer c.out.Unlock()
	_, _ = c.out.Write(reply) // a client that has gone is noticed by its reader
}

func (c *session) flush() {
	c.out.Lock()
	defer c.out.Unlock()
	_ = c.out.Flush()
}

// answer brings back the private redis-server's replies until either side is gone.
func (c *session) answer() {
	defer c.close()
	from := replies{conn: c.link}
	for {
		reply, err := from.next(c.flush)
		if err != nil {
			return
		}
		if last := c.answered(reply); last {
			c.fed(&from)
			return
		}
	}
}

func (c *session) answered(reply []byte) (last bool) {
	head, waits := c.pending.head()
	switch {
	case !waits || reply[0] == '>' || c.isMessage(reply):
		c.write(reply) // belongs to no command, or is one of many confirmations
		return false
	case head.until != nil && !isEnd(reply, head.until):
		c.write(reply)
		return false
	case head.until != nil:
	case head.asked != nil:
		head.asked <- bytes.Clone(reply)
	default:
		reply = commonRewrite(reply)
		if head.rewrite != nil {
			reply = head.rewrite(reply)
		}
		c.write(reply)
	}
	c.pending.pop(c.write)
	return head.last
}

// commonRewrite is for errors that many commands can give.
func commonRewrite(reply []byte) []byte {
	switch string(resp.ErrorPrefix(reply)) {
	case "LOADING":
		return failure(errLoading)
	case "UNBLOCKED":
		return failure(errUnblocked)
	}
	if unknown, is := bytes.CutPrefix(reply, []byte("-ERR unknown command '")); is {
		name, _, _ := bytes.Cut(unknown, []byte("'"))
		return unknownCommand(string(name))
	}
	return reply
}
