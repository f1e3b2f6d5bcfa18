package dragonflydouble

import (
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
)

// A double can follow another, as Dragonfly can follow Dragonfly, while no Redis can. How they do it is their own: the replica
// gives itself away by "REPLCONF capa dragonfly", and then its private redis-server is led to the master's.

// follower is what a replica has said of itself.
type follower struct {
	double bool
	port   string
}

// greet takes in REPLCONF.
func (c *session) greet(raw [][]byte) plan {
	args := words(raw[1:])
	for i := 0; i+1 < len(args); i += 2 {
		switch strings.ToLower(args[i]) {
		case "ack":
			return plan{local: func() []byte { return nil }} // is never answered
		case "listening-port":
			c.follower.port = args[i+1]
		case "capa":
			c.follower.double = c.follower.double || args[i+1] == "dragonfly"
		}
	}
	return refuse(replyOK) // a replica's greeting; what a Redis asks for next does not exist here
}

// isFollowing: this asks for the stream, and may.
func (c *session) isFollowing(args [][]byte) bool {
	return len(args) == 3 && strings.EqualFold(string(args[0]), "PSYNC") && c.follower.double && c.authed
}

// feed hands the connection over to the private redis-server, which takes the replica for its own: a full sync, then what is
// written. rest is what the replica has sent behind its PSYNC.
func (c *session) feed(rest []byte) {
	c.feeding.Store(true)
	// What is sent before a full sync begins is no reply any more.
	last := command("REPLCONF", "listening-port", c.follower.port, "capa", "eof", "capa", "psync2")
	if reply, err := c.askFor(last, entry{last: true}); err != nil || isError(reply) {
		return
	}
	_, _ = c.toLink.Write(append(command("PSYNC", "?", "-1"), rest...)) // the error comes again at Flush
	if c.toLink.Flush() == nil {
		_, _ = io.Copy(c.link, c.client)
	}
}

// fed carries what the private redis-server sends to a replica, behind what has been read of it.
func (c *session) fed(from *replies) {
	c.write(from.buf[from.used:])
	c.flush()
	_, _ = io.Copy(c.client, c.link)
}

// replicaInfo is a replica of this server as a master. lag is how much of the stream it has not acknowledged.
type replicaInfo struct {
	ip, port, state string
	lag             int64
}

// replicas are those that the private redis-server has, with their addresses as the double sees them.
func (s *server) replicas() (list []replicaInfo) {
	reply, err := s.backend.admin.ask("INFO", "replication")
	if err != nil {
		return nil
	}
	var offset int64
	var lines []map[string]string
	for line := range strings.Lines(text(reply)) {
		key, value, _ := strings.Cut(strings.TrimSpace(line), ":")
		switch {
		case key == "master_repl_offset":
			offset, _ = strconv.ParseInt(value, 10, 64)
		case strings.HasPrefix(key, "slave") && strings.Contains(value, "port="):
			one := map[string]string{}
			for _, field := range strings.Split(value, ",") {
				name, v, _ := strings.Cut(field, "=")
				one[name] = v
			}
			lines = append(lines, one)
		}
	}
	for _, one := range lines {
		has, _ := strconv.ParseInt(one["offset"], 10, 64)
		r := replicaInfo{ip: s.addressOf(one["port"]), port: one["port"], state: "online", lag: offset - has}
		if one["state"] != "online" {
			r.state, r.lag = "full_sync", 0
		}
		list = append(list, r)
	}
	return list
}

// addressOf is where the replica of that port has come from.
func (s *server) addressOf(port string) string {
	for _, c := range s.all() {
		if c.feeding.Load() && c.follower.port == port {
			host, _, _ := net.SplitHostPort(c.client.RemoteAddr().String())
			return host
		}
	}
	return ""
}

// infoReplicas are the lines of INFO REPLICATION.
func infoReplicas(list []replicaInfo) []string {
	lines := []string{fmt.Sprintf("connected_slaves:%d", len(list))}
	for i, r := range list {
		lines = append(lines, fmt.Sprintf("slave%d:ip=%s,port=%s,state=%s,lag=%d", i, r.ip, r.port, r.state, r.lag))
	}
	return lines
}
