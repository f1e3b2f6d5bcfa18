package dragonflydouble

import (
	"strconv"
	"strings"
)

const (
	redisVersion = "7.4.0" // what Dragonfly says of itself
	ownVersion   = "df-v1.40.1"
)

// auth resets the database to 0. Where there is no password, any is right.
func (c *session) auth(raw [][]byte) plan {
	if len(raw) > 3 {
		return refuse(failure(errSyntax))
	}
	credentials := words(raw[1:])
	if len(credentials) == 1 {
		credentials = append([]string{"default"}, credentials...)
	}
	return plan{local: func() []byte {
		reply, err := c.ask("AUTH", credentials[0], credentials[1])
		if err != nil || isError(reply) {
			return reply
		}
		return c.authenticated(reply)
	}}
}

func (c *session) authenticated(reply []byte) []byte {
	c.authed = true
	if _, err := c.ask("SELECT", "0"); err != nil {
		return nil
	}
	c.db.Store(0)
	return reply
}

// hello: without a version it goes back to RESP2, and of versions it knows 2 and 3.
func (c *session) hello(raw [][]byte) plan {
	args := words(raw)
	version, auth := "2", false
	if len(args) > 1 {
		version, args = args[1], args[2:]
	} else {
		args = nil
	}
	if version != "2" && version != "3" {
		shown := "`" + version + "`"
		return refuse(failure("ERR unknown command 'HELLO' with args beginning with: " + shown))
	}
	for _, a := range args {
		auth = auth || strings.EqualFold(a, "AUTH")
	}
	return plan{local: func() []byte {
		reply, err := c.ask(append([]string{"HELLO", version}, args...)...)
		if err != nil || isError(reply) {
			return reply
		}
		proto, _ := strconv.Atoi(version) // 2 or 3
		c.proto.Store(int32(proto))
		for i, a := range args {
			if strings.EqualFold(a, "SETNAME") && i+1 < len(args) {
				c.name.Store(&args[i+1])
			}
		}
		answer := c.greeting(proto)
		if auth {
			return c.authenticated(answer)
		}
		return answer
	}}
}

func (c *session) greeting(proto int) []byte {
	role := "master"
	if c.server.replication.following() {
		role = "slave"
	}
	return pairs(proto,
		bulk("server"), bulk("redis"),
		bulk("version"), bulk(redisVersion),
		bulk("dragonfly_version"), bulk(ownVersion),
		bulk("proto"), integer(int64(proto)),
		bulk("id"), integer(c.id),
		bulk("mode"), bulk("standalone"),
		bulk("role"), bulk(role))
}

func (c *session) reset([][]byte) plan {
	return plan{local: func() []byte {
		reply, err := c.ask("RESET")
		if err != nil {
			return nil
		}
		c.server.setMonitor(c, false)
		c.forgetState()
		return reply
	}}
}

func (c *session) leave([][]byte) plan {
	c.done = true
	return refuse(replyOK)
}

func (c *session) selectDB(raw [][]byte) plan {
	if c.multi != nil && c.multi.running {
		return refuse(failure("ERR Can not call SELECT within a transaction"))
	}
	db, err := strconv.Atoi(string(raw[1]))
	return as(raw, func(reply []byte) []byte {
		if err == nil && !isError(reply) {
			c.db.Store(int32(db))
		}
		return reply
	})
}
