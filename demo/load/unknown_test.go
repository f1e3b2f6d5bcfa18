package load

import (
	"bufio"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// unknownServer answers every command with UNKNOWNOUTCOME but those of a handshake, as the proxy does for an
// INCR at a stop of the master. A real server can't be made to say so.
func unknownServer(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go answerUnknown(conn)
		}
	}()
	t.Cleanup(func() { l.Close(); <-done })
	return l.Addr().String()
}

// answerUnknown ends with the client's connection.
func answerUnknown(conn net.Conn) {
	defer conn.Close()
	for s := bufio.NewScanner(conn); s.Scan(); {
		reply := "" // the lines between
		switch strings.ToUpper(s.Text()) {
		case "INCR", "SET", "GET":
			reply = "-UNKNOWNOUTCOME it may or may not have been applied\r\n"
		case "HELLO", "CLIENT", "COMMAND":
			reply = "-ERR unknown command\r\n"
		}
		if _, err := conn.Write([]byte(reply)); err != nil {
			return
		}
	}
}

// TestUnknownOutcome: counted apart for INCR while a master stops, an error at any other time and for any
// other command.
func TestUnknownOutcome(t *testing.T) {
	for name, test := range map[string]struct {
		stopping bool
		kind     int // of StartLibrary
		allowed  bool
	}{
		"INCR at a stop":      {true, 1, true},
		"INCR at other times": {false, 1, false},
		"SET at a stop":       {true, 0, false},
	} {
		t.Run(name, func(t *testing.T) {
			o := Options{Addr: unknownServer(t), Prefix: "test", Start: time.Now(), Stopping: new(atomic.Bool)}
			o.Stopping.Store(test.stopping)
			kinds := StartLibrary(o)
			k := kinds[test.kind]
			for deadline := time.Now().Add(10 * time.Second); k.Figures(time.Now()).Commands == 0; time.Sleep(time.Millisecond) {
				if time.Now().After(deadline) {
					t.Fatal("no command is answered")
				}
			}
			for _, each := range kinds {
				each.Stop()
			}
			if f := k.Figures(time.Now()); (f.Errors == 0) != test.allowed || (f.Unknown > 0) != test.allowed || f.Noticed() == test.allowed {
				t.Errorf("%+v", f)
			}
		})
	}
}
