// Package sentinelproxy_test holds what is true of the module as a whole.
package sentinelproxy_test

import (
	"fmt"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// module is the import path of the tree's root.
const module = "sentinelproxy"

// layers are the folders of the tree from the top down, and why nothing below may know of them. A package
// imports only from layers below its own; its own folder's subfolders belong to it.
var layers = []struct {
	folders []string
	why     string
}{
	{[]string{"cmd", "demo", "e2e", "internal/dragonflydouble"}, "a program is for people: what parses flags or prints is of no use to a package"},
	{[]string{"proxy"}, "composition sees all the parts; a part that saw it could not be tested without the others"},
	{[]string{"proxy/session", "proxy/failover", "proxy/migrate", "proxy/admin"}, "these decide, each for itself; they meet in package proxy, through interfaces of their own"},
	{[]string{"proxy/gate", "proxy/upstream", "proxy/topology"}, "these are means: they report what happened and leave the decision to the layer above"},
	{[]string{"proxy/command", "proxy/reactor"}, "these know neither Redis nodes nor clients"},
	{[]string{"resp"}, "the wire format stands alone, so that it can be fuzzed, measured and used by itself"},
}

// standardOnly are folders that import nothing from outside the standard library, and why.
var standardOnly = map[string]string{
	"resp":          "it reads bytes that anybody may send: what it does with them has to be in sight",
	"proxy/command": "it is on the way of every command, and its table has to be usable anywhere",
}

// testSupport is imported by tests, the demo and the benchmarks only, and imports whatever it likes.
var testSupport = map[string]string{
	"internal/allocs":  "it counts for tests",
	"internal/servers": "it starts servers",
	"internal/history": "it puts load on a server",
}

func TestImportsPointDown(t *testing.T) {
	for _, violation := range checkImports(t, os.DirFS(".")) {
		t.Error(violation)
	}
}

// TestImportRuleCanFail shows the rule at work on trees that break it, and on what it allows.
func TestImportRuleCanFail(t *testing.T) {
	for _, c := range []struct {
		name, file, source, want string
	}{
		{"down", "proxy/session/a.go", `import "sentinelproxy/proxy/gate"`, ""},
		{"down over layers", "proxy/a.go", `import "sentinelproxy/resp"`, ""},
		{"within a folder", "cmd/sentinelproxy/a.go", `import "sentinelproxy/cmd/sentinelproxy/flags"`, ""},
		{"a part of the standard library", "resp/a.go", `import "encoding/binary"`, ""},
		{"a library, above", "proxy/topology/a.go", `import "github.com/redis/go-redis/v9"`, ""},
		{"a test", "resp/a_test.go", `import "sentinelproxy/proxy"`, ""},
		{"another module", "benchmarks/a.go", `import "sentinelproxy/internal/servers"`, ""},
		{"the demo's servers", "demo/a.go", `import "sentinelproxy/internal/servers"`, ""},

		{"up", "resp/a.go", `import "sentinelproxy/proxy/command"`, "resp/a.go imports proxy/command"},
		{"up to composition", "proxy/gate/a.go", `import "sentinelproxy/proxy"`, "composition sees all"},
		{"sideways", "proxy/failover/a.go", `import "sentinelproxy/proxy/admin"`, "through interfaces of their own"},
		{"for another system", "proxy/reactor/a_darwin.go", `import "sentinelproxy/proxy/gate"`, "a_darwin.go imports proxy/gate"},
		{"a library in resp", "resp/a.go", `import "golang.org/x/sys/unix"`, "in sight"},
		{"a library in command", "proxy/command/a.go", `import "go.uber.org/zap"`, "proxy/command imports the standard library only"},
		{"cgo in resp", "resp/a.go", `import "C"`, "resp imports the standard library only"},
		{"test support", "internal/history/a.go", `import "sentinelproxy/resp"`, ""},
		{"load in the product", "proxy/a.go", `import "sentinelproxy/internal/history"`, "tests, the demo and the benchmarks only"},
		{"servers in the product", "proxy/a.go", `import "sentinelproxy/internal/servers"`, "tests, the demo and the benchmarks only"},
		{"a folder of no layer", "misc/a.go", `import "fmt"`, "misc is in no layer"},
		{"import of no layer", "proxy/a.go", `import "sentinelproxy/misc"`, "misc is in no layer"},
	} {
		t.Run(c.name, func(t *testing.T) {
			tree := fstest.MapFS{
				c.file:              {Data: []byte("package a\n" + c.source + "\n")},
				"benchmarks/go.mod": {Data: []byte("module sentinelproxy/benchmarks\n")},
			}
			got := checkImports(t, tree)
			switch {
			case c.want == "" && len(got) > 0:
				t.Errorf("refused: %q", got)
			case c.want != "" && (len(got) != 1 || !strings.Contains(got[0], c.want)):
				t.Errorf("got %q, want one violation that contains %q", got, c.want)
			}
		})
	}
}

// checkImports returns one line for each import that breaks the rule. It parses the files instead of asking
// the go command, which would see only those of one operating system, and leaves out tests: they may
// look at a package from above.
func checkImports(t *testing.T, tree fs.FS) []string {
	t.Helper()
	var violations []string
	err := fs.WalkDir(tree, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() {
			return enter(tree, name)
		}
		if !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") {
			return nil
		}
		source, err := fs.ReadFile(tree, name)
		if err != nil {
			return err
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, source, parser.ImportsOnly)
		if err != nil {
			return err
		}
		for _, spec := range file.Imports {
			imported, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				return err
			}
			if v := violation(path.Dir(name), imported, file.Name.Name == "main"); v != "" {
				violations = append(violations, fmt.Sprintf("%s imports %s", name, v))
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return violations
}

// enter skips folders that the go command does not look into, and other modules.
func enter(tree fs.FS, dir string) error {
	if dir == "." {
		return nil
	}
	base := path.Base(dir)
	if strings.HasPrefix(base, ".") || strings.HasPrefix(base, "_") || base == "testdata" || base == "bin" {
		return fs.SkipDir
	}
	if _, err := fs.Stat(tree, path.Join(dir, "go.mod")); err == nil {
		return fs.SkipDir
	}
	return nil
}

// violation says what is wrong with an import by a package in folder from; "" when nothing is. A main
// package, such as a generator beside the table it makes, can be imported by nobody and so may import all.
func violation(from, imported string, program bool) string {
	target, ours := strings.CutPrefix(imported, module+"/")
	folder, layer := place(from)
	if why, only := standardOnly[folder]; only && !program && !ours && !standard(imported) {
		return fmt.Sprintf("%s, but %s imports the standard library only: %s", imported, folder, why)
	}
	if layer < 0 && testSupport[from] == "" && !program {
		return fmt.Sprintf("%s, but %s is in no layer: add it to the table of imports_test.go", imported, from)
	}
	if !ours {
		return ""
	}
	if why := testSupport[target]; why != "" {
		if layer == 0 || testSupport[from] != "" || program {
			return ""
		}
		return target + ", which is for tests, the demo and the benchmarks only: " + why
	}
	targetFolder, targetLayer := place(target)
	switch {
	case targetLayer < 0:
		return fmt.Sprintf("%s, but %s is in no layer: add it to the table of imports_test.go", target, target)
	case program, testSupport[from] != "", layer >= 0 && targetLayer > layer, targetFolder == folder:
		return ""
	}
	return fmt.Sprintf("%s, but imports point down only, and %s is not below %s: %s", target, targetFolder, folder, layers[targetLayer].why)
}

// place finds the folder of the table that a folder belongs to, the longest that fits, and its layer; -1 when
// there is none.
func place(dir string) (folder string, layer int) {
	layer = -1
	for i, l := range layers {
		for _, f := range l.folders {
			if (dir == f || strings.HasPrefix(dir, f+"/")) && len(f) > len(folder) {
				folder, layer = f, i
			}
		}
	}
	return folder, layer
}

// standard goes by the rule that only the standard library's import paths have no dot in their first
// element. "C" is none of its packages.
func standard(imported string) bool {
	first, _, _ := strings.Cut(imported, "/")
	return imported != "C" && !strings.Contains(first, ".")
}
