package upstream

import (
	"testing"

	"go.uber.org/goleak"
)

// What the tests of this package hold the links to:
//
//	| invariant                                                                    | test                         |
//	|------------------------------------------------------------------------------|------------------------------|
//	| each owner gets exactly one answer per command, in order, over any loss      | TestCutCommandStream, ...    |
//	| a command not wholly written is sent again, whatever its class               | TestUnsentIsSentAgain        |
//	| reads and, by policy, (idempotent) writes are sent again; others are unknown | TestCutCommandStream, ...    |
//	| nothing is executed twice that must not be, by any policy but "all"          | TestCutReplyStream, ...      |
//	| what may have been applied is never answered as if it had not been           | TestMaybeAppliedTwiceLost    |
//	| sent = answered + lost and lost = resent + unknown, once all is quiet        | rig.settle, after every test |
//	| a rejection never reaches a client, nor does order suffer from it            | TestRejected*                |
//	| nothing of a session is written before the handshake is answered             | TestHandshake*               |
//	| a reply passed on in pieces is passed on whole, or Broken is told, once      | TestStream*                  |
//	| Restored is told once for an Adopt, after the backlog is written             | TestAdopt*                   |
//	| what the set has after Drop is nothing: no link, no timer, no waiter; an     | rig.settle                   |
//	| idle link keeps no bytes and no owner                                        |                              |
func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }
