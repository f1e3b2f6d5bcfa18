package admin

import (
	"context"
	"crypto/subtle"
	"encoding/json"
	"errors"
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

// Refusal is why an order is not carried out.
type Refusal struct {
	Code int // HTTP's
	Text string
}

func (r *Refusal) Error() string { return r.Text }

func refuse(w http.ResponseWriter, code int, format string, args ...any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	body, _ := json.Marshal(map[string]string{"error": fmt.Sprintf(format, args...)}) // strings can't fail
	_, _ = w.Write(append(body, '\n'))
}

// hold is POST /api/v1/hold?group=NAME&for=5s: writes are held for so long, or until a release or a switch. It answers when
// none of those before is in flight. With &dry-run nothing is held.
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
	if _, looks := r.Form["dry-run"]; looks {
		// For who is to give the order later.
		g, refused := s.takes(r.FormValue("group"), d)
		if refused != nil {
			refuse(w, refused.Code, "%s", refused.Text)
			return
		}
		s.json(w, http.StatusOK, Hold{Group: g.Group, State: g.State, Master: g.Master, Drained: g.Drained})
		return
	}
	s.order(w, r, d)
}

// takes says whether an order for so long would be taken, and by which group.
func (s *Server) takes(name string, d time.Duration) (*GroupStatus, *Refusal) {
	g := s.find(name)
	switch {
	case g == nil:
		return nil, &Refusal{http.StatusNotFound, fmt.Sprintf("group=%q is not one of the proxy's", name)}
	case d > 0 && g.State != Serving && g.State != Draining:
		return nil, &Refusal{http.StatusConflict, fmt.Sprintf("group %s is %s: %s", g.Group, g.State, g.Reason)}
	}
	return g, nil
}

// release is POST /api/v1/release?group=NAME: what was ordered is over. It answers when the group serves again.
func (s *Server) release(w http.ResponseWriter, r *http.Request) {
	if s.allowed(w, r) {
		s.order(w, r, 0)
	}
}

// order gives it, and answers when it is done.
func (s *Server) order(w http.ResponseWriter, r *http.Request, d time.Duration) {
	start := time.Now()
	g, err := s.Order(r.Context(), r.FormValue("group"), d)
	code := http.StatusOK
	if refused := (*Refusal)(nil); errors.As(err, &refused) {
		refuse(w, refused.Code, "%s", refused.Text)
		return
	} else if err != nil {
		code = http.StatusConflict
	}
	s.json(w, code, Hold{Group: g.Group, State: g.State, Master: g.Master, Drained: g.Drained, TookMS: float64(time.Since(start).Microseconds()) / 1000})
}

// Order has a group hold writes for d, or until a release or a switch, and returns when none of those before is in flight; with 0
// it releases, and returns when the group serves. name may be "" where there is one group only. The error is a *Refusal when the
// order was not given, and another one when what it is for has not come about.
func (s *Server) Order(ctx context.Context, name string, d time.Duration) (*GroupStatus, error) {
	start := time.Now()
	g, refused := s.takes(name, d)
	if refused != nil {
		return nil, refused
	}
	done := func() bool {
		if d > 0 {
			return g.State == Draining && g.Drained
		}
		return g.State == Serving
	}
	s.source.Order(g.Group, d)
	for !done() && time.Since(start) < holdPatience && ctx.Err() == nil {
		time.Sleep(holdPoll)
		g = s.find(g.Group)
	}
	if !done() {
		return g, fmt.Errorf("group %s is %s: %s", g.Group, g.State, g.Reason)
	}
	return g, nil
}

// Serves says why a group does not serve from master; nil: it does.
func (s *Server) Serves(group, master string) error {
	if g := s.find(group); g.State != Serving || g.Master != master {
		return fmt.Errorf("%s is %s from %s %s, not serving from %s", g.Group, g.State, g.Master, g.Reason, master)
	}
	return nil
}

// find is the group of that name, the only one for "", or nil.
func (s *Server) find(name string) *GroupStatus {
	st := s.source.Status()
	for i := range st.Groups {
		if g := &st.Groups[i]; g.Group == name || name == "" && len(st.Groups) == 1 {
			return g
		}
	}
	return nil
}
