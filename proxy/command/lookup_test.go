package command

import (
	"strings"
	"testing"
)

func TestLookupFindsEveryCommandInAnyCase(t *testing.T) {
	for _, i := range All() {
		if i.isSubcommand() || i.Variant != "" {
			continue
		}
		mixed := strings.ToUpper(i.Name[:1]) + i.Name[1:]
		for _, name := range []string{i.Name, strings.ToUpper(i.Name), mixed} {
			if got := Lookup([]byte(name)); got != i {
				t.Errorf("Lookup(%q) = %v, want %s", name, got, i.Name)
			}
		}
	}
}

// What differs from a command's name in one byte, or by one, is found only if it is another command.
func TestLookupIsExact(t *testing.T) {
	names := map[string]bool{}
	for _, i := range All() {
		names[i.Name] = true
	}
	for name := range names {
		if strings.Contains(name, "|") {
			continue
		}
		for at := range len(name) {
			for c := range 256 {
				other := name[:at] + string([]byte{byte(c)}) + name[at+1:]
				checkExact(t, names, other)
			}
			checkExact(t, names, name[:at])
			checkExact(t, names, name[at:])
		}
		checkExact(t, names, name+"x")
		checkExact(t, names, name+"\x00")
	}
	checkExact(t, names, "")
	checkExact(t, names, "config|get")
	checkExact(t, names, strings.Repeat("set", 1000))
}

func checkExact(t *testing.T, names map[string]bool, name string) {
	t.Helper()
	lower := asciiLower(name)
	want := names[lower] && !strings.Contains(lower, "|")
	got := Lookup([]byte(name))
	if (got != nil) != want || got != nil && got.Name != lower {
		t.Fatalf("Lookup(%q) = %v, listed: %t", name, got, want)
	}
}

func asciiLower(s string) string {
	b := []byte(s)
	for n, c := range b {
		if 'A' <= c && c <= 'Z' {
			b[n] = c + 0x20
		}
	}
	return string(b)
}

func TestNoAllocation(t *testing.T) {
	args := split("SET k v EX 10 NX")
	client := split("client SetInfo lib-name x")
	expire := split("EXPIREAT k 99999999999x")
	for name, f := range map[string]func(){
		"Lookup":                 func() { Lookup(args[0]) },
		"unknown":                func() { Lookup(args[1]) },
		"Resolve of options":     func() { Lookup(args[0]).Resolve(args) },
		"Resolve of subcommands": func() { Lookup(client[0]).Resolve(client) },
		"Resolve of numbers":     func() { Lookup(expire[0]).Resolve(expire) },
	} {
		if n := testing.AllocsPerRun(100, f); n != 0 {
			t.Errorf("%s: %v allocations", name, n)
		}
	}
}

// split gives the arguments of a command written with single spaces.
func split(line string) [][]byte {
	var args [][]byte
	for _, word := range strings.Split(line, " ") {
		args = append(args, []byte(word))
	}
	return args
}
