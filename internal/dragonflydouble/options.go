package dragonflydouble

import (
	"flag"
	"fmt"
	"io"
	"strings"
	"time"
)

// Options are flags of Dragonfly, by their names there.
type Options struct {
	Port         int
	Bind         string
	Dir          string // where the private redis-server works; "": the current one
	Password     string // requirepass
	MasterUser   string
	MasterAuth   string
	Priority     int // replica_priority
	AnnounceIP   string
	AnnouncePort int // 0: Port
	DBNum        int
	Threads      int           // only shown
	MaxMultiBulk int           // arguments of one command
	AckInterval  time.Duration // replication_acks_interval
	Undeclared   bool          // default_lua_flags=allow-undeclared-keys
	NotifyEvents string        // notify_keyspace_events: "" or "Ex"
	MaxMemory    string        // only shown
}

// ignored are flags that change nothing which the double shows.
var ignored = []string{"dbfilename", "version_check", "cache_mode", "snapshot_cron", "primary_port_http_enabled"}

// ParseFlags reads Dragonfly's command line, without the program's name.
func ParseFlags(args []string, complaints io.Writer) (Options, error) {
	var o Options
	set := flag.NewFlagSet("dragonflydouble", flag.ContinueOnError)
	set.SetOutput(complaints)
	set.IntVar(&o.Port, "port", 6379, "")
	set.StringVar(&o.Bind, "bind", "127.0.0.1", "")
	set.StringVar(&o.Dir, "dir", "", "")
	set.StringVar(&o.Password, "requirepass", "", "")
	set.StringVar(&o.MasterUser, "masteruser", "", "")
	set.StringVar(&o.MasterAuth, "masterauth", "", "")
	set.IntVar(&o.Priority, "replica_priority", 100, "")
	set.StringVar(&o.AnnounceIP, "replica_announce_ip", "", "")
	set.IntVar(&o.AnnouncePort, "announce_port", 0, "")
	set.IntVar(&o.DBNum, "dbnum", 16, "")
	set.IntVar(&o.Threads, "proactor_threads", 1, "")
	set.IntVar(&o.MaxMultiBulk, "max_multi_bulk_len", 1<<16, "")
	set.StringVar(&o.MaxMemory, "maxmemory", "0", "")
	set.StringVar(&o.NotifyEvents, "notify_keyspace_events", "", "")
	acks := set.Int("replication_acks_interval", 1000, "milliseconds")
	lua := set.String("default_lua_flags", "", "")
	set.Bool("logtostderr", false, "")
	for _, name := range ignored {
		set.String(name, "", "changes nothing here")
	}
	if err := set.Parse(args); err != nil {
		return Options{}, err
	}
	if set.NArg() > 0 {
		return Options{}, fmt.Errorf("unexpected argument %q", set.Arg(0))
	}
	if o.NotifyEvents != "" && o.NotifyEvents != "Ex" {
		return Options{}, fmt.Errorf("--notify_keyspace_events=%s: only Ex is supported", o.NotifyEvents)
	}
	if *acks <= 0 {
		return Options{}, fmt.Errorf("--replication_acks_interval=%d: want more than 0 ms", *acks)
	}
	o.AckInterval = time.Duration(*acks) * time.Millisecond
	o.Undeclared = strings.Contains(*lua, "allow-undeclared-keys")
	if o.AnnouncePort == 0 {
		o.AnnouncePort = o.Port
	}
	return o, nil
}
