package admin

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"net"
	"net/http"
	"os"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/zap/zaptest"
)

// scripted is a Source that says what a test wants said.
type scripted struct {
	mu       sync.Mutex
	status   Status
	switched []Switch
	lanes    []LaneCounters
	ordered  func(s *scripted, group string, d time.Duration)
	begin    func(SwitchOrder) (Switchover, *Refusal)
	last     Switchover
}

func (s *scripted) Status() Status {
	s.mu.Lock()
	defer s.mu.Unlock()
	st := s.status
	st.Groups = append([]GroupStatus(nil), st.Groups...)
	return st
}

func (s *scripted) Switches() []Switch {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Switch(nil), s.switched...)
}

func (s *scripted) Order(group string, d time.Duration) {
	s.set(func(s *scripted) { s.ordered(s, group, d) })
}

func (s *scripted) Switch(o SwitchOrder) (Switchover, *Refusal) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.begin(o)
}

func (s *scripted) LastSwitch() Switchover {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.last
}

func (s *scripted) LargeRequestBytes() int64 { return 3 << 20 }

func (s *scripted) Lanes() []LaneCounters {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]LaneCounters(nil), s.lanes...)
}

func (s *scripted) set(edit func(*scripted)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	edit(s)
}

var testWords = Words{
	Groups:        []string{"a", "b"},
	HoldReasons:   []string{"starting", "link_lost"},
	RefuseReasons: []string{"no_majority"},
	Rejections:    []string{"READONLY", "LOADING"},
	ProbeResults:  []string{"master", "error"},
	FenceResults:  []string{"confirmed", "failed"},
}

// twoGroups is a source with two groups on two lanes, all figures different from one another.
func twoGroups() *scripted {
	s := &scripted{}
	for gi, g := range testWords.Groups {
		s.status.Groups = append(s.status.Groups, GroupStatus{
			Group: g, State: Serving, Listening: true, Listen: []string{"127.0.0.1:6379"},
			Master: "127.0.0.1:6380", Epoch: 7, Term: 2,
			Sentinels: []SentinelStatus{{Addr: "127.0.0.1:5000", Up: true}, {Addr: "127.0.0.1:5001"}},
		})
		for lane := range 2 {
			n := uint64(gi*100 + lane*10 + 1000)
			l := LaneCounters{
				Group: g, Lane: lane, Clients: int(n), Waiting: 3,
				Released: n + 1, Expired: n + 2, Cancelled: n + 3, HeldCommands: 5, HeldBytes: 640, HeldOldestSeconds: float64(lane) + .5, BusySeconds: float64(lane) + .25,
				Answered: n + 4, Resent: n + 5, Unknown: n + 6, LostWaiting: 2, InFlight: 9,
				SharedLinks: 1, PinnedLinks: 4, Pinned: map[string]int{"multi": 3, "blocking": 1},
			}
			l.Closed[ClosePeer], l.Closed[CloseOutput] = n+7, 1
			l.LimitHits[LimitClientOutput] = 1
			l.Accepted = uint64(l.Clients) + l.Closed.Sum()
			l.Held = l.Released + l.Expired + l.Cancelled + uint64(l.HeldCommands)
			l.Lost = l.Resent + l.Unknown + uint64(l.LostWaiting)
			l.Sent = l.Answered + l.Lost + uint64(l.InFlight)
			s.lanes = append(s.lanes, l)
		}
	}
	return s
}

// serve starts a server for source and returns its base URL. It is shut down when the test ends.
func serve(t *testing.T, source Source, opts Options) (*Server, string) {
	t.Helper()
	opts.Words = testWords
	s, err := New(source, opts, zaptest.NewLogger(t))
	if err != nil {
		t.Fatal(err)
	}
	addr, err := s.Start("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		http.DefaultClient.CloseIdleConnections()
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		s.Shutdown(ctx)
	})
	return s, "http://" + addr.String()
}

func get(t *testing.T, url string) (code int, body string) {
	t.Helper()
	resp, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(b)
}

func TestReadyz(t *testing.T) {
	source := twoGroups()
	_, base := serve(t, source, Options{})
	tests := []struct {
		name string
		edit func(*Status)
		want string // body of a 503; "" = ready
	}{
		{"serving", func(*Status) {}, ""},
		{"before the groups exist", func(s *Status) { s.Groups = nil }, "starting"},
		{"one listener is not open", func(s *Status) { s.Groups[1].Listening = false }, "b: listeners are not open"},
		{"hold at start-up", func(s *Status) { s.Groups[0].State, s.Groups[1].State = Starting, Starting }, ""},
		{"draining", func(s *Status) { s.Groups[0].State = Draining }, ""},
		{"holding", func(s *Status) { s.Groups[0].State = Holding }, ""},
		{"verifying", func(s *Status) { s.Groups[0].State = Verifying }, ""},
		{"restoring", func(s *Status) { s.Groups[0].State = Restoring }, ""},
		{"second group refuses", func(s *Status) {
			s.Groups[1].State, s.Groups[1].Reason = Refusing, "no majority of the Sentinels names a master"
		}, "b: refusing: no majority of the Sentinels names a master"},
		{"only reads go on", func(s *Status) {
			s.Groups[0].State, s.Groups[0].Reason, s.Groups[0].WritesRefused = Draining, "minority, writes are refused", true
		}, "a: refusing: minority, writes are refused"},
		{"stopping", func(s *Status) { s.Stopping = true }, "stopping"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			source.set(func(s *scripted) {
				s.status = twoGroups().status
				tt.edit(&s.status)
			})
			wantCode, want := http.StatusOK, "ok"
			if tt.want != "" {
				wantCode, want = http.StatusServiceUnavailable, tt.want
			}
			if code, body := get(t, base+"/readyz"); code != wantCode || body != want+"\n" {
				t.Errorf("readyz: got %d %q, want %d %q", code, body, wantCode, want)
			}
			if code, body := get(t, base+"/livez"); code != http.StatusOK || body != "ok\n" {
				t.Errorf("livez: got %d %q", code, body)
			}
		})
	}
}

