package dragonflydouble

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"testing"
	"time"

	"sentinelproxy/internal/servers"
	"sentinelproxy/resp"
)

// peer is a client that shows the bytes of replies.
type peer struct {
	t    *testing.T
	conn net.Conn
	in   replies
}

func dial(t *testing.T, n *servers.Node) *peer {
	t.Helper()
	conn, err := net.Dial("tcp", n.Addr())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return &peer{t: t, conn: conn, in: replies{conn: conn}}
}

func (p *peer) send(raw string) {
	p.t.Helper()
	if _, err := io.WriteString(p.conn, raw); err != nil {
		p.t.Fatal(err)
	}
}

// next is the next reply, with \r\n as a bar.
func (p *peer) next() string {
	p.t.Helper()
	_ = p.conn.SetReadDeadline(time.Now().Add(20 * time.Second))
	reply, err := p.in.next(func() {})
	if err != nil {
		p.t.Fatal(err)
	}
	return strings.ReplaceAll(string(reply), "\r\n", "|")
}

func (p *peer) want(want string) {
	p.t.Helper()
	if got := p.next(); got != want {
		p.t.Errorf("got  %s\nwant %s", got, want)
	}
}

// ask sends words and wants a reply.
func (p *peer) ask(want string, args ...string) {
	p.t.Helper()
	p.send(string(command(args...)))
	if got := p.next(); got != want {
		p.t.Errorf("%q:\ngot  %s\nwant %s", args, got, want)
	}
}

// closed wants this and then the end of the connection.
func (p *peer) closed(want string) {
	p.t.Helper()
	_ = p.conn.SetReadDeadline(time.Now().Add(20 * time.Second))
	rest, err := io.ReadAll(bufio.NewReader(p.conn))
	if got := strings.ReplaceAll(string(rest), "\r\n", "|"); got != want || err != nil {
		p.t.Errorf("got %s, %v; want %s and the end", got, err, want)
	}
}

// dialogues are what a client sends in lines, ">" before, and gets, each on a new connection to the same empty master.
var dialogues = map[string]string{
	"transaction": `
		> MULTI
		+OK|
		> INCR t
		+QUEUED|
		> EVAL "return redis.call('get','t')" 0
		+QUEUED|
		> SELECT 3
		+QUEUED|
		> ROLE
		+QUEUED|
		> INCR t
		+QUEUED|
		> EXEC
		*5|:1|-ERR Error running script (call to SHA): @user_script:2: -ERR script tried accessing undeclared key, key: t|-ERR Can not call SELECT within a transaction|*2|$6|master|*0|:2|
		> EXEC
		-ERR EXEC without MULTI|`,
	"watch": `
		> WATCH w
		+OK|
		> SET w 1
		+OK|
		> MULTI
		+OK|
		> INCR w
		+QUEUED|
		> EXEC
		*-1|
		> GET w
		$1|1|`,
	"after a refusal the rest is executed at once": `
		> MULTI
		+OK|
		> INCR r
		+QUEUED|
		> GET
		-ERR wrong number of arguments for 'get' command|
		> INCR r
		:1|
		> EXEC
		-EXECABORT Transaction discarded because of previous errors.|
		> GET r
		$1|1|`,
	"not within MULTI": `
		> MULTI
		+OK|
		> FLUSHALL
		-ERR 'FLUSHALL' inside MULTI is not allowed|
		> DISCARD
		+OK|
		> DISCARD
		-ERR DISCARD without MULTI|`,
	"scripts": `
		> SCRIPT LOAD "return {KEYS[1], redis.call('incr', KEYS[1])}"
		$40|fcc1bd4599b15e62bf584123de400bcf0d698a95|
		> EVALSHA SHA 1 s
		-NOSCRIPT No matching script. Please use EVAL.|
		> SCRIPT KILL
		-ERR Unknown subcommand or wrong number of arguments for 'KILL'. Try SCRIPT HELP.|
		> EVAL "return redis.pcall('get', 'x')" 1 x
		$-1|
		> EVAL "--!df flags=allow-undeclared-keys\nreturn redis.call('exists', 'x')" 0
		:0|
		> EVAL "return redis.call('lpush', KEYS[1])" 1 x
		-ERR Error running script (call to SHA): @user_script:2: -ERR Wrong number of args calling Redis command from script|
		> SCRIPT FLUSH
		+OK|`,
	"AUTH and HELLO": `
		> SELECT 3
		+OK|
		> AUTH whatever
		+OK|
		> CLIENT INFO
		db=0
		> SELECT 3
		+OK|
		> HELLO 3 AUTH default whatever SETNAME me
		%7|$6|server|$5|redis|$7|version|$5|7.4.0|$17|dragonfly_version|$10|df-v1.40.1|$5|proto|:3|$2|id|:N|$4|mode|$10|standalone|$4|role|$6|master|
		> CLIENT INFO
		name=me tid=0 irqmatch=0 age=0 idle=0 tot-cmds=6 tot-net-in=
		> CLIENT INFO
		db=0
		> GET nothing
		_|
		> HELLO
		*14|$6|server|$5|redis|$7|version|$5|7.4.0|$17|dragonfly_version|$10|df-v1.40.1|$5|proto|:2|$2|id|:N|$4|mode|$10|standalone|$4|role|$6|master|
		> GET nothing
		$-1|`,
	"blocking commands that time out": `
		> BLPOP b 0.01
		*-1|
		> BZPOPMIN b 0.01
		*-1|
		> XREAD BLOCK 10 STREAMS b $
		*-1|
		> BLMOVE b c LEFT LEFT 0.01
		$-1|
		> BRPOPLPUSH b c 0.01
		$-1|
		> BLMPOP 0.01 1 b LEFT
		$-1|
		> BZMPOP 0.01 1 b MIN
		$-1|`,
	"tracking": `
		> CLIENT TRACKING ON
		-ERR Client tracking is currently not supported for RESP2. Please use RESP3.|
		> HELLO 3
		%7|$6|server|$5|redis|$7|version|$5|7.4.0|$17|dragonfly_version|$10|df-v1.40.1|$5|proto|:3|$2|id|:N|$4|mode|$10|standalone|$4|role|$6|master|
		> CLIENT TRACKING ON BCAST
		-ERR syntax error|
		> CLIENT TRACKING ON
		+OK|
		> GET tracked
		_|
		> SET tracked 1
		+OK|
		>
		>2|$10|invalidate|*1|$7|tracked|`,
	"lines know no quotes": `
		> ECHO "a
		$2|"a|
		> ECHO "a b"
		-ERR wrong number of arguments for 'echo' command|`,
	"subscriptions": `
		> SUBSCRIBE a b
		*3|$9|subscribe|$1|a|:1|
		>
		*3|$9|subscribe|$1|b|:2|
		> UNSUBSCRIBE b
		*3|$11|unsubscribe|$1|b|:1|
		> UNSUBSCRIBE
		*3|$11|unsubscribe|$1|a|:0|
		> PING
		+PONG|`,
	"events": `
		> CONFIG SET notify-keyspace-events KEA
		-ERR CONFIG SET failed (possibly related to argument 'notify-keyspace-events')|
		> CONFIG SET notify_keyspace_events Ex
		+OK|
		> CONFIG SET replication_acks_interval 10
		-ERR Unknown option or number of arguments for CONFIG SET - 'replication_acks_interval'|`,
	"CLIENT": `
		> CLIENT SETINFO LIB-NAME mine
		+OK|
		> CLIENT INFO
		lib-name=mine lib-ver=
		> CLIENT KILL ID 123456
		:0|
		> CLIENT KILL USER default
		-ERR syntax error|
		> CLIENT GETNAME
		$-1|`,
	"what Redis lacks is unknown": `
		> JSON.GET a
		-ERR unknown command ` + "`JSON.GET`" + `|
		> object encoding a
		-ERR unknown command ` + "`OBJECT`" + `|`,
}

func TestDialogues(t *testing.T) {
	t.Parallel()
	node := servers.NewT(t).DragonflyDouble(servers.DragonflyOptions{})
	for name, dialogue := range dialogues {
		t.Run(name, func(t *testing.T) {
			p := dial(t, node)
			for line := range strings.Lines(dialogue) {
				line = strings.TrimSpace(line)
				switch send, is := strings.CutPrefix(line, "> "); {
				case line == "" || line == ">":
				case is && name == "lines know no quotes":
					p.send(send + "\r\n")
				case is:
					p.send(string(parse(t, send)))
				default:
					p.says(line)
				}
			}
		})
	}
}

// says wants a reply, or, where want has no bar, one that contains it. A script's SHA and ids are not compared.
func (p *peer) says(want string) {
	p.t.Helper()
	got := p.next()
	if !strings.Contains(want, "|") {
		if !strings.Contains(got, want) {
			p.t.Errorf("got %s\nwithout %s", got, want)
		}
		return
	}
	for _, v := range []struct{ after, upto, as string }{{"(call to ", ")", "SHA"}, {"$2|id|:", "|", "N"}} {
		if at := strings.Index(got, v.after); at >= 0 {
			at += len(v.after)
			rest := got[at:]
			got = got[:at] + v.as + rest[strings.Index(rest, v.upto):]
		}
	}
	if got != want {
		p.t.Errorf("got  %s\nwant %s", got, want)
	}
}

func parse(t *testing.T, line string) []byte {
	t.Helper()
	args, err := resp.SplitInline([]byte(line))
	if err != nil {
		t.Fatal(err)
	}
	return resp.AppendCommand(nil, args...)
}

func TestProtocolErrorsClose(t *testing.T) {
	t.Parallel()
	node := servers.NewT(t).DragonflyDouble(servers.DragonflyOptions{})
	const length = "-ERR Protocol error: invalid multibulk length|"
	for raw, want := range map[string]string{
		"*0\r\n":           length,
		"*-1\r\n":          length,
		"PING\r\n*0\r\n":   "+PONG|" + length,
		"*65537\r\n":       length,
		"*1\r\nPING\r\n":   "-ERR Protocol error: expected '$', got 'P'|",
		"QUIT\r\nPING\r\n": "+OK|",
		"GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n": strings.ReplaceAll(string(httpReply), "\r\n", "|"),
	} {
		p := dial(t, node)
		p.send(raw)
		p.closed(want)
	}
	p := dial(t, node)
	p.send(string(command(append([]string{"DEL"}, make([]string, 1<<16-1)...)...)))
	p.want(":0|")
}

// TestPipeline: answers given here and replies of the private redis-server keep their order.
func TestPipeline(t *testing.T) {
	t.Parallel()
	p := dial(t, servers.NewT(t).DragonflyDouble(servers.DragonflyOptions{}))
	var sent, want []string
	for i := range 200 {
		n := strconv.Itoa(i)
		sent = append(sent, "INCR p", "CLIENT GETREDIR", "ECHO "+n, "MULTI", "INCR p", "EXEC", "SELECT 1", "AUTH x", "ROLE", "HELLO 4")
		want = append(want, fmt.Sprintf(":%d|", 2*i+1), "-ERR Unknown subcommand or wrong number of arguments for 'GETREDIR'. Try CLIENT HELP.|",
			fmt.Sprintf("$%d|%s|", len(n), n), "+OK|", "+QUEUED|", fmt.Sprintf("*1|:%d|", 2*i+2), "+OK|", "+OK|", "*2|$6|master|*0|",
			"-ERR unknown command 'HELLO' with args beginning with: `4`|")
	}
	go func() { _, _ = io.WriteString(p.conn, strings.Join(sent, "\r\n")+"\r\n") }()
	for _, w := range want {
		p.want(w)
	}
}

// TestCursors: a scan is complete, its cursors need more than 32 bits, and those of others lead nowhere.
func TestCursors(t *testing.T) {
	t.Parallel()
	pool := servers.NewT(t)
	double, redis := pool.DragonflyDouble(servers.DragonflyOptions{}), pool.Redis(servers.RedisOptions{})
	const keys = 2000
	for _, n := range []*servers.Node{double, redis} {
		do(t, n, "EVAL", "for i=1,"+strconv.Itoa(keys)+" do redis.call('HSET', KEYS[1], i, string.rep('x', 100)) end return 1", "1", "hash")
	}
	scan := func(n *servers.Node, cursor string) (next string, found int) {
		reply, _ := do(t, n, "HSCAN", "hash", cursor, "COUNT", "100").([]any)
		elements, _ := reply[1].([]any)
		return fmt.Sprint(reply[0]), len(elements) / 2
	}
	cursor, total, largest := "0", 0, uint64(0)
	for {
		next, found := scan(double, cursor)
		n, err := strconv.ParseUint(next, 10, 64)
		if err != nil || n >= 1<<50 {
			t.Fatalf("cursor %s, %v", next, err)
		}
		largest, total, cursor = max(largest, n), total+found, next
		if cursor == "0" {
			break
		}
	}
	if total != keys || largest < 1<<32 {
		t.Errorf("%d of %d found, largest cursor %d", total, keys, largest)
	}
	foreign, _ := scan(redis, "0")
	if next, found := scan(double, foreign); next != "0" || found != 0 {
		t.Errorf("Redis's cursor %s: %s, %d found", foreign, next, found)
	}
}

// TestPause: CLIENT UNPAUSE waits too.
func TestPause(t *testing.T) {
	t.Parallel()
	p := dial(t, servers.NewT(t).DragonflyDouble(servers.DragonflyOptions{}))
	p.ask("+OK|", "CLIENT", "PAUSE", "300", "WRITE")
	began := time.Now()
	p.ask("+OK|", "CLIENT", "UNPAUSE")
	if took := time.Since(began); took < 250*time.Millisecond {
		t.Errorf("took %v", took)
	}
	p.ask("+OK|", "SET", "a", "1")
}

// TestPassword: what is allowed before AUTH, and that SIGTERM ends it.
func TestPassword(t *testing.T) {
	t.Parallel()
	node := servers.NewT(t).DragonflyDouble(servers.DragonflyOptions{Password: "secret"})
	p := dial(t, node)
	p.ask("-NOAUTH Authentication required.|", "GET", "a")
	p.ask("-NOAUTH Authentication required.|", "INFO")
	p.ask("-WRONGPASS invalid username-password pair or user is disabled.|", "AUTH", "wrong")
	p.ask("-NOAUTH Authentication required.|", "ROLE")
	p.ask("+OK|", "AUTH", "secret")
	p.ask("$-1|", "GET", "a")
	if err := node.Stop(); err != nil {
		t.Fatal(err)
	}
	if node.ExitCode() != 0 {
		t.Errorf("exit code %d", node.ExitCode())
	}
	p.closed("")
	if err := node.Restart(); err != nil {
		t.Fatal(err)
	}
	if _, err := node.Do(t.Context(), "SHUTDOWN", "NOSAVE"); err == nil {
		t.Error("SHUTDOWN was answered")
	}
	<-node.Exited()
}
