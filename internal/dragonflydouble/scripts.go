package dragonflydouble

import (
	"crypto/sha1" //nolint:gosec // Redis's name of a script
	"encoding/hex"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"sync"

	"sentinelproxy/resp"
)

// scripts that EVAL and SCRIPT LOAD have brought, by their SHA1. They are not replicated, so after a switch there are
// none, as with Redis 7.
type scripts struct {
	mu struct {
		sync.Mutex
		bodies map[string]string
	}
}

func (s *scripts) find(sha string) (body string, found bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	body, found = s.mu.bodies[strings.ToLower(sha)]
	return body, found
}

func (s *scripts) add(body string) (sha string) {
	sum := sha1.Sum([]byte(body)) //nolint:gosec // as above
	sha = hex.EncodeToString(sum[:])
	s.mu.Lock()
	defer s.mu.Unlock()
	s.mu.bodies[sha] = body
	return sha
}

func (s *scripts) remove(sha string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.mu.bodies, sha)
}

func (s *scripts) flush() {
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.mu.bodies)
}

// undeclared is what the guard says before the key.
const undeclared = "script tried accessing undeclared key, key: "

// guard goes before a script, on its first line. It hides redis.call and redis.pcall behind ones that ask Redis for the
// keys of the call, and raise an error for one that is not in KEYS.
const guard = `local redis=(function(r) local declared={} for _,k in ipairs(KEYS) do declared[k]=true end ` +
	`local function check(...) local keys=r.pcall('COMMAND','GETKEYS',...) if keys.err then return end ` +
	`for _,k in ipairs(keys) do if not declared[k] then error({err='ERR ` + undeclared + `'..k}) end end end ` +
	`return setmetatable({call=function(...) check(...) return r.call(...) end,` +
	`pcall=function(...) check(...) return r.pcall(...) end},{__index=r}) end)(redis) `

// guarded puts the guard in, unless the script or the server's flags allow undeclared keys.
func (s *server) guarded(body string) string {
	first, rest, _ := strings.Cut(body, "\n")
	switch {
	case s.options.Undeclared, strings.HasPrefix(first, "--!df") && strings.Contains(first, "allow-undeclared-keys"),
		strings.HasPrefix(first, "#!lua") && strings.Contains(first, "allow-undeclared-keys"):
		return strings.Replace(body, "flags=allow-undeclared-keys", "", 1) // Redis does not know the flag
	case strings.HasPrefix(first, "#!"):
		return first + "\n" + guard + rest
	}
	return guard + body
}

// eval is EVAL, EVALSHA and their read-only kinds, all sent as EVAL: the private redis-server knows the guarded script
// by another SHA.
func (c *session) eval(name string, raw [][]byte) plan {
	var body, sha string
	if strings.HasPrefix(name, "EVALSHA") {
		sha = strings.ToLower(string(raw[1]))
		stored, known := c.server.scripts.find(sha)
		if !known {
			return refuse(failure(errNoScript))
		}
		body = stored
		name = "EVAL" + strings.TrimPrefix(name, "EVALSHA")
	} else {
		body = string(raw[1])
		sha = c.server.scripts.add(body)
	}
	send := append([][]byte{[]byte(name), []byte(c.server.guarded(body))}, raw[2:]...)
	return plan{send: resp.AppendCommand(nil, send...), rewrite: func(reply []byte) []byte {
		if !isError(reply) {
			return reply
		}
		if strings.HasPrefix(text(reply), "ERR Error compiling script") {
			c.server.scripts.remove(sha)
		}
		return scriptError(reply, sha)
	}}
}

// raised is how Redis ends the error of a script.
var raised = regexp.MustCompile(`^(?s)(.*) script: [0-9a-f]{40}, on @user_script:(\d+)\.$`)

// scriptError makes Dragonfly's error: its own name for the script, and lines counted with one of its own before.
func scriptError(reply []byte, sha string) []byte {
	parts := raised.FindStringSubmatch(text(reply))
	if parts == nil {
		return reply
	}
	line, _ := strconv.Atoi(parts[2]) // digits, as the expression says
	return failure(fmt.Sprintf("ERR Error running script (call to %s): @user_script:%d: -%s", sha, line+1, parts[1]))
}

// script is SCRIPT LOAD, EXISTS and FLUSH.
func (c *session) script(raw [][]byte) plan {
	sub := strings.ToUpper(argument(raw, 1))
	switch {
	case sub == "LOAD" && len(raw) == 3:
		body := string(raw[2])
		return plan{local: func() []byte {
			reply, err := c.ask("SCRIPT", "LOAD", c.server.guarded(body))
			if err != nil || isError(reply) {
				return reply
			}
			return bulk(c.server.scripts.add(body))
		}}
	case sub == "EXISTS" && len(raw) > 2:
		shas := words(raw[2:])
		return plan{local: func() []byte {
			list := make([][]byte, len(shas))
			for i, sha := range shas {
				list[i] = integer(0)
				if _, found := c.server.scripts.find(sha); found {
					list[i] = integer(1)
				}
			}
			return array(list...)
		}}
	case sub == "FLUSH":
		return plan{local: func() []byte {
			c.server.scripts.flush()
			return replyOK
		}}
	}
	return refuse(unknownSubcommand("SCRIPT", sub))
}
