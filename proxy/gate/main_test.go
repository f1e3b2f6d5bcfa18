package gate

import (
	"testing"

	"go.uber.org/goleak"
)

// What the tests of this package hold a gate to:
//
//	| invariant                                                                | test               |
//	|--------------------------------------------------------------------------|--------------------|
//	| sessions go on in the order they were parked, whatever ends the hold     | TestHistories      |
//	| held = released + expired + cancelled + pending, in commands, always     | TestHistories      |
//	| the budget of the process is the sum of what all gates hold              | TestHistories      |
//	| a session parks again, or cancels others, from inside GoOn               | TestHistories      |
//	| a hold is only ever strengthened; only Release ends it                   | TestModes          |
//	| a full budget leaves sessions unread, and refuses nobody                 | TestFull           |
//	| waits are counted per command, of the last hold only                     | TestWaits          |
//	| parking allocates nothing                                                | TestParkAllocates  |
func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }
