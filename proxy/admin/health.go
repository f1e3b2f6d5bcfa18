package admin

import (
	"fmt"
	"net/http"
)

// livez answers as long as the process can answer. It looks at nothing: a proxy without master must not
// be restarted, because the restart would close the clients that it is holding.
func (s *Server) livez(w http.ResponseWriter, _ *http.Request) {
	plainText(w, http.StatusOK, "ok\n")
}

// readyz tells whether new clients should be sent here. A hold does not make the proxy unready before its
// limit passes, at start-up neither: to take it out of service then would close what the hold keeps open.
func (s *Server) readyz(w http.ResponseWriter, _ *http.Request) {
	status := s.source.Status()
	if why := unready(&status); why != "" {
		plainText(w, http.StatusServiceUnavailable, why+"\n")
		return
	}
	plainText(w, http.StatusOK, "ok\n")
}

// unready is one line that names the first group that is not ready, or "".
func unready(s *Status) string {
	if s.Stopping {
		return "stopping"
	}
	if len(s.Groups) == 0 {
		return "starting"
	}
	for i := range s.Groups {
		switch g := &s.Groups[i]; {
		case !g.Listening:
			return g.Group + ": listeners are not open"
		case g.State == Refusing, g.WritesRefused:
			return fmt.Sprintf("%s: refusing: %s", g.Group, g.Reason)
		}
	}
	return ""
}

func plainText(w http.ResponseWriter, code int, body string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(code)
	// The peer's going away is its own affair.
	_, _ = w.Write([]byte(body))
}
