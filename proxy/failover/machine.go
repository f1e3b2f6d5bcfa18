package failover

import (
	"slices"
	"time"
)

// Config is what the machine must know beside its inputs. What is 0 has its default, that of DefaultConfig.
type Config struct {
	Sentinels   []string      // configured ones, host:port; they count as known before they were ever reached
	HoldTimeout time.Duration // longest hold, from its start; then the clients are refused
	ProbeEvery  time.Duration // between ROLE probes of an address that may be adopted any moment
	RetryEvery  time.Duration // between ROLE probes when no candidate is known
	CheckEvery  time.Duration // between ROLE checks of the master while it serves
	AskEvery    time.Duration // between polls of all Sentinels during a hold
	Patience    time.Duration // how long a claimed failover may go without progress before it is dismissed; at most half of HoldTimeout
	TrustAfter  time.Duration // how long a dismissed claim stays dismissed
	Lift        time.Duration // how long a release waits for Lifted
	Confirm     time.Duration // how long a majority may take to confirm a master adopted by following a failover
	// Acquaint is how long, at the start, an address is not adopted that fewer Sentinels name than a majority of all that those know of; at
	// most half of HoldTimeout.
	Acquaint time.Duration
	// Drain is how long an adoption anew of the same master waits for what is in flight on the links that it still has.
	Drain time.Duration
	// MinorityGrace is how long writes go on with fewer Sentinels in reach than a majority. Negative: for ever.
	MinorityGrace time.Duration

	// Fence has masters fenced whose failover is announced.
	Fence      bool
	FenceEvery time.Duration // between looks whether a fence is still on the master
	FenceLimit time.Duration // how long somebody else's fence is respected, without a failover; at most half of HoldTimeout

	// Same tells whether two addresses mean one node. Plain equality unless set.
	Same func(a, b string) bool
	// Strict makes an illegal transition panic (tests); otherwise it is noted and carried out.
	Strict bool

	bugs bugs
}

// bugs are mistakes that tests switch on to see that the exploration finds them. Never set outside of tests: those of a whole program
// are set when it is built (mistakes_none.go).
type bugs struct {
	skipRole   bool // adopt without asking ROLE
	anyEpoch   bool // count opinions below the last adopted epoch
	minority   bool // one Sentinel is enough
	oldProbes  bool // believe results of probes from before the hold
	noDismiss  bool // believe every claimed failover for ever
	noHold     bool // adopt without holding first
	early      bool // release on adoption, without waiting for the lanes
	deafRefuse bool // don't look for a master any more once refusing
	anyWord    bool // adopt the candidate of any Sentinel without having followed its failover
	impatient  bool // dismiss a failover that goes on, by the Sentinel's own word
	careless   bool // let writes go to an undisputed master although the grace has passed
	fenceStays bool // go on with a master without lifting its fence first
	fenceNext  bool // fence the candidate
	fenceLeft  bool // forget the fence of a former master
	noSeal     bool // pass replies on for as long as links live
	sealEarly  bool // as soon as a candidate is named
	lenient    bool // reads go on whatever the hold is for that has passed the limit
	deafFence  bool // don't look whether a master that answers NOREPLICAS is fenced
}

// DefaultConfig returns the default limits and intervals for the given Sentinels.
//
// CheckEvery is what a service IP needs that hides a change of role; Patience is several times what the slowest measured
// failover needed between two messages (0.9 s); Acquaint is more than it takes to find out that a Sentinel does not answer (2 s); Confirm is more than the 10 to 12 s after which Sentinels demote a master they do not agree with.
func DefaultConfig(sentinels []string) Config {
	return Config{
		Sentinels:   sentinels,
		HoldTimeout: 60 * time.Second,
		ProbeEvery:  10 * time.Millisecond,
		RetryEvery:  100 * time.Millisecond,
		CheckEvery:  time.Second,
		AskEvery:    250 * time.Millisecond,
		Patience:    3 * time.Second,
		TrustAfter:  30 * time.Second,
		Lift:        2 * time.Second,
		Confirm:     15 * time.Second,

		Acquaint:      5 * time.Second,
		Drain:         500 * time.Millisecond,
		MinorityGrace: 30 * time.Second,

		FenceEvery: 50 * time.Millisecond,
		FenceLimit: 15 * time.Second,

		bugs: mistakes,
	}
}

