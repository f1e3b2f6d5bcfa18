// Gen writes the command table of package command from what real servers say and what the overlay adds.
//
//	go run ./internal/gen                          write table_gen.go and ids_gen.go from data/ and overlay/,
//	                                               and the table of docs/compatibility.md, with the words of families/
//	go run ./internal/gen -server 127.0.0.1:6379   first fetch COMMAND from a Redis and save it as data/redis-7.0.15.json
//
// It refuses to write anything while a command of a server has no class: a new write command in a newer
// table is never taken for harmless.
package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
)

// The inputs and outputs, relative to package command's folder.
const (
	redisData     = "internal/gen/data/redis-7.0.15.json"
	dragonflyData = "internal/gen/data/dragonfly-1.40.1.json"
	overlayDir    = "internal/gen/overlay"
	familiesDir   = "internal/gen/families"
	tableFile     = "table_gen.go"
	idsFile       = "ids_gen.go"
	documentFile  = "../../docs/compatibility.md"
)

func main() {
	server := flag.String("server", "", "`host:port` of a Redis to fetch COMMAND from first")
	dir := flag.String("dir", ".", "folder of package command")
	flag.Parse()
	if err := run(*dir, *server); err != nil {
		fmt.Fprintln(os.Stderr, "gen:", err)
		os.Exit(1)
	}
}

func run(dir, server string) error {
	if server != "" {
		entries, err := fetch(server)
		if err != nil {
			return fmt.Errorf("fetching COMMAND from %s: %w", server, err)
		}
		if err := os.WriteFile(filepath.Join(dir, redisData), encode(entries), 0o644); err != nil {
			return err
		}
	}
	files, err := generate(dir)
	if err != nil {
		return err
	}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// generate gives the generated files' contents by name without writing them.
func generate(dir string) (map[string][]byte, error) {
	redis, err := load(filepath.Join(dir, redisData))
	if err != nil {
		return nil, err
	}
	dragonfly, err := load(filepath.Join(dir, dragonflyData))
	if err != nil {
		return nil, err
	}
	lines, err := parseOverlay(filepath.Join(dir, overlayDir))
	if err != nil {
		return nil, err
	}
	commands, err := merge(redis, dragonfly, lines)
	if err != nil {
		return nil, err
	}
	families, err := parseFamilies(filepath.Join(dir, familiesDir))
	if err != nil {
		return nil, err
	}
	files, err := emit(commands)
	if err != nil {
		return nil, err
	}
	files[documentFile], err = document(filepath.Join(dir, documentFile), families, commands)
	return files, err
}
