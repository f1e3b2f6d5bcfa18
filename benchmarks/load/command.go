package load

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
)

// The lists that LPUSH fills and LRANGE100 reads, and the digits of a key of the keyspace.
const (
	PushedList = "mylist"
	RangedList = "rangelist"
	RangedSize = 100 // elements that a LRANGE100 gets
	keyDigits  = 12
)

// kind is one of the commands of the matrix.
type kind struct {
	name    string
	counted []string // the names under which the server counts it, each once per command
	// requests are sent in turn; those of a mixture are alternatives.
	requests func(size int) []request
}

// kinds in the order of the tables. A transaction is one command here, as it is for the program that waits for it.
var kinds = []kind{
	{"GET", []string{"get"}, func(int) []request { return []request{get()} }},
	{"SET", []string{"set"}, func(size int) []request { return []request{set(size)} }},
	{"MSET10", []string{"mset"}, func(size int) []request { return []request{mset(10, size)} }},
	{"LPUSH", []string{"lpush"}, func(size int) []request { return []request{ending(words("LPUSH", PushedList), size)} }},
	{"LRANGE100", []string{"lrange"}, func(int) []request {
		return []request{fixed(1, words("LRANGE", RangedList, "0", fmt.Sprint(RangedSize-1)))}
	}},
	{"MIXED", []string{"get", "set"}, func(size int) []request { // 90:10
		return append(slices.Repeat([]request{get()}, 9), set(size))
	}},
	{"MULTI", []string{"exec"}, func(size int) []request { return []request{transaction(size)} }},
	{"WATCH", []string{"exec"}, func(size int) []request { return []request{watched(size)} }},
}

// Commands are the names of all commands that a case may have.
func Commands() []string {
	var names []string
	for _, k := range kinds {
		names = append(names, k.name)
	}
	return names
}

func kindOf(name string) (kind, bool) {
	i := slices.IndexFunc(kinds, func(k kind) bool { return k.name == name })
	if i < 0 {
		return kind{}, false
	}
	return kinds[i], true
}

// Counted are the names under which the server counts the case's command in INFO commandstats; their sum is the number of
// commands.
func (c Case) Counted() []string {
	k, _ := kindOf(c.Command)
	return k.counted
}

// request is the bytes of a command with gaps for the digits of its keys.
type request struct {
	head    []byte
	keys    []int  // where in head the digits of a key stand
	tail    []byte // a large value, which is sent from where it is
	replies int
}

// large values are not copied into each connection's output.
const large = 16 << 10

func words(args ...string) []byte {
	b := fmt.Appendf(nil, "*%d\r\n", len(args))
	for _, a := range args {
		b = fmt.Appendf(b, "$%d\r\n%s\r\n", len(a), a)
	}
	return b
}

const key = "key:000000000000"

// fixed finds the gaps of what was written with the key of zeros.
func fixed(replies int, b []byte) request {
	r := request{head: b, replies: replies}
	for at := 0; ; {
		i := bytes.Index(b[at:], []byte(key))
		if i < 0 {
			return r
		}
		at += i + len(key)
		r.keys = append(r.keys, at-keyDigits)
	}
}

// ending adds a value of size bytes to the words of a command.
func ending(b []byte, size int) request {
	var n int
	_, err := fmt.Sscanf(string(b), "*%d\r\n", &n)
	if err != nil {
		panic("BUG: " + err.Error())
	}
	_, rest, _ := bytes.Cut(b, []byte("\r\n"))
	head := fmt.Appendf(nil, "*%d\r\n%s$%d\r\n", n+1, rest, size)
	value := []byte(strings.Repeat("x", size) + "\r\n")
	if size < large {
		return fixed(1, append(head, value...))
	}
	r := fixed(1, head)
	r.tail = value
	return r
}

func get() request         { return fixed(1, words("GET", key)) }
func set(size int) request { return ending(words("SET", key), size) }

func mset(n, size int) request {
	args := []string{"MSET"}
	for range n {
		args = append(args, key, strings.Repeat("x", size))
	}
	return fixed(1, words(args...))
}

// transaction is sent in one piece, as client libraries do it.
func transaction(size int) request {
	return fixed(4, slices.Concat(
		words("MULTI"), words("SET", key, strings.Repeat("x", size)), words("GET", key), words("EXEC")))
}

// watched is a transaction that a proxy can't let others share a connection with. Where another client writes the watched
// key in between, EXEC answers nil.
func watched(size int) request {
	r := transaction(size)
	return fixed(r.replies+1, append(words("WATCH", key), r.head...))
}

// appendTo writes the head with keys below n, taken from random.
func (r *request) appendTo(out []byte, random *random, n uint64) []byte {
	at := len(out)
	out = append(out, r.head...)
	for _, gap := range r.keys {
		digits := out[at+gap : at+gap+keyDigits]
		for i, k := keyDigits-1, random.next()%n; k > 0; i, k = i-1, k/10 {
			digits[i] = byte('0' + k%10)
		}
	}
	return out
}

// random is xorshift64: good enough to choose keys, and nothing to share.
type random uint64

func (r *random) next() uint64 {
	x := *r
	x ^= x << 13
	x ^= x >> 7
	x ^= x << 17
	*r = x
	return uint64(x)
}
