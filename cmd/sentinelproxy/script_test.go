package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os/exec"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	"go.uber.org/zap"

	"sentinelproxy/proxy/admin"
)

// exits CODE COMMAND ARGS... runs a command that has to exit with this code, and when it is not 0 has to say why
// in exactly one line on stderr and nothing on stdout.
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE COMMAND ARGS...")
	}
	want, got := atoi(ts, args[0]), 0
	err := ts.Exec(args[1], args[2:]...)
	if ee := (*exec.ExitError)(nil); errors.As(err, &ee) {
		got = ee.ExitCode()
	} else if err != nil {
		ts.Fatalf("%v", err)
	}
	if got != want {
		ts.Fatalf("exit code %d, want %d", got, want)
	}
	if want == 0 {
		return
	}
	stderr := ts.ReadFile("stderr")
	if !strings.HasPrefix(stderr, "sentinelproxy: ") || strings.Count(stderr, "\n") != 1 {
		ts.Fatalf("stderr is not one line of sentinelproxy's")
	}
	if out := ts.ReadFile("stdout"); out != "" {
		ts.Fatalf("an error with something on stdout")
	}
}

// scripted is a source for the admin server.
type scripted struct{ state admin.State }

func (s scripted) Status() admin.Status {
	g := admin.GroupStatus{
		Group: "the_master", State: s.state, Listening: true, Listen: []string{"127.0.0.1:6379"},
		Master: "127.0.0.1:6380", Epoch: 7, Sentinels: []admin.SentinelStatus{{Addr: "127.0.0.1:5000", Up: true}, {Addr: "127.0.0.1:5001"}},
	}
	if s.state != admin.Serving {
		g.Reason = "no master"
	}
	return admin.Status{Groups: []admin.GroupStatus{g}}
}

func (s scripted) Switches() []admin.Switch { return nil }

func (scripted) Order(string, time.Duration)                                 {}
func (scripted) Switch(admin.SwitchOrder) (admin.Switchover, *admin.Refusal) { return nil, nil }
func (scripted) LastSwitch() admin.Switchover                                { return nil }
func (scripted) LargeRequestBytes() int64                                    { return 0 }
func (s scripted) Lanes() []admin.LaneCounters {
	l := admin.LaneCounters{Group: "the_master", Clients: 64, HeldCommands: 12}
	l.Closed[admin.ClosePeer] = 3
	return []admin.LaneCounters{l}
}

// serve-admin STATE VARIABLE starts the admin server of a proxy in this state, ends it with the script, and sets
// the variable to its address.
func serveAdmin(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: serve-admin STATE VARIABLE")
	}
	s, err := admin.New(scripted{admin.State(args[0])}, admin.Options{Build: admin.Build{Version: "v1.2.3"}}, zap.NewNop())
	ts.Check(err)
	addr, err := s.Start("127.0.0.1:0")
	ts.Check(err)
	ts.Defer(func() { s.Shutdown(context.Background()) })
	ts.Setenv(args[1], addr.String())
}

// serve-text VARIABLE [TEXT] listens at an address, which the variable is set to, reads a little from whoever
// connects, answers with the text and closes.
func serveText(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) == 0 {
		ts.Fatalf("usage: serve-text VARIABLE [TEXT]")
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	ts.Check(err)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			_, _ = conn.Read(make([]byte, 1024))
			if len(args) > 1 {
				fmt.Fprintf(conn, "%s\r\n", strings.Join(args[1:], " "))
			}
			conn.Close()
		}
	}()
	ts.Defer(func() {
		l.Close()
		<-done
	})
	ts.Setenv(args[0], l.Addr().String())
}
