package history

import "time"

// Summary of a history.
type Summary struct {
	Operations  int            // calls, whatever became of them
	Errors      map[string]int // error replies but UNKNOWNOUTCOME, by their first word
	Unknown     int            // UNKNOWNOUTCOME
	Closed      int            // connections that were closed, broken, or took too long
	Lost        int            // acknowledged writes that the last reads of the keys don't show; at least so many
	Twice       int            // writes that were applied twice; at least so many
	LongestWait time.Duration  // for a reply
}

const unknownOutcome = "UNKNOWNOUTCOME"

// Summary counts.
func (h *History) Summary() Summary {
	s := Summary{Operations: len(h.Operations), Errors: map[string]int{}, Closed: h.closed}
	for _, o := range h.Operations {
		s.LongestWait = max(s.LongestWait, o.Return-o.Call)
		if !o.replied || o.Outcome == Answered {
			continue
		}
		if word := firstWord(o.Error); word == unknownOutcome {
			s.Unknown++
		} else {
			s.Errors[word]++
		}
	}
	for _, k := range h.keys() {
		s.Lost += k.lost()
		s.Twice += k.twice()
	}
	return s
}

// last is the read of the key when all clients had ended; nil: there was none that was answered.
func (k *key) last() *Operation {
	for _, o := range k.operations {
		if o.final && o.Outcome == Answered {
			return o
		}
	}
	return nil
}

func (k *key) acknowledged(verb Verb) (list []*Operation) {
	for _, o := range k.operations {
		if o.Verb == verb && o.Outcome == Answered {
			list = append(list, o)
		}
	}
	return list
}

// lost is how many acknowledged writes the last read does not show.
func (k *key) lost() int {
	last := k.last()
	if last == nil {
		return 0
	}
	switch r := last.Reply.(type) {
	case int64:
		sum := int64(2 * len(k.acknowledged(INCRTWICE)))
		sum += int64(len(k.acknowledged(INCR)))
		return int(max(0, sum-r))
	case Values:
		if k.kind == List {
			return k.lostOfList(r)
		}
		return k.lostOfSet(r)
	case string, nil:
		return k.lostOfRegister(r)
	}
	return 0
}

func (k *key) lostOfList(last Values) (n int) {
	popped := map[string]int{}
	for _, o := range k.acknowledged(LPOP) {
		for _, value := range o.values() {
			popped[value]++
		}
	}
	unknown := 0 // pops that may have taken one each
	for _, o := range k.operations {
		if o.Verb == LPOP && o.Outcome == Unknown {
			unknown++
		}
	}
	for _, o := range k.acknowledged(RPUSH) {
		if !last.has(o.Value) && popped[o.Value] == 0 {
			n++
		}
	}
	n = max(0, n-unknown)
	for value, times := range popped {
		if last.has(value) {
			times++
		}
		n += times - 1 // those pops are gone
	}
	return n
}

func (k *key) lostOfSet(last Values) (n int) {
	maybe, removed := map[string]bool{}, map[string]bool{}
	for _, o := range k.operations {
		if o.Verb == SREM {
			maybe[o.Value] = maybe[o.Value] || o.Outcome == Unknown
			removed[o.Value] = removed[o.Value] || o.Reply == int64(1)
		}
	}
	for _, o := range k.acknowledged(SADD) {
		there := last.has(o.Value)
		if there && removed[o.Value] || !there && !removed[o.Value] && !maybe[o.Value] {
			n++
		}
	}
	return n
}

// lostOfRegister counts the acknowledged writes that were called when the one that is seen last had returned.
func (k *key) lostOfRegister(last any) (n int) {
	var since time.Duration
	for _, o := range k.operations {
		if o.Value != "" && o.Value == last {
			if o.Outcome == Unknown {
				return 0 // it may have been applied after all the others
			}
			since = o.Return
		}
	}
	for _, o := range append(k.acknowledged(SET), k.acknowledged(SWAP)...) {
		if o.Call > since {
			n++
		}
	}
	return n
}

// twice is how many writes were applied twice: by the last read of a counter, and by reads of a list.
func (k *key) twice() int {
	if k.kind != Counter {
		doubled := map[string]bool{}
		for _, o := range k.operations {
			if k.kind == List && o.Outcome == Answered {
				doubled[twice(o.values())] = true
			}
		}
		delete(doubled, "")
		return len(doubled)
	}
	last := k.last()
	if last == nil {
		return 0
	}
	n, _ := last.number()
	return int(max(0, n-k.increments(last)))
}
