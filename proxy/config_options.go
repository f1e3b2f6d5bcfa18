package proxy

import "time"

// Option is one thing that can be set, the same under its three names: --hold-timeout,
// SENTINELPROXY_HOLD_TIMEOUT and the file's key hold-timeout. Flags, variables, file, `config show` and
// the reference in docs/configuration.md are all made from the list Options, so none can miss one.
type Option struct {
	Name string
	Help string // one line, lower case, no full stop
	Kind OptionKind
	// Group says that the option belongs to a Group: it may stand in each of the file's `groups:`, and
	// its top-level value is what groups without one of their own inherit.
	Group bool

	// Set parses values (several only for a List) into c or, for a group's option, into g. Its error
	// does not name the option.
	Set func(c *Config, g *Group, values []string) error
	// Get is the inverse of Set.
	Get func(c *Config, g *Group) []string
	// check says what is wrong with the value by itself; nil when any will do.
	check func(c *Config, g *Group) error
}

// OptionKind says how an Option is written.
type OptionKind uint8

const (
	Text   OptionKind = iota // one value
	List                     // several: flag repeated or commas, variable with commas, a sequence in the file
	Switch                   // true or false; the bare flag means true
	Secret                   // one value, never shown
)

// Redacted stands for a secret wherever the configuration is shown; it is refused as a secret.
const Redacted = "<redacted>"

// Options lists everything that can be set, in the order it is shown.
func Options() []Option { return append(groupOptions(), processOptions()...) }

func groupOptions() []Option {
	return []Option{
		addresses("listen", "address that clients connect to, host:port or unix:///path", checkListen,
			func(g *Group) *[]string { return &g.Listen }),
		text("master", "name of the master in Sentinel", checkMaster,
			func(g *Group) *string { return &g.Name }),
		addresses("sentinel", "address of a Sentinel, host:port", checkHostPort,
			func(g *Group) *[]string { return &g.Sentinels }),
		text("username", "the proxy's own user at the data nodes", nil,
			func(g *Group) *string { return &g.Username }),
		secret("password", "the proxy's own password at the data nodes",
			func(g *Group) *string { return &g.Password }),
		text("password-file", "file that holds the password", nil,
			func(g *Group) *string { return &g.PasswordFile }),
		groupChoice("fence", "auto: a master whose failover is announced takes no more writes from anybody; or never", []FenceMode{FenceAuto, FenceNever},
			func(g *Group) *FenceMode { return &g.Fence }),
		text("sentinel-username", "user at the Sentinels", nil,
			func(g *Group) *string { return &g.SentinelUsername }),
		secret("sentinel-password", "password at the Sentinels",
			func(g *Group) *string { return &g.SentinelPassword }),
		text("sentinel-password-file", "file that holds the Sentinels' password", nil,
			func(g *Group) *string { return &g.SentinelPasswordFile }),
	}
}

func processOptions() []Option {
	return []Option{
		count("lanes", "event loops; 0 = as many as suit the machine", 0, maxLanes,
			func(c *Config) *int { return &c.Lanes }),
		duration("hold-timeout", "longest hold of a command", 1,
			func(c *Config) *time.Duration { return &c.HoldTimeout }),
		duration("minority-grace", "hold writes when fewer than a majority of the Sentinels have been in reach for this long; 0 = never", 0,
			func(c *Config) *time.Duration { return &c.MinorityGrace }),
		size("hold-bytes", "most bytes held", 1,
			func(c *Config) *int64 { return &c.HoldBytes }),
		count("hold-commands", "most commands held", 1, maxCount,
			func(c *Config) *int { return &c.HoldCommands }),
		choice("in-flight-writes", "which unanswered writes are sent again after the link broke",
			[]InFlightWrites{WritesError, WritesIdempotent, WritesAll},
			func(c *Config) *InFlightWrites { return &c.InFlightWrites }),
		acknowledge("acknowledge", "when a write is answered: master, or replicas=N[,timeout=2s][,on-timeout=answer|error][,reads=now|replicated]",
			func(c *Config) *Acknowledge { return &c.Acknowledge }),
		count("max-clients", "most clients", 1, maxCount,
			func(c *Config) *int { return &c.MaxClients }),
		size("max-request-bytes", "longest argument of a command", 1,
			func(c *Config) *int64 { return &c.MaxRequestBytes }),
		size("large-request-bytes", "most memory for requests larger than 1 MiB; beyond it they are read one at a time", 1,
			func(c *Config) *int64 { return &c.LargeRequestBytes }),
		count("max-request-args", "most arguments of a command", 1, maxCount,
			func(c *Config) *int { return &c.MaxRequestArgs }),
		size("max-inline-bytes", "longest line of an inline command", 1,
			func(c *Config) *int { return &c.MaxInlineBytes }),
		size("client-output-bytes", "most unsent output of a client before it is closed", 1,
			func(c *Config) *int64 { return &c.ClientOutputBytes }),
		size("client-output-bytes-pubsub", "the same for a client in pub/sub", 1,
			func(c *Config) *int64 { return &c.ClientOutputBytesPubSub }),
		size("script-bytes", "most bytes of scripts remembered for the next master, for each group", 1,
			func(c *Config) *int64 { return &c.ScriptBytes }),
		size("streaming-threshold", "a reply larger than this is passed on before it is whole", 1,
			func(c *Config) *int64 { return &c.StreamingThreshold }),
		size("reply-window-bytes", "replies that a lane asks a master for at a time where they are 1 KiB and more; 0 = no bound", 0,
			func(c *Config) *int { return &c.ReplyWindowBytes }),
		duration("idle-timeout", "close a client that is silent for this long; 0 = never", 0,
			func(c *Config) *time.Duration { return &c.IdleTimeout }),
		duration("shutdown-timeout", "time that commands in flight get at a graceful stop", 0,
			func(c *Config) *time.Duration { return &c.ShutdownTimeout }),
		adminAddress("admin", "address of the HTTP server for health, metrics and status, host:port; empty = none",
			func(c *Config) *string { return &c.Admin }),
		boolean("admin-pprof", "serve /debug/pprof on the admin address",
			func(c *Config) *bool { return &c.AdminPprof }),
		processText("admin-token", "token that orders to the admin server have to bring; none = no orders are taken", Secret,
			func(c *Config) *string { return &c.AdminToken }),
		processText("admin-token-file", "file that holds the token", Text,
			func(c *Config) *string { return &c.AdminTokenFile }),
		choice("log-level", "least level that is logged",
			[]string{"debug", "info", "warn", "error"},
			func(c *Config) *string { return &c.LogLevel }),
		choice("log-format", "json, console, or auto: console on a terminal, else json",
			[]string{"auto", "json", "console"},
			func(c *Config) *string { return &c.LogFormat }),
	}
}

const (
	// More lanes than cores only cost; the limit is there to catch a misplaced number.
	maxLanes = 1024
	// What fits an int everywhere, so that a file means the same on every machine.
	maxCount = 1<<31 - 1
)
