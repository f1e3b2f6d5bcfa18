package session

import (
	"testing"

	"go.uber.org/goleak"
)

// What the tests of this package hold sessions to:
//
//	| invariant                                                                     | test                      |
//	|-------------------------------------------------------------------------------|---------------------------|
//	| a client sees what it would see directly, byte for byte, over any split of    | TestSameAsDirect          |
//	| its input (but for ids, addresses, and what docs/compatibility.md lists)      |                           |
//	| and so it does with random conversations of the whole vocabulary, with Redis  | TestRandomSameAs*         |
//	| and Dragonfly                                                                 |                           |
//	| a planned switch at any moment of any conversation changes no reply and no    | TestSwitch*               |
//	| data (but for what docs/compatibility.md lists)                               |                           |
//	| when links are lost at any byte of any conversation only writes are unknown,  | TestCrash*                |
//	| and what was answered was applied once                                        |                           |
//	| a client that goes away, at any step, leaves nothing: no session, link,       | TestCloseAtEveryStep,     |
//	| ticket, budget, user of a link, question, descriptor, buffer, timer           | lane.end, after each test |
//	| a held client that hangs up is cancelled, and what it sent is not applied     | TestHeldClientHangsUp     |
//	| commands of one client reach the server in order, held or not                 | TestHeldInOrder           |
//	| what a session has set up is there on the next master: MULTI, WATCH,          | TestAdopt*                |
//	| subscriptions, blocking, user, database, protocol, CLIENT REPLY               |                           |
//	| one client's output, pipeline and stalls bound themselves                     | TestOutputLimit, ...      |
//	| no link with the state of one session gets to another                         | TestDirtyLinkIsNotPooled  |
//	| a pipelined GET and SET allocates nothing                                     | TestAllocations           |
func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }
