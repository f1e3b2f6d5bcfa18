package dragonflydouble

import (
	"fmt"
	"strings"

	"sentinelproxy/resp"
)

// Texts of Dragonfly's.
const (
	errSyntax      = "ERR syntax error"
	errNoAuth      = "NOAUTH Authentication required."
	errReadOnly    = "READONLY You can't write against a read only replica."
	errLoading     = "LOADING Dragonfly is loading the dataset in memory"
	errUnblocked   = "UNBLOCKED force unblock from blocking operation, instance state changed (master -> replica?)" // Redis's
	errMonitors    = "ERR Replica can't interact with the keyspace"
	errDiscarded   = "EXECABORT Transaction discarded because of previous errors."
	errNoScript    = "NOSCRIPT No matching script. Please use EVAL."
	errClusterMode = "ERR Cluster is disabled. Enabled via passing --cluster_mode=emulated|yes"
)

func unknownCommand(name string) []byte {
	return failure(fmt.Sprintf("ERR unknown command `%s`", strings.ToUpper(name)))
}

func unknownSubcommand(name, sub string) []byte {
	return failure(fmt.Sprintf("ERR Unknown subcommand or wrong number of arguments for '%s'. Try %s HELP.", strings.ToUpper(sub), name))
}

func wrongArguments(name string) []byte {
	return failure(fmt.Sprintf("ERR wrong number of arguments for '%s' command", strings.ToLower(name)))
}

// dispatch executes, queues or refuses one command.
func (c *session) dispatch(raw [][]byte) {
	name := strings.ToUpper(string(raw[0]))
	if refusal := c.refusal(name, len(raw)); refusal != nil {
		if c.multi != nil {
			c.multi.refused = true
		}
		c.reply(refusal)
		return
	}
	// After a refusal Dragonfly collects no more: what comes is executed at once, until EXEC says that it was in vain.
	if c.multi != nil && !c.multi.refused && !transactional[name] {
		c.multi.queue(raw)
		c.reply(replyQueued)
		return
	}
	c.carryOut(c.plan(name, raw))
}

// transactional commands are not queued.
var transactional = map[string]bool{"MULTI": true, "EXEC": true, "DISCARD": true, "QUIT": true, "RESET": true}

// refusal checks in Dragonfly's order: the error, or nil.
func (c *session) refusal(name string, arguments int) []byte {
	info := commands[name]
	switch {
	case info == nil || strings.Contains(name, " "):
		return unknownCommand(name)
	case !info.takes(arguments):
		return wrongArguments(name)
	case !info.has("loading") && c.server.replication.loading():
		return failure(errLoading)
	case !c.authed && name != "AUTH" && name != "HELLO" && name != "QUIT":
		return failure(errNoAuth)
	case c.monitoring.Load() && name != "RESET" && name != "QUIT":
		return failure(errMonitors)
	case info.has("write") && c.server.replication.following():
		return failure(errReadOnly)
	case c.multi == nil:
		return nil
	case strings.HasSuffix(name, "SUBSCRIBE") || name == "MONITOR":
		return failure("ERR Can not call " + name + " within a transaction")
	case name == "WATCH" || name == "FLUSHALL" || name == "FLUSHDB":
		return failure("ERR '" + name + "' inside MULTI is not allowed")
	}
	return nil
}

// plan is how a command is executed: one of the three.
type plan struct {
	reply   []byte        // this is the answer
	local   func() []byte // executed here, when all before is answered; nil for an answer given already
	send    []byte        // to the private redis-server
	rewrite rewrite       // of its reply
}

func (c *session) carryOut(p plan) {
	switch {
	case p.send != nil:
		c.forward(p.send, p.rewrite)
	case p.local != nil:
		c.drain()
		if reply := p.local(); reply != nil {
			c.reply(reply)
		}
	default:
		c.reply(p.reply)
	}
}

func refuse(reply []byte) plan { return plan{reply: reply} }

// as sends the arguments as they are.
func as(raw [][]byte, r rewrite) plan { return plan{send: resp.AppendCommand(nil, raw...), rewrite: r} }
