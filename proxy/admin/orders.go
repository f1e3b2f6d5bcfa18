package admin

import (
	"crypto/subtle"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"
)

// What changes something is a POST with the token of --admin-token-file as bearer. Without such a file there is none that
// would do.

// Hold is the answer to an order to hold, or to release.
type Hold struct {
	Group   string  `json:"group"`
	State   State   `json:"state"`
	Master  string  `json:"master"`
	Drained bool    `json:"drained"` // no write that came before the hold is in flight any more
	TookMS  float64 `json:"took_ms"`
}

const (
	defaultHold  = 5 * time.Second
	longestHold  = 60 * time.Second
	holdPatience = 10 * time.Second // for the state to change, and for writes in flight
	holdPoll     = time.Millisecond
)

// allowed answers a request that may not change anything, and says so.
func (s *Server) allowed(w http.ResponseWriter, r *http.Request) bool {
	given, bearer := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	switch {
	case s.token == "":
		refuse(w, http.StatusForbidden, "orders are off: the proxy has no --admin-token-file")
	case !bearer || subtle.ConstantTimeCompare([]byte(given), []byte(s.token)) != 1:
		w.Header().Set("WWW-Authenticate", "Bearer")
		refuse(w, http.StatusUnauthorized, "the header \"Authorization: Bearer TOKEN\" is missing, or the token is another one")
	default:
		return true
	}
	return false
}

func refuse(w http.ResponseWriter, code int, format string, args ...any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	body, _ := json.Marshal(map[string]string{"error": fmt.Sprintf(format, args...)}) // strings can't fail
	_, _ = w.Write(append(body, '\n'))
}

// hold is POST /api/v1/hold?group=NAME&for=5s: writes are held for so long, or until a release or a switch. It answers when
// none of those before is in flight.
func (s *Server) hold(w http.ResponseWriter, r *http.Request) {
	if !s.allowed(w, r) {
		return
	}
	d := defaultHold
	if text := r.FormValue("for"); text != "" {
		var err error
		if d, err = time.ParseDuration(text); err != nil || d <= 0 || d > longestHold {
			refuse(w, http.StatusBadRequest, "for=%q is not a duration from 1ms to %s", text, longestHold)
			return
		}
	}
	s.order(w, r, d, func(g *GroupStatus) bool { return g.State == Draining && g.Drained })
}

// release is POST /api/v1/release?group=NAME: what was ordered is over. It answers when the group serves again.
func (s *Server) release(w http.ResponseWriter, r *http.Request) {
	if s.allowed(w, r) {
		s.order(w, r, 0, func(g *GroupStatus) bool { return g.State == Serving })
	}
}

// order gives it, and answers when done says so.
func (s *Server) order(w http.ResponseWriter, r *http.Request, d time.Duration, done func(*GroupStatus) bool) {
	start := time.Now()
	name := r.FormValue("group")
	find := func() *GroupStatus {
		st := s.source.Status()
		for i := range st.Groups {
			if g := &st.Groups[i]; g.Group == name || name == "" && len(st.Groups) == 1 {
				return g
			}
		}
		return nil
	}
	g := find()
	switch {
	case g == nil:
		refuse(w, http.StatusNotFound, "group=%q is not one of the proxy's", name)
		return
	case d > 0 && g.State != Serving && g.State != Draining:
		refuse(w, http.StatusConflict, "group %s is %s: %s", g.Group, g.State, g.Reason)
		return
	}
	s.source.Order(g.Group, d)
	for !done(g) && time.Since(start) < holdPatience && r.Context().Err() == nil {
		time.Sleep(holdPoll)
		g = find()
	}
	code := http.StatusOK
	if !done(g) {
		code = http.StatusConflict
	}
	s.json(w, code, Hold{Group: g.Group, State: g.State, Master: g.Master, Drained: g.Drained, TookMS: float64(time.Since(start).Microseconds()) / 1000})
}
