package session

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"sentinelproxy/proxy/command"
	"sentinelproxy/resp"
)

// form is what is compared of a reply.
type form func(reply string) string

// unstable are the replies that differ between any two connections to one server, by name of the command.
var unstable = map[string]form{
	// Connections have ids of their own, and the proxy's are its own.
	"client|id":   kindOnly,
	"client|info": kindOnly,
	"client|list": kindOnly,
	"hello":       withoutID,
	// Time passes between the one and the other.
	"ttl":         roughly,
	"pttl":        roughly,
	"expiretime":  roughly,
	"pexpiretime": roughly,
	// A link that RESET has just closed, or that of another client, may still be counted.
	"publish":  kindOnly,
	"spublish": kindOnly,
	// The tables of subcommands are rearranged while they are used.
	"command":      kindOnly,
	"command|docs": kindOnly,
}

// replicated are those that differ between two servers with the same data, where one is the other's replica.
var replicated = map[string]form{
	// Each server has its own seed of hashes.
	"smembers": sorted, "sunion": sorted, "sinter": sorted, "sdiff": sorted, "spop": sorted, "keys": sorted, "scan": sorted, "sscan": sorted,
	"hkeys": sorted, "hvals": sorted, "hgetall": sorted, "hscan": sorted, "zscan": sorted, "acl|users": sorted, "command|list": sorted,
	"dump": kindOnly, "unsubscribe": unnamed, "punsubscribe": unnamed, "sunsubscribe": unnamed,
	// What a replica has applied (INCRBYFLOAT as SET) or loaded is stored in another way.
	"object|encoding": kindOnly, "object|refcount": kindOnly, "xinfo|stream": withoutTree,
	// A replica does not count what a group has read, and is not told of a consumer that has read nothing new.
	"xinfo|groups": uncounted, "xgroup|createconsumer": kindOnly,
	// There may be a replica or not.
	"wait": kindOnly,
}

func normalised(l line) bool { return unstable[l.info().Name] != nil }

// plain is the reply to l in the form that is compared. It is left alone unless it is for such a command.
func plain(l line, reply string, forms ...map[string]form) string {
	for _, m := range forms {
		f := m[l.info().Name]
		if failed := resp.IsError([]byte(reply)); f == nil || aside(reply) || failed && m["unknown"] == nil { // only Dragonfly's are about errors
			continue
		}
		reply = f(reply)
	}
	return reply
}

// aside: what is pushed before the reply to a command is no reply to it. Confirmations are.
func aside(frame string) bool {
	return frame[0] == '>' && !strings.Contains(frame[:min(len(frame), 24)], "subscribe")
}

func kindOnly(reply string) string { return reply[:1] + "..." }

func withoutID(reply string) string { return ids.ReplaceAllString(reply, "$$2\r\nid\r\n:0") }

// roughly: to the hundred seconds, and of a deadline only that there is one unless it is one that was given.
func roughly(reply string) string {
	n, err := strconv.ParseInt(strings.TrimSpace(reply[1:]), 10, 64)
	switch {
	case err != nil || n <= 0:
		return reply
	case n%4102444800 == 0:
		return "the end of the century"
	case n > 1e9:
		return "some time"
	case n > 1e6:
		n /= 1000
	}
	return fmt.Sprintf("about %d s", (n+50)/100*100)
}

// sorted puts the elements of an array, and those of arrays in it, in order.
func sorted(reply string) string {
	list := elements(reply)
	if list == nil {
		return reply
	}
	for i := range list {
		list[i] = sorted(list[i])
	}
	slices.Sort(list)
	return reply[:strings.IndexByte(reply, '\n')+1] + strings.Join(list, "")
}

// unnamed is a confirmation that may be any of several.
func unnamed(frame string) string {
	list := elements(frame)
	if len(list) != 3 {
		return frame
	}
	return frame[:4] + list[0] + list[2]
}

// elements of an array, set or map; nil if the reply is none.
func elements(reply string) []string {
	end := strings.IndexByte(reply, '\n') + 1
	if !strings.Contains("*~%>", reply[:1]) || end == len(reply) {
		return nil
	}
	var list []string
	for rest := reply[end:]; rest != ""; {
		var r resp.ReplyReader
		n, err := r.Next([]byte(rest))
		if n == 0 || err != nil {
			panic(fmt.Sprintf("BUG: not whole: %q: %v", reply, err))
		}
		list, rest = append(list, rest[:n]), rest[n:]
	}
	return list
}

// withoutTree: how the entries are spread over the nodes of a tree is the server's own.
func withoutTree(reply string) string {
	list := elements(reply)
	for i := 0; i+1 < len(list); i += 2 {
		if strings.Contains(list[i], "radix-tree") {
			list[i+1] = ""
		}
	}
	return strings.Join(list, "")
}

// uncounted is XINFO GROUPS without what is counted of entries.
func uncounted(reply string) string {
	var b strings.Builder
	for _, group := range elements(reply) {
		list := elements(group)
		for i := 0; i+1 < len(list); i += 2 {
			if !slices.Contains([]string{"entries-read", "lag", "consumers"}, text(list[i])) {
				b.WriteString(list[i] + list[i+1])
			}
		}
	}
	return b.String()
}

// dragonfly are replies that differ between it and Redis.
var dragonfly = func() map[string]form {
	forms := map[string]form{}
	for _, info := range command.All() {
		forms[info.Name] = failures // it has its own words for what is wrong
	}
	forms["unknown"] = failures
	forms["hello"] = kindOnly
	return forms
}()

func failures(reply string) string {
	list := elements(reply)
	if list == nil {
		if resp.IsError([]byte(reply)) {
			return "an error"
		}
		return reply
	}
	for i := range list {
		list[i] = failures(list[i])
	}
	return reply[:strings.IndexByte(reply, '\n')+1] + strings.Join(list, "")
}
