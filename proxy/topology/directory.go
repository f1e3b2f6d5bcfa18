package topology

import (
	"context"
	"slices"

	"go.uber.org/zap"
)

// The directory: which Sentinels there are, and which of them may speak.
//
// One Sentinel must not speak twice, or it would count twice in a majority. But it can be known under
// several addresses: configured by host name, discovered by IP, or listed twice. What identifies it is
// its run id (SENTINEL MYID, also the "runid" that the other Sentinels give), which it keeps over
// restarts. So a Sentinel speaks only after its session was admitted under its run id, and of several
// sessions with the same run id one is admitted: a configured one before a discovered one, otherwise the
// one that came first. The others are SentinelGone for those who listen.
//
// All of this happens under Watcher.mu, in which events are emitted too: nobody can hear the second
// voice before the first one is gone.

// maxDiscovered bounds what a Sentinel that invents others can make us dial.
const maxDiscovered = 64

// watch starts a Sentinel's goroutine. Called with mu held.
func (w *Watcher) watch(addr string, configured bool) *sentinel {
	ctx, stop := context.WithCancel(w.mu.ctx)
	s := &sentinel{w: w, addr: addr, configured: configured, ask: make(chan struct{}, 1), peersDue: make(chan struct{}, 1), stop: stop}
	w.mu.sentinels = append(w.mu.sentinels, s)
	w.listAsks()
	w.running.Go(func() { s.run(ctx) })
	return s
}

// unwatch ends a Sentinel's goroutine, without waiting: it may be the caller. Called with mu held.
func (w *Watcher) unwatch(s *sentinel, why string) {
	w.log.Info("sentinel is no longer watched", zap.String("sentinel", s.addr), zap.String("reason", why))
	w.mute(s, why)
	w.mu.sentinels = slices.DeleteFunc(w.mu.sentinels, func(o *sentinel) bool { return o == s })
	w.listAsks()
	s.stop()
}

// mute takes the Sentinel's voice, and its place among the known ones. Called with mu held.
func (w *Watcher) mute(s *sentinel, why string) {
	s.up = false
	if s.announced {
		s.announced = false
		w.emitLocked(s, Event{Kind: SentinelGone, Text: why})
	}
}

func (w *Watcher) listAsks() {
	asks := make([]chan struct{}, 0, len(w.mu.sentinels))
	for _, s := range w.mu.sentinels {
		asks = append(asks, s.ask)
	}
	w.asks.Store(&asks)
}

func (w *Watcher) byAddr(addr string) *sentinel {
	for _, s := range w.mu.sentinels {
		if s.addr == addr {
			return s
		}
	}
	return nil
}

// admit decides whether s, which has just connected and said who it is, may speak, and announces it. An
// empty runID (Redis before 6.2) is nobody's twin.
func (w *Watcher) admit(s *sentinel, runID string) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.mu.ctx.Err() != nil || !slices.Contains(w.mu.sentinels, s) {
		return false
	}
	s.runID, s.identified = runID, true
	for _, twin := range slices.Clone(w.mu.sentinels) {
		if twin == s || runID == "" || twin.runID != runID {
			continue
		}
		why := "the same Sentinel as " + s.addr
		switch {
		case !twin.configured:
			if twin.up && !s.configured {
				w.unwatch(s, "the same Sentinel as "+twin.addr)
				return false
			}
			w.unwatch(twin, why)
		case twin.up && !s.configured:
			w.unwatch(s, "the same Sentinel as "+twin.addr)
			return false
		case twin.up: // both configured: it may become another Sentinel one day, so it is kept and asked again
			w.mute(s, "the same Sentinel as "+twin.addr)
			return false
		default:
			w.mute(twin, why)
		}
	}
	s.up, s.announced, s.denied = true, true, false
	w.log.Info("sentinel is up", zap.String("sentinel", s.addr), zap.String("run_id", runID))
	w.emitLocked(s, Event{Kind: SentinelUp, Text: runID})
	return true
}

// fell announces that a Sentinel can't be reached: once, until it is up again, and once more when the error turns from
// the network's into one about our credentials, or back: somebody has to look in another place then.
//
// A discovered one that has never answered is announced, and so counts as known, only when somebody who
// knows it says it is alive, and every configured one has said who it is: before that it can be one of
// them under another name. Those that the others know for dead do not count: many a Sentinel remembers
// peers that were thrown away long ago.
func (w *Watcher) fell(s *sentinel, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.mu.ctx.Err() != nil || !slices.Contains(w.mu.sentinels, s) {
		return
	}
	was, denied := s.up, aboutCredentials(err)
	s.up = false
	if !was && (s.announced && s.denied == denied || !s.announced && !s.configured && !(s.namedAlive && w.allIdentified())) {
		return
	}
	if s.muted() {
		return
	}
	s.announced, s.denied = true, denied
	message := "sentinel is down"
	if denied {
		message = "sentinel refuses the proxy's credentials (see --sentinel-username, --sentinel-password-file)"
	}
	w.log.Warn(message, zap.String("sentinel", s.addr), zap.Error(err))
	w.emitLocked(s, Event{Kind: SentinelDown, Denied: denied, Text: err.Error()})
}

// muted: another Sentinel with the same run id counts already. One that has never answered has the run id under which others name it: it may be
// a configured one that hangs, by its address.
func (s *sentinel) muted() bool {
	return slices.ContainsFunc(s.w.mu.sentinels, func(o *sentinel) bool {
		same := o.runID == s.runID || !s.identified && s.w.isNamed(s, func(p peer) bool { return p.runID == o.runID })
		return o != s && o.announced && o.runID != "" && same
	})
}

// allIdentified: every configured Sentinel has said who it is. Called with mu held.
func (w *Watcher) allIdentified() bool {
	return !slices.ContainsFunc(w.mu.sentinels, func(s *sentinel) bool { return s.configured && !s.identified })
}
