package admin

// Limit is one of the proxy's limits.
type Limit uint8

// The limits; LimitNames names them. Each has a configured value and a counter of how often it was met.
const (
	LimitHoldTimeout        Limit = iota // a held command expired
	LimitHoldBytes                       // no room to hold
	LimitHoldCommands                    // no room to hold
	LimitClients                         // a client was turned away
	LimitRequestBytes                    // an argument was too long
	LimitLargeRequest                    // a request larger than 1 MiB had to wait for memory
	LimitRequestArgs                     // a command had too many arguments
	LimitInlineBytes                     // an inline line was too long
	LimitClientOutput                    // a client was closed for its unsent output
	LimitClientOutputPubSub              // the same, in pub/sub
	LimitScriptBytes                     // a script was forgotten for want of room
	LimitIdleTimeout                     // a client was closed for its silence
	LimitDescriptors                     // accept failed for want of descriptors (EMFILE, ENFILE)
	LimitShutdownTimeout                 // a client still had something in flight when the grace ended
	LimitReplyWindow                     // commands had to wait for replies that were asked for before them
	limits
)

// LimitNames are the values of the label `limit`, indexed by Limit; `limit_<name>` is the metric of the
// configured value.
var LimitNames = [limits]string{
	"hold_timeout_seconds", "hold_bytes", "hold_commands", "clients", "request_bytes", "large_request_bytes", "request_args", "inline_bytes",
	"client_output_bytes", "client_output_pubsub_bytes", "script_bytes", "idle_timeout_seconds", "descriptors", "shutdown_timeout_seconds", "reply_window_bytes",
}

func (l Limit) String() string { return LimitNames[l] }

// LimitCounts counts by Limit.
type LimitCounts [limits]uint64

// MarshalJSON writes an object keyed by limit.
func (c LimitCounts) MarshalJSON() ([]byte, error) { return named(LimitNames[:], c[:]) }

// LimitValues are the configured values by Limit, in base units: seconds, bytes, or a count. 0 = off.
type LimitValues [limits]float64
