package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"time"
)

// fetch asks a server for COMMAND. RESP2 only, and trusting: for a server started for the purpose.
func fetch(addr string) ([]entry, error) {
	conn, err := net.DialTimeout("tcp", addr, 5*time.Second)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(10 * time.Second)); err != nil {
		return nil, err
	}
	if _, err := io.WriteString(conn, "*1\r\n$7\r\nCOMMAND\r\n"); err != nil {
		return nil, err
	}
	reply, err := readReply(bufio.NewReader(conn))
	if err != nil {
		return nil, err
	}
	return entriesOf(reply)
}

// readReply gives int, string or []any.
func readReply(r *bufio.Reader) (any, error) {
	line, err := r.ReadString('\n')
	if err != nil {
		return nil, err
	}
	line = strings.TrimSuffix(line, "\r\n")
	if line == "" {
		return nil, errors.New("empty line in the reply")
	}
	kind, rest := line[0], line[1:]
	switch kind {
	case '+':
		return rest, nil
	case '-':
		return nil, errors.New(rest)
	}
	n, err := strconv.Atoi(rest)
	if err != nil {
		return nil, err
	}
	switch {
	case kind == ':':
		return n, nil
	case kind == '$' && n >= 0:
		text := make([]byte, n+2)
		_, err := io.ReadFull(r, text)
		return string(text[:n]), err
	case kind == '*' && n >= 0:
		list := make([]any, n)
		for m := range list {
			if list[m], err = readReply(r); err != nil {
				return nil, err
			}
		}
		return list, nil
	}
	return nil, fmt.Errorf("unexpected %q in the reply", line)
}

func entriesOf(reply any) ([]entry, error) {
	list, ok := reply.([]any)
	if !ok {
		return nil, fmt.Errorf("a list expected, not %T", reply)
	}
	entries := make([]entry, len(list))
	for n, item := range list {
		parts, ok := item.([]any)
		if !ok || len(parts) < 10 {
			return nil, fmt.Errorf("entry %d has not the form of Redis 7", n)
		}
		var err error
		if entries[n], err = entryOf(parts); err != nil {
			return nil, fmt.Errorf("entry %d: %w", n, err)
		}
	}
	return entries, nil
}

func entryOf(parts []any) (e entry, err error) {
	var ok [6]bool
	var flags []any
	e.Name, ok[0] = parts[0].(string)
	e.Arity, ok[1] = parts[1].(int)
	flags, ok[2] = parts[2].([]any)
	e.First, ok[3] = parts[3].(int)
	e.Last, ok[4] = parts[4].(int)
	e.Step, ok[5] = parts[5].(int)
	for n := range ok {
		if !ok[n] {
			return e, fmt.Errorf("element %d is a %T", n, parts[n])
		}
	}
	e.Flags = []string{}
	for _, flag := range flags {
		e.Flags = append(e.Flags, fmt.Sprint(flag))
	}
	e.Subs, err = entriesOf(parts[9])
	return e, err
}
