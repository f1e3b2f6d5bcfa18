package topology

import (
	"bufio"
	"net"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// scripted is a peer that answers what no real Sentinel would: one reply per command, found by the words
// that the command begins with.
type scripted struct {
	listener net.Listener
	dials    atomic.Int64
	mu       sync.Mutex
	replies  map[string]string
	done     sync.WaitGroup
}

// script starts a peer. A command without a reply closes the connection.
func script(t *testing.T, replies map[string]string) *scripted {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	if replies == nil {
		replies = map[string]string{}
	}
	p := &scripted{listener: l, replies: replies}
	p.done.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			p.dials.Add(1)
			p.done.Go(func() { p.serve(conn) })
		}
	})
	t.Cleanup(func() { l.Close(); p.done.Wait() })
	return p
}

func (p *scripted) addr() string { return p.listener.Addr().String() }

func (p *scripted) set(command, reply string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.replies[command] = reply
}

func (p *scripted) serve(conn net.Conn) {
	defer conn.Close()
	in := bufio.NewReader(conn)
	for {
		command, err := readCommand(in)
		if err != nil {
			return
		}
		reply := p.reply(command)
		if _, err := conn.Write([]byte(reply)); err != nil || reply == "" {
			return
		}
	}
}

func (p *scripted) reply(command string) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	for words, reply := range p.replies {
		if strings.HasPrefix(command, words) {
			return reply
		}
	}
	return ""
}

// readCommand reads "*N $len word ..." and returns the words in lower case.
func readCommand(in *bufio.Reader) (string, error) {
	var words []string
	line, err := in.ReadString('\n')
	if err != nil {
		return "", err
	}
	for range int(line[1] - '0') {
		if _, err := in.ReadString('\n'); err != nil {
			return "", err
		}
		word, err := in.ReadString('\n')
		if err != nil {
			return "", err
		}
		words = append(words, strings.ToLower(strings.TrimSpace(word)))
	}
	return strings.Join(words, " "), nil
}

// array writes a flat reply of bulk strings.
func array(words ...string) string {
	var b strings.Builder
	b.WriteString("*" + strconv.Itoa(len(words)) + "\r\n")
	for _, w := range words {
		b.WriteString("$" + strconv.Itoa(len(w)) + "\r\n" + w + "\r\n")
	}
	return b.String()
}

// aSentinel is what a sane one answers, with nobody beside it.
func aSentinel(id string) map[string]string {
	return map[string]string{
		"hello":                    "-ERR unknown command 'HELLO'\r\n",
		"ping":                     "+PONG\r\n",
		"sentinel myid":            "$" + strconv.Itoa(len(id)) + "\r\n" + id + "\r\n",
		"psubscribe":               "*3\r\n$10\r\npsubscribe\r\n$1\r\n*\r\n:1\r\n",
		"sentinel master":          array("ip", "10.0.0.1", "port", "6379", "flags", "master", "config-epoch", "3", "num-other-sentinels", "0"),
		"sentinel get-master-addr": array("10.0.0.1", "6379"),
		"sentinel sentinels":       "*0\r\n",
	}
}

// TestSentinelsThatTalkNonsense: each is down, with a reason, and none takes the Watcher with it.
func TestSentinelsThatTalkNonsense(t *testing.T) {
	for name, change := range map[string][2]string{
		"a push that is no message":     {"psubscribe", "*3\r\n$10\r\npsubscribe\r\n$1\r\n*\r\n:1\r\n*2\r\n:1\r\n:2\r\n"},
		"a message of too few elements": {"psubscribe", "*3\r\n$10\r\npsubscribe\r\n$1\r\n*\r\n:1\r\n*2\r\n$8\r\npmessage\r\n$1\r\n*\r\n"},
		"no RESP":                       {"psubscribe", "HTTP/1.1 400 Bad Request\r\n\r\n"},
		"no epoch":                      {"sentinel master", array("ip", "10.0.0.1", "port", "6379", "config-epoch", "x", "num-other-sentinels", "0")},
		"no count":                      {"sentinel master", array("ip", "10.0.0.1", "port", "6379", "config-epoch", "3")},
		"no port":                       {"sentinel get-master-addr", array("10.0.0.1", "x")},
		"no address":                    {"sentinel get-master-addr", array("10.0.0.1")},
		"no permission":                 {"sentinel master", "-NOPERM this user has no permissions\r\n"},
		"closes":                        {"sentinel master", ""},
	} {
		t.Run(name, func(t *testing.T) {
			replies := aSentinel("x")
			replies[change[0]] = change[1]
			p := script(t, replies)
			r := watch(t, Options{Sentinels: []string{p.addr()}})
			if e := r.awaitKind(0, "SentinelDown", SentinelDown, p.addr()); e.Text == "" {
				t.Error("no reason is given")
			}
		})
	}
}

