package admin

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"time"

	"go.uber.org/zap"
)

func (s *Server) index(withPprof bool) http.HandlerFunc {
	lines := []string{
		"sentinelproxy " + s.build.Version,
		"",
		"/livez            the process answers",
		"/readyz           every group serves, or holds within its limit",
		"/metrics          for Prometheus",
		"/api/v1/status    groups, Sentinels, lanes",
		"/api/v1/switches  reports of the last switches; ?group=NAME for one group's",
		"/api/v1/switch    progress, or the report, of the last planned switchover that was ordered here",
		"/api/v1/switch, /api/v1/hold, /api/v1/release  orders: POST, with the token",
	}
	if withPprof {
		lines = append(lines, "/debug/pprof/     profiles")
	}
	body := strings.Join(lines, "\n") + "\n"
	return func(w http.ResponseWriter, _ *http.Request) { plainText(w, http.StatusOK, body) }
}

func (s *Server) status(w http.ResponseWriter, _ *http.Request) {
	st := s.source.Status()
	st.Version = s.build.Version
	st.StartedAt = s.started
	st.UptimeSeconds = time.Since(s.started).Seconds()
	st.SwitchesURL = "/api/v1/switches"
	st.Groups = orEmpty(st.Groups)
	st.Lanes = orEmpty(s.source.Lanes())
	for i := range st.Groups {
		g := &st.Groups[i]
		g.Listen, g.Sentinels = orEmpty(g.Listen), orEmpty(g.Sentinels)
		g.add(st.Lanes)
	}
	s.json(w, http.StatusOK, st)
}

// add sums the lanes of this group.
func (g *GroupStatus) add(lanes []LaneCounters) {
	for i := range lanes {
		l := &lanes[i]
		if l.Group != g.Group {
			continue
		}
		g.Clients.Open += l.Clients
		g.Clients.Waiting += l.Waiting
		g.Held.Commands += l.HeldCommands
		g.Held.Bytes += l.HeldBytes
		g.Held.MaxWaitSeconds = max(g.Held.MaxWaitSeconds, l.HeldOldestSeconds)
		g.Links.Shared += l.SharedLinks
		g.Links.Pinned += l.PinnedLinks
	}
}

// switches answers {"switches": [...]}, the latest first. A group that does not exist has none.
func (s *Server) switches(w http.ResponseWriter, r *http.Request) {
	all := s.source.Switches()
	if group := r.URL.Query().Get("group"); group != "" {
		all = slices.DeleteFunc(all, func(sw Switch) bool { return sw.Group != group })
	}
	slices.Reverse(all)
	for i := range all {
		all[i].Events = orEmpty(all[i].Events)
	}
	s.json(w, http.StatusOK, struct {
		Switches []Switch `json:"switches"`
	}{orEmpty(all)})
}

// orEmpty makes JSON say [] rather than null, which many a reader can't loop over.
func orEmpty[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}

func (s *Server) json(w http.ResponseWriter, code int, v any) {
	body, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		// NaN is the only thing in our structs that JSON can't say.
		s.log.Error("BUG: status can't be written as JSON", zap.Error(err))
		http.Error(w, "can't be written as JSON: "+err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(code)
	_, _ = w.Write(append(body, '\n'))
}
