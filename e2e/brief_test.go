package e2e

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"time"
)

// brief is a kind of session that is over at once. Whoever runs it hangs up after it, wherever it has stopped.
type brief struct {
	name string
	run  func(v *visit) error
}

// visit is one session of a kind.
type visit struct {
	*wire
	key string // of this visitor alone
}

// briefs that end in good order, and those that are abandoned in the middle of something.
var briefs = []brief{
	{"nothing", func(*visit) error { return nil }},
	{"plain", func(v *visit) error { return v.talk("SET $ 1 > OK", "GET $ > 1", "GET $:no > <nil>") }},
	{"pipelined", func(v *visit) error { return v.pipeline(50) }},
	{"SELECT", func(v *visit) error { return v.talk("SELECT 3 > OK", "SET $ in3 > OK", "GET $ > in3") }},
	{"HELLO 3", func(v *visit) error { return v.talk("HELLO 3", "HSET $:h f 1", "HGETALL $:h > [f 1]") }},
	{"AUTH user", func(v *visit) error { return v.talk("AUTH user pw > OK", "ACL WHOAMI > user", "SET $ 1 > OK") }},
	{"AUTH refused", func(v *visit) error { return v.fails("WRONGPASS", "AUTH", "user", "no") }},
	{"names", func(v *visit) error {
		return v.talk("CLIENT SETNAME me > OK", "CLIENT SETINFO lib-name brief > OK", "CLIENT GETNAME > me", "CLIENT INFO")
	}},
	{"MULTI EXEC", func(v *visit) error {
		return v.talk("MULTI > OK", "SET $ 1 > QUEUED", "INCR $ > QUEUED", "EXEC > [OK 2]")
	}},
	{"MULTI DISCARD", func(v *visit) error { return v.talk("MULTI > OK", "SET $ 1 > QUEUED", "DISCARD > OK") }},
	{"MULTI abandoned", func(v *visit) error { return v.talk("MULTI > OK", "SET $ 1 > QUEUED") }},
	{"WATCH abandoned", func(v *visit) error { return v.talk("WATCH $ > OK", "SET $ 1 > OK") }},
	{"SUBSCRIBE", func(v *visit) error {
		return v.talk("SUBSCRIBE $ > [subscribe $ 1]", "UNSUBSCRIBE > [unsubscribe $ 0]")
	}},
	{"PSUBSCRIBE abandoned", func(v *visit) error { return v.talk("PSUBSCRIBE $* > [psubscribe $* 1]") }},
	{"SSUBSCRIBE RESP3", func(v *visit) error { return v.talk("HELLO 3", "SSUBSCRIBE $ > [ssubscribe $ 1]", "SET $ 1 > OK") }},
	{"RESET", func(v *visit) error { return v.talk("SUBSCRIBE $", "RESET > RESET", "SELECT 2 > OK", "RESET > RESET") }},
	{"BLPOP served", func(v *visit) error { return v.talk("DEL $:l", "RPUSH $:l x > 1", "BLPOP $:l 0 > [$:l x]") }},
	{"BLPOP abandoned", func(v *visit) error { return v.leave("BLPOP", v.key+":never", "0") }},
	{"XREAD abandoned", func(v *visit) error { return v.leave("XREAD", "BLOCK", "0", "STREAMS", v.key+":never", "$") }},
	{"WAIT", func(v *visit) error { return v.talk("SET $ 1 > OK", "WAIT 0 0") }},
	{"EVAL", func(v *visit) error {
		return v.talk("EVAL return{KEYS[1]} 1 $ > [$]", "SCRIPT LOAD return{1} > "+returns1, "EVALSHA "+returns1+" 0 > [1]")
	}},
	{"SCAN", (*visit).scan},
	{"CLIENT TRACKING", func(v *visit) error { return v.talk("HELLO 3", "CLIENT TRACKING ON > OK", "GET $:t", "SET $:t 1 > OK") }},
	{"CLIENT REPLY OFF", func(v *visit) error {
		if err := v.send([]string{"CLIENT", "REPLY", "OFF"}, []string{"SET", v.key, "1"}); err != nil {
			return err
		}
		return v.talk("CLIENT REPLY ON > OK", "GET $ > 1")
	}},
	{"CLIENT REPLY OFF abandoned", func(v *visit) error { return v.leave("CLIENT", "REPLY", "OFF") }},
	{"MONITOR abandoned", func(v *visit) error { return v.talk("MONITOR > OK") }},
	{"protocol error", func(v *visit) error { return v.turnedAway("*1\r\n:1\r\n", "ERR Protocol error: expected '$', got ':'") }},
	{"half a command", func(v *visit) error { return v.write("*2\r\n$3\r\nGET\r\n$5\r\nab") }},
	{"half a large value", func(v *visit) error { return v.write("*3\r\n$3\r\nSET\r\n$1\r\na\r\n$1000000\r\n" + large) }},
	{"large value", func(v *visit) error { return v.talk("SET $:big "+large+" > OK", "GET $:big > "+large) }},
	{"replies unread", func(v *visit) error {
		if err := v.talk("SET $:big " + large + " > OK"); err != nil {
			return err
		}
		get := []string{"GET", v.key + ":big"}
		return v.send(get, get, get, get, get, get, get, get)
	}},
	{"inline", func(v *visit) error {
		if err := v.write("SET " + v.key + " 1\r\nPING\r\n"); err != nil {
			return err
		}
		return v.replies("OK", "PONG")
	}},
	{"unknown command", func(v *visit) error { return v.fails("ERR unknown command", "NOSUCH", v.key) }},
	{"QUIT", func(v *visit) error { return v.turnedAway("QUIT\r\n", "OK") }},
}

