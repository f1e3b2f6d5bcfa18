package dragonflydouble

import "strings"

// plan finds how a command is executed that nothing speaks against.
func (c *session) plan(name string, raw [][]byte) plan {
	if handle := handlers[name]; handle != nil {
		return handle(c, raw)
	}
	switch {
	case strings.HasSuffix(name, "SCAN") && name != "BF.SCANDUMP":
		return c.scan(name, raw)
	case strings.HasPrefix(name, "EVAL"):
		return c.eval(name, raw)
	}
	return as(raw, rewrites[name])
}

// handlers of the commands that are not simply passed on.
var handlers map[string]func(*session, [][]byte) plan

func init() { // not in the declaration: they lead back here through EXEC
	handlers = map[string]func(*session, [][]byte) plan{
		"AUTH": (*session).auth, "HELLO": (*session).hello, "RESET": (*session).reset, "QUIT": (*session).leave,
		"SELECT": (*session).selectDB,
		"MULTI":  (*session).begin, "EXEC": (*session).exec, "DISCARD": (*session).discard,
		"CLIENT": (*session).clientCommand, "CONFIG": (*session).configCommand,
		"INFO": (*session).info, "ROLE": (*session).role,
		"REPLICAOF": (*session).replicaOf, "SLAVEOF": (*session).replicaOf,
		"SCRIPT": (*session).script, "MONITOR": (*session).monitor,
		"SUBSCRIBE": (*session).subscribe, "UNSUBSCRIBE": (*session).subscribe,
		"PSUBSCRIBE": (*session).subscribe, "PUNSUBSCRIBE": (*session).subscribe,
		"SSUBSCRIBE": (*session).subscribe, "SUNSUBSCRIBE": (*session).subscribe,
		"ACL": (*session).acl, "PUBSUB": (*session).pubsub, "SHUTDOWN": (*session).shutdown,
		"REPLCONF": (*session).greet,
		"COMMAND":  func(_ *session, raw [][]byte) plan { return refuse(commandCommand(words(raw))) },
		"CLUSTER":  func(*session, [][]byte) plan { return refuse(failure(errClusterMode)) },
		"DEBUG":    onlySubcommands("DEBUG"),
		"LATENCY":  onlySubcommands("LATENCY", "LATEST"),
		"FUNCTION": onlySubcommands("FUNCTION", "FLUSH"),
	}
}

// onlySubcommands passes these on; all others are unknown.
func onlySubcommands(name string, known ...string) func(*session, [][]byte) plan {
	return func(_ *session, raw [][]byte) plan {
		for _, k := range known {
			if strings.EqualFold(argument(raw, 1), k) {
				return as(raw, nil)
			}
		}
		return refuse(unknownSubcommand(name, argument(raw, 1)))
	}
}

// rewrites of replies that differ by their shape alone. Redis answers all blocking commands that time out with a null
// array, Dragonfly some with a null bulk.
var rewrites = map[string]rewrite{
	"BLMOVE": nullBulk, "BRPOPLPUSH": nullBulk, "BLMPOP": nullBulk, "BZMPOP": nullBulk,
}

func nullBulk(reply []byte) []byte {
	if string(reply) == "*-1\r\n" {
		return []byte("$-1\r\n")
	}
	return reply
}

// argument i, or "".
func argument(raw [][]byte, i int) string {
	if i < len(raw) {
		return string(raw[i])
	}
	return ""
}

func words(raw [][]byte) []string {
	list := make([]string, len(raw))
	for i, a := range raw {
		list[i] = string(a)
	}
	return list
}

// acl is passed on. Dragonfly shows rules by other words.
func (c *session) acl(raw [][]byte) plan {
	switch strings.ToUpper(argument(raw, 1)) {
	case "WHOAMI":
		return as(raw, whoami)
	case "LIST":
		return as(raw, aclList)
	}
	return as(raw, nil)
}

func aclList(reply []byte) []byte {
	users := elements(reply)
	for i, u := range users {
		users[i] = simple(strings.ReplaceAll(text(u), " sanitize-payload", "") + " $all")
	}
	if users == nil {
		return reply
	}
	return array(users...)
}

// whoami is said in a sentence.
func whoami(reply []byte) []byte {
	if isError(reply) {
		return reply
	}
	return bulk("User is " + text(reply))
}

func (c *session) pubsub(raw [][]byte) plan {
	if strings.HasPrefix(strings.ToUpper(argument(raw, 1)), "SHARD") {
		return refuse(failure("ERR PUBSUB " + strings.ToUpper(argument(raw, 1)) + " is not supported in non cluster mode"))
	}
	return as(raw, nil)
}

// shutdown ends the server without a reply. It waits for nobody.
func (c *session) shutdown([][]byte) plan {
	return plan{local: func() []byte {
		c.server.quit()
		return nil
	}}
}
