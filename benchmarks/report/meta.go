package report

import (
	"fmt"
	"time"
)

// Meta is what has to be known to repeat a run and to judge it.
type Meta struct {
	Date     time.Time         `json:"date"`
	Command  string            `json:"command"` // the command line, "go run . -quick"
	Commit   string            `json:"commit"`  // with "+changes" when the tree differed from it
	Go       string            `json:"go"`
	Kernel   string            `json:"kernel"`
	CPU      string            `json:"cpu"`
	Cores    int               `json:"cores"`
	Versions map[string]string `json:"versions"` // program: what it says of itself
	Rounds   int               `json:"rounds"`
	Seconds  float64           `json:"seconds"` // aimed at per run
	Keys     int               `json:"keys"`    // size of the keyspace
	Load     string            `json:"load"`    // the generators, in words
	Threads  int               `json:"threads"` // of redis-benchmark
	Notes    map[string]string `json:"notes"`   // target: how it was run
}

// Line is what is needed to repeat it, in one line: command, commit, machine.
func (m Meta) Line() string {
	return fmt.Sprintf("%s; commit %s; %d × %s, Linux %s, %s; %s",
		m.Command, m.Commit, m.Cores, m.CPU, m.Kernel, m.Go, m.Date.Format("2006-01-02"))
}