// returns1 is the SHA-1 of return{1}.
const returns1 = "7da067d306ba2950a9b8ae9ef59deade71ff5b36"

// large is more than a read takes, and less than what is handed over in pieces.
var large = strings.Repeat("x", 200_000)

// talk sends commands one by one; "$" in them stands for the visitor's key. What follows " > " is the reply, as
// fmt.Sprint writes it; without it any reply will do that is no error.
func (v *visit) talk(lines ...string) error {
	for _, line := range lines {
		command, want, checked := strings.Cut(strings.ReplaceAll(line, "$", v.key), " > ")
		if err := v.send(strings.Fields(command)); err != nil {
			return err
		}
		got, err := v.answer()
		if err != nil {
			return err
		}
		if _, failed := got.(replyError); failed || checked && fmt.Sprint(got) != want {
			return fmt.Errorf("%.80q: got %.80s, want %.80s", command, fmt.Sprint(got), want)
		}
	}
	return nil
}

// answer skips what a server, or a switch, may push in between: invalidations.
func (v *visit) answer() (any, error) {
	for {
		got, err := v.receive()
		if p, is := got.(push); err != nil || !is || len(p) > 0 && p[0] != "invalidate" {
			return got, err
		}
	}
}

func (v *visit) replies(want ...string) error {
	for _, w := range want {
		got, err := v.receive()
		if err != nil || fmt.Sprint(got) != w {
			return fmt.Errorf("got %v (%w), want %s", got, err, w)
		}
	}
	return nil
}

func (v *visit) fails(prefix string, command ...string) error {
	got, err := v.do([][]string{command})
	if err != nil {
		return err
	}
	if e, is := got[0].(replyError); !is || !strings.HasPrefix(string(e), prefix) {
		return fmt.Errorf("%q: got %v, want %s", command, got[0], prefix)
	}
	return nil
}

func (v *visit) pipeline(n int) error {
	batch := [][]string{{"SET", v.key, "0"}}
	for range n {
		batch = append(batch, []string{"INCR", v.key}, []string{"GET", v.key})
	}
	got, err := v.do(batch)
	if err == nil && fmt.Sprint(got[2*n]) != strconv.Itoa(n) {
		err = fmt.Errorf("%d increments make %v", n, got[2*n])
	}
	return err
}

func (v *visit) scan() error {
	for cursor := "0"; ; {
		got, err := v.do([][]string{{"SCAN", cursor, "COUNT", "100"}})
		if err != nil {
			return err
		}
		page, is := got[0].([]any)
		if !is || len(page) != 2 {
			return fmt.Errorf("SCAN %s: %v", cursor, got[0])
		}
		if cursor = fmt.Sprint(page[0]); cursor == "0" {
			return nil
		}
	}
}

// leave sends a command that is not answered, and gives it a moment to get where it stays.
func (v *visit) leave(command ...string) error {
	err := v.send(command)
	time.Sleep(time.Millisecond)
	return err
}

func (v *visit) write(raw string) error {
	_ = v.conn.SetWriteDeadline(time.Now().Add(patience))
	_, err := io.WriteString(v.conn, raw)
	return err
}

// turnedAway sends raw bytes, upon which the other side answers once and closes.
func (v *visit) turnedAway(raw, last string) error {
	if err := v.write(raw); err != nil {
		return err
	}
	got, err := v.receive()
	if err != nil || fmt.Sprint(got) != last {
		return fmt.Errorf("got %v (%w), want %s", got, err, last)
	}
	if got, err := v.receive(); !errors.Is(err, io.EOF) {
		return fmt.Errorf("not closed, but %v (%w)", got, err)
	}
	return nil
}

// come connects as visitor i, runs the session and hangs up: every other one by a reset, which tells the proxy in
// another way.
func (b *brief) come(addr string, visitor, i int) error {
	conn, err := net.DialTimeout("tcp", addr, patience)
	if err != nil {
		return err
	}
	if i%2 == 1 {
		_ = conn.(*net.TCPConn).SetLinger(0)
	}
	defer conn.Close()
	v := &visit{wire: &wire{conn: conn, in: bufio.NewReader(conn)}, key: fmt.Sprintf("e2e:brief:%d", visitor)}
	if err := b.run(v); err != nil {
		return fmt.Errorf("%s, session %d: %w", b.name, i, err)
	}
	return nil
}
