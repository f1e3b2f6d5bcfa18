package history

import "fmt"

// foreign looks for replies that can't be of this key: of another shape, or with a value that nobody has written to it.
func (h *History) foreign() []*Violation {
	writers := map[string]*Operation{}
	for _, o := range h.Operations {
		if verbs[o.Verb].fresh {
			writers[o.Value] = o
		}
	}
	var list []*Violation
	report := func(o *Operation, format string, args ...any) {
		text := fmt.Sprintf("client %d got %s from %s: %s", o.Client, show(o.Reply), o.Verb, fmt.Sprintf(format, args...))
		list = append(list, &Violation{Foreign, o.Key, text + "\n  " + o.String() + "\n"})
	}
	for _, o := range h.Operations {
		if o.Outcome != Answered {
			continue
		}
		if _, is := o.Reply.(misfit); is {
			report(o, "not what that is answered with")
		}
		for _, value := range o.values() {
			switch w := writers[value]; {
			case w == nil:
				report(o, "nobody has written %q", value)
			case w.Key != o.Key:
				report(o, "client %d has written %q to %s", w.Client, value, w.Key)
			}
		}
	}
	return list
}

// values of the reply that clients have written.
func (o *Operation) values() []string {
	switch r := o.Reply.(type) {
	case Values:
		return r.list()
	case string:
		if o.Verb != SET {
			return []string{r}
		}
	}
	return nil
}

// doubled looks for what can't be if every write was applied at most once, even if some are lost.
func (k *key) doubled() []*Violation {
	var list []*Violation
	for _, o := range k.operations {
		if o.Outcome != Answered {
			continue
		}
		switch k.kind {
		case Counter:
			if n, is := o.number(); is && n > k.increments(o) {
				list = append(list, &Violation{Doubled, k.name, fmt.Sprintf("it is %d after at most %d increments\n  %s\n", n, k.increments(o), o)})
			}
		case List:
			if value := twice(o.values()); value != "" {
				list = append(list, &Violation{Doubled, k.name, fmt.Sprintf("%q is in the list twice\n  %s\n", value, o)})
			}
		}
	}
	return list
}

// number is what a counter was when o was applied, and had been.
func (o *Operation) number() (int64, bool) {
	n, is := o.Reply.(int64)
	if o.Verb == INCRTWICE {
		n++
	}
	return n, is
}

// increments is how many can have been applied before o returned.
func (k *key) increments(o *Operation) (n int64) {
	for _, w := range k.operations {
		if w.Outcome != Refused && w.Call <= o.Return {
			n += w.increments()
		}
	}
	return n
}

func (o *Operation) increments() int64 {
	switch o.Verb {
	case INCR:
		return 1
	case INCRTWICE:
		return 2
	}
	return 0
}

// twice is a value that is in the list more than once; "": there is none.
func twice(list []string) string {
	seen := map[string]bool{}
	for _, value := range list {
		if seen[value] {
			return value
		}
		seen[value] = true
	}
	return ""
}
