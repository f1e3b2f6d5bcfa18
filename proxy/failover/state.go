package failover

// State is what the machine is doing for its group.
type State uint8

// The states. Every change is checked against the table of allowed ones below.
const (
	// Starting: no master was ever verified; clients connect and are held. Entered at the beginning, and again from
	// Verifying when what seemed eligible no longer is. Left for Verifying (an address is eligible), Refusing (limit).
	Starting State = iota
	// Serving: the lanes pass everything to the adopted master, whose ROLE is checked about once a second. Entered
	// by Release. Left for Draining (failover announced, master alive), Holding (anything stronger).
	Serving
	// Draining: a failover was announced and the master still works: new writes are held, those in flight are
	// answered, reads go on. Entered from Serving, and from Verifying when another failover is announced before all was held.
	// When the limit passes while only too few Sentinels are in reach, writes are refused, and it goes on.
	// Left for Holding (candidate named, link lost, role changed), Verifying (announcement withdrawn or dismissed), Refusing.
	Draining
	// Holding: everything is held and no address is eligible for adoption. Entered from Serving, Draining, Restoring,
	// and Verifying (eligibility lost). Left for Verifying, Refusing.
	Holding
	// Verifying: an address is eligible by what the Sentinels say; its ROLE is asked every few ms. Entered from
	// Starting, Draining, Holding. Left for Restoring (ROLE is master: adopted), Serving (the present master, no link
	// lost: let go in place), Draining, Holding or Starting (no longer eligible), Refusing.
	Verifying
	// Restoring: an address has been adopted; lanes dial it, rebuild sessions and send their backlog; clients wait.
	// Entered from Verifying and Refusing. Left for Serving (Restored), Holding (link lost, another failover), Refusing.
	Restoring
	// Refusing: the hold limit has passed; clients stay connected and get an error at once. The search goes on.
	// Entered from every state but Serving. Left for Restoring, when a master has been verified.
	Refusing

	numStates
)

var states = [numStates]string{"starting", "serving", "draining", "holding", "verifying", "restoring", "refusing"}

// String is the state's word for logs, metrics and reports.
func (s State) String() string { return word(states[:], int(s)) }

// States lists every state, for metrics that want all their labels from the start.
func States() []State {
	all := make([]State, numStates)
	for i := range all {
		all[i] = State(i)
	}
	return all
}

// allowed[from][to] is the whole of what may happen. Kept as data, so that a test compares it with what the
// exploration really met.
var allowed = [numStates][numStates]bool{
	Starting:  {Verifying: true, Refusing: true},
	Serving:   {Draining: true, Holding: true},
	Draining:  {Holding: true, Verifying: true, Refusing: true},
	Holding:   {Verifying: true, Refusing: true},
	Verifying: {Starting: true, Serving: true, Draining: true, Holding: true, Restoring: true, Refusing: true},
	Restoring: {Serving: true, Holding: true, Refusing: true},
	Refusing:  {Restoring: true},
}
