package reactor

import (
	"testing"

	"go.uber.org/goleak"
)

// What the tests of this package hold the loop to:
//
//	| invariant                                                              | test                            |
//	|------------------------------------------------------------------------|---------------------------------|
//	| what is posted runs once, in each poster's order, in the loop          | TestPostFromManyGoroutines      |
//	| Post is false exactly when its function will not run                   | TestPostAgainstStop             |
//	| a loop that has ended holds no descriptor, whatever was posted         | TestAddedWhileStopping          |
//	| timers run in order, once, not early; a cancelled one never            | TestTimers*                     |
//	| every byte reaches Data once and in order, over any pauses             | TestPauseLosesNothing           |
//	| a paused connection takes at most one more read into memory            | TestPausedReadsNothing          |
//	| EOF comes after all data, and only once                                | TestEOFAfterData                |
//	| a hang-up is told while paused, and the bytes before it are still there| TestHungUpWhilePaused           |
//	| output is written whole and in order, however slowly it is taken       | TestPartialWrites               |
//	| Closed comes once, whoever closes, from inside any callback            | TestCloseInsideCallbacks        |
//	| an event never reaches a later connection with the same descriptor     | TestDescriptorReuse             |
//	| a frame of any size is handed over whole, in place                     | TestLargeFrame                  |
//	| an idle connection holds no buffer                                     | TestIdleHoldsNoBuffer           |
//	| time is either waited or busy                                          | TestBusy, TestIdleIsNotBusy     |
func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }
