package redis

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// Variables; see doc.go.
const (
	source    = "REDIS_SUITE"
	someUnits = "REDIS_SUITE_UNITS"
	oneTest   = "REDIS_SUITE_ONLY"
	output    = "REDIS_SUITE_OUTPUT"
	noProxy   = "REDIS_SUITE_DIRECT"
)

func direct() bool { return os.Getenv(noProxy) != "" }

// workers run units at the same time: most tests wait, for a time to pass or a thing to happen.
const workers = 4

// attempts of a unit that has complaints: on a busy machine tests fail that measure time.
const attempts = 2

func TestSuite(t *testing.T) {
	src := os.Getenv(source)
	if src == "" {
		t.Skip(source + " names no folder with Redis's source: make test-redis")
	}
	all := units(t, src)
	exceptions, err := readExceptions("exceptions.txt")
	if err != nil {
		t.Fatal(err)
	}
	if direct() || os.Getenv(oneTest) != "" {
		exceptions = nil
	}
	control := openFronts(t).port()
	free := make(chan *workplace, workers)
	for n := range workers {
		w, err := newWorkplace(src, n)
		if err != nil {
			t.Fatal(err)
		}
		free <- w
	}
	t.Run("units", func(t *testing.T) {
		for _, unit := range all {
			t.Run(strings.TrimPrefix(unit, "unit/"), func(t *testing.T) {
				t.Parallel()
				mine := of(exceptions, unit)
				if e := mine[broken]; e.verdict == notRun {
					t.Skip(e.reason)
				}
				w := <-free
				defer func() { free <- w }()
				tryUnit(t, w, unit, control, mine)
			})
		}
	})
}

// tryUnit runs a unit until there is nothing to complain of.
func tryUnit(t *testing.T, w *workplace, unit string, control int, exceptions map[string]exception) {
	var list []string
	for range attempts {
		v, text, err := w.run(unit, control, skipped(exceptions))
		if err != nil {
			t.Fatal(err)
		}
		if dir := os.Getenv(output); dir != "" {
			if err := os.WriteFile(filepath.Join(dir, strings.ReplaceAll(unit, "/", "_")), text, 0o600); err != nil {
				t.Error(err)
			}
		}
		counts := map[outcome]int{}
		for _, o := range v {
			counts[o]++
		}
		t.Log(counts)
		if list = complaints(v, exceptions); len(list) == 0 {
			return
		}
		t.Logf("%s\n%s", strings.Join(list, "\n"), tail(text))
	}
	for _, c := range list {
		t.Error(c)
	}
}

// tail is the part of a unit's output that tells of failures.
func tail(text []byte) []byte {
	if i := bytes.Index(text, []byte("!!! WARNING")); i >= 0 {
		return text[i:]
	}
	return text[max(0, len(text)-2000):]
}

// units are those of the suite that test a server by its clients, the longest first.
func units(t *testing.T, src string) (all []string) {
	if named := os.Getenv(someUnits); named != "" {
		return strings.Fields(named)
	}
	list := exec.Command("tclsh", "tests/test_helper.tcl", "--list-tests")
	list.Dir = src
	out, err := list.Output()
	if err != nil {
		t.Fatal(err)
	}
	for _, unit := range strings.Fields(string(out)) {
		if strings.HasPrefix(unit, "unit/") && !slices.Contains(elsewhere, unit) && !strings.HasPrefix(unit, "unit/cluster") {
			all = append(all, unit)
		}
	}
	return all
}

// elsewhere are units about what this proxy has no part in, beside those of clusters: encryption, the memory and the
// processes of the server, replicas.
var elsewhere = []string{
	"unit/tls", "unit/printver", "unit/memefficiency", "unit/oom-score-adj", "unit/aofrw", "unit/pendingquerybuf",
	"unit/client-eviction", "unit/replybufsize", "unit/shutdown",
}
