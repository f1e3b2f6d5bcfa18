package migrate

import (
	"context"
	"fmt"
	"strings"
)

// marker is what is added to a setting while it is not the user's. No master has so many replicas, and no priority that
// anybody has set is as bad.
const marker = 1_000_000

// neverMarker stands for a priority of 0, never to be promoted: better than any that was made worse by the marker.
const neverMarker = marker - 1

// original is a priority as the user has set it.
func original(p int) int {
	switch {
	case p == neverMarker:
		return 0
	case p >= marker:
		return p - marker
	}
	return p
}

// marks looks for settings that a switchover has changed and not put back. The nodes can't tell whether it was killed or is under way.
// Where the user may not read them nothing is known, which is no error: who needs that right is told by rights.
func (s *switchover) marks(ctx context.Context) error {
	var found []string
	for _, n := range append([]*node{s.master}, s.answer...) {
		if name, value, _, err := n.number(ctx, minReplicas); err == nil && value >= marker {
			found = append(found, fmt.Sprintf("%s of %s is %d (%d before)", name, n.addr, value, value%marker))
		}
		if name, value, _, err := n.number(ctx, priorityNames...); err == nil && original(value) != value {
			found = append(found, fmt.Sprintf("%s of %s is %d (%d before)", name, n.addr, value, original(value)))
		}
	}
	if len(found) > 0 {
		s.report.Unsure = append(s.report.Unsure, fmt.Sprintf("whether another switchover is under way, or one was killed, which %s mends: %s",
			s.o.name("repair"), strings.Join(found, ", ")))
	}
	return nil
}
