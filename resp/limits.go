package resp

// Limits bound what a client may send. Where one is zero, CommandReader puts that of DefaultLimits.
type Limits struct {
	Bulk   int // bytes of one argument; Redis's proto-max-bulk-len
	Args   int // arguments of one multi-bulk command, its name included; an inline one is bounded by Inline
	Inline int // bytes of an inline command, and of the line of any length, without its end
	Frame  int // bytes of one command in all; Redis's client-query-buffer-limit

	// Unauthenticated adds Redis's bounds for a client that must authenticate and has not: 10 arguments of 16384
	// bytes. The error then is the one that Redis gives for it.
	Unauthenticated bool
}

// What Redis allows before AUTH, networking.c, since 6.2.6 (CVE-2021-32675).
const (
	unauthenticatedArgs = 10
	unauthenticatedBulk = 16384
)

// DefaultLimits are those of Redis, with 1048576 arguments as it had before 7.0.
func DefaultLimits() Limits {
	return Limits{Bulk: 512 << 20, Args: 1 << 20, Inline: 64 << 10, Frame: 1 << 30}
}

// fill puts the default where nothing is set.
func (l *Limits) fill() {
	d := DefaultLimits()
	for _, f := range []struct{ have, want *int }{
		{&l.Bulk, &d.Bulk}, {&l.Args, &d.Args}, {&l.Inline, &d.Inline}, {&l.Frame, &d.Frame},
	} {
		if *f.have <= 0 {
			*f.have = *f.want
		}
	}
}

// args checks a number of arguments.
func (l *Limits) args(n int64) error {
	switch {
	case n > int64(l.Args):
		return errMultibulkLength
	case l.Unauthenticated && n > unauthenticatedArgs:
		return errMultibulkUnauth
	}
	return nil
}

// bulk checks the length of an argument whose bytes begin at offset at of the command.
func (l *Limits) bulk(n int64, at int) error {
	switch {
	case n < 0 || n > int64(l.Bulk):
		return errBulkLength
	case l.Unauthenticated && n > unauthenticatedBulk:
		return errBulkUnauth
	case n > int64(l.Frame)-int64(at)-2: // never a sum, which could overflow
		return errFrame
	}
	return nil
}
