package command

import "time"

// A rule looks at the arguments of a command and says whether its other form holds. Each errs to the
// side that can't do harm: whether the other form is the careful one or the free one differs, see each.
type rule uint8

const (
	ruleNone rule = iota
	// ruleSubcommand: the second argument names another Info; no other form.
	ruleSubcommand
	// ruleSet: SET with an option by which a second application differs.
	ruleSet
	// ruleExpiry: EXPIRE and its kin without condition, and with a deadline so far off that it can't
	// pass between two applications.
	ruleExpiry
	// ruleGetex: GETEX with a deadline that may pass between two applications.
	ruleGetex
	// ruleFreshDest: a destination (first argument) that is not a source too.
	ruleFreshDest
	// ruleFreshBitopDest: the same for BITOP, whose destination is the second.
	ruleFreshBitopDest
	// ruleBitfieldGet: BITFIELD that only gets.
	ruleBitfieldGet
	// ruleTrimEnd: LTRIM that keeps a number of elements at one end.
	ruleTrimEnd
	// ruleOnlyExisting: ZADD with XX and neither CH nor INCR.
	ruleOnlyExisting
	// ruleNoStore: SORT, GEORADIUS without a destination.
	ruleNoStore
	// ruleNoBlock: XREAD, XREADGROUP without BLOCK.
	ruleNoBlock
	// ruleReplace: COPY, RESTORE, FUNCTION LOAD with REPLACE.
	ruleReplace
)

// farOff: a deadline at least so far away is not reached between two applications of a command. Far
// more than any hold, because the server's clock may differ from ours.
const farOff = time.Hour

// now is replaced by tests.
var now = time.Now

func (r rule) holds(id ID, args [][]byte) bool {
	switch r {
	case ruleSet:
		return setDiffers(args)
	case ruleExpiry:
		return expiryFarOff(id, args)
	case ruleGetex:
		return getexDiffers(args)
	case ruleFreshDest:
		return len(args) > 2 && !among(args[2:], args[1])
	case ruleFreshBitopDest:
		return len(args) > 3 && !among(args[3:], args[2])
	case ruleBitfieldGet:
		return onlyGets(args)
	case ruleTrimEnd:
		return keepsOneEnd(args)
	case ruleOnlyExisting:
		return onlyExisting(args)
	case ruleNoStore:
		return !anyOf(args[1:], "store") && !anyOf(args[1:], "storedist")
	case ruleNoBlock:
		return noBlock(args)
	case ruleReplace:
		return replaces(id, args)
	default:
		return false
	}
}

// setDiffers: only EX, PX, EXAT and PXAT with their numbers are known to be harmless; anything else
// (NX, XX, GET, KEEPTTL, IFEQ and what later versions add) makes the careful form hold.
func setDiffers(args [][]byte) bool {
	for n := 3; n < len(args); n += 2 {
		if !isDeadline(args[n]) {
			return true
		}
	}
	return false
}

func isDeadline(arg []byte) bool {
	return is(arg, "ex") || is(arg, "px") || is(arg, "exat") || is(arg, "pxat")
}

// expiryFarOff: the plain form with a far deadline. NX, XX, GT, LT look at the deadline that the first
// application has set.
func expiryFarOff(id ID, args [][]byte) bool {
	if len(args) != 3 {
		return false
	}
	switch id {
	case Expire:
		return atLeast(args[2], int64(farOff/time.Second))
	case Pexpire:
		return atLeast(args[2], int64(farOff/time.Millisecond))
	case Expireat:
		return atLeast(args[2], now().Add(farOff).Unix())
	case Pexpireat:
		return atLeast(args[2], now().Add(farOff).UnixMilli())
	}
	return false
}

// getexDiffers: GETEX key with PERSIST or a far deadline gives the same value again.
func getexDiffers(args [][]byte) bool {
	switch len(args) {
	case 3:
		return !is(args[2], "persist")
	case 4:
		return !deadlineFarOff(args[2], args[3])
	default:
		return true
	}
}

func deadlineFarOff(unit, value []byte) bool {
	switch {
	case is(unit, "ex"):
		return atLeast(value, int64(farOff/time.Second))
	case is(unit, "px"):
		return atLeast(value, int64(farOff/time.Millisecond))
	case is(unit, "exat"):
		return atLeast(value, now().Add(farOff).Unix())
	case is(unit, "pxat"):
		return atLeast(value, now().Add(farOff).UnixMilli())
	}
	return false
}

// onlyGets walks BITFIELD's operations: GET type offset, and OVERFLOW mode, which by itself does nothing.
func onlyGets(args [][]byte) bool {
	for n := 2; n < len(args); {
		switch {
		case is(args[n], "get"):
			n += 3
		case is(args[n], "overflow"):
			n += 2
		default:
			return false
		}
	}
	return true
}

// keepsOneEnd: LTRIM key 0 n keeps the first n+1, LTRIM key -n -1 the last n: a second one finds
// nothing more to trim. LTRIM key 1 -1 drops one each time.
func keepsOneEnd(args [][]byte) bool {
	if len(args) != 4 {
		return false
	}
	start, ok1 := number(args[2])
	stop, ok2 := number(args[3])
	return ok1 && ok2 && (start == 0 && stop >= 0 || start <= 0 && stop == -1)
}

// onlyExisting walks ZADD's options as Redis does: they end at the first word that is none.
func onlyExisting(args [][]byte) bool {
	found := false
	for n := 2; n < len(args); n++ {
		switch arg := args[n]; {
		case is(arg, "xx"):
			found = true
		case is(arg, "gt"), is(arg, "lt"):
		case is(arg, "nx"), is(arg, "ch"), is(arg, "incr"):
			return false
		default:
			return found
		}
	}
	return false
}

// noBlock: BLOCK anywhere makes the careful form hold. A key, group or consumer of that name costs a
// link of its own and nothing else, whereas finding out where the options end can be fooled by them.
func noBlock(args [][]byte) bool { return !anyOf(args[1:], "block") }

// replaces looks where the option may stand only: a key called "replace" must not count.
func replaces(id ID, args [][]byte) bool {
	switch id {
	case Copy:
		return len(args) > 3 && anyOf(args[3:], "replace")
	case Restore:
		return len(args) > 4 && anyOf(args[4:], "replace")
	case FunctionLoad:
		return len(args) == 4 && is(args[2], "replace")
	}
	return false
}

func atLeast(arg []byte, least int64) bool {
	n, ok := number(arg)
	return ok && n >= least
}

// number reads a decimal integer. It is no stricter than Redis, which refuses leading zeros: a refused
// command does nothing, whatever its class. strconv would allocate its error.
func number(arg []byte) (n int64, ok bool) {
	digits := arg
	negative := len(arg) > 0 && arg[0] == '-'
	if negative {
		digits = arg[1:]
	}
	if len(digits) == 0 || len(digits) > 18 {
		return 0, false
	}
	for _, c := range digits {
		if c < '0' || c > '9' {
			return 0, false
		}
		n = n*10 + int64(c-'0')
	}
	if negative {
		n = -n
	}
	return n, true
}
