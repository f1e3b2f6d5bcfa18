package admin

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/pprof"
	"os"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"go.uber.org/zap"
)

// Options are what New needs besides the Source.
type Options struct {
	Build  Build
	Words  Words
	Limits LimitValues
	Pprof  bool   // serve /debug/pprof
	Token  string // what an order has to bring; "": none is taken
}

// Server is the HTTP server. Package proxy makes it before the lanes, because they and the drivers count
// in its Events, starts it before the listeners are open, so that /livez answers from the first moment,
// and shuts it down last.
type Server struct {
	// Events counts control-plane events, also when no address is served.
	Events *Events

	source  Source
	started time.Time
	build   Build
	token   string
	log     *zap.Logger
	http    http.Server
	done    chan struct{} // closed when Serve's goroutine has ended; nil before Start
}

// New makes a server that does not listen yet.
func New(source Source, opts Options, log *zap.Logger) (*Server, error) {
	s := &Server{source: source, started: time.Now(), build: opts.Build, token: opts.Token, log: log}
	// Not the default registry: nothing that is linked in may add to what we promise.
	reg := prometheus.NewRegistry()
	var err error
	if s.Events, err = newEvents(&opts.Words, reg); err != nil {
		return nil, fmt.Errorf("metrics: %w", err)
	}
	for _, c := range []prometheus.Collector{
		newCollector(source, opts.Limits, opts.Build),
		collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
	} {
		if err := reg.Register(c); err != nil {
			return nil, fmt.Errorf("metrics: %w", err)
		}
	}
	s.http = http.Server{
		Handler: s.routes(reg, opts.Pprof),
		// A scraper that stalls must not hold a connection for good. Writing may take as long as the
		// longest CPU profile.
		ReadTimeout:    10 * time.Second,
		WriteTimeout:   2 * time.Minute,
		IdleTimeout:    2 * time.Minute,
		MaxHeaderBytes: 16 << 10,
		ErrorLog:       zap.NewStdLog(log),
	}
	return s, nil
}

func (s *Server) routes(reg *prometheus.Registry, withPprof bool) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", s.index(withPprof))
	mux.HandleFunc("GET /livez", s.livez)
	mux.HandleFunc("GET /readyz", s.readyz)
	mux.HandleFunc("GET /api/v1/status", s.status)
	mux.HandleFunc("GET /api/v1/switches", s.switches)
	mux.HandleFunc("POST /api/v1/hold", s.hold)
	mux.HandleFunc("POST /api/v1/release", s.release)
	mux.HandleFunc("POST /api/v1/switch", s.startSwitch)
	mux.HandleFunc("GET /api/v1/switch", s.lastSwitch)
	mux.Handle("GET /metrics", promhttp.HandlerFor(reg, promhttp.HandlerOpts{
		ErrorLog: zap.NewStdLog(s.log),
		// One bad series must not hide the others.
		ErrorHandling: promhttp.ContinueOnError,
	}))
	if withPprof {
		mux.HandleFunc("GET /debug/pprof/", pprof.Index)
		mux.HandleFunc("GET /debug/pprof/cmdline", pprof.Cmdline)
		mux.HandleFunc("GET /debug/pprof/profile", pprof.Profile)
		mux.HandleFunc("GET /debug/pprof/symbol", pprof.Symbol)
		mux.HandleFunc("GET /debug/pprof/trace", pprof.Trace)
	}
	return mux
}

// Start listens at addr (host:port) and serves in a goroutine of its own until Shutdown. It returns the
// address as bound. The error names the flag and the address.
func (s *Server) Start(addr string) (net.Addr, error) {
	l, err := net.Listen("tcp", addr)
	if err != nil {
		// Without "listen tcp ADDR: bind:", which says twice what is said here.
		var se *os.SyscallError
		if errors.As(err, &se) {
			err = se.Err
		}
		return nil, fmt.Errorf("--admin %s: %w", addr, err)
	}
	s.done = make(chan struct{})
	go func() {
		defer close(s.done)
		if err := s.http.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			s.log.Error("admin server ended", zap.Error(err))
		}
	}()
	return l.Addr(), nil
}

// Shutdown lets requests that are being served end within ctx, then cuts them off, and waits for the
// goroutine. Without Start it does nothing.
func (s *Server) Shutdown(ctx context.Context) {
	if s.done == nil {
		return
	}
	if err := s.http.Shutdown(ctx); err != nil {
		s.http.Close()
	}
	<-s.done
}
