package command

import "bytes"

// Resolve gives the Info that is right for these arguments (the name is args[0]); it never returns nil
// and does not allocate. Arguments a server would refuse give an Info at least as careful as any
// accepted form's, because another version of the server might accept them.
func (i *Info) Resolve(args [][]byte) *Info {
	if len(args) <= i.PlainArgs {
		return i
	}
	if i.rule == ruleSubcommand {
		sub := i.subcommand(args)
		if sub.rule != ruleNone && sub.rule.holds(sub.ID, args) {
			return sub.other
		}
		return sub
	}
	if i.rule.holds(i.ID, args) {
		return i.other
	}
	return i
}

// subcommand finds args[1] among the container's own. One that the table lacks is pinned like an
// unknown command: CLIENT and SCRIPT, and so any container, have some that set up connection state.
func (i *Info) subcommand(args [][]byte) *Info {
	if len(args) < 2 {
		return i
	}
	subs := table[i.ID+1 : int(i.ID)+1+int(i.subs)]
	for n := range subs {
		if is(args[1], subs[n].Name[len(i.Name)+1:]) {
			return &subs[n]
		}
	}
	return &table[Unknown]
}

// is reports whether arg is word, which must be lower case, in any case.
func is(arg []byte, word string) bool {
	if len(arg) != len(word) {
		return false
	}
	for n := range len(word) {
		c := arg[n]
		if 'A' <= c && c <= 'Z' {
			c |= 0x20
		}
		if c != word[n] {
			return false
		}
	}
	return true
}

// anyOf reports whether one of args is word in any case.
func anyOf(args [][]byte, word string) bool {
	for _, arg := range args {
		if is(arg, word) {
			return true
		}
	}
	return false
}

// among reports whether one of args is exactly key.
func among(args [][]byte, key []byte) bool {
	for _, arg := range args {
		if bytes.Equal(arg, key) {
			return true
		}
	}
	return false
}