func TestStatusSumsLanes(t *testing.T) {
	_, base := serve(t, twoGroups(), Options{Build: Build{Version: "v1"}})
	code, body := get(t, base+"/api/v1/status")
	var s struct {
		Version string
		Groups  []GroupStatus
		Lanes   []struct {
			Group  string
			Closed map[string]uint64 `json:"clients_closed"`
		}
	}
	if err := json.Unmarshal([]byte(body), &s); err != nil || code != 200 {
		t.Fatal(code, err, body)
	}
	if s.Version != "v1" || len(s.Groups) != 2 || len(s.Lanes) != 4 {
		t.Fatalf("%+v", s)
	}
	b := s.Groups[1]
	if (b.Clients != ClientTotals{2210, 6}) || (b.Held != HeldTotals{10, 1280, 1.5}) || (b.Links != LinkTotals{2, 8}) {
		t.Errorf("totals of b: %+v %+v %+v", b.Clients, b.Held, b.Links)
	}
	if want := map[string]uint64{"peer": 1117, "output_limit": 1}; !maps.Equal(s.Lanes[3].Closed, want) {
		t.Errorf("closed: got %v, want %v", s.Lanes[3].Closed, want)
	}
}

// Keys are snake_case, and a list that is empty is [] and not null, in all that the API answers.
func TestJSONShape(t *testing.T) {
	key := regexp.MustCompile(`^[a-z][a-z0-9_]*$`)
	var walk func(path string, v any)
	walk = func(path string, v any) {
		switch v := v.(type) {
		case nil:
			if !strings.HasSuffix(path, ".sessions_pinned") {
				t.Errorf("%s is null", path)
			}
		case map[string]any:
			for k, e := range v {
				if !key.MatchString(k) {
					t.Errorf("%s.%s is not snake_case", path, k)
				}
				walk(path+"."+k, e)
			}
		case []any:
			for _, e := range v {
				walk(path+"[]", e)
			}
		}
	}
	full := twoGroups()
	full.switched = []Switch{{Group: "a"}}
	empty := &scripted{status: Status{Groups: []GroupStatus{{Group: "a"}}}}
	for _, source := range []Source{full, empty, &scripted{}} {
		_, base := serve(t, source, Options{})
		for _, path := range []string{"/api/v1/status", "/api/v1/switches"} {
			code, body := get(t, base+path)
			var v any
			if err := json.Unmarshal([]byte(body), &v); err != nil || code != 200 {
				t.Fatal(code, err, body)
			}
			walk(path, v)
		}
	}
}

func TestSwitches(t *testing.T) {
	source := twoGroups()
	source.switched = []Switch{{Group: "a", Term: 1}, {Group: "b", Term: 1}, {Group: "a", Term: 2}}
	_, base := serve(t, source, Options{})
	for query, want := range map[string]string{"": "a2 b1 a1", "?group=a": "a2 a1", "?group=none": ""} {
		_, body := get(t, base+"/api/v1/switches"+query)
		var answer struct{ Switches []Switch }
		if err := json.Unmarshal([]byte(body), &answer); err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, s := range answer.Switches {
			got = append(got, s.Group+string(rune('0'+s.Term)))
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%q: got %v, want %v", query, got, want)
		}
	}
}

func TestPprofOnlyWhenOn(t *testing.T) {
	for on, want := range map[bool]int{true: 200, false: 404} {
		_, base := serve(t, twoGroups(), Options{Pprof: on})
		if code, _ := get(t, base+"/debug/pprof/goroutine?debug=1"); code != want {
			t.Errorf("pprof %v: got %d, want %d", on, code, want)
		}
		if _, body := get(t, base+"/"); strings.Contains(body, "pprof") != on {
			t.Errorf("pprof %v: index says\n%s", on, body)
		}
	}
}

func TestOnlyGet(t *testing.T) {
	_, base := serve(t, twoGroups(), Options{})
	for _, path := range []string{"/", "/livez", "/readyz", "/metrics", "/api/v1/status", "/api/v1/switches"} {
		resp, err := http.Post(base+path, "text/plain", strings.NewReader("x"))
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != http.StatusMethodNotAllowed {
			t.Errorf("POST %s: %s", path, resp.Status)
		}
	}
}

func TestStartNamesFlagAndAddress(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	s, err := New(twoGroups(), Options{Words: testWords}, zaptest.NewLogger(t))
	if err != nil {
		t.Fatal(err)
	}
	_, err = s.Start(l.Addr().String())
	if want := "--admin " + l.Addr().String() + ": address already in use"; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
	s.Shutdown(context.Background()) // never started: nothing to wait for
}

// A request that does not end is cut off when the time given to Shutdown is over.
func TestShutdownCutsOff(t *testing.T) {
	s, base := serve(t, twoGroups(), Options{Pprof: true})
	conn, err := net.Dial("tcp", strings.TrimPrefix(base, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := io.WriteString(conn, "GET /debug/pprof/trace?seconds=60 HTTP/1.1\r\nHost: x\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	// The header comes with the first bytes of the trace: from then on the request is being served.
	if _, err := conn.Read(make([]byte, 1)); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	s.Shutdown(ctx)
	// The trace would go on for a minute.
	if err := conn.SetReadDeadline(time.Now().Add(20 * time.Second)); err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(io.Discard, conn); errors.Is(err, os.ErrDeadlineExceeded) {
		t.Error("the request goes on after Shutdown")
	}
}
