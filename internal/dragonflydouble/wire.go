package dragonflydouble

import (
	"errors"
	"net"
	"sync"

	"sentinelproxy/resp"
)

// replies reads whole replies from a connection.
type replies struct {
	conn   net.Conn
	reader resp.ReplyReader
	buf    []byte // what has been read
	used   int    // of it, what has been returned
}

// next gives the next reply, which is valid until the call after it. idle is called before it waits.
func (r *replies) next(idle func()) ([]byte, error) {
	for {
		n, err := r.reader.Next(r.buf[r.used:])
		if err != nil {
			return nil, err
		}
		if n > 0 {
			r.used += n
			return r.buf[r.used-n : r.used : r.used], nil
		}
		idle()
		if r.buf, r.used, err = fill(r.conn, r.buf, r.used); err != nil {
			return nil, err
		}
	}
}

// fill drops the used bytes of buf and reads more behind the rest. The buffer is emptied by moving, never overwritten
// in front of what a caller may still look at: whoever calls it has done with the used bytes.
func fill(conn net.Conn, buf []byte, used int) (filled []byte, unused int, err error) {
	rest := copy(buf, buf[used:])
	buf = buf[:rest]
	if cap(buf)-rest < 16<<10 {
		buf = append(make([]byte, 0, max(2*cap(buf), 64<<10)), buf...)
	}
	n, err := conn.Read(buf[rest:cap(buf)])
	if n > 0 {
		err = nil
	}
	return buf[:rest+n], 0, err
}

// asker is a connection for one question at a time, from any goroutine.
type asker struct {
	mu      sync.Mutex
	replies replies
}

// ask sends one command and returns a copy of its reply. An error reply is a reply.
func (a *asker) ask(args ...string) ([]byte, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.replies.conn == nil {
		return nil, errors.New("not connected")
	}
	if _, err := a.replies.conn.Write(command(args...)); err != nil {
		return nil, err
	}
	reply, err := a.replies.next(func() {})
	return append([]byte(nil), reply...), err
}

// command is the bytes of one.
func command(args ...string) []byte {
	list := make([][]byte, len(args))
	for i, a := range args {
		list[i] = []byte(a)
	}
	return resp.AppendCommand(nil, list...)
}
