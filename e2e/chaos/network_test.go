package chaos

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
)

// errShared is nil where this program has a network of its own, in which it may do what it likes; else why it has not.
var errShared = errors.New("not tried")

// networks counts them, so that each has addresses of its own.
var networks atomic.Int32

// network gives every process of a world an address of its own: the nodes and Sentinels on the loopback interface, from
// where they also connect, each proxy in a network namespace. So a packet tells from whom to whom it goes.
type network struct {
	t          testing.TB
	id         int32
	namespaces map[string]string // by the address of the proxy in it
}

// newNetwork skips the test where there can be none, but not in CI, where a skipped test would pass unseen for ever.
func newNetwork(t testing.TB) *network {
	t.Helper()
	if errShared != nil {
		if os.Getenv("CI") == "true" {
			t.Fatalf("no network of its own: %v", errShared)
		}
		t.Skipf("skipped: %v", errShared)
	}
	return &network{t, networks.Add(1), map[string]string{}}
}

// hosts makes n addresses on the loopback interface.
func (n *network) hosts(first, count int) (list []string) {
	n.t.Helper()
	for i := range count {
		host := fmt.Sprintf("10.77.%d.%d", n.id, first+i)
		n.must("ip", "address", "add", host+"/32", "dev", "lo")
		list = append(list, host)
	}
	return list
}

// namespace makes one, with an address. Programs are started in it by `ip netns exec`.
func (n *network) namespace(i int) (name, host string) {
	n.t.Helper()
	name = fmt.Sprintf("p%d-%d", n.id, i)
	here := fmt.Sprintf("10.78.%d.%d", n.id, 4*i+1)
	host = fmt.Sprintf("10.78.%d.%d", n.id, 4*i+2)
	n.namespaces[host] = name
	n.must("ip", "netns", "add", name)
	n.t.Cleanup(func() { n.must("ip", "netns", "delete", name) }) // its end of the pair, and so the other, go with it
	n.must("ip", "link", "add", name, "type", "veth", "peer", "name", "eth0", "netns", name)
	n.must("ip", "address", "add", here+"/30", "dev", name)
	n.must("ip", "link", "set", name, "up")
	n.must("ip", "-n", name, "address", "add", host+"/30", "dev", "eth0")
	n.must("ip", "-n", name, "link", "set", "eth0", "up")
	n.must("ip", "-n", name, "link", "set", "lo", "up")
	n.must("ip", "-n", name, "route", "add", "default", "via", here)
	return name, host
}

// cut drops every packet between the hosts of the one list and those of the other, without a word to either, until heal.
func (n *network) cut(some, others []string) (heal func()) {
	n.t.Helper()
	return n.filter(some, others)
}

// lose drops this part of the packets only.
func (n *network) lose(part float64, some, others []string) (heal func()) {
	n.t.Helper()
	return n.filter(some, others, "-m", "statistic", "--mode", "random", "--probability", fmt.Sprint(part))
}

// filter is undone by heal, or at the end. A packet is dropped where it arrives: its sender must not learn of it.
func (n *network) filter(some, others []string, match ...string) (heal func()) {
	n.t.Helper()
	var rules [][]string
	add := func(from, to string) {
		var rule []string
		if name, is := n.namespaces[to]; is {
			rule = []string{"ip", "netns", "exec", name}
		}
		rule = append(rule, "iptables", "-w", "-A", "INPUT", "-s", from, "-d", to)
		rule = append(append(rule, match...), "-j", "DROP")
		n.must(rule[0], rule[1:]...)
		rules = append(rules, rule)
	}
	for _, a := range some {
		for _, b := range others {
			add(a, b)
			add(b, a)
		}
	}
	heal = sync.OnceFunc(func() {
		for _, rule := range rules {
			rule[slices.Index(rule, "-A")] = "-D"
			n.must(rule[0], rule[1:]...)
		}
	})
	n.t.Cleanup(heal)
	return heal
}

func (n *network) must(name string, args ...string) {
	n.t.Helper()
	if err := do(name, args...); err != nil {
		n.t.Error(err)
	}
}

func do(name string, args ...string) error {
	if out, err := exec.Command(name, args...).CombinedOutput(); err != nil {
		return fmt.Errorf("%s %s: %w: %s", name, strings.Join(args, " "), err, out)
	}
	return nil
}
