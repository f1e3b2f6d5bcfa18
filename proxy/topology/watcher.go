package topology

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"go.uber.org/zap"
)

// Options of a Watcher. Group, Sentinels and Emit are required.
type Options struct {
	Group     string   // the master's name in the Sentinels
	Sentinels []string // host:port of those to begin with; further ones are discovered
	Username  string   // at the Sentinels
	Password  string   // at the Sentinels

	// Dialer opens connections to Sentinels (TLS, a test's faults); nil: plain TCP.
	Dialer func(ctx context.Context, network, addr string) (net.Conn, error)
	// PollInterval is the time between two questions to one Sentinel when it publishes nothing; 0: 1 s.
	PollInterval time.Duration
	// Timeout bounds dialling and every answer of a Sentinel; 0: 1 s. A Sentinel that hangs is down after
	// PollInterval + Timeout at the latest.
	Timeout time.Duration
	// AddrMap turns an address as Sentinels give it into one that can be reached from here (NAT, containers):
	// of nodes and of discovered Sentinels, not of the configured ones. nil: as given.
	AddrMap func(string) string
	Logger  *zap.Logger // nil: none
	// Emit takes the events, one at a time and those of one Sentinel in order. It must neither block nor
	// wait for Run; it may call Ask.
	Emit func(Event)
}

// Watcher watches the Sentinels of one group. It holds no opinion of its own.
type Watcher struct {
	opts        Options
	log         *zap.Logger
	forgetAfter time.Duration // how long a discovered Sentinel that nobody names is still watched

	// asks are the Sentinels' wake-up channels. Apart from mu, so that Emit, which is called with mu held,
	// may call Ask.
	asks atomic.Pointer[[]chan struct{}]

	running sync.WaitGroup // one per Sentinel
	mu      struct {
		sync.Mutex
		ctx       context.Context // Run's; nil before
		sentinels []*sentinel     // configured ones first and in their order; see directory.go
		tooMany   bool            // the log was told of the limit on discovered ones
	}
}

// New checks the options. Nothing happens before Run.
func New(o Options) (*Watcher, error) {
	if o.Group == "" {
		return nil, errors.New("topology: no master name")
	}
	if o.Emit == nil {
		return nil, errors.New("topology: no Emit")
	}
	if len(o.Sentinels) == 0 {
		return nil, fmt.Errorf("topology: group %s: no Sentinel", o.Group)
	}
	for _, addr := range o.Sentinels {
		if _, _, err := net.SplitHostPort(addr); err != nil {
			return nil, fmt.Errorf("topology: group %s: Sentinel %q: %w", o.Group, addr, err)
		}
	}
	if o.PollInterval == 0 {
		o.PollInterval = time.Second
	}
	if o.Timeout == 0 {
		o.Timeout = time.Second
	}
	if o.AddrMap == nil {
		o.AddrMap = func(addr string) string { return addr }
	}
	if o.Logger == nil {
		o.Logger = zap.NewNop()
	}
	log := o.Logger.With(zap.String("group", o.Group))
	return &Watcher{opts: o, log: log, forgetAfter: forgetAfter}, nil
}

// Run watches until ctx ends, and returns when all goroutines have ended. To be called once.
func (w *Watcher) Run(ctx context.Context) {
	w.mu.Lock()
	w.mu.ctx = ctx
	for _, addr := range w.opts.Sentinels {
		if w.byAddr(addr) == nil { // written twice
			w.watch(addr, true)
		}
	}
	w.mu.Unlock()

	tick := time.NewTicker(w.forgetAfter / 4)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			w.running.Wait()
			return
		case now := <-tick.C:
			w.forgetUnnamed(now)
		}
	}
}

// Ask makes every Sentinel that is up be polled now. It never blocks; what is asked while a poll is due
// anyway adds nothing. Those that are down are tried again in their own time, within a second.
func (w *Watcher) Ask() {
	asks := w.asks.Load()
	if asks == nil {
		return
	}
	for _, ask := range *asks {
		wake(ask)
	}
}

// wake leaves a note that is not there yet.
func wake(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// emit passes on what an admitted Sentinel has said. What comes from one that is not (any more), say
// from a session that is being torn down, is not to be heard.
func (w *Watcher) emit(s *sentinel, e Event) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if s.up {
		w.emitLocked(s, e)
	}
}

func (w *Watcher) emitLocked(s *sentinel, e Event) {
	e.Group, e.Sentinel, e.Time = w.opts.Group, s.addr, time.Now()
	w.opts.Emit(e)
}