// TestOldSentinel: before Redis 6.2 there was neither HELLO (6.0) nor SENTINEL MYID.
func TestOldSentinel(t *testing.T) {
	replies := aSentinel("")
	replies["sentinel myid"] = "-ERR Unknown sentinel subcommand 'myid'\r\n"
	p := script(t, replies)
	r := watch(t, Options{Sentinels: []string{p.addr()}})
	if e := r.awaitOpinion(0, p.addr(), "10.0.0.1:6379"); e.Epoch != 3 || e.Known != 1 {
		t.Errorf("opinion %+v", e)
	}
}

// TestDialsAreFew: a Sentinel that accepts and closes at once is not dialled in a hot loop.
func TestDialsAreFew(t *testing.T) {
	p := script(t, nil)
	watch(t, Options{Sentinels: []string{p.addr()}})
	time.Sleep(time.Second)
	// 50, 100, 200, 400 ms, at least half of each: 7 attempts in the second at most, two dials each for a fallback.
	if n := p.dials.Load(); n < 1 || n > 20 {
		t.Errorf("%d dials in a second", n)
	}
}

// TestInventedSentinels: a Sentinel that names others without end makes us dial a bounded number.
func TestInventedSentinels(t *testing.T) {
	replies := aSentinel("x")
	var list strings.Builder
	list.WriteString("*1000\r\n")
	for i := range 1000 {
		list.WriteString(array("ip", "127.0.0.1", "port", strconv.Itoa(i+1), "runid", "r"+strconv.Itoa(i), "flags", "s_down,sentinel,disconnected"))
	}
	replies["sentinel sentinels"] = list.String()
	p := script(t, replies)
	r := watch(t, Options{Sentinels: []string{p.addr()}})
	mark := r.mark()
	r.awaitOpinion(mark, p.addr(), "10.0.0.1:6379")
	r.awaitOpinion(r.after, p.addr(), "10.0.0.1:6379") // after the list was taken in
	r.w.mu.Lock()
	n := r.w.discovered()
	r.w.mu.Unlock()
	if n != maxDiscovered {
		t.Errorf("%d are watched, want %d", n, maxDiscovered)
	}
	for _, e := range r.since(0) {
		if e.Sentinel != p.addr() {
			t.Errorf("one that is down for those who know it counts as known: %+v", e)
		}
	}
}

// TestUnreachablePeerCounts: a discovered Sentinel that its peers hold for alive counts as known although it can't be
// reached from here, but not before every configured one has said who it is: it could be one of those.
func TestUnreachablePeerCounts(t *testing.T) {
	silent := script(t, nil) // accepts and closes
	one, two := script(t, aSentinel("one")), script(t, nil)
	one.set("sentinel sentinels", "*1\r\n"+array("ip", "127.0.0.1", "port", port(silent.addr()), "runid", "silent", "flags", "sentinel"))
	r := watch(t, Options{Sentinels: []string{one.addr(), two.addr()}})
	r.awaitKind(0, "SentinelDown", SentinelDown, two.addr())
	for silent.dials.Load() < 3 {
		time.Sleep(time.Millisecond)
	}
	for _, e := range r.since(0) {
		if e.Sentinel == silent.addr() {
			t.Errorf("%+v, though it may be %s", e, two.addr())
		}
	}
	for command, reply := range aSentinel("two") {
		two.set(command, reply)
	}
	r.awaitKind(0, "SentinelDown", SentinelDown, silent.addr())
}

// TestMovedSentinel: with its run id at a new address the old one is forgotten.
func TestMovedSentinel(t *testing.T) {
	old, now := script(t, aSentinel("mover")), script(t, aSentinel("mover"))
	one := script(t, aSentinel("one"))
	at := func(p *scripted) string {
		return "*1\r\n" + array("ip", "127.0.0.1", "port", port(p.addr()), "runid", "mover", "flags", "sentinel")
	}
	one.set("sentinel sentinels", at(old))
	r := watch(t, Options{Sentinels: []string{one.addr()}})
	r.awaitKind(0, "SentinelUp", SentinelUp, old.addr())
	old.set("sentinel master", "") // closes
	old.set("sentinel myid", "")
	r.awaitKind(0, "SentinelDown", SentinelDown, old.addr())
	one.set("sentinel sentinels", at(now))
	r.awaitKind(0, "SentinelGone", SentinelGone, old.addr())
	r.awaitKind(r.after, "SentinelUp", SentinelUp, now.addr())
}