// complete puts the default where nothing was set.
func (c *Config) complete() {
	def := DefaultConfig(nil)
	for _, d := range []struct{ is, def *time.Duration }{
		{&c.HoldTimeout, &def.HoldTimeout},
		{&c.ProbeEvery, &def.ProbeEvery},
		{&c.RetryEvery, &def.RetryEvery},
		{&c.CheckEvery, &def.CheckEvery},
		{&c.AskEvery, &def.AskEvery},
		{&c.Patience, &def.Patience},
		{&c.TrustAfter, &def.TrustAfter},
		{&c.Lift, &def.Lift},
		{&c.Confirm, &def.Confirm},
		{&c.Acquaint, &def.Acquaint},
		{&c.Drain, &def.Drain},
		{&c.FenceEvery, &def.FenceEvery},
		{&c.FenceLimit, &def.FenceLimit},
	} {
		if *d.is <= 0 {
			*d.is = *d.def
		}
	}
	if c.MinorityGrace == 0 {
		c.MinorityGrace = def.MinorityGrace
	}
	c.Patience = min(c.Patience, c.HoldTimeout/2)
	c.FenceLimit = min(c.FenceLimit, c.HoldTimeout/2)
	c.Acquaint = min(c.Acquaint, c.HoldTimeout/2)
	if c.Same == nil {
		c.Same = func(a, b string) bool { return a == b }
	}
}

// gate is what the lanes were last told. Ordered: a hold only gets stronger until it is released.
type gate uint8

const (
	gateOpen gate = iota
	gateWrites
	gateReads // writes are refused, reads go on
	gateAll
	gateRefused
)

// hold is what is known of the present hold. Zero while serving.
type hold struct {
	since  time.Time
	reason HoldReason
	// broken: a lane lost a link or was rejected, or the master's data may have changed under it. Only a new adoption mends that.
	broken bool
	// masterLost: in this hold the present master did not answer, or a link to it broke.
	masterLost bool
	// renewals counts how often progress of claims has renewed the patience, to bound what liars can do.
	renewals int
	// sealed: no reply of the master is passed on any more.
	sealed bool
	// overdue: what is in flight has been waited for as long as Config.Drain.
	overdue bool
}

// probe is one address that ROLE is asked of.
type probe struct {
	addr    string
	number  uint64 // of the outstanding probe; 0: none is
	outcome outcome
	text    string
}

// Machine is the whole state for one group: a value. Step copies it, so that an old one stays as it was.
type Machine struct {
	cfg   *Config
	state State
	gate  gate
	hold  hold

	term     uint64 // of the last adoption; 0: none yet
	restored bool   // the lanes have reported Restored in this term
	master   string // last adopted address
	basis    Basis
	follow   string // BasisFollowed: the Sentinel whose failover was followed

	// epoch is the floor: opinions below it don't count. confirmed is the highest that a majority has vouched for. They
	// differ only between an adoption by BasisFollowed and its confirmation, while TimerConfirm runs.
	epoch, confirmed uint64

	views      []view // one per known Sentinel, sorted by address
	probes     []probe
	numbers    uint64 // last number given out for a result to carry
	flaps      int    // adoptions since the master was last seen well a while after one; slows down going round in circles
	refused    RefuseReason
	drained    bool // the lanes have no write in flight, in this hold
	ordered    bool // an operator wants writes to be held; TimerOrder runs
	acquainted bool // Config.Acquaint has passed
	minority   bool // fewer than a majority of the Sentinels have been in reach for the grace
	fences     []fence
	shut       shut
	check      uint64 // number of the outstanding ActCheck, 0 if there is none
	stubborn   bool   // the fence on the master could not be lifted
	deadline   [numTimers]time.Time
}

const (
	maxRenewals = 12 // of the patience in one hold: 12 x 3 s is well below the hold limit
	maxFlaps    = 6  // 10 ms << 6 = 640 ms between attempts
)

// NewMachine returns the machine as it starts, and what is to be done first.
func NewMachine(cfg Config, now time.Time) (Machine, []Action) {
	cfg.complete()
	s := stepper{m: Machine{cfg: &cfg, state: Starting, gate: gateAll, hold: hold{since: now, reason: HoldStarting, broken: true}}, now: now}
	for _, addr := range cfg.Sentinels {
		s.m.view(addr)
	}
	s.act(Action{Kind: ActHoldAll, Hold: HoldStarting})
	s.act(Action{Kind: ActAsk})
	s.arm(TimerHold, cfg.HoldTimeout)
	s.arm(TimerAsk, cfg.AskEvery)
	return s.m, s.acts
}

// State is the present state.
func (m *Machine) State() State { return m.state }

// Next is the timer that runs out first, and when; ok is false when none is set.
func (m *Machine) Next() (t Timer, at time.Time, ok bool) {
	for i, d := range m.deadline {
		if !d.IsZero() && (!ok || d.Before(at)) {
			t, at, ok = Timer(i), d, true
		}
	}
	return t, at, ok
}

func (m *Machine) clone() Machine {
	c := *m
	c.views = slices.Clone(m.views)
	c.probes = slices.Clone(m.probes)
	c.fences = slices.Clone(m.fences)
	return c
}

func (m *Machine) same(a, b string) bool { return a != "" && b != "" && m.cfg.Same(a, b) }

// isMaster tells whether addr is the adopted master.
func (m *Machine) isMaster(addr string) bool { return m.same(addr, m.master) }
