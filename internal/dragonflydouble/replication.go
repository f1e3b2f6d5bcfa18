package dragonflydouble

import (
	"net"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"
)

// phase of the replication, in the order of a full sync.
type phase int

const (
	connecting  phase = iota // no connection to the master
	preparation              // connected; INFO says that the link is up. The master may take its time, 5 s by default
	fullSync                 // the data set is coming in; commands are refused
	online                   // there is an offset
)

// String is the fourth element of ROLE.
func (p phase) String() string {
	return [...]string{"connecting", "preparation", "full_sync", "online"}[p]
}

// replication is whom the double follows. The private redis-server follows the relay.
type replication struct {
	backend *backend
	relay   *relay

	changing sync.Mutex // one REPLICAOF at a time
	mu       struct {
		sync.Mutex
		following  bool
		host, port string
	}
}

func newReplication(o Options, b *backend) (*replication, error) {
	r := &replication{backend: b}
	var err error
	r.relay, err = newRelay(o, b)
	return r, err
}

func (r *replication) close() { r.relay.close() }

func (r *replication) following() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.mu.following
}

func (r *replication) loading() bool { return r.relay.phase() == fullSync }

// situation is what INFO and ROLE tell.
type situation struct {
	following      bool
	host, port     string
	phase          phase
	replid, offset string        // offset: only online
	quiet          time.Duration // since something came from the master; 0 when online
}

func (r *replication) now() situation {
	r.mu.Lock()
	s := situation{following: r.mu.following, host: r.mu.host, port: r.mu.port}
	r.mu.Unlock()
	if !s.following {
		return s
	}
	s.phase, s.replid, s.quiet = r.relay.now()
	if s.phase == online {
		s.quiet = 0 // a frozen master is shown so, too
		if offset, synced := r.backend.offset(); synced {
			s.offset = strconv.FormatInt(offset, 10)
		} else {
			s.phase = connecting
		}
	}
	return s
}

// offset of the stream that has been applied; synced: there is one.
func (b *backend) offset() (offset int64, synced bool) {
	reply, err := b.admin.ask("ROLE")
	role := elements(reply)
	if err != nil || len(role) != 5 || text(role[3]) != "connected" {
		return 0, false
	}
	offset, err = strconv.ParseInt(text(role[4]), 10, 64)
	return offset, err == nil
}

// role: a master has two elements, a replica no offset.
func (c *session) role([][]byte) plan {
	return plan{local: func() []byte {
		r := c.server.replication.now()
		if !r.following {
			var list [][]byte
			for _, one := range c.server.replicas() {
				list = append(list, array(bulk(one.ip), bulk(one.port), bulk(one.state)))
			}
			return array(bulk("master"), array(list...))
		}
		return array(bulk("slave"), bulk(r.host), bulk(r.port), bulk(r.phase.String()))
	}}
}

// replicaOf is REPLICAOF and SLAVEOF.
func (c *session) replicaOf(raw [][]byte) plan {
	host, port := argument(raw, 1), argument(raw, 2)
	if strings.EqualFold(host, "no") && strings.EqualFold(port, "one") {
		return plan{local: func() []byte { return c.server.replication.lead() }}
	}
	if n, err := strconv.Atoi(port); err != nil || n < 1 || n > 65535 {
		return refuse(failure("ERR value is not an integer or out of range"))
	}
	return plan{local: func() []byte { return c.server.replication.follow(host, port) }}
}

// lead makes the double a master. Client connections stay.
func (r *replication) lead() []byte {
	r.changing.Lock()
	defer r.changing.Unlock()
	reply, err := r.backend.admin.ask("REPLICAOF", "NO", "ONE")
	if err != nil || isError(reply) {
		return reply
	}
	r.mu.Lock()
	r.mu.following = false
	r.mu.Unlock()
	r.relay.follow("")
	return replyOK
}

// unblock ends the waits of blocked clients with an error. A Redis that becomes a replica would close their connections
// too, and no change of role does that with Dragonfly.
func (b *backend) unblock() {
	reply, err := b.admin.ask("CLIENT", "LIST", "TYPE", "normal")
	if err != nil {
		return // it has ended, which Run notices
	}
	for _, client := range blocked.FindAllStringSubmatch(text(reply), -1) {
		_, _ = b.admin.ask("CLIENT", "UNBLOCK", client[1], "ERROR") // by now it may not be blocked any more
	}
}

// blocked is the line of a blocked client.
var blocked = regexp.MustCompile(`(?m)^id=(\d+) .* flags=\w*b\w* `)

// follow connects to the master before it answers, and always begins with a full sync, also with the same master.
func (r *replication) follow(host, port string) []byte {
	r.changing.Lock()
	defer r.changing.Unlock()
	r.mu.Lock()
	r.mu.following, r.mu.host, r.mu.port = true, host, port
	r.mu.Unlock()
	r.backend.unblock()
	tried := r.relay.follow(net.JoinHostPort(host, port))
	relayHost, relayPort, _ := net.SplitHostPort(r.relay.addr())
	reply, err := r.backend.admin.ask("REPLICAOF", relayHost, relayPort)
	if err != nil || isError(reply) {
		return reply
	}
	select {
	case <-tried:
	case <-time.After(2 * time.Second): // Redis dials again once a second
	}
	return replyOK
}
