package admin

import "github.com/prometheus/client_golang/prometheus"

// laneMetric is one metric with the labels group and lane, read from LaneCounters.
type laneMetric struct {
	name, help string
	kind       prometheus.ValueType
	value      func(*LaneCounters) float64
}

const (
	counter = prometheus.CounterValue
	gauge   = prometheus.GaugeValue
)

var laneMetrics = []laneMetric{
	{
		"clients_accepted_total", "Clients accepted. Equal to clients plus the sum of clients_closed_total.", counter,
		func(c *LaneCounters) float64 { return float64(c.Accepted) },
	},
	{
		"clients", "Open clients.", gauge,
		func(c *LaneCounters) float64 { return float64(c.Clients) },
	},
	{
		"clients_waiting", "Clients with a command held.", gauge,
		func(c *LaneCounters) float64 { return float64(c.Waiting) },
	},

	{
		"commands_held_total", "Commands held. Equal to released plus expired plus cancelled plus held_commands.", counter,
		func(c *LaneCounters) float64 { return float64(c.Held) },
	},
	{
		"commands_released_total", "Held commands that went on to a master.", counter,
		func(c *LaneCounters) float64 { return float64(c.Released) },
	},
	{
		"commands_expired_total", "Held commands answered with an error when their hold became too long or was given up.", counter,
		func(c *LaneCounters) float64 { return float64(c.Expired) },
	},
	{
		"commands_cancelled_total", "Held commands whose client went away.", counter,
		func(c *LaneCounters) float64 { return float64(c.Cancelled) },
	},
	{
		"held_commands", "Commands held now.", gauge,
		func(c *LaneCounters) float64 { return float64(c.HeldCommands) },
	},
	{
		"held_bytes", "Bytes of the commands held now.", gauge,
		func(c *LaneCounters) float64 { return float64(c.HeldBytes) },
	},
	{
		"hold_maxwait_seconds", "Age of the oldest command held now.", gauge,
		func(c *LaneCounters) float64 { return c.HeldOldestSeconds },
	},

	{
		"commands_sent_total", "Commands sent to a master, a transaction that came whole as one; one sent again counts again. Equal to answered plus lost plus in flight.", counter,
		func(c *LaneCounters) float64 { return float64(c.Sent) },
	},
	{
		"commands_answered_total", "Commands answered by a master.", counter,
		func(c *LaneCounters) float64 { return float64(c.Answered) },
	},
	{
		"commands_in_flight", "Commands sent and not yet answered.", gauge,
		func(c *LaneCounters) float64 { return float64(c.InFlight) },
	},
	{
		"commands_lost_total", "Commands sent whose link broke, or that were rejected, before an answer. Equal to resent plus unknown plus lost_waiting.", counter,
		func(c *LaneCounters) float64 { return float64(c.Lost) },
	},
	{
		"commands_resent_total", "Lost commands sent again.", counter,
		func(c *LaneCounters) float64 { return float64(c.Resent) },
	},
	{
		"commands_unknown_total", "Lost commands not sent again: answered UNKNOWNOUTCOME, or their client went away.", counter,
		func(c *LaneCounters) float64 { return float64(c.Unknown) },
	},
	{
		"commands_lost_waiting", "Lost commands waiting to be sent again.", gauge,
		func(c *LaneCounters) float64 { return float64(c.LostWaiting) },
	},
	{
		"commands_withheld", "Commands answered by the master whose replies wait for replicas (--acknowledge). Part of those in flight.", gauge,
		func(c *LaneCounters) float64 { return float64(c.Withheld) },
	},
	{
		"commands_acknowledged_total", "Writes that as many replicas as asked for had acknowledged when they were answered.", counter,
		func(c *LaneCounters) float64 { return float64(c.Acknowledged) },
	},
	{
		"commands_not_awaited_total", "Writes that replicas had not acknowledged in time, answered all the same.", counter,
		func(c *LaneCounters) float64 { return float64(c.NotAwaited) },
	},
	{
		"commands_not_replicated_total", "Commands answered NOTREPLICATED: writes that replicas had not acknowledged in time, and reads that waited for them.", counter,
		func(c *LaneCounters) float64 { return float64(c.NotReplicated) },
	},
	{
		"acknowledge_waits_total", "WAITs sent to masters, each for all writes since the one before.", counter,
		func(c *LaneCounters) float64 { return float64(c.Questions) },
	},
	{
		"acknowledge_wait_seconds_total", "Time from the first reply that a WAIT was for to its answer, summed.", counter,
		func(c *LaneCounters) float64 { return c.QuestionSeconds },
	},
	{
		"commands_local_total", "Commands answered by the proxy itself.", counter,
		func(c *LaneCounters) float64 { return float64(c.Local) },
	},
	{
		"commands_refused_total", "Commands answered with an error at once: no master within the hold limit, or no room to hold.", counter,
		func(c *LaneCounters) float64 { return float64(c.Refused) },
	},

	{
		"links_opened_total", "Links to a master opened.", counter,
		func(c *LaneCounters) float64 { return float64(c.LinksOpened) },
	},
	{
		"links_broken_total", "Links to a master that ended other than by the proxy's own doing.", counter,
		func(c *LaneCounters) float64 { return float64(c.LinksBroken) },
	},

	{
		"client_received_bytes_total", "Bytes read from clients.", counter,
		func(c *LaneCounters) float64 { return float64(c.ClientBytesIn) },
	},
	{
		"client_sent_bytes_total", "Bytes written to clients.", counter,
		func(c *LaneCounters) float64 { return float64(c.ClientBytesOut) },
	},
	{
		"link_received_bytes_total", "Bytes read from masters.", counter,
		func(c *LaneCounters) float64 { return float64(c.LinkBytesIn) },
	},
	{
		"link_sent_bytes_total", "Bytes written to masters.", counter,
		func(c *LaneCounters) float64 { return float64(c.LinkBytesOut) },
	},
	{
		"loop_turns_total", "Turns of the lane's event loop.", counter,
		func(c *LaneCounters) float64 { return float64(c.Turns) },
	},
	{
		"loop_waits_total", "Turns that gave the processor away, since nothing was ready for 4 ms.", counter,
		func(c *LaneCounters) float64 { return float64(c.Waits) },
	},
	{
		"loop_gathers_total", "Turns that waited for a master's replies only, because it owed many.", counter,
		func(c *LaneCounters) float64 { return float64(c.Gathers) },
	},
	{
		"loop_reads_total", "Read system calls.", counter,
		func(c *LaneCounters) float64 { return float64(c.Reads) },
	},
	{
		"loop_writes_total", "Write system calls.", counter,
		func(c *LaneCounters) float64 { return float64(c.Writes) },
	},
}
