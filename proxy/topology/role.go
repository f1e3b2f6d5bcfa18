package topology

import (
	"strconv"
	"strings"
)

// Role is a node's answer to ROLE.
type Role struct {
	Master     bool
	Replica    bool
	MasterAddr string // of a replica: host:port of its master, as the node was told
	Link       string // of a replica: "connected", "sync", "connect", "connecting" (Redis); "online", "full_sync", ... (Dragonfly)
	Offset     int64  // replication offset; -1 when the node does not say (Dragonfly)
	Raw        string // the answer on one line, for reports and logs
	Loading    bool   // it answers ROLE, but refuses everything else until its data set is loaded
}

// parseRole reads a reply to ROLE. Redis's master answers [master, offset, [replica...]] and its replica
// [slave, host, port, link, offset]; Dragonfly's [master, [replica...]] and [slave or replica, host, port as a
// string, link]. It reports false for anything else, a Sentinel's [sentinel, ...] included.
func parseRole(v value) (Role, bool) {
	if v.kind != '*' || len(v.list) == 0 {
		return Role{}, false
	}
	r := Role{Offset: -1}
	switch v.list[0].text {
	case "master":
		r.Master = true
		if len(v.list) > 1 && v.list[1].kind == ':' {
			r.Offset = v.list[1].number()
		}
	case "slave", "replica":
		if len(v.list) < 4 {
			return Role{}, false
		}
		r.Replica = true
		r.Link = v.list[3].text
		// A replica that does not know where its master is any more is a replica all the same.
		r.MasterAddr, _ = joinAddr(v.list[1].text, v.list[2].text)
		if len(v.list) > 4 && v.list[4].kind == ':' {
			r.Offset = v.list[4].number()
		}
	default:
		return Role{}, false
	}
	r.Raw = v.line()
	return r, true
}

func (v value) number() int64 {
	n, err := strconv.ParseInt(v.text, 10, 64)
	if err != nil {
		return -1
	}
	return n
}

// line writes out the words of a reply; of a list within, how long it is.
func (v value) line() string {
	words := make([]string, 0, len(v.list))
	for _, e := range v.list {
		if e.kind == '*' {
			words = append(words, "["+strconv.Itoa(len(e.list))+"]")
		} else {
			words = append(words, e.text)
		}
	}
	return clip(strings.Join(words, " "))
}
