package dragonflydouble

import (
	"path"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// config is what CONFIG GET shows, by Dragonfly's names.
type config struct {
	mu struct {
		sync.Mutex
		values map[string]string
	}
}

// settable are the options of CONFIG SET. replication_acks_interval is none: it is a flag of the start only.
var settable = []string{"masterauth", "masteruser", "maxmemory", "notify_keyspace_events", "replica_priority", "requirepass"}

func startConfig(o Options) map[string]string {
	return map[string]string{
		"port": strconv.Itoa(o.Port), "dbnum": strconv.Itoa(o.DBNum), "dir": o.Dir,
		"maxmemory": inBytes(o.MaxMemory), "notify_keyspace_events": o.NotifyEvents,
		"replica_priority": strconv.Itoa(o.Priority),
		"requirepass":      o.Password, "masterauth": o.MasterAuth, "masteruser": o.MasterUser,
	}
}

// inBytes reads sizes such as 256MiB.
func inBytes(size string) string {
	for shift, unit := range map[int]string{10: "KiB", 20: "MiB", 30: "GiB"} {
		if number, is := strings.CutSuffix(size, unit); is {
			if n, err := strconv.ParseInt(number, 10, 64); err == nil {
				return strconv.FormatInt(n<<shift, 10)
			}
		}
	}
	return size
}

func (c *config) get(name string) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.mu.values[name]
}

func (c *config) set(name, value string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.mu.values[name] = value
}

// matching gives names and values in the order of names.
func (c *config) matching(pattern string) [][]byte {
	c.mu.Lock()
	defer c.mu.Unlock()
	var names []string
	for name := range c.mu.values {
		if fits, err := path.Match(pattern, name); err == nil && fits {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	var list [][]byte
	for _, name := range names {
		list = append(list, bulk(name), bulk(c.mu.values[name]))
	}
	return list
}

// configCommand is CONFIG.
func (c *session) configCommand(raw [][]byte) plan {
	args := words(raw)
	sub := strings.ToUpper(args[1])
	switch {
	case sub == "GET" && len(args) == 3:
		return plan{local: func() []byte {
			return pairs(int(c.proto.Load()), c.server.config.matching(optionName(args[2]))...)
		}}
	case sub == "SET" && len(args) > 2:
		return plan{local: func() []byte { return c.server.configSet(args[2:]) }}
	case sub == "REWRITE" && len(args) == 2:
		return refuse(failure("ERR The server is running without a config file"))
	case sub == "RESETSTAT" && len(args) == 2:
		return refuse(replyOK)
	}
	return refuse(unknownSubcommand("CONFIG", sub))
}

// optionName: hyphens are as good as underscores.
func optionName(name string) string { return strings.ReplaceAll(strings.ToLower(name), "-", "_") }

func (s *server) configSet(args []string) []byte {
	name := optionName(args[0])
	if len(args) != 2 || !slices.Contains(settable, name) {
		return failure("ERR Unknown option or number of arguments for CONFIG SET - '" + args[0] + "'")
	}
	value := args[1]
	if !acceptable(name, value) {
		return failure("ERR CONFIG SET failed (possibly related to argument '" + args[0] + "')")
	}
	switch name {
	case "requirepass", "masterauth", "masteruser", "notify_keyspace_events": // the private redis-server acts on them
		reply, err := s.backend.admin.ask("CONFIG", "SET", strings.ReplaceAll(name, "_", "-"), value)
		if err != nil || isError(reply) {
			return reply
		}
	case "maxmemory":
		value = inBytes(value)
	}
	s.config.set(name, value)
	return replyOK
}

func acceptable(name, value string) bool {
	switch name {
	case "replica_priority":
		n, err := strconv.Atoi(value)
		return err == nil && n >= 0
	case "notify_keyspace_events":
		return value == "" || value == "Ex"
	}
	return true
}
