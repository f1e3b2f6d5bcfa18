package migrate

import (
	"fmt"
	"strings"
	"time"
)

// Report is what was done.
type Report struct {
	ID      string `json:"id,omitempty"`   // Options.ID
	Order   string `json:"order"`          // what was asked for: one of the words below
	Master  string `json:"master"`         // the group
	From    string `json:"from,omitempty"` // "" until it is known
	To      string `json:"to,omitempty"`   // the same, and if there was no switch
	Outcome string `json:"outcome"`
	// Unsure is what could not be made sure of.
	Unsure []string `json:"unsure"`
	Steps  []Step   `json:"steps"`
	Error  string   `json:"error,omitempty"` // why it was not done, or what is left to be done
	// HeldMS is how long the proxies held writes, from the order to the last that served from the new master.
	HeldMS float64 `json:"held_ms"`
}

// oneLine shows several errors behind one another.
type oneLine struct{ error }

func (e *oneLine) Error() string { return strings.ReplaceAll(e.error.Error(), "\n", "; ") }
func (e *oneLine) Unwrap() error { return e.error }

// What can be asked for.
const (
	OrderSwitch   = "switch"
	OrderDryRun   = "dry-run"
	OrderRehearse = "rehearse"
	OrderRepair   = "repair"
)

// Outcomes of a switchover.
const (
	Switched  = "switched"  // the new master serves
	Aborted   = "aborted"   // the old one serves again
	Rehearsed = "rehearsed" // writes were held and released, nothing else
	Checked   = "checked"   // --dry-run: it could be done
	Repaired  = "repaired"  // nothing is left of a switchover that was killed
	Running   = "running"   // it is not over
	InDoubt   = "in doubt"  // the failover began, and how it ended is not known
)

// Step is one line of the report.
type Step struct {
	OffsetMS float64 `json:"offset_ms"`
	Text     string  `json:"text"`
}

func (s *switchover) say(format string, args ...any) {
	step := Step{float64(time.Since(s.began).Microseconds()) / 1000, fmt.Sprintf(format, args...)}
	s.report.Steps = append(s.report.Steps, step)
	if s.o.Progress != nil {
		soFar := s.report
		soFar.Outcome = Running
		s.o.Progress(soFar)
	}
}
