package history

import (
	"bufio"
	"fmt"
	"net"
	"testing"
	"time"

	"sentinelproxy/internal/history"
	"sentinelproxy/internal/servers"
)

// TestCrash: over SIGKILLs of the master clients are told nothing but UNKNOWNOUTCOME. What it had acknowledged and no replica had is gone,
// which no proxy can mend, but nothing is applied twice, and nobody gets another's reply. With replies that wait for a replica, those to reads
// too, nothing is lost, and one order explains all that clients have seen.
func TestCrash(t *testing.T) {
	for _, c := range []struct {
		name  string
		args  []string
		check func(*history.History) []*history.Violation
	}{
		{"acknowledged by the master", nil, (*history.History).CheckLossy},
		// The Sentinels promote the replica that is further: it has all that one of two has acknowledged.
		{"acknowledged by a replica", []string{"--acknowledge", "replicas=1,timeout=30s,on-timeout=error,reads=replicated"}, (*history.History).Check},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := worldOf(t, 2, c.args...)
			w.clients(history.Options{Pipeline: 3})
			n := rounds(t, 1)
			for i := range n {
				old := w.cluster.Master()
				w.works(20)
				w.must(old.Kill())
				w.promoted(old)
				w.works(20)
				if i+1 < n {
					w.must(old.Restart())
					w.replicated(2)
				}
			}
			h := w.run.Stop()
			w.found(c.check(h))
			w.sum(h)
		})
	}
}

// TestUnanswered: a master that ends when it has applied and replicated much that it has not answered. One order explains what is seen,
// for all of it may have been applied, once.
func TestUnanswered(t *testing.T) {
	t.Parallel()
	for range rounds(t, 1) {
		w := worldOf(t, 2)
		w.clients(history.Options{Pipeline: 3})
		w.endUnanswered()
		h := w.run.Stop()
		w.found(h.Check())
		if s := w.sum(h); s.Unknown == 0 {
			t.Error("the master has answered everything")
		}
	}
}

// endUnanswered ends the master in the turn of its loop in which it has applied what all clients have sent it. It still sends that to its
// replicas, as SHUTDOWN does, but answers no more. SIGKILL can't be made to hit that moment.
func (w *world) endUnanswered() {
	w.t.Helper()
	w.works(20)
	old := w.cluster.Master()
	c, err := net.Dial("tcp", old.Addr())
	w.must(err)
	defer c.Close()
	ping(w, c)
	w.must(old.Pause())
	time.Sleep(100 * time.Millisecond) // much less than the Sentinels bear; what the clients send meanwhile waits in its sockets
	_, err = c.Write([]byte("SHUTDOWN NOSAVE NOW FORCE\r\n"))
	w.must(err)
	w.must(old.Resume())
	eventually(w.t, "the master has ended", func() error {
		if old.Running() {
			return fmt.Errorf("it runs")
		}
		return nil
	})
	w.promoted(old)
	w.works(20)
}

// ping sees to it that the server has accepted the connection.
func ping(w *world, c net.Conn) {
	w.t.Helper()
	_, err := c.Write([]byte("PING\r\n"))
	w.must(err)
	_, err = bufio.NewReader(c).ReadString('\n')
	w.must(err)
}

// others are the nodes besides one.
func (w *world) others(than *servers.Node) (list []*servers.Node) {
	for _, n := range w.cluster.Nodes {
		if n != than {
			list = append(list, n)
		}
	}
	return list
}
