package dragonflydouble

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// commandsFile is what Dragonfly 1.40.1 answered to COMMAND: name, arity, flags, first key, last key, step, categories.
//
//go:embed data/commands.json
var commandsFile []byte

type commandInfo struct {
	name             string
	arity            int
	flags            []string
	first, last, gap int
	categories       []string
}

// commands by name, in capitals; commandNames in the order of COMMAND.
var commands, commandNames = readCommands()

func readCommands() (map[string]*commandInfo, []string) {
	var rows [][]json.RawMessage
	if err := json.Unmarshal(commandsFile, &rows); err != nil {
		panic(fmt.Sprintf("BUG: data/commands.json: %v", err))
	}
	table, names := make(map[string]*commandInfo, len(rows)), make([]string, 0, len(rows))
	for _, row := range rows {
		c := &commandInfo{}
		for i, field := range []any{&c.name, &c.arity, &c.flags, &c.first, &c.last, &c.gap, &c.categories} {
			if err := json.Unmarshal(row[i], field); err != nil {
				panic(fmt.Sprintf("BUG: data/commands.json: %s: %v", row, err))
			}
		}
		table[c.name] = c
		names = append(names, c.name)
	}
	return table, names
}

func (c *commandInfo) has(flag string) bool { return slices.Contains(c.flags, flag) }

// takes says whether the command may have so many arguments, its name included.
func (c *commandInfo) takes(n int) bool {
	if c.arity < 0 {
		return n >= -c.arity
	}
	return c.arity == 0 || n == c.arity
}

// entry is the command's element of COMMAND.
func (c *commandInfo) entry() []byte {
	list := func(words []string) []byte {
		var out [][]byte
		for _, w := range words {
			out = append(out, simple(w))
		}
		return array(out...)
	}
	return array(simple(c.name), integer(int64(c.arity)), list(c.flags),
		integer(int64(c.first)), integer(int64(c.last)), integer(int64(c.gap)), list(c.categories))
}

// commandCommand is COMMAND, of which Dragonfly has COUNT and INFO.
func commandCommand(args []string) []byte {
	if len(args) == 1 {
		return commandEntries(commandNames)
	}
	switch sub := strings.ToUpper(args[1]); {
	case sub == "COUNT" && len(args) == 2:
		return integer(int64(len(commands)))
	case sub == "INFO":
		return commandEntries(args[2:])
	}
	return failure(errSyntax)
}

func commandEntries(names []string) []byte {
	entries := make([][]byte, len(names))
	for i, name := range names {
		entries[i] = []byte("*-1\r\n")
		if c := commands[strings.ToUpper(name)]; c != nil {
			entries[i] = c.entry()
		}
	}
	return array(entries...)
}
