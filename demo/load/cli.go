package load

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"os/exec"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"

	"sentinelproxy/demo/tally"
)

// cliPause: a person with the up-arrow key.
const cliPause = 50 * time.Millisecond

// CLI is one redis-cli in its interactive mode, which lives all the time and is given one command after
// another. It counts, sets, and reads back what it has set.
//
// Three goroutines, started by StartCLI: one for each of its outputs, which end when the process does, and
// one that talks to it, which ends after Stop. Stop waits for all.
type CLI struct {
	start    time.Time
	stopping *atomic.Bool
	seen     *tally.Client
	cmd      *exec.Cmd
	in       io.WriteCloser
	replies  chan string // lines of its standard output; closed when it ends
	errors   chan string // and of its standard error
	stop     chan struct{}
	done     chan struct{}
	waited   sync.Once

	// Owned by the goroutine that talks, until done is closed.
	sets     int
	counter  tally.Counter
	register tally.Register
	prefix   string
	socket   string // the one that serves; "" when there is none, or it can't be known
}

// StartCLI starts one redis-cli.
func StartCLI(o Options) (*CLI, error) {
	host, port, err := net.SplitHostPort(o.Addr)
	if err != nil {
		return nil, err
	}
	c := &CLI{
		start: o.Start, stopping: o.Stopping, prefix: o.Prefix + ":redis-cli:",
		seen: tally.NewClient(time.Now()), cmd: exec.Command("redis-cli", "-h", host, "-p", port),
		replies: make(chan string, 16), errors: make(chan string, 16),
		stop: make(chan struct{}), done: make(chan struct{}),
	}
	c.cmd.SysProcAttr = ownGroup() // a terminal's ^C is for us: we stop it ourselves
	stdin, err1 := c.cmd.StdinPipe()
	stdout, err2 := c.cmd.StdoutPipe()
	stderr, err3 := c.cmd.StderrPipe()
	for _, err := range []error{err1, err2, err3} {
		if err != nil {
			return nil, fmt.Errorf("redis-cli: %w", err)
		}
	}
	if err := c.cmd.Start(); err != nil {
		return nil, fmt.Errorf("redis-cli: %w", err)
	}
	c.in = stdin
	go lines(stdout, c.replies)
	go lines(stderr, c.errors)
	go c.talk()
	return c, nil
}

func lines(r io.Reader, to chan<- string) {
	defer close(to)
	for s := bufio.NewScanner(r); s.Scan(); {
		to <- s.Text()
	}
}

// Name of the kind.
func (c *CLI) Name() string { return "redis-cli" }

// Figures of the one client.
func (c *CLI) Figures(now time.Time) tally.Figures { return c.seen.Figures(now) }

// ServedSince t.
func (c *CLI) ServedSince(t time.Time) bool { return c.seen.ServedSince(t) }

// Stop ends the process.
func (c *CLI) Stop() {
	close(c.stop)
	select {
	case <-c.done:
	case <-time.After(stopGrace):
	}
	_ = c.cmd.Process.Kill() // fails when it has ended already
	<-c.done
	c.wait()
}

// Check reads both keys.
func (c *CLI) Check(ctx context.Context, master *redis.Client) Data {
	data := checkCounter(ctx, master, c.prefix+"counter", &c.counter)
	data.Add(checkRegister(ctx, master, c.prefix+"key", &c.register))
	return data
}

func (c *CLI) talk() {
	defer close(c.done)
	for alive := true; alive; {
		var good bool
		good, alive = c.round()
		c.watchSockets(good)
		select {
		case <-c.stop:
			return
		case <-time.After(cliPause):
		}
	}
}

// round gives it one INCR, SET and GET, and says whether all went well and whether the process is alive.
func (c *CLI) round() (good, alive bool) {
	good = true
	for _, command := range []func() (good, alive bool){c.incr, c.set, c.get} {
		ok, alive := command()
		if good = good && ok; !alive {
			return false, false
		}
	}
	return good, true
}

