package servers

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"time"
)

// tick is the unit of the times in /proc/PID/stat: USER_HZ, 100 on every architecture Go runs on.
const tick = 10 * time.Millisecond

// CPU is the processor time that the process has used so far, user and system, in steps of 10 ms.
func (p *Process) CPU() (time.Duration, error) {
	fields, err := p.stat()
	if err != nil {
		return 0, err
	}
	user, err1 := strconv.ParseInt(string(fields[11]), 10, 64) // utime, field 14
	system, err2 := strconv.ParseInt(string(fields[12]), 10, 64)
	if err1 != nil || err2 != nil {
		return 0, fmt.Errorf("%s: /proc/%d/stat: %q %q are no times", p.name, p.Pid(), fields[11], fields[12])
	}
	return time.Duration(user+system) * tick, nil
}

// RSS is the resident memory of the process in bytes.
func (p *Process) RSS() (int64, error) {
	fields, err := p.stat()
	if err != nil {
		return 0, err
	}
	pages, err := strconv.ParseInt(string(fields[21]), 10, 64) // rss, field 24
	if err != nil {
		return 0, fmt.Errorf("%s: /proc/%d/stat: %w", p.name, p.Pid(), err)
	}
	return pages * int64(os.Getpagesize()), nil
}

// stat returns the fields of /proc/PID/stat from the third on. The second is the program's name in
// parentheses, in which anything may stand.
func (p *Process) stat() ([][]byte, error) {
	line, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", p.Pid()))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", p.name, err)
	}
	fields := bytes.Fields(line[bytes.LastIndexByte(line, ')')+1:])
	if len(fields) < 22 {
		return nil, fmt.Errorf("%s: /proc/%d/stat has %d fields", p.name, p.Pid(), len(fields)+2)
	}
	return fields, nil
}

// Descriptors is the number of open files and sockets of the process.
func (p *Process) Descriptors() (int, error) {
	list, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", p.Pid()))
	if err != nil {
		return 0, fmt.Errorf("%s: %w", p.name, err)
	}
	return len(list), nil
}
