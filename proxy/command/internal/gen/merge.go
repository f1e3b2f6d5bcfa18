package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// merged is one command or subcommand with everything known about it.
type merged struct {
	line
	Other            *line // the variant, if any
	Subs             int   // for a container: how many subcommands follow
	Redis, Dragonfly bool
}

// merge joins servers and overlay, sorted by name with the subcommands right behind their container. Every
// fault is reported, not only the first.
func merge(redis, dragonfly map[string]*entry, lines []line) ([]merged, error) {
	m := merger{redis: redis, dragonfly: dragonfly, plain: map[string]*line{}, other: map[string]*line{}}
	m.sortLines(lines)
	var all []merged
	for _, name := range m.names() {
		all = append(all, m.command(name))
	}
	for n := range all {
		for _, sub := range all[n+1:] {
			if !strings.HasPrefix(sub.Name, all[n].Name+"|") {
				break
			}
			all[n].Subs++
		}
		m.check(&all[n])
	}
	return all, errors.Join(m.faults...)
}

type merger struct {
	redis, dragonfly map[string]*entry
	plain, other     map[string]*line
	faults           []error
}

func (m *merger) fault(format string, args ...any) {
	m.faults = append(m.faults, fmt.Errorf(format, args...))
}

func (m *merger) sortLines(lines []line) {
	for n := range lines {
		l := &lines[n]
		into := m.plain
		if l.Variant != "" {
			into = m.other
		}
		if before := into[l.Name]; before != nil {
			m.fault("%s: %s is there already: %s", l.where, l.Name, before.where)
		}
		into[l.Name] = l
	}
}

// names gives all names, each container right before its subcommands ("|" sorts behind letters, so
// plain sorting would not do).
func (m *merger) names() []string {
	set := map[string]bool{}
	for name := range m.redis {
		set[name] = true
	}
	for name := range m.dragonfly {
		set[name] = true
	}
	for name := range m.plain {
		set[name] = true
	}
	var names []string
	for name := range set {
		names = append(names, name)
	}
	slices.SortFunc(names, func(a, b string) int {
		return slices.Compare(strings.Split(a, "|"), strings.Split(b, "|"))
	})
	return names
}

// command builds one from the overlay's line, or, without one, from a server's entry if it only reads.
func (m *merger) command(name string) merged {
	redis, dragonfly := m.redis[name], m.dragonfly[name]
	listed := redis
	if listed == nil {
		listed = dragonfly
	}
	c := merged{Other: m.other[name], Redis: redis != nil, Dragonfly: dragonfly != nil}
	l := m.plain[name]
	switch {
	case l != nil:
		c.line = *l
		c.Dragonfly = c.Dragonfly || l.OnDragonfly == "yes"
		c.Redis = c.Redis || l.Since != "" && !strings.HasPrefix(l.Since, "valkey")
	case listed.has("readonly") && !listed.has("blocking"):
		c.line = line{Name: name, Flags: []string{"read"}, Way: "shared"}
	default:
		m.fault("%s needs a line in the overlay: flags %v", name, listed.Flags)
		return merged{line: line{Name: name}}
	}
	if listed != nil && c.Arity == 0 {
		c.Arity, c.Keys = listed.Arity, [3]int{listed.First, listed.Last, listed.Step}
		if redis == nil && strings.Contains(name, "|") {
			c.Arity = 0 // Dragonfly counts a subcommand's arguments without the container's name
		}
	}
	return c
}
