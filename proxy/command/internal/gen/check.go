package main

import "strings"

// check refuses what would be dangerous if it were a slip of the pen.
func (m *merger) check(c *merged) {
	if len(c.Flags) == 0 {
		return // no line: reported by command
	}
	m.checkLine(&c.line, c.Other != nil)
	if c.Other != nil {
		m.checkLine(c.Other, false)
		if c.Rule == "" || c.Rule == "subcommand" {
			m.fault("%s: variant %s without a rule", c.Other.where, c.Other.Variant)
		}
		if c.Other.has("write") != c.has("write") {
			m.fault("%s: variant and plain form must agree on write", c.Other.where)
		}
	} else if c.Rule != "" && c.Rule != "subcommand" {
		m.fault("%s: rule %s without a variant", c.where, c.Rule)
	}
	if (c.Subs > 0) != (c.Rule == "subcommand") {
		m.fault("%s: %d subcommands and rule %q", c.Name, c.Subs, c.Rule)
	}
	if container, _, sub := strings.Cut(c.Name, "|"); sub && m.plain[container] == nil {
		m.fault("%s: no container %s", c.Name, container)
	}
	for _, e := range []*entry{m.redis[c.Name], m.dragonfly[c.Name]} {
		if e != nil && c.Rule != "subcommand" {
			m.checkAgainst(c, e)
		}
	}
}

// checkLine looks at one line by itself.
func (m *merger) checkLine(l *line, varies bool) {
	kinds := 0
	for _, flag := range []string{"read", "write", "connection"} {
		if l.has(flag) {
			kinds++
		}
	}
	if kinds != 1 {
		m.fault("%s: %s must be exactly one of read, write, connection", l.where, l.Name)
	}
	if l.has("idempotent") && !l.has("write") {
		m.fault("%s: %s is idempotent but no write", l.where, l.Name)
	}
	if (l.has("write") || l.Way != "shared") && l.Reason == "" && !l.has("blocking") {
		m.fault("%s: %s needs a reason", l.where, l.Name)
	}
	if l.Way == "shared" && (l.has("connection") || l.has("blocking") || l.has("transactional") || l.has("oddreplies")) {
		m.fault("%s: %s must not go over a shared link", l.where, l.Name)
	}
	if l.Rule != "" && l.Plain == 0 && l.has("idempotent") && varies {
		m.fault("%s: %s always depends on its arguments: the plain form must be the careful one", l.where, l.Name)
	}
}

// checkAgainst compares with what a server says.
func (m *merger) checkAgainst(c *merged, e *entry) {
	if e.has("write") && !c.has("write") || e.has("readonly") && c.has("write") {
		m.fault("%s: a server flags it %v, the overlay %v", c.Name, e.Flags, c.Flags)
	}
	if e.has("blocking") && !c.has("blocking") {
		m.fault("%s: a server flags it blocking", c.Name)
	}
}
