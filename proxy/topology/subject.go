package topology

import "strings"

// instances are the addresses that a message is about. node is "" when it is about a master only.
type instances struct{ master, node string }

// subject says whom a message is about.
type subject uint8

const (
	otherGroup subject = iota
	ofGroup            // about the group or an instance of it, which instances holds
	ofSentinel         // about no group at all
	malformed          // mentions the group, but not as it should
)

// readSubject finds out whom a message is about. Sentinel writes an instance as
//
//	master NAME IP PORT
//	slave  IP:PORT IP PORT @ MASTERNAME MASTERIP MASTERPORT
//	sentinel RUNID IP PORT @ MASTERNAME MASTERIP MASTERPORT
//
// each perhaps followed by more words. A master's name may hold any character, spaces and "@" too, and is not
// quoted. So it is not taken from the message; the group's own name is looked for where a name must stand.
func readSubject(s shape, group, payload string) (subject, instances) {
	switch s {
	case shapeNone, shapeEpoch:
		return ofSentinel, instances{}
	case shapeSwitch:
		return readSwitch(group, payload)
	}
	kind, rest, _ := strings.Cut(payload, " ")
	switch kind {
	case "master":
		return readMaster(group, rest)
	case "slave", "sentinel":
		return readMember(group, rest)
	}
	if s == shapeOther {
		return ofSentinel, instances{} // "#tilt mode entered" and the like
	}
	return malformed, instances{}
}

// readMaster reads "NAME IP PORT ...".
func readMaster(group, s string) (subject, instances) {
	rest, found := strings.CutPrefix(s, group+" ")
	if !found {
		return otherGroup, instances{}
	}
	addr, _ := readAddr(rest)
	if addr == "" {
		return malformed, instances{}
	}
	return ofGroup, instances{master: addr}
}

// readMember reads "NAME IP PORT @ MASTERNAME MASTERIP MASTERPORT ...". The names before the "@" are
// Sentinel's own making and hold no space.
func readMember(group, s string) (subject, instances) {
	member, master, found := strings.Cut(s, " @ ")
	if !found {
		return malformed, instances{}
	}
	about, m := readMaster(group, master)
	if about != ofGroup {
		return about, m
	}
	_, member, _ = strings.Cut(member, " ")
	addr, rest := readAddr(member)
	if addr == "" || rest != "" {
		return malformed, instances{}
	}
	m.node = addr
	return ofGroup, m
}

// readSwitch reads "NAME OLDIP OLDPORT NEWIP NEWPORT".
func readSwitch(group, s string) (subject, instances) {
	rest, found := strings.CutPrefix(s, group+" ")
	if !found {
		return otherGroup, instances{}
	}
	from, rest := readAddr(rest)
	to, rest := readAddr(rest)
	if from == "" || to == "" || rest != "" {
		return malformed, instances{}
	}
	return ofGroup, instances{master: from, node: to}
}

// readAddr takes "IP PORT" off the front of s; addr is "" when it does not stand there.
func readAddr(s string) (addr, rest string) {
	host, s, _ := strings.Cut(s, " ")
	port, rest, _ := strings.Cut(s, " ")
	addr, ok := joinAddr(host, port)
	if !ok {
		return "", ""
	}
	return addr, rest
}
