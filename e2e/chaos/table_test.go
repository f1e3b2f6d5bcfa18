package chaos

import (
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"time"
)

// summary has a line for each fault: the sums of its cells, the longest wait and hold of any of them, and what was promised.
func summary(cells []*cell) string {
	var b strings.Builder
	b.WriteString("| fault | commands | errors | closed | lost | undelivered | twice | foreign | unexplained | longest wait | longest hold | allowed | |\n")
	b.WriteString("|---|--:|---|--:|--:|--:|--:|--:|--:|--:|--:|---|---|\n")
	for _, f := range faults {
		sum := cell{fault: f, skipped: true, seen: seen{Errors: map[string]int{}}}
		for _, c := range cells {
			if c.fault == f && !c.skipped {
				sum.add(c)
			}
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s |\n", f.name, sum.columns(), f.promise.text(), sum.verdict())
	}
	return b.String()
}

// table has a line for each cell.
func table(cells []*cell) string {
	var b strings.Builder
	b.WriteString("| fault | load | proxies | commands | errors | closed | lost | undelivered | twice | foreign | unexplained | longest wait | longest hold | |\n")
	b.WriteString("|---|---|--:|--:|---|--:|--:|--:|--:|--:|--:|--:|--:|---|\n")
	for _, c := range cells {
		fmt.Fprintf(&b, "| %s | %s | %d | %s | %s |\n", c.fault.name, c.load, c.proxies, c.columns(), c.verdict())
	}
	return b.String()
}

func (c *cell) add(other *cell) {
	c.skipped = false
	c.seen.Commands += other.seen.Commands
	for word, n := range other.seen.Errors {
		c.seen.Errors[word] += n
	}
	c.seen.Closed += other.seen.Closed
	c.seen.Lost += other.seen.Lost
	c.seen.Undelivered += other.seen.Undelivered
	c.seen.Twice += other.seen.Twice
	c.seen.Foreign += other.seen.Foreign
	c.seen.Unexplained += other.seen.Unexplained
	c.seen.Longest = max(c.seen.Longest, other.seen.Longest)
	c.hold = max(c.hold, other.hold)
	c.broken = append(c.broken, other.broken...)
}

// columns from the commands to the longest hold.
func (c *cell) columns() string {
	if c.skipped {
		return "| | | | | | | | |"
	}
	s := &c.seen
	var words []string
	for _, word := range slices.Sorted(maps.Keys(s.Errors)) {
		words = append(words, fmt.Sprintf("%d %s", s.Errors[word], word))
	}
	errs := strings.Join(words, ", ")
	if errs == "" {
		errs = "0"
	}
	return fmt.Sprintf("%d | %s | %d | %d | %d | %d | %d | %d | %v | %v", s.Commands, errs, s.Closed, s.Lost, s.Undelivered, s.Twice, s.Foreign, s.Unexplained,
		s.Longest.Round(time.Millisecond), c.hold.Round(time.Millisecond))
}

func (c *cell) verdict() string {
	switch {
	case c.skipped && errShared != nil && c.fault.network:
		return "skipped: " + errShared.Error()
	case c.skipped && !strings.Contains(help(), c.fault.needs):
		return "skipped: the program has no " + c.fault.needs
	case c.skipped:
		return "**no result**"
	case len(c.broken) > 0:
		return "**broken**"
	}
	return "kept"
}

// text is what a promise allows.
func (p *promise) text() string {
	list := slices.Clone(p.errors)
	if p.closed {
		list = append(list, "closed")
	}
	if p.lost {
		list = append(list, "lost")
	}
	if p.undelivered {
		list = append(list, "undelivered")
	}
	text := strings.Join(list, ", ")
	if text == "" {
		text = "nothing"
	}
	if p.why != "" {
		text += ": " + p.why
	}
	return text
}

// replaceBetween replaces what stands between the markers of that name in a file, and leaves the rest as it is.
func replaceBetween(path, name, content string) error {
	begin, end := "<!-- "+name+":begin -->\n", "<!-- "+name+":end -->"
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	before, rest, found := strings.Cut(string(text), begin)
	_, after, foundEnd := strings.Cut(rest, end)
	if !found || !foundEnd {
		return fmt.Errorf("%s has no %s and %s", path, strings.TrimSpace(begin), end)
	}
	return os.WriteFile(path, []byte(before+begin+content+end+after), 0o644)
}
