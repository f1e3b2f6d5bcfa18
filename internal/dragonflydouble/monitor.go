package dragonflydouble

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

func (c *session) monitor([][]byte) plan {
	return plan{local: func() []byte {
		c.server.setMonitor(c, true)
		return replyOK
	}}
}

func (s *server) setMonitor(c *session, on bool) {
	c.monitoring.Store(on)
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.mu.monitors, c)
	if on {
		s.mu.monitors[c] = true
	}
}

// secret commands are shown to nobody.
var secret = map[string]bool{"AUTH": true, "HELLO": true, "MONITOR": true, "QUIT": true, "RESET": true}

// tellMonitors shows them what a client sent.
func (s *server) tellMonitors(from *session, args [][]byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.mu.monitors) == 0 || secret[strings.ToUpper(string(args[0]))] {
		return
	}
	now := time.Now()
	line := fmt.Sprintf("%d.%06d [%d %s]", now.Unix(), now.Nanosecond()/1000, from.db.Load(), from.client.RemoteAddr())
	for _, a := range args {
		line += " " + strconv.Quote(string(a))
	}
	for m := range s.mu.monitors {
		m.write(simple(line))
		m.flush()
	}
}
