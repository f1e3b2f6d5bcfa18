package admin

import "encoding/json"

// LaneCounters are one lane's figures for one group. Counters only grow; gauges are as of the moment
// they were copied. All of one value are copied between two turns of the lane's loop, so the identities
// hold in it exactly:
//
//	Accepted = Clients + the sum of Closed
//	Held     = Released + Expired + Cancelled + HeldCommands
//	Sent     = Answered + Lost + InFlight
//	Lost     = Resent + Unknown + LostWaiting
type LaneCounters struct {
	Group string `json:"group"`
	Lane  int    `json:"lane"`

	// Clients.
	Accepted uint64      `json:"clients_accepted"`
	Closed   CloseCounts `json:"clients_closed"`
	Clients  int         `json:"clients"`         // gauge: open
	Waiting  int         `json:"clients_waiting"` // gauge: with a command held

	// Commands at the gate.
	Held              uint64  `json:"commands_held"`
	Released          uint64  `json:"commands_released"`
	Expired           uint64  `json:"commands_expired"`   // answered with an error: the hold limit, or a refusal, ended their wait
	Cancelled         uint64  `json:"commands_cancelled"` // their client went away
	HeldCommands      int     `json:"held_commands"`      // gauge
	HeldBytes         int64   `json:"held_bytes"`         // gauge
	HeldOldestSeconds float64 `json:"held_oldest_seconds"`

	// Commands on links. Sent counts each sending: one sent again after a loss counts twice.
	Sent        uint64 `json:"commands_sent"`
	Answered    uint64 `json:"commands_answered"`
	Lost        uint64 `json:"commands_lost"`    // sent, and the link broke, or a rejection came, before a reply that counts
	Resent      uint64 `json:"commands_resent"`  // lost, and put on a link again
	Unknown     uint64 `json:"commands_unknown"` // lost, and not sent again: UNKNOWNOUTCOME, or the client went away
	InFlight    int    `json:"commands_in_flight"`
	LostWaiting int    `json:"commands_lost_waiting"` // gauge: lost, to be sent again

	// With --acknowledge replicas=N.
	Questions       uint64  `json:"acknowledge_questions"`   // WAITs sent
	QuestionSeconds float64 `json:"acknowledge_seconds"`     // from the first reply that waited for one to its answer, summed
	Withheld        int     `json:"commands_withheld"`       // gauge: answered by the master, waiting for replicas; in flight
	Acknowledged    uint64  `json:"commands_acknowledged"`   // writes that replicas have acknowledged
	NotAwaited      uint64  `json:"commands_not_awaited"`    // that they have not in time; answered all the same
	NotReplicated   uint64  `json:"commands_not_replicated"` // writes and reads, answered as NOTREPLICATED instead

	// Commands that never reach gate or link.
	Local   uint64 `json:"commands_local"`   // answered by the proxy itself
	Refused uint64 `json:"commands_refused"` // answered with an error at once: Refusing, or no room to hold

	// Links.
	SharedLinks int            `json:"links_shared"` // gauge
	PinnedLinks int            `json:"links_pinned"` // gauge
	LinksOpened uint64         `json:"links_opened"`
	LinksBroken uint64         `json:"links_broken"`    // closed other than by this side
	Pinned      map[string]int `json:"sessions_pinned"` // gauge: sessions on a pinned link, by reason

	// Limits that were met, by limit.
	LimitHits LimitCounts `json:"limit_hits"`

	// Bytes and the loop's own cost.
	ClientBytesIn  uint64 `json:"client_bytes_in"`
	ClientBytesOut uint64 `json:"client_bytes_out"`
	LinkBytesIn    uint64 `json:"link_bytes_in"`
	LinkBytesOut   uint64 `json:"link_bytes_out"`
	Turns          uint64 `json:"loop_turns"`
	Waits          uint64 `json:"loop_waits"`   // turns that gave the processor away
	Gathers        uint64 `json:"loop_gathers"` // turns that waited for a master's replies only
	Reads          uint64 `json:"syscalls_read"`
	Writes         uint64 `json:"syscalls_write"`

	// BusySeconds is how long the lane has not waited for anything to do. All groups share the lanes, so each shows the same.
	BusySeconds float64 `json:"lane_busy_seconds"`
}

// CloseReason says why a client's connection was closed.
type CloseReason uint8

// The reasons; CloseReasons names them.
const (
	ClosePeer       CloseReason = iota // the client closed it
	CloseError                         // reading or writing failed
	CloseQuit                          // QUIT
	CloseProtocol                      // bytes that are not RESP, or beyond the request's limits
	CloseOutput                        // more unsent output than the limit
	CloseIdle                          // idle timeout
	CloseMaxClients                    // accepted only to be told so
	CloseCutReply                      // the link broke after a part of a reply had been passed on
	CloseServer                        // the server closed this session's link on purpose (CLIENT KILL, a reply to QUIT)
	CloseShutdown                      // the proxy stops
	closeReasons
)

// CloseReasons are the values of the label `reason`, indexed by CloseReason.
var CloseReasons = [closeReasons]string{
	"peer", "error", "quit", "protocol", "output_limit", "idle", "max_clients", "cut_reply", "server", "shutdown",
}

func (r CloseReason) String() string { return CloseReasons[r] }

// CloseCounts counts by CloseReason.
type CloseCounts [closeReasons]uint64

// Sum is the number of closed clients.
func (c *CloseCounts) Sum() (n uint64) {
	for _, v := range c {
		n += v
	}
	return n
}

// MarshalJSON writes an object keyed by reason.
func (c CloseCounts) MarshalJSON() ([]byte, error) { return named(CloseReasons[:], c[:]) }

// named writes {name: count} without the zeros, sorted by name.
func named(names []string, counts []uint64) ([]byte, error) {
	m := map[string]uint64{}
	for i, n := range counts {
		if n != 0 {
			m[names[i]] = n
		}
	}
	return json.Marshal(m)
}
