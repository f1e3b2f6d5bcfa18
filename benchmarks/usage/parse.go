package usage

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// tick is USER_HZ, which the kernel has kept at 100 in its interface whatever its own timer does.
const tick = 10 * time.Millisecond

// parseStat takes user and system time out of /proc/PID/stat. The second field is the program's name in brackets, which
// may itself hold blanks and brackets, so counting starts after the last one.
func parseStat(stat string) (user, system time.Duration, err error) {
	_, rest, ok := cutLast(stat, ")")
	fields := strings.Fields(rest)
	if !ok || len(fields) < 13 {
		return 0, 0, fmt.Errorf("usage: bad stat line %q", stat)
	}
	// Fields 14 and 15 of the line; the rest starts with field 3.
	u, err := strconv.ParseInt(fields[11], 10, 64)
	if err != nil {
		return 0, 0, fmt.Errorf("usage: utime: %w", err)
	}
	s, err := strconv.ParseInt(fields[12], 10, 64)
	if err != nil {
		return 0, 0, fmt.Errorf("usage: stime: %w", err)
	}
	return time.Duration(u) * tick, time.Duration(s) * tick, nil
}

// parseStatus returns the numbers of the named lines of a /proc status file; a line that is missing is an error.
func parseStatus(status string, names ...string) ([]int64, error) {
	values := make([]int64, len(names))
	for i, name := range names {
		_, rest, ok := strings.Cut("\n"+status, "\n"+name+":")
		if !ok {
			return nil, fmt.Errorf("usage: no %s in status", name)
		}
		line, _, _ := strings.Cut(rest, "\n")
		v, err := strconv.ParseInt(strings.TrimSuffix(strings.TrimSpace(line), " kB"), 10, 64)
		if err != nil {
			return nil, fmt.Errorf("usage: %s: %w", name, err)
		}
		values[i] = v
	}
	return values, nil
}

// parseHost reads the first line of /proc/stat: user nice system idle iowait irq softirq steal guest guest_nice, where the
// last two are contained in the first two already.
func parseHost(stat string) (Host, error) {
	line, _, _ := strings.Cut(stat, "\n")
	fields := strings.Fields(line)
	if len(fields) < 9 || fields[0] != "cpu" {
		return Host{}, fmt.Errorf("usage: bad line %q in /proc/stat", line)
	}
	var h Host
	for i, f := range fields[1:9] {
		v, err := strconv.ParseInt(f, 10, 64)
		if err != nil {
			return Host{}, fmt.Errorf("usage: /proc/stat: %w", err)
		}
		switch i {
		case 3, 4:
		case 7:
			h.Steal = time.Duration(v) * tick
		default:
			h.Busy += time.Duration(v) * tick
		}
	}
	return h, nil
}

func cutLast(s, sep string) (before, after string, found bool) {
	i := strings.LastIndex(s, sep)
	if i < 0 {
		return s, "", false
	}
	return s[:i], s[i+len(sep):], true
}
