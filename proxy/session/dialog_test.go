package session

import (
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"slices"
	"strings"
	"time"

	"sentinelproxy/resp"
)

// dialog is one client's side of a conversation: its goroutine writes, and reads whole frames. Other than client it
// fails no test, so that it can be used in any goroutine, and a failure be looked into.
type dialog struct {
	conn    net.Conn
	buf     []byte
	reader  resp.ReplyReader
	patient time.Duration // for the next frame
	sending chan struct{} // closed when what was sent last is written; nil: nothing was
	// forgetful: invalidations are passed over.
	forgetful bool
}

func newDialog(c *client) *dialog { return &dialog{conn: c.conn, patient: patience} }

// patience is how long a test waits for what must come. It only ever ends a test that has failed; shrinking one it
// would last too long.
var patience = 10 * time.Second

// next is the next frame.
func (d *dialog) next() (string, error) {
	for {
		if n, err := d.reader.Next(d.buf); err != nil {
			return "", fmt.Errorf("%w in %q", err, d.buf)
		} else if n > 0 {
			frame := string(d.buf[:n])
			d.buf = slices.Delete(d.buf, 0, n)
			if !d.forgetful || !invalidation(frame) {
				return frame, nil
			}
			continue
		}
		if err := d.more(64 << 10); err != nil {
			return "", err
		}
	}
}

// invalidation of what the client has cached. A switch makes it forget everything, and what was read before is not
// tracked any more.
func invalidation(frame string) bool { return strings.HasPrefix(frame, ">2\r\n$10\r\ninvalidate\r\n") }

// more reads up to size bytes.
func (d *dialog) more(size int) error {
	_ = d.conn.SetReadDeadline(time.Now().Add(d.patient))
	b := make([]byte, size)
	n, err := d.conn.Read(b)
	d.buf = append(d.buf, b[:n]...)
	if n > 0 {
		return nil
	}
	return err
}

// frames reads n of them.
func (d *dialog) frames(n int) (list []string, err error) {
	for range n {
		frame, err := d.next()
		if err != nil {
			return list, err
		}
		list = append(list, frame)
	}
	return list, nil
}

// rest reads until the other side closes.
func (d *dialog) rest() (list []string, err error) {
	for {
		frame, err := d.next()
		if errors.Is(err, io.EOF) && len(d.buf) == 0 {
			return list, nil
		}
		if err != nil {
			return list, err
		}
		list = append(list, frame)
	}
}

// send writes raw behind what was sent before, in one piece, or in random ones; it does not wait until it is read.
func (d *dialog) send(raw string, pieces *rand.Rand) {
	before, written := d.sending, make(chan struct{})
	d.sending = written
	go func() { // what does not arrive is missed by the reader
		defer close(written)
		if before != nil {
			<-before
		}
		for raw != "" {
			n := len(raw)
			if pieces != nil {
				n = min(n, 1+pieces.IntN(1+pieces.IntN(60)))
			}
			if _, err := io.WriteString(d.conn, raw[:n]); err != nil {
				return
			}
			raw = raw[n:]
		}
	}()
}

// written waits until everything that was sent is written.
func (d *dialog) written() {
	if d.sending != nil {
		<-d.sending
	}
}

// answers are the frames that came for each command of a conversation, and for ending.
type answers [][]string

// counts is how many there are for each.
func (a answers) flat() (frames []string, of []int) {
	for i, list := range a {
		for _, frame := range list {
			frames, of = append(frames, frame), append(of, i)
		}
	}
	return frames, of
}

// ask holds c with a server directly, each command awaited. Before the command with index touch, if it is one, what the
// client watches is touched by somebody else.
func ask(c *client, talk conversation, before func(i int)) (answers, error) {
	d := newDialog(c)
	defer c.close()
	var f follower
	var got answers
	for i, l := range talk {
		d.written()
		before(i)
		due := f.due(l)
		d.send(l.raw(), nil)
		var frames []string
		for replies := 0; replies < due; {
			frame, err := d.next()
			if err != nil {
				return nil, fmt.Errorf("directly: %s: after %q: %w", l, frames, err)
			}
			frames = append(frames, frame)
			switch {
			case resp.IsError([]byte(frame)):
				replies = due
			case frame[0] != '>' || strings.Contains(frame[:min(len(frame), 24)], "subscribe"):
				replies++
			}
		}
		got = append(got, frames)
	}
	d.send(raw(ending), nil)
	frames, err := d.rest()
	return append(got, frames), err
}

func raw(c conversation) string {
	var b strings.Builder
	for _, l := range c {
		b.WriteString(l.raw())
	}
	return b.String()
}

// pipelined holds a conversation in groups: each is written at once, or in random pieces, and its answers, as many as
// there were directly, are awaited before the next.
func pipelined(c *client, talk conversation, want answers, groups []int, pieces *rand.Rand) (frames []string, err error) {
	d := newDialog(c)
	defer c.close()
	for from := 0; from < len(talk); {
		to := min(len(talk), from+groups[0])
		if len(groups) > 1 {
			groups = groups[1:]
		}
		if to == len(talk) {
			break // with the ending, below
		}
		d.send(raw(talk[from:to]), pieces)
		for _, list := range want[from:to] {
			got, err := d.frames(len(list))
			frames = append(frames, got...)
			if err != nil {
				return frames, err
			}
		}
		talk, want, from = talk[to:], want[to:], 0
	}
	d.send(raw(talk)+raw(ending), pieces)
	got, err := d.rest()
	return append(frames, got...), err
}

// replies are what a conversation got, and what § was in it.
type replies struct {
	frames []string
	own    string
}

// compare says where got differs from what came directly; "" if nowhere.
func compare(talk conversation, want answers, directly string, got replies, forms ...map[string]form) string {
	frames, of := want.flat()
	for i := range max(len(frames), len(got.frames)) {
		var l line
		switch {
		case i >= len(frames):
			return fmt.Sprintf("after all it got %q", got.frames[i:])
		case of[i] < len(talk):
			l = talk[of[i]]
		default:
			l = ending[0]
		}
		if i >= len(got.frames) {
			return fmt.Sprintf("nothing came for %s, want %q", l, frames[i])
		}
		g, w := common(plain(l, got.frames[i], forms...), got.own), common(plain(l, frames[i], forms...), directly)
		if g != w {
			at := 0
			for at < min(len(g), len(w)) && g[at] == w[at] {
				at++
			}
			at = max(0, at-200)
			return fmt.Sprintf("command %d, %s:\n got %.400q\nwant %.400q", of[i], l, g[at:], w[at:])
		}
	}
	return ""
}
