package main

import (
	"errors"
	"fmt"
	"strings"

	"sentinelproxy/internal/servers"
)

// findTools says in one line what must be installed.
func findTools() error {
	var missing []string
	packages := map[string]bool{}
	for _, program := range []string{"redis-server", "redis-cli", "redis-benchmark"} {
		_, err := servers.Find(program)
		if m := (*servers.MissingError)(nil); errors.As(err, &m) {
			missing = append(missing, m.Program)
			packages[m.Package] = true
		}
	}
	if missing == nil {
		return nil
	}
	install := "apt-get install"
	for _, name := range []string{"redis-server", "redis-tools"} { // in a fixed order
		if packages[name] {
			install += " " + name
		}
	}
	return fmt.Errorf("not installed: %s. On Debian or Ubuntu: %s; elsewhere: the redis package has all of them", strings.Join(missing, ", "), install)
}
