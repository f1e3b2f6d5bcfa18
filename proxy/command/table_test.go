package command

import (
	"strings"
	"testing"
)

// table gives the flags of every command and subcommand that the server's COMMAND lists.
func (s *server) table() map[string]map[string]bool {
	flags := map[string]map[string]bool{}
	names := list(s.must("COMMAND LIST"))
	for _, name := range names {
		s.note(flags, name)
	}
	return flags
}

// note reads COMMAND INFO of one command. Its reply is a list of which the name and the flags are the
// strings "$n name" and "+flag"; a subcommand in it begins with its own name.
func (s *server) note(flags map[string]map[string]bool, name string) {
	current := ""
	for _, line := range strings.Split(s.must("COMMAND INFO "+name), "\r\n") {
		switch {
		case line == name || strings.HasPrefix(line, name+"|"):
			if current = line; flags[line] == nil { // "type" is a word of the key specifications too
				flags[line] = map[string]bool{}
			}
		case strings.HasPrefix(line, "+") && current != "":
			flags[current][line[1:]] = true
		}
	}
}

// What the installed server flags, whatever its version, the table flags too.
func TestTableAgreesWithServer(t *testing.T) {
	s := startServer(t)
	listed := s.table()
	if len(listed) < 350 {
		t.Fatalf("COMMAND lists %d commands only: misread?", len(listed))
	}
	byName := map[string]*Info{}
	for _, info := range All() {
		if info.Variant == "" {
			byName[info.Name] = info
		}
	}
	for name, flags := range listed {
		info := byName[name]
		switch {
		case info == nil:
			t.Errorf("%s is not in the table", name)
		case flags["write"] != info.Flags.Has(Write) && (flags["write"] || flags["readonly"]):
			t.Errorf("%s: flags %s, the server says write: %t", name, info.Flags, flags["write"])
		case flags["blocking"] && !info.Flags.Has(Blocking):
			t.Errorf("%s: flags %s, the server says blocking", name, info.Flags)
		case !info.Redis:
			t.Errorf("%s: not said to be a command of Redis", name)
		}
	}
}

// What must never go over a link that others use, written out once more by hand.
func TestNeverShared(t *testing.T) {
	for _, line := range strings.Split(`SELECT 1
AUTH x
AUTH u p
HELLO
HELLO 3
WATCH k
UNWATCH
MULTI
EXEC
DISCARD
BLPOP k 0
BRPOP k 0
BLMOVE a b LEFT LEFT 0
BRPOPLPUSH a b 0
BLMPOP 0 1 k LEFT
BZPOPMIN k 0
BZPOPMAX k 0
BZMPOP 0 1 k MIN
XREAD BLOCK 0 STREAMS k $
XREAD COUNT 1 block 0 STREAMS k $
XREADGROUP GROUP g c BLOCK 0 STREAMS k >
XREADGROUP GROUP streams streams BLOCK 0 STREAMS k >
SUBSCRIBE a
PSUBSCRIBE a
SSUBSCRIBE a
UNSUBSCRIBE
PUNSUBSCRIBE
SUNSUBSCRIBE
MONITOR
CLIENT TRACKING ON
client caching yes
CLIENT REPLY OFF
CLIENT NO-EVICT ON
CLIENT NO-TOUCH ON
CLIENT SETNAME x
CLIENT SETINFO lib-name x
CLIENT KILL ID 3
CLIENT UNBLOCK 3
CLIENT UNPAUSE
CLIENT CAPA redirect
CLIENT MAINT_NOTIFICATIONS ON
CLIENT IMPORT-SOURCE ON
CLIENT NOSUCH
CLIENT TRACKIN ON
SCRIPT NOSUCH
DEBUG SLEEP 1
SCRIPT DEBUG YES
WAIT 1 0
WAITAOF 1 0 0
PSYNC ? -1
SYNC
REPLCONF ACK 1
ASKING
READONLY
READWRITE
RESET
QUIT
SHUTDOWN NOSAVE
FAILOVER
REPLICAOF NO ONE
SLAVEOF NO ONE
CLUSTER ADDSLOTS 1
CLUSTER FAILOVER
CLUSTER MEET h 1
MODULE LOAD x
HIMPORT PREPARE u a b
HIMPORT SET k u 1 2
BACKUP START
BLMOVEM a b LEFT LEFT 0
TS.READ BLOCK 0 x`, "\n") {
		args := split(line)
		if info := Lookup(args[0]).Resolve(args); info.Way == Shared || info.Flags.Has(Idempotent) {
			t.Errorf("%s: %s, %s", line, info.Way, info.Flags)
		}
	}
}

// Identities which session and upstream rely on.
func TestEveryInfoIsConsistent(t *testing.T) {
	for _, i := range append(All(), NotListed()) {
		kinds := 0
		for _, kind := range []Flags{Read, Write, ConnectionLocal} {
			if i.Flags.Has(kind) {
				kinds++
			}
		}
		if kinds != 1 {
			t.Errorf("%s: flags %s", label(i), i.Flags)
		}
		if i.Flags.Has(Idempotent) && (!i.Flags.Has(Write) || i.Reason == "") {
			t.Errorf("%s: idempotent, flags %s, reason %q", label(i), i.Flags, i.Reason)
		}
		if (i.Way == Pinned) != (i.Pin != PinNone) {
			t.Errorf("%s: %s and pin %s", label(i), i.Way, i.Pin)
		}
		if i.Way == Shared && i.Flags&(ConnectionLocal|Blocking|OddReplies|Transactional) != 0 {
			t.Errorf("%s: shared with flags %s", label(i), i.Flags)
		}
		if (i.rule == ruleNone) != (i.PlainArgs == Always) {
			t.Errorf("%s: rule %d with PlainArgs %d", label(i), i.rule, i.PlainArgs)
		}
		if i.Variant == "" && ByID(i.ID) != i {
			t.Errorf("%s: ByID gives %s", label(i), ByID(i.ID).Name)
		}
		if i.other != nil && (i.other.ID != i.ID || i.other.Name != i.Name || i.other.Variant == "") {
			t.Errorf("%s: its other form is %+v", label(i), i.other)
		}
	}
	if ByID(NumIDs) != NotListed() || ByID(Unknown) != NotListed() {
		t.Error("an ID of nothing is not NotListed")
	}
	if NotListed().Way != Pinned || !NotListed().Flags.Has(Write) {
		t.Errorf("what is not listed is %+v", NotListed())
	}
}

func TestNames(t *testing.T) {
	seen := map[string]bool{}
	for p := range NumPins {
		if s := p.String(); s == "" || seen[s] {
			t.Errorf("pin %d is called %q", p, s)
		} else {
			seen[s] = true
		}
	}
	for _, tc := range []struct{ got, want string }{
		{(Write | Idempotent).String(), "write idempotent"},
		{(Read | OddReplies).String(), "read oddreplies"},
		{Flags(0).String(), ""},
		{Shared.String() + Pinned.String() + Local.String(), "sharedpinnedlocal"},
		{Pin(200).String(), "invalid"},
	} {
		if tc.got != tc.want {
			t.Errorf("%q, want %q", tc.got, tc.want)
		}
	}
}