func (c *CLI) incr() (good, alive bool) {
	reply, failed, alive := c.ask("INCR " + c.prefix + "counter")
	switch value, err := strconv.ParseInt(reply, 10, 64); {
	case !failed && err == nil:
		return c.served(c.counter.Acked(value)), alive
	case !failed:
		return c.served(fmt.Errorf("INCR answered %q", reply)), alive
	case isUnknown(reply) && c.stopping.Load():
		c.counter.Lost()
		c.seen.Unknown()
		return true, alive
	default:
		if !notConnected(reply) {
			c.counter.Lost()
		}
		return c.failed("INCR", reply), alive
	}
}

func (c *CLI) set() (good, alive bool) {
	c.sets++
	value := fmt.Sprintf("%svalue-%d", c.prefix, c.sets)
	reply, failed, alive := c.ask("SET " + c.prefix + "key " + value)
	switch {
	case failed:
		if !notConnected(reply) {
			c.register.Lost(value)
		}
		return c.failed("SET", reply), alive
	case reply == "OK":
		c.register.Acked(value)
		return c.served(nil), alive
	default:
		return c.served(fmt.Errorf("SET answered %q", reply)), alive
	}
}

func (c *CLI) get() (good, alive bool) {
	reply, failed, alive := c.ask("GET " + c.prefix + "key")
	if failed {
		return c.failed("GET", reply), alive
	}
	return c.served(c.register.Check(reply)), alive
}

// notConnected: the command was not sent at all.
func notConnected(text string) bool { return strings.HasPrefix(text, "Could not connect") }

// errorReply: how redis-cli prints an error when it does not write to a terminal.
var errorReply = regexp.MustCompile(`^[A-Z]+ `)

// ask writes one command and returns what redis-cli prints: a reply, or an error, of the server's or its own.
func (c *CLI) ask(command string) (reply string, failed, alive bool) {
	c.seen.Sent(time.Now())
	defer func() { c.seen.Done(time.Now(), 1) }()
	if _, err := io.WriteString(c.in, command+"\n"); err != nil {
		return c.ended(), true, false
	}
	for {
		select {
		case reply, alive = <-c.replies:
			if !alive {
				return c.ended(), true, false
			}
			if reply == "" { // it prints an empty line after an error; our keys are never nil
				continue
			}
			return reply, errorReply.MatchString(reply), true
		case reply, alive = <-c.errors:
			if !alive {
				reply = c.ended()
			}
			return reply, true, alive
		}
	}
}

// ended says why there is no reply any more.
func (c *CLI) ended() string {
	state := c.wait()
	select {
	case <-c.stop: // Stop has killed it
		return "no reply when the demo ended"
	default:
		return "redis-cli has ended by itself (" + state + ")"
	}
}

// wait reads its outputs to their ends, as Wait wants it, and says how the process ended.
func (c *CLI) wait() string {
	c.waited.Do(func() {
		for range c.replies {
		}
		for range c.errors {
		}
		_ = c.cmd.Wait() // told below
	})
	return c.cmd.ProcessState.String()
}

func (c *CLI) served(wrong error) bool {
	c.seen.Served(time.Now())
	if wrong != nil {
		c.seen.Wrong(c.message(wrong.Error()))
	}
	return wrong == nil
}

func (c *CLI) failed(what, text string) bool {
	c.seen.Failed(c.message(what + ": " + text))
	return false
}

func (c *CLI) message(text string) string {
	return fmt.Sprintf("%.1f s, redis-cli: %s", time.Since(c.start).Seconds(), text)
}

// watchSockets counts a connection as lost when the socket that served is gone. redis-cli itself connects
// again without a word.
func (c *CLI) watchSockets(good bool) {
	now := sockets(c.cmd.Process.Pid)
	if c.socket != "" && !slices.Contains(now, c.socket) {
		c.seen.Closed()
		c.socket = ""
	}
	if good && len(now) == 1 {
		c.socket = now[0]
	}
}
