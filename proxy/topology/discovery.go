package topology

import (
	"context"
	"net"
	"slices"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
	"go.uber.org/zap"
)

const (
	// peersEvery is how often a Sentinel is asked for the others when it publishes nothing about them.
	peersEvery = 5 * time.Second
	// forgetAfter: three of Sentinel's hello periods (2 s). A Sentinel that was told to SENTINEL RESET names
	// nobody until the others have greeted it.
	forgetAfter = 6 * time.Second
)

// peer is another Sentinel as one names it.
type peer struct {
	addr  string // after the address map
	runID string
	alive bool // for the one that names it
}

// askPeers asks a Sentinel which others it knows (SENTINEL SENTINELS).
func (s *sentinel) askPeers(ctx context.Context, client *redis.SentinelClient) ([]peer, error) {
	reply, err := client.Sentinels(ctx, s.w.opts.Group).Result()
	if err != nil {
		if isUnknownGroup(err) {
			return nil, nil
		}
		return nil, err
	}
	peers := make([]peer, 0, min(len(reply), maxDiscovered))
	for _, fields := range reply {
		if fields["ip"] == "" || fields["port"] == "" || fields["port"] == "0" { // 0: Sentinel's mark for "moved away"
			continue
		}
		addr := s.w.opts.AddrMap(net.JoinHostPort(fields["ip"], fields["port"]))
		alive := fields["flags"] == "sentinel"
		peers = append(peers, peer{addr: addr, runID: fields["runid"], alive: alive})
	}
	return peers, nil
}

// aboutPeers: messages after which a Sentinel's list of the others may be another one.
func aboutPeers(channel string) bool {
	return strings.Contains(channel, "sentinel") || channel == "+reset-master"
}

// named takes in the list of one Sentinel: it replaces the last one, unknown ones are watched from now
// on. The list of a Sentinel that is down stands: it can't say otherwise.
func (w *Watcher) named(by *sentinel, peers []peer) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.mu.ctx.Err() != nil || !by.up {
		return
	}
	by.peers = peers
	for _, p := range peers {
		if w.knows(p) {
			continue
		}
		if w.discovered() >= maxDiscovered {
			if !w.mu.tooMany {
				w.mu.tooMany = true
				w.log.Warn("too many Sentinels are named, the rest is not watched",
					zap.Int("limit", maxDiscovered), zap.String("sentinel", by.addr))
			}
			break
		}
		w.log.Info("sentinel discovered", zap.String("sentinel", p.addr), zap.String("named_by", by.addr))
		w.watch(p.addr, false)
	}
	for _, s := range w.mu.sentinels {
		s.namedAlive = w.isNamed(s, func(p peer) bool { return p.alive })
		// Only where somebody names it: one that nobody does for a moment, after SENTINEL RESET, counts on.
		if !s.configured && !s.identified && !s.namedAlive && w.isNamed(s, func(peer) bool { return true }) {
			w.mute(s, "down for all that name it, and it has never answered")
		}
	}
}

// knows: it is watched already, by its address, or by its run id under another address that works. Where
// the other address does not work, the Sentinel may have moved, so the new one is tried: admit sorts
// out who is who.
func (w *Watcher) knows(p peer) bool {
	return slices.ContainsFunc(w.mu.sentinels, func(s *sentinel) bool {
		return s.addr == p.addr || s.up && s.runID != "" && s.runID == p.runID
	})
}

func (w *Watcher) discovered() int {
	n := 0
	for _, s := range w.mu.sentinels {
		if !s.configured {
			n++
		}
	}
	return n
}

// isNamed: some other Sentinel's list holds s, and as is.
func (w *Watcher) isNamed(s *sentinel, is func(peer) bool) bool {
	return slices.ContainsFunc(w.mu.sentinels, func(by *sentinel) bool {
		return by != s && slices.ContainsFunc(by.peers, func(p peer) bool {
			return is(p) && (p.addr == s.addr || p.runID != "" && p.runID == s.runID)
		})
	})
}

// forgetUnnamed drops discovered Sentinels that nobody has named for a while. Configured ones stay.
func (w *Watcher) forgetUnnamed(now time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, s := range slices.Clone(w.mu.sentinels) {
		switch {
		case s.configured || w.isNamed(s, func(peer) bool { return true }):
			s.unnamedSince = time.Time{}
		case s.unnamedSince.IsZero():
			s.unnamedSince = now
		case now.Sub(s.unnamedSince) >= w.forgetAfter:
			w.unwatch(s, "no Sentinel names it any more")
		}
	}
}
