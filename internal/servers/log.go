package servers

import (
	"bytes"
	"fmt"
	"io"
	"os"
)

// logFile collects what a process prints. A file and not a pipe: no goroutine copies, and nothing can
// make the process block on its own output.
type logFile struct {
	path string
	from int64 // where the output of the present run begins
}

func (l *logFile) open() (*os.File, error) {
	f, err := os.OpenFile(l.path, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return nil, err
	}
	if l.from, err = f.Seek(0, io.SeekEnd); err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

// Log is everything the process has printed so far, earlier runs included.
func (p *Process) Log() string {
	text, err := os.ReadFile(p.log.path)
	if err != nil {
		return fmt.Sprintf("(no log: %v)", err)
	}
	return string(text)
}

// logOfRun is what the present run has printed.
func (p *Process) logOfRun() []byte {
	text, err := os.ReadFile(p.log.path)
	if err != nil || int64(len(text)) < p.log.from {
		return nil
	}
	return text[p.log.from:]
}

// LastWords is what to show of the process in an error: the last five lines that it has printed, or that there are none.
func (p *Process) LastWords() string {
	words := p.tail(5)
	switch {
	case words != "":
		return words
	case p.Running():
		return "(it has printed nothing)"
	}
	return fmt.Sprintf("(exit code %d, without a word)", p.ExitCode())
}

// tail is the end of the log: at most n lines.
func (p *Process) tail(n int) string {
	text := bytes.TrimRight([]byte(p.Log()), "\n")
	at := len(text)
	for ; n > 0 && at >= 0; n-- {
		at = bytes.LastIndexByte(text[:at], '\n')
	}
	return string(text[at+1:])
}
