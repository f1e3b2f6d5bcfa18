package dragonflydouble

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// clientCommand is CLIENT. Clients are the double's own: the private redis-server sees none but the double.
func (c *session) clientCommand(raw [][]byte) plan {
	args := words(raw)
	sub := strings.ToUpper(args[1])
	here := func(answer func() []byte) plan { return plan{local: answer} }
	switch {
	case sub == "ID" && len(args) == 2:
		return refuse(integer(c.id))
	case sub == "INFO" && len(args) == 2:
		return here(func() []byte {
			return bulk(c.describe() + " qbuf=0 qbuf-free=0 obl=0 argv-mem=0 oll=0 omem=0 tot-mem=0 multi=0 psub=0 sub=0")
		})
	case sub == "LIST":
		return here(c.server.clientList)
	case sub == "GETNAME" && len(args) == 2:
		return as(raw, nil)
	case sub == "SETNAME" && len(args) == 3:
		return as(raw, func(reply []byte) []byte {
			if !isError(reply) {
				c.name.Store(&args[2])
			}
			return reply
		})
	case sub == "SETINFO" && len(args) == 4:
		return refuse(c.setInfo(args[2], args[3]))
	case sub == "KILL":
		return here(func() []byte { return c.server.kill(args[2:]) })
	case sub == "PAUSE":
		return as(raw, func(reply []byte) []byte { return c.server.paused(reply, args) })
	case sub == "UNPAUSE" && len(args) == 2:
		return here(c.unpause)
	case sub == "TRACKING" && len(args) > 2:
		return c.tracking(raw, args[2:])
	case sub == "CACHING":
		return as(raw, nil)
	}
	return refuse(unknownSubcommand("CLIENT", sub))
}

// describe is the session's line in CLIENT LIST. A client without a name is shown with its id as one.
func (c *session) describe() string {
	name := strconv.FormatInt(c.id, 10)
	if p := c.name.Load(); p != nil {
		name = *p
	}
	var library, version string
	if p := c.library.Load(); p != nil {
		library = *p
	}
	if p := c.version.Load(); p != nil {
		version = *p
	}
	idle := time.Since(time.Unix(0, c.lastUsed.Load()))
	return fmt.Sprintf("id=%d addr=%s laddr=%s fd=8 name=%s tid=0 irqmatch=0 age=%d idle=%d tot-cmds=%d tot-net-in=%d "+
		"tot-read-calls=%d tot-dispatches=0 db=%d phase=process lib-name=%s lib-ver=%s",
		c.id, c.client.RemoteAddr(), c.client.LocalAddr(), name, int(time.Since(c.since).Seconds()), int(idle.Seconds()),
		c.commands.Load(), c.in.Load(), c.reads.Load(), c.db.Load(), library, version)
}

func (s *server) clientList() []byte {
	var lines strings.Builder
	for _, c := range s.all() {
		lines.WriteString(c.describe() + "\n")
	}
	return bulk(lines.String())
}

func (c *session) setInfo(attribute, value string) []byte {
	switch strings.ToUpper(attribute) {
	case "LIB-NAME":
		c.library.Store(&value)
	case "LIB-VER":
		c.version.Store(&value)
	default:
		return failure(errSyntax)
	}
	return replyOK
}

// kill knows ID, ADDR and LADDR only; Sentinel's TYPE is a syntax error.
func (s *server) kill(filter []string) []byte {
	if len(filter) == 1 {
		filter = []string{"ADDR", filter[0]}
	}
	if len(filter) != 2 {
		return failure(errSyntax)
	}
	var fits func(*session) string
	switch strings.ToUpper(filter[0]) {
	case "ID":
		fits = func(c *session) string { return strconv.FormatInt(c.id, 10) }
	case "ADDR":
		fits = func(c *session) string { return c.client.RemoteAddr().String() }
	case "LADDR":
		fits = func(c *session) string { return c.client.LocalAddr().String() }
	default:
		return failure(errSyntax)
	}
	killed := int64(0)
	for _, c := range s.all() {
		if fits(c) == filter[1] {
			c.close()
			killed++
		}
	}
	return integer(killed)
}

// paused remembers when a pause ends that the private redis-server has begun.
func (s *server) paused(reply []byte, args []string) []byte {
	if ms, err := strconv.ParseInt(args[2], 10, 64); err == nil && !isError(reply) {
		s.pausedUntil.Store(time.Now().Add(time.Duration(ms) * time.Millisecond).UnixNano())
	}
	return reply
}

// unpause waits for the end of the pause like any command.
func (c *session) unpause() []byte {
	select {
	case <-time.After(time.Until(time.Unix(0, c.server.pausedUntil.Load()))):
	case <-c.pending.gone:
	}
	return replyOK
}

// tracking needs RESP3 and knows neither BCAST nor PREFIX nor REDIRECT.
func (c *session) tracking(raw [][]byte, options []string) plan {
	if c.proto.Load() != 3 {
		return refuse(failure("ERR Client tracking is currently not supported for RESP2. Please use RESP3."))
	}
	for _, o := range options[1:] {
		if o = strings.ToUpper(o); o != "OPTIN" && o != "OPTOUT" && o != "NOLOOP" {
			return refuse(failure(errSyntax))
		}
	}
	return as(raw, nil)
}
