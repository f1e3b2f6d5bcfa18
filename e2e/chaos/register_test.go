package chaos

import (
	"fmt"
	"strconv"
	"strings"

	"sentinelproxy/internal/servers"
)

// register is a key that one client alone sets, to values that are all different and grow.
type register struct {
	*tally
	key   string
	sent  int64 // the number of the last value
	floor int64 // that of the last one that was acknowledged
}

// set is the next write.
func (r *register) set() []string {
	r.sent++
	return []string{"SET", r.key, r.value(r.sent)}
}

// setBy sends the next write alone.
func (r *register) setBy(c *client) {
	command := r.set()
	r.written(r.sent, c.one(command...))
}

func (r *register) value(n int64) string { return r.key + "=" + strconv.FormatInt(n, 10) }

// written takes the reply to the write of value n.
func (r *register) written(n int64, v any) {
	if yes, _ := applied(v); !yes {
		return
	}
	if v != "OK" {
		r.foreign(fmt.Sprintf("SET %s was answered with %v", r.key, v))
	}
	r.floor = max(r.floor, n)
}

// read takes the reply to a GET; the value may be up to that of number latest. A pipeline's GET that follows a write of unknown
// outcome can be asked behind all of its batch, so latest is the last one sent then.
func (r *register) read(v any, latest int64) {
	if yes, _ := applied(v); !yes {
		return
	}
	var n int64
	if v != nil {
		text, found := strings.CutPrefix(fmt.Sprint(v), r.key+"=")
		var err error
		if n, err = strconv.ParseInt(text, 10, 64); err != nil || !found || n > latest {
			r.foreign(fmt.Sprintf("GET %s was answered with %v, at most %d was set", r.key, v, latest))
			return
		}
	}
	if n < r.floor {
		r.lost(1, fmt.Sprintf("%s is %v, acknowledged was %d", r.key, v, r.floor))
		r.floor = n
	}
}

func (r *register) final(master *servers.Node) { r.read(stored(master, r.key), r.sent) }
