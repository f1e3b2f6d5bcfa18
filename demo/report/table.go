// Package report prints what the demo found: tables, timelines and the verdict, for a terminal of 80 to
// 100 columns without colours.
package report

import (
	"fmt"
	"io"
	"strconv"
	"time"

	"sentinelproxy/demo/tally"
)

// Row is one kind of client.
type Row struct {
	Name string
	tally.Figures
}

// Section is all kinds of clients at one address.
type Section struct {
	Title string
	Rows  []Row
}

// Sum of all rows.
func (s Section) Sum() tally.Figures {
	var all []tally.Figures
	for _, r := range s.Rows {
		all = append(all, r.Figures)
	}
	return tally.Sum(all...)
}

const columns = "  %-25s %10s %7s %8s %7s %6s %9s %9s\n"

// Table prints the sections side by side in columns.
func Table(w io.Writer, sections ...Section) {
	fmt.Fprintf(w, columns, "", "", "", "unknown", "closed", "wrong", "longest", "longest")
	fmt.Fprintf(w, columns, "", "commands", "errors", "outcome", "conns", "reply", "wait", "outage")
	for _, s := range sections {
		fmt.Fprintln(w, s.Title)
		for _, r := range s.Rows {
			wait := seconds(r.LongestWait)
			if r.AtLeast {
				wait = "> " + wait
			}
			fmt.Fprintf(w, columns, r.Name, Count(r.Commands), Count(r.Errors), Count(r.Unknown), Count(r.Closed),
				Count(r.Wrong), wait, seconds(r.LongestGap))
		}
	}
}

// Troubles prints the first messages of each row that has any.
func Troubles(w io.Writer, s Section) {
	for _, r := range s.Rows {
		for _, t := range r.Troubles {
			fmt.Fprintln(w, "  "+clip(t, 96))
		}
	}
}

// Count writes n with its thousands apart.
func Count(n uint64) string {
	digits := strconv.FormatUint(n, 10)
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return digits
}

// seconds writes a time; none was measured when it is 0.
func seconds(d time.Duration) string {
	switch {
	case d == 0:
		return "-"
	case d < time.Second:
		return fmt.Sprintf("%.0f ms", float64(d)/float64(time.Millisecond))
	default:
		return fmt.Sprintf("%.2f s", d.Seconds())
	}
}

// clip shortens a text to n columns.
func clip(text string, n int) string {
	runes := []rune(text)
	if len(runes) <= n {
		return text
	}
	return string(runes[:n-3]) + "..."
}
