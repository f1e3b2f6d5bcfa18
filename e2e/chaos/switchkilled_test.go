package chaos

import (
	"fmt"
	"strings"
)

// switchKilled are all steps of `sentinelproxy switch` after which it may be killed, by what it says then. The proxies go on with
// whoever is the master, and take off the fence if that is the old one; --repair puts back the rest.
func switchKilled() (list []*fault) {
	for _, step := range []struct{ name, said string }{
		{"looked", "is the master, and"},
		{"held", "writes are held"},
		{"fenced", "takes no more writes"},
		{"begun", "has begun the failover"},
		{"promoted", "all proxies serve from it"},
	} {
		list = append(list, &fault{
			name: "`switch` killed when it has " + step.name, short: step.name == "fenced",
			strike: func(w *world) {
				w.killedAt(step.said)
				w.load.works(rounds)
				eventually(w.t, "--repair", func() error {
					out, err := w.command("--repair").CombinedOutput()
					if err != nil {
						err = fmt.Errorf("%w: %s", err, out)
					}
					return err
				})
				w.serving(w.cluster.Master())
			},
		})
	}
	return list
}

// killedAt runs the command until it says that it has done this step.
func (w *world) killedAt(step string) {
	w.t.Helper()
	cmd := w.command("--hold-limit", "1s")
	out, err := cmd.StdoutPipe()
	w.must(err)
	w.must(cmd.Start())
	var seen strings.Builder
	b := make([]byte, 1)
	for !strings.Contains(seen.String(), step) && err == nil {
		_, err = out.Read(b)
		seen.Write(b)
	}
	_ = cmd.Process.Kill()
	_ = cmd.Wait()
	if err != nil {
		w.t.Fatalf("%v after %s", err, seen.String())
	}
}
