// Package tally counts what clients see: commands, errors, closed connections, waits, and whether what
// they were told is true. It does no I/O.
package tally

import "time"

// Figures are what one client, or several of one kind together, saw.
type Figures struct {
	Commands uint64 // finished, however they ended
	Errors   uint64 // ended with an error, other than the unknown outcomes below
	Unknown  uint64 // UNKNOWNOUTCOME where the contract allows it
	Wrong    uint64 // replies that can't be true
	Closed   uint64 // connections that were lost or had to be given up

	LongestWait time.Duration // of one command or pipeline, from its sending to its end
	AtLeast     bool          // LongestWait is as much as the client can measure
	LongestGap  time.Duration // between two good replies; until now when the last one is longer ago

	Troubles []string // the first few, for people
}

// maxTroubles is how many messages are kept: enough to see what is wrong, in one screen.
const maxTroubles = 3

// Sum adds up clients of one kind: the counts are added, of the times the longest is taken.
func Sum(all ...Figures) Figures {
	var sum Figures
	for _, f := range all {
		sum.Commands += f.Commands
		sum.Errors += f.Errors
		sum.Unknown += f.Unknown
		sum.Wrong += f.Wrong
		sum.Closed += f.Closed
		sum.AtLeast = sum.AtLeast || f.AtLeast
		sum.LongestWait = max(sum.LongestWait, f.LongestWait)
		sum.LongestGap = max(sum.LongestGap, f.LongestGap)
		for _, t := range f.Troubles {
			sum.trouble(t)
		}
	}
	return sum
}

// Noticed says whether the clients saw anything that they should not have.
func (f Figures) Noticed() bool {
	return f.Errors > 0 || f.Wrong > 0 || f.Closed > 0
}

func (f *Figures) trouble(text string) {
	if len(f.Troubles) < maxTroubles {
		f.Troubles = append(f.Troubles, text)
	}
}
