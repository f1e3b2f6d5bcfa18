package proxy

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"sentinelproxy/proxy/upstream"
)

// Acknowledge says when a write is answered: the flag --acknowledge. The zero value is "master": when the master has applied it.
type Acknowledge struct {
	Replicas int           // that must have it, too; 0: none
	Timeout  time.Duration // longest wait for them
	Fail     bool          // on-timeout=error: then NOTREPLICATED is answered; else what the master has answered
	Reads    bool          // reads=replicated: replies to reads wait for what they may have seen as well
}

// acknowledgeTimeout is the default; a Dragonfly acknowledges once a second.
const acknowledgeTimeout = 2 * time.Second

// maxReplicas catches a misplaced number.
const maxReplicas = 1000

const acknowledgeMaster = "master"

// ParseAcknowledge reads "master", or "replicas=N" with ",timeout=DURATION", ",on-timeout=answer|error" and ",reads=now|replicated".
func ParseAcknowledge(text string) (a Acknowledge, err error) {
	if text == acknowledgeMaster {
		return a, nil
	}
	a.Timeout = acknowledgeTimeout
	given := map[string]bool{}
	for _, part := range strings.Split(text, ",") {
		name, value, found := strings.Cut(part, "=")
		if !found {
			return a, fmt.Errorf("%q: expected master, or replicas=N[,timeout=2s][,on-timeout=answer|error][,reads=now|replicated]", part)
		}
		if given[name] {
			return a, fmt.Errorf("%s is given twice", name)
		}
		given[name] = true
		switch name {
		case "replicas":
			n, err := strconv.Atoi(value)
			if err != nil || n < 1 || n > maxReplicas {
				return a, fmt.Errorf("%s: must be a number from 1 to %d", part, maxReplicas)
			}
			a.Replicas = n
		case "timeout":
			d, err := time.ParseDuration(value)
			if err != nil || d < time.Millisecond {
				return a, fmt.Errorf("%s: must be a duration of at least 1ms, as 500ms or 2s", part)
			}
			a.Timeout = d
		case "on-timeout":
			a.Fail, err = secondOf(part, value, "answer", "error")
		case "reads":
			a.Reads, err = secondOf(part, value, "now", "replicated")
		default:
			return a, fmt.Errorf("%s: expected replicas, timeout, on-timeout or reads", part)
		}
		if err != nil {
			return a, err
		}
	}
	if !given["replicas"] {
		return a, errors.New("replicas=N is missing")
	}
	return a, nil
}

// secondOf tells whether value is the second of two words.
func secondOf(part, value, first, second string) (bool, error) {
	if value != first && value != second {
		return false, fmt.Errorf("%s: must be %s or %s", part, first, second)
	}
	return value == second, nil
}

// String is what ParseAcknowledge reads, with all that it stands for.
func (a Acknowledge) String() string {
	if a.Replicas == 0 {
		return acknowledgeMaster
	}
	onTimeout, reads := "answer", "now"
	if a.Fail {
		onTimeout = "error"
	}
	if a.Reads {
		reads = "replicated"
	}
	return fmt.Sprintf("replicas=%d,timeout=%v,on-timeout=%s,reads=%s", a.Replicas, a.Timeout, onTimeout, reads)
}

func acknowledge(name, help string, field func(*Config) *Acknowledge) Option {
	return Option{
		Name: name, Help: help, Kind: Text,
		Set: func(c *Config, _ *Group, v []string) (err error) {
			*field(c), err = ParseAcknowledge(v[0])
			return err
		},
		Get: func(c *Config, _ *Group) []string { return []string{field(c).String()} },
	}
}

// forLinks is a as package upstream wants it, for a group.
func (a Acknowledge) forLinks(g *Group, failed func(text string)) upstream.Acknowledge {
	return upstream.Acknowledge{
		Replicas: a.Replicas, Timeout: a.Timeout, Fail: a.Fail, Reads: a.Reads, Failed: failed,
		Key: upstream.Key{Username: g.Username, Password: g.Password, Proto: 2},
	}
}
