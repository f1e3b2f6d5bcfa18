package history

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/anishathalye/porcupine"
)

// History is what the clients of a run have seen.
type History struct {
	Began      time.Time
	Operations []*Operation // by the time of the call

	closed int // connections
}

// Rule that a violation is of.
type Rule string

// The rules.
const (
	// Foreign: a reply that is another client's or another key's, or nobody's.
	Foreign Rule = "foreign reply"
	// Doubled: a write was applied twice.
	Doubled Rule = "applied twice"
	// NotLinearizable: no order of the calls explains the replies: lost or doubled writes, or a read of what was replaced before.
	NotLinearizable Rule = "not linearizable"
	// Undecided: the check took too long, which must not pass for success.
	Undecided Rule = "undecided"
)

// Violation is one thing that must not be.
type Violation struct {
	Rule Rule
	Key  string
	Text string
}

func (v *Violation) Error() string { return fmt.Sprintf("%s: %s: %s", v.Key, v.Rule, v.Text) }

// limit of the check of one key, in steps: a hundred times what a key's history usually needs, and well below a gigabyte of memory. It is not a
// time, so that a slow machine finds what a fast one does.
const limit = 1 << 20

// Check returns all violations.
func (h *History) Check() []*Violation {
	list := h.CheckLossy()
	for _, key := range h.keys() {
		if v := key.linearizable(limit); v != nil {
			list = append(list, v)
		}
	}
	return list
}

// CheckLossy is Check for a history in which acknowledged writes may be lost: only foreign replies and writes that were applied twice are
// looked for. A write that was lost hides one that was doubled where keys can be counted only.
func (h *History) CheckLossy() []*Violation {
	list := h.foreign()
	for _, key := range h.keys() {
		list = append(list, key.doubled()...)
	}
	return list
}

// key is what has happened to one.
type key struct {
	name       string
	kind       Kind
	operations []*Operation // by the time of the call
}

func (h *History) keys() []*key {
	byName := map[string]*key{}
	var list []*key
	for _, o := range h.Operations {
		k := byName[o.Key]
		if k == nil {
			k = &key{name: o.Key, kind: verbs[o.Verb].kind}
			byName[o.Key] = k
			list = append(list, k)
		}
		k.operations = append(k.operations, o)
	}
	return list
}

// linearizable looks for an order in which one call after the other, each at a time between its call and its return, explains all replies.
// After so many steps it is given up.
func (k *key) linearizable(limit int) *Violation {
	list, steps := k.calls(), 0
	result, info := porcupine.CheckOperationsVerbose(k.model(&steps, limit), list, 0)
	switch {
	case result == porcupine.Ok:
		return nil
	case steps > limit:
		return &Violation{Undecided, k.name, fmt.Sprintf("not within %d steps, %d calls", limit, len(list))}
	default:
		return &Violation{NotLinearizable, k.name, k.explain(&info)}
	}
}

// Lines of an explanation on either side of where no order goes on.
const (
	explainedBefore = 6
	explainedAfter  = 12
)

// explain tells how far the longest order goes, and the calls that should come next, of which none fits.
func (k *key) explain(info *porcupine.LinearizationInfo) string {
	var best []*Operation
	for _, partition := range info.PartialLinearizationsOperations() {
		for _, order := range partition {
			if len(order) > len(best) {
				best = best[:0]
				for _, o := range order {
					best = append(best, o.Input.(*call).Operation)
				}
			}
		}
	}
	state := initial[k.kind]
	for _, o := range best {
		_, state = verbs[o.Verb].apply(state, o)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%d of %d calls can be put in order, up to\n", len(best), len(k.operations))
	for _, o := range best[max(0, len(best)-explainedBefore):] {
		fmt.Fprintf(&b, "  %s\n", o)
	}
	fmt.Fprintf(&b, "then it holds %s, and there is no order for\n", show(state))
	rest := slices.DeleteFunc(slices.Clone(k.operations), func(o *Operation) bool {
		return o.Outcome == Refused || slices.Contains(best, o)
	})
	for _, o := range rest[:min(len(rest), explainedAfter)] {
		fmt.Fprintf(&b, "  %s\n", o)
	}
	return b.String()
}
