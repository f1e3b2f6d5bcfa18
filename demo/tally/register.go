package tally

import (
	"fmt"
	"slices"
)

// Register is what one client knows of a key that it alone sets, each time to another value.
//
// Not for several goroutines at a time.
type Register struct {
	acked  string // the last value whose SET was answered OK
	unsure []string
}

// Acked notes that the SET of value was answered OK. Unsure ones before it can't show any more: the
// connection keeps their order.
func (r *Register) Acked(value string) {
	r.acked, r.unsure = value, nil
}

// Lost notes a SET whose outcome is not known.
func (r *Register) Lost(value string) {
	r.unsure = append(r.unsure, value)
}

// Check says whether the key can hold value; "" stands for no such key.
func (r *Register) Check(value string) error {
	switch {
	case value == r.acked || slices.Contains(r.unsure, value):
		return nil
	case len(r.unsure) > 0:
		return fmt.Errorf("the value is %q, not %q nor one of %d unsure ones", value, r.acked, len(r.unsure))
	default:
		return fmt.Errorf("the value is %q, not %q", value, r.acked)
	}
}
