package session

import (
	"hash/maphash"
	"sync"
	"sync/atomic"

	"sentinelproxy/proxy/command"
	"sentinelproxy/resp"
)

// Scripts remembers the bodies of scripts that clients have loaded or evaluated: since Redis 7 a new master does
// not know them, and clients that use EVALSHA would get NOSCRIPT. One for each group, shared by its lanes;
// they take its lock for scripts that they have not seen before only.
type Scripts struct {
	max        int
	generation atomic.Uint64 // of SCRIPT FLUSH
	seed       maphash.Seed
	mu         struct {
		sync.Mutex
		bodies  map[uint64][]byte
		order   []uint64 // oldest first
		bytes   int
		evicted uint64
	}
}

// scriptCost is what a script counts beside its bytes: loading many small ones into a new master takes time, about
// 15 microseconds each, in which commands are held.
const scriptCost = 1 << 10

// NewScripts remembers at most so many bytes of bodies; the oldest are forgotten first.
func NewScripts(maxBytes int) *Scripts {
	s := &Scripts{max: maxBytes, seed: maphash.MakeSeed()}
	s.mu.bodies = map[uint64][]byte{}
	return s
}

// remember keeps a copy of body.
func (s *Scripts) remember(key uint64, body []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, known := s.mu.bodies[key]; known || len(body)+scriptCost > s.max {
		return
	}
	s.mu.bodies[key] = append([]byte(nil), body...)
	s.mu.order = append(s.mu.order, key)
	s.mu.bytes += len(body) + scriptCost
	for s.mu.bytes > s.max {
		s.mu.bytes -= len(s.mu.bodies[s.mu.order[0]]) + scriptCost
		delete(s.mu.bodies, s.mu.order[0])
		s.mu.order = s.mu.order[1:]
		s.mu.evicted++
		s.generation.Add(1) // what lanes have seen may be what is forgotten
	}
}

// Forget is SCRIPT FLUSH.
func (s *Scripts) Forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.generation.Add(1)
	clear(s.mu.bodies)
	s.mu.order, s.mu.bytes = nil, 0
}

// Evicted counts the scripts that the limit has made it forget.
func (s *Scripts) Evicted() uint64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.mu.evicted
}

// Load is the commands that make a new master know all of them, and how many there are.
func (s *Scripts) Load() (raw []byte, commands int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, key := range s.mu.order {
		raw = resp.AppendCommand(raw, []byte("SCRIPT"), []byte("LOAD"), s.mu.bodies[key])
	}
	return raw, len(s.mu.order)
}

// seenScripts is what one lane has remembered already, so that a script that is evaluated again and again costs
// a hash, and no lock.
type seenScripts struct {
	generation uint64
	keys       map[uint64]struct{}
}

// maxSeen bounds the lane's own list; it is begun anew then.
const maxSeen = 4096

// noteScript looks at a scripting command before it is sent.
func (g *Group) noteScript(id command.ID, args [][]byte) {
	if g.Scripts == nil {
		return
	}
	at := 1
	switch id {
	case command.Eval, command.EvalRo:
	case command.ScriptLoad:
		at = 2
	default:
		return
	}
	if at >= len(args) {
		return
	}
	key := maphash.Bytes(g.Scripts.seed, args[at])
	if now := g.Scripts.generation.Load(); g.seen.keys == nil || g.seen.generation != now || len(g.seen.keys) >= maxSeen {
		g.seen = seenScripts{generation: now, keys: map[uint64]struct{}{}}
	}
	if _, known := g.seen.keys[key]; known {
		return
	}
	g.Scripts.remember(key, args[at])
	g.seen.keys[key] = struct{}{}
}
