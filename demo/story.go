package main

import (
	"fmt"
	"io"
	"sync"
	"time"
)

// story tells what happens while it happens, each line with the time since the beginning. Several
// goroutines tell during the set-up.
type story struct {
	start time.Time
	mu    sync.Mutex
	out   io.Writer
}

func (s *story) say(format string, args ...any) {
	s.line("%5.1f s  %s\n", time.Since(s.start).Seconds(), fmt.Sprintf(format, args...))
}

// more goes on with the line before.
func (s *story) more(format string, args ...any) { s.line("%9s%s\n", "", fmt.Sprintf(format, args...)) }

// heading begins a part of the walkthrough.
func (s *story) heading(text string) { s.line("\n%s\n", text) }

func (s *story) line(format string, args ...any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	fmt.Fprintf(s.out, format, args...)
}
