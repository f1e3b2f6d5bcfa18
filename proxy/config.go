package proxy

import (
	"time"

	"sentinelproxy/proxy/admin"
)

// Config is everything `sentinelproxy run` can be told. Each field is one flag, one SENTINELPROXY_*
// variable and one key of the file, all of the same name; Options lists them. A Config made by hand
// starts from DefaultConfig and goes through Check before Run.
type Config struct {
	Groups []Group // at least one

	Lanes int // event loops; 0 leaves the number to the proxy

	HoldTimeout    time.Duration // a command held longer than this is answered with an error
	MinorityGrace  time.Duration // writes are held when fewer Sentinels than a majority have been in reach for this long; 0 = never
	HoldBytes      int64         // bytes held, all groups and lanes together
	HoldCommands   int           // commands held, all groups and lanes together
	InFlightWrites InFlightWrites
	Acknowledge    Acknowledge // when a write is answered

	MaxClients              int   // clients of the process, all groups together
	MaxRequestBytes         int64 // largest single argument, as proto-max-bulk-len is in Redis
	LargeRequestBytes       int64 // memory for requests larger than 1 MiB, all groups and lanes together
	MaxRequestArgs          int   // arguments of one command, its name included
	MaxInlineBytes          int   // length of an inline command's line
	ClientOutputBytes       int64 // a client with more unsent output than this is closed
	ClientOutputBytesPubSub int64 // the same for a client in pub/sub
	ScriptBytes             int64 // bodies of scripts remembered for the next master, for each group
	StreamingThreshold      int64 // a reply larger than this is passed on before it is whole
	ReplyWindowBytes        int   // replies that a shared link asks a server for at a time where they are long; 0 = no bound

	IdleTimeout     time.Duration // a client that sent nothing for this long is closed; 0 = never
	ShutdownTimeout time.Duration // what is in flight at SIGTERM gets this long to be answered

	Admin      string // host:port of the HTTP server; "" = none
	AdminPprof bool   // serve /debug/pprof there
	// AdminToken is what orders to the admin server have to bring; "": none is taken. AdminTokenFile is the file that
	// LoadSecrets has read it from; "" when it was given as such.
	AdminToken     string
	AdminTokenFile string

	LogLevel  string // debug, info, warn or error
	LogFormat string // auto, json or console

	Build admin.Build // what the status and the metrics say of this build; no option
}

// Group is one master name in Sentinel, and the listeners whose clients are led to its master.
type Group struct {
	Name      string   // the name that Sentinel knows the master by
	Listen    []string // host:port or unix:///absolute/path; at least one
	Sentinels []string // host:port; at least one

	// Username and Password are the proxy's own identity at the data nodes, used for ROLE probes.
	// Clients authenticate as themselves.
	Username string
	Password string

	Fence FenceMode

	SentinelUsername string
	SentinelPassword string

	// The files that Password and SentinelPassword were read from by LoadSecrets; "" when they were
	// given as such.
	PasswordFile         string
	SentinelPasswordFile string
}

// InFlightWrites says what becomes of a write that was on the wire, unanswered, when the link broke.
type InFlightWrites string

const (
	// WritesError answers UNKNOWNOUTCOME to all of them.
	WritesError InFlightWrites = "error"
	// WritesIdempotent sends those again whose second application leaves the same state and gives the
	// same reply, and answers UNKNOWNOUTCOME to the others.
	WritesIdempotent InFlightWrites = "idempotent"
	// WritesAll sends all of them again: at least once instead of at most once.
	WritesAll InFlightWrites = "all"
)

// FenceMode says whether a master is fenced when Sentinel announces its failover, so that it takes no write any more from anybody.
type FenceMode string

const (
	// FenceAuto fences where the proxy's user may.
	FenceAuto FenceMode = "auto"
	// FenceNever does not.
	FenceNever FenceMode = "never"
)

// DefaultConfig holds every default but those of a group; it has no group yet.
func DefaultConfig() Config {
	return Config{
		HoldTimeout:    60 * time.Second, // Sentinel's own defaults need more than 30 s to notice a crash
		MinorityGrace:  30 * time.Second, // as long as Sentinels by default wait before they replace a master that they don't reach
		HoldBytes:      256 << 20,
		HoldCommands:   100_000,
		InFlightWrites: WritesIdempotent,

		MaxClients:              10_000,
		MaxRequestBytes:         512 << 20,
		LargeRequestBytes:       1 << 30,
		MaxRequestArgs:          1 << 20,
		MaxInlineBytes:          64 << 10,
		ClientOutputBytes:       256 << 20,
		ClientOutputBytesPubSub: 32 << 20,
		ScriptBytes:             16 << 20,
		StreamingThreshold:      1 << 20,
		ReplyWindowBytes:        1 << 20,

		ShutdownTimeout: 10 * time.Second,

		Admin:     "127.0.0.1:8379",
		LogLevel:  "info",
		LogFormat: "auto",
	}
}

// DefaultGroup holds the defaults of the group that flags alone describe. A group of a file's
// `groups:` has no default listener, since only one of them could have it.
func DefaultGroup() Group {
	return Group{Listen: []string{"127.0.0.1:6379"}, Fence: FenceAuto}
}
