package proxy

import (
	"testing"

	"go.uber.org/goleak"
)

// TestMain also sees to it that no test leaves a lane behind.
func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }
