package command

import (
	"testing"
	"time"
)

// Each line is a command, and the flags, way and pin that its arguments give it.
func TestResolve(t *testing.T) {
	now = func() time.Time { return time.Unix(1_800_000_000, 0) }
	defer func() { now = time.Now }()
	for _, tc := range []struct {
		line  string
		flags Flags
		way   Way
		pin   Pin
	}{
		{"GET k", Read, Shared, PinNone},
		{"SET k v", Write | Idempotent, Shared, PinNone},
		{"set k v ex 10", Write | Idempotent, Shared, PinNone},
		{"SET k v PXAT 1", Write | Idempotent, Shared, PinNone},
		{"SET k v NX", Write, Shared, PinNone},
		{"SET k v EX 10 nx", Write, Shared, PinNone},
		{"SET k v GET", Write, Shared, PinNone},
		{"SET k v KEEPTTL", Write, Shared, PinNone},
		{"SET k v IFEQ x", Write, Shared, PinNone},
		{"SET nx ex", Write | Idempotent, Shared, PinNone},
		{"SET nx nx EX 1", Write | Idempotent, Shared, PinNone},

		{"GETEX k", Write | Idempotent, Shared, PinNone},
		{"GETEX k PERSIST", Write | Idempotent, Shared, PinNone},
		{"GETEX k EX 3600", Write | Idempotent, Shared, PinNone},
		{"GETEX k EX 3599", Write, Shared, PinNone},
		{"GETEX k PX 3600000", Write | Idempotent, Shared, PinNone},
		{"GETEX k EXAT 1800003600", Write | Idempotent, Shared, PinNone},
		{"GETEX k EXAT 1800003599", Write, Shared, PinNone},
		{"GETEX k PXAT 1800003600000", Write | Idempotent, Shared, PinNone},
		{"GETEX k NEW 1", Write, Shared, PinNone},
		{"GETEX k EX 9999 NEW", Write, Shared, PinNone},

		{"EXPIRE k 3600", Write | Idempotent, Shared, PinNone},
		{"EXPIRE k 3599", Write, Shared, PinNone},
		{"EXPIRE k -3600", Write, Shared, PinNone},
		{"EXPIRE k", Write, Shared, PinNone},
		{"EXPIRE k +3600", Write, Shared, PinNone},
		{"EXPIRE k 9223372036854775808", Write, Shared, PinNone},
		{"EXPIRE k 3600 XX", Write, Shared, PinNone},
		{"PEXPIRE k 3600000", Write | Idempotent, Shared, PinNone},
		{"PEXPIRE k 3600", Write, Shared, PinNone},
		{"EXPIREAT k 1800003600", Write | Idempotent, Shared, PinNone},
		{"EXPIREAT k 1800000000", Write, Shared, PinNone},
		{"PEXPIREAT k 1800003600000", Write | Idempotent, Shared, PinNone},
		{"PEXPIREAT k 1800003600", Write, Shared, PinNone},

		{"BITOP AND d a b", Write | Idempotent, Shared, PinNone},
		{"BITOP AND d a d", Write, Shared, PinNone},
		{"BITOP NOT d", Write, Shared, PinNone},
		{"BITFIELD k GET u8 0 GET u8 8", Write | Idempotent, Shared, PinNone},
		{"BITFIELD k GET u8 0 INCRBY u8 0 1", Write, Shared, PinNone},
		{"BITFIELD k OVERFLOW FAIL SET u8 0 1", Write, Shared, PinNone},
		{"BITFIELD k GET u8", Write | Idempotent, Shared, PinNone}, // refused by the server
		{"BITFIELD k NEW u8 0", Write, Shared, PinNone},

		{"COPY a b", Write, Shared, PinNone},
		{"COPY a replace", Write, Shared, PinNone},
		{"COPY a replace DB 1", Write, Shared, PinNone},
		{"COPY a b DB 1 REPLACE", Write | Idempotent, Shared, PinNone},
		{"RESTORE k 0 x", Write, Shared, PinNone},
		{"RESTORE replace 0 replace", Write, Shared, PinNone},
		{"RESTORE replace 0 replace ABSTTL", Write, Shared, PinNone},
		{"RESTORE k 0 x ABSTTL REPLACE", Write | Idempotent, Shared, PinNone},
		{"FUNCTION LOAD replace", Write | Scripting, Shared, PinNone},
		{"FUNCTION LOAD REPLACE x", Write | Scripting | Idempotent, Shared, PinNone},

		{"SORT k", Write | Idempotent, Shared, PinNone},
		{"SORT k ALPHA STORE d", Write, Shared, PinNone},
		{"GEORADIUS k 1 1 5 km", Write | Idempotent, Shared, PinNone},
		{"GEORADIUS k 1 1 5 km STOREDIST d", Write, Shared, PinNone},
		{"SUNIONSTORE d a", Write | Idempotent, Shared, PinNone},
		{"SUNIONSTORE d a d", Write, Shared, PinNone},
		{"SUNIONSTORE d", Write, Shared, PinNone},
		{"SUNIONSTORE d D", Write | Idempotent, Shared, PinNone}, // keys have case
		{"ZRANGESTORE d d 0 1", Write, Shared, PinNone},
		{"LTRIM k 0 99", Write | Idempotent, Shared, PinNone},
		{"LTRIM k 0 -1", Write | Idempotent, Shared, PinNone},
		{"LTRIM k -5 -1", Write | Idempotent, Shared, PinNone},
		{"LTRIM k 0 -2", Write, Shared, PinNone},
		{"LTRIM k 1 -1", Write, Shared, PinNone},
		{"LTRIM k -5 3", Write, Shared, PinNone},
		{"LTRIM k 0 x", Write, Shared, PinNone},
		{"ZADD k 1 m", Write, Shared, PinNone},
		{"ZADD k XX 1 m", Write | Idempotent, Shared, PinNone},
		{"ZADD k XX CH 1 m", Write, Shared, PinNone},
		{"ZADD k CH XX 1 m", Write, Shared, PinNone},
		{"ZADD k GT 1 xx", Write, Shared, PinNone},
		{"ZADD k XX", Write, Shared, PinNone},

		{"XREAD COUNT 1 STREAMS k 0", Read, Shared, PinNone},
		{"XREAD BLOCK 0 STREAMS k 0", Read | Blocking, Pinned, PinBlocking},
		{"XREADGROUP GROUP g c STREAMS k >", Write, Shared, PinNone},
		{"XREADGROUP GROUP g c COUNT 1 block 5 STREAMS k >", Write | Blocking, Pinned, PinBlocking},

		{"CLIENT ID", ConnectionLocal, Local, PinNone},
		{"Client setName x", ConnectionLocal, Local, PinNone},
		{"CLIENT", Read, Shared, PinNone},
		{"CLIENT SETNAMES x", Write, Pinned, PinUnknown},
		{"CONFIG GET x", Read | Admin, Shared, PinNone},
		{"OBJECT ENCODING k", Read, Shared, PinNone},
		{"XGROUP SETID k g 1", Write | Idempotent, Shared, PinNone},
		{"EVAL x 0", Write | Scripting, Shared, PinNone},
		{"EVAL_RO x 0", Read | Scripting, Shared, PinNone},
		{"PUBLISH c m", Write | PubSub, Shared, PinNone},
		{"SCAN 0", Read | Cursor, Shared, PinNone},
		{"WAIT 1 0", ConnectionLocal | Blocking, Pinned, PinWait},
	} {
		args := split(tc.line)
		got := Lookup(args[0])
		if got.Dependent(len(args)) {
			got = got.Resolve(args)
		} else if got != got.Resolve(args) {
			t.Errorf("%s: not dependent, but Resolve differs", tc.line)
		}
		if got.Flags != tc.flags || got.Way != tc.way || got.Pin != tc.pin {
			t.Errorf("%s: %s, %s, %s", tc.line, got.Flags, got.Way, got.Pin)
		}
	}
}

// Whatever arguments follow, Resolve answers; what they are is the server's business.
func FuzzResolve(f *testing.F) {
	for _, sm := range append(append([]sample{}, idempotent...), differing...) {
		f.Add(sm.command)
	}
	f.Fuzz(func(t *testing.T, line string) {
		args := split(line)
		info := Lookup(args[0])
		if info == nil {
			return
		}
		for n := range args {
			got := info.Resolve(args[:n+1])
			if got == nil {
				t.Fatalf("%q gives nil", args)
			}
			if got.Flags.Has(Idempotent) && got.Flags.Has(Blocking) || got.Way == Shared && got.Flags.Has(Blocking) {
				t.Fatalf("%q gives %+v", args, got)
			}
		}
	})
}
