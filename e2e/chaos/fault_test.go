package chaos

import (
	"fmt"
	"os/exec"
	"slices"
	"strings"
	"sync"

	"sentinelproxy/internal/servers"
)

// fault is one that strikes a world under load.
type fault struct {
	name    string
	network bool // the processes need addresses of their own
	short   bool // in the short form, too

	options func(*servers.ClusterOptions)
	prepare func(*world)    // before the proxies are started
	args    func() []string // further flags of the proxies; nil: none
	needs   string          // a flag without which there is nothing to be seen; "": none
	strike  func(*world)    // returns when all is well again
	promise promise
}

// promise is what clients may see of a fault at the worst. The zero value is that of a planned switch: nothing at all.
type promise struct {
	errors []string // first words of errors
	closed bool     // connections are closed
	lost   bool     // acknowledged writes are lost
	// undelivered: what the former master had handed out, a message or the element of a BLPOP, is still on its way when the proxy leaves.
	undelivered bool
	why         string // why that can't be helped
}

// help is what the program says of its flags: the one under test may be older than a flag.
var help = sync.OnceValue(func() string {
	text, _ := exec.Command(program, "run", "--help").CombinedOutput() // an empty one knows no flag
	return string(text)
})

// ifKnown is a flag and its value, or nothing where the program has no such flag.
func ifKnown(flag, value string) func() []string {
	return func() []string {
		if !strings.Contains(help(), flag) {
			return nil
		}
		return []string{flag, value}
	}
}

// unknown is the promise where the master goes without a word: a write that was on the wire may or may not have been applied, and so may
// what was handed out be on its way: a message, or the element that a BLPOP had waited for, and waits for again.
var unknown = promise{errors: []string{"UNKNOWNOUTCOME"}, undelivered: true}

// asynchronous is the promise where a master goes that had acknowledged what no replica had. With --acknowledge replicas=1 and more
// that can't be.
var asynchronous = promise{
	errors: unknown.errors, lost: true, undelivered: true,
	why: "replication is asynchronous, and writes are acknowledged by the master alone",
}

// broken lists what was seen that was not to be.
func (p *promise) broken(s *seen) (list []string) {
	for word, n := range s.Errors {
		if !slices.Contains(p.errors, word) {
			list = append(list, fmt.Sprintf("%d errors %s", n, word))
		}
	}
	slices.Sort(list)
	for _, c := range []struct {
		n       int
		what    string
		allowed bool
	}{
		{s.Closed, "closed connections", p.closed},
		{s.Lost, "acknowledged writes lost", p.lost},
		{s.Undelivered, "messages or elements not delivered", p.undelivered},
		{s.Twice, "writes applied twice", false},
		{s.Foreign, "foreign replies", false},
		{s.Unexplained, "keys that no order of the calls explains", false},
	} {
		if c.n > 0 && !c.allowed {
			list = append(list, fmt.Sprintf("%d %s", c.n, c.what))
		}
	}
	return list
}
