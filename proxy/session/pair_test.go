package session

import (
	"context"
	"crypto/sha1"
	"fmt"
	"slices"
	"sort"
	"strconv"
	"strings"
	"testing"
	"time"

	"sentinelproxy/internal/servers"
)

// administrator is a connection of the test's own to a node, for whole replies to commands in a pipeline.
type administrator struct {
	t    testing.TB
	talk *dialog
}

func administer(t testing.TB, n *servers.Node) *administrator {
	return &administrator{t, newDialog(direct(t, n.Addr()))}
}

// do sends commands, each given as words, and returns their replies.
func (a *administrator) do(commands ...conversation) []string {
	a.t.Helper()
	var all conversation
	for _, c := range commands {
		all = append(all, c...)
	}
	a.talk.send(raw(all), nil)
	got, err := a.talk.frames(len(all))
	if err != nil {
		a.t.Fatalf("%s: got %q, %v", all, got, err)
	}
	return got
}

// settle waits until what others have written to their sockets before this call is executed: the server may read a
// question before it, but not a second one, whose asker had to wait for the first answer.
func (a *administrator) settle() {
	a.t.Helper()
	a.do(said("PING"))
	a.do(said("PING"))
}

// replication is a field of INFO REPLICATION.
func (a *administrator) replication(field string) string {
	a.t.Helper()
	_, after, _ := strings.Cut(a.do(said("INFO replication"))[0], "\r\n"+field+":")
	value, _, _ := strings.Cut(after, "\r\n")
	return value
}

// pair is a master and its replica.
type pair struct {
	t               testing.TB
	master, replica *servers.Node
	at              map[*servers.Node]*administrator
	oneWay          bool // the replica can't have the other as its replica
}

func newPair(t *testing.T, master, replica *servers.Node) *pair {
	t.Helper()
	p := &pair{
		t: t, master: master, replica: replica, oneWay: replica.Kind() != servers.Redis,
		at: map[*servers.Node]*administrator{master: administer(t, master), replica: administer(t, replica)},
	}
	p.follow()
	return p
}

// renew makes it an empty pair again, after promote.
func (p *pair) renew() {
	p.t.Helper()
	if p.oneWay {
		p.master, p.replica = p.replica, p.master
	}
	p.at[p.master].do(said("FLUSHALL", "FUNCTION FLUSH"))
	p.follow()
}

// follow makes the replica one of the master, and waits until it has what the master has.
func (p *pair) follow() {
	p.t.Helper()
	if err := p.replica.ReplicaOf(p.master.Addr()); err != nil {
		p.t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	if err := p.replica.WaitSynced(ctx); err != nil {
		p.t.Fatal(err)
	}
}

// promote waits until the replica has everything and makes it the master. Nobody may write meanwhile.
func (p *pair) promote() {
	p.t.Helper()
	master, replica := p.at[p.master], p.at[p.replica]
	master.settle()
	want, err := strconv.Atoi(master.replication("master_repl_offset"))
	deadline := time.Now().Add(10 * time.Second)
	for got := -1; got < want && err == nil; got, err = strconv.Atoi(replica.replication("slave_repl_offset")) {
		if time.Now().After(deadline) {
			p.t.Fatalf("the replica is at %d, the master at %d", got, want)
		}
	}
	if err != nil {
		p.t.Fatal(err)
	}
	if ok := replica.do(said("REPLICAOF NO ONE"))[0]; ok != "+OK\r\n" {
		p.t.Fatalf("REPLICAOF NO ONE: %q", ok)
	}
	p.master, p.replica = p.replica, p.master
}

// databases that conversations use.
const databases = 3

// dump is all that is in a server, by the own part of the keys, "§" for what is common to all of that length.
func (a *administrator) dump(length int) map[string]string {
	a.t.Helper()
	lines := map[string][]string{}
	for db := range databases {
		names := a.do(said(fmt.Sprint("SELECT ", db), "KEYS *"))[1]
		var ask conversation
		for _, name := range elements(names) {
			name = text(name)
			ask = append(ask, line{args: []string{"TYPE", name}}, line{args: []string{"PTTL", name}})
		}
		kinds := a.do(ask)
		var read conversation
		for i := 0; i < len(ask); i += 2 {
			read = append(read, contents(ask[i].args[1], kinds[i])...)
		}
		values := a.do(read)
		for i := 0; i < len(ask); i += 2 {
			name, own := ask[i].args[1], ask[i].args[1][:length]
			text := fmt.Sprintf("%d %q %q deadline:%v", db, name, kinds[i], kinds[i+1] != ":-1\r\n")
			for j, v := range values[i : i+2] {
				v = uncached(v)
				v = common(plain(read[i+j], v, replicated), own)
				text += fmt.Sprintf(" %.200q %x", v, sha1.Sum([]byte(v)))
			}
			lines[own] = append(lines[own], strings.Replace(text, own, "§", 1))
		}
	}
	a.do(said("SELECT 0"))
	all := map[string]string{}
	for own, list := range lines {
		sort.Strings(list)
		all[own] = strings.Join(list, "\n")
	}
	return all
}

// uncached: a HyperLogLog carries what it was counted as last.
func uncached(value string) string {
	if at := strings.Index(value, "HYLL"); at >= 0 && len(value) >= at+16 {
		return value[:at+8] + value[at+16:]
	}
	return value
}

// contents is how a key is read: two commands for each, of which the second tells something of streams only.
func contents(name, kind string) conversation {
	read := map[string][]string{
		"+string": {"GET", name}, "+list": {"LRANGE", name, "0", "-1"}, "+set": {"SMEMBERS", name}, "+zset": {"ZRANGE", name, "0", "-1", "WITHSCORES"},
		"+hash": {"HGETALL", name}, "+stream": {"XRANGE", name, "-", "+"},
	}[strings.TrimSuffix(kind, "\r\n")]
	second := []string{"ECHO", ""}
	if strings.HasPrefix(kind, "+stream") {
		second = []string{"XINFO", "GROUPS", name}
	}
	return conversation{{args: read}, {args: second}}
}

// text of a bulk string.
func text(bulk string) string {
	_, rest, _ := strings.Cut(bulk, "\r\n")
	return strings.TrimSuffix(rest, "\r\n")
}

// touch changes all keys that a conversation may watch, and leaves them as they were.
func (a *administrator) touch(own string) {
	a.t.Helper()
	a.settle()
	for db := range databases {
		var ask, change conversation
		names := append(slices.Clone(keyNames), "extra") // the mistake that generators make
		for _, name := range names {
			ask = append(ask, said("EXISTS "+name)...)
		}
		for i, there := range a.do(said(fmt.Sprint("SELECT ", db)), ask.own(own))[1:] {
			if name := names[i]; there == ":1\r\n" {
				change = append(change, said("RENAME "+name+" §else", "RENAME §else "+name)...)
			} else {
				change = append(change, said("SET "+name+" 1", "DEL "+name)...)
			}
		}
		a.do(change.own(own))
	}
	a.do(said("SELECT 0"))
}
