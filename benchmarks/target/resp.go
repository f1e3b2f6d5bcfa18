package target

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"time"

	"sentinelproxy/benchmarks/load"
	"sentinelproxy/internal/servers"
)

// The little of RESP that preparing a run needs, on a connection of its own each time, so that none stays open while
// measuring.

func splitAddr(addr string) (host, port string) {
	host, port, _ = net.SplitHostPort(addr)
	return host, port
}

// await waits until a command is answered: a proxy may listen before it has found its server, and may end after it has listened. There is
// none, and proc is nil, where clients talk to the server.
func (e *Env) await(at load.Endpoint, proc *servers.Process) error {
	const limit = 20 * time.Second
	var err error
	for deadline := time.Now().Add(limit); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		if err = ask(at); err == nil {
			return nil
		}
		if proc != nil && !proc.Running() {
			return fmt.Errorf("has ended: %s", proc.LastWords())
		}
	}
	err = fmt.Errorf("no answer to GET within %v: %w", limit, err)
	if proc != nil {
		err = fmt.Errorf("%w; its log ends:\n%s", err, proc.LastWords())
	}
	return err
}

func ask(at load.Endpoint) error {
	conn, err := dial(at)
	if err != nil {
		return err
	}
	defer conn.Close()
	if _, err := io.WriteString(conn, "*2\r\n$3\r\nGET\r\n$5\r\nready\r\n"); err != nil {
		return err
	}
	line, err := bufio.NewReader(conn).ReadString('\n')
	if err == nil && line[0] != '$' {
		err = fmt.Errorf("reply %q", strings.TrimSpace(line))
	}
	return err
}

func dial(at load.Endpoint) (net.Conn, error) {
	network, address := at.Network()
	conn, err := net.DialTimeout(network, address, time.Second)
	if err != nil {
		return nil, err
	}
	return conn, conn.SetDeadline(time.Now().Add(10 * time.Second))
}

// Preload gives every key that may be asked for a value of size bytes, and the list of LRANGE100 elements of it: a GET of a
// missing key is cheaper than what is to be measured.
func Preload(server *servers.Node, keys, size int) error {
	conn, err := dial(local(server.Port))
	if err != nil {
		return err
	}
	defer conn.Close()
	sent := make(chan error, 1)
	go func() { sent <- writeKeys(conn, keys, size) }()
	replies := bufio.NewReader(conn)
	for range keys + 1 + load.RangedSize {
		line, err := replies.ReadString('\n')
		if err != nil || line[0] == '-' {
			conn.Close() // the writer may be stuck in a full socket
			return fmt.Errorf("filling the server: reply %q: %w", line, errors.Join(err, <-sent))
		}
	}
	return <-sent
}

func writeKeys(conn net.Conn, keys, size int) error {
	out := bufio.NewWriterSize(conn, 64<<10)
	value := strings.Repeat("x", size)
	for i := range keys {
		fmt.Fprintf(out, "*3\r\n$3\r\nSET\r\n$16\r\nkey:%012d\r\n$%d\r\n%s\r\n", i, size, value)
	}
	fmt.Fprintf(out, "DEL %s\r\n", load.RangedList)
	for range load.RangedSize {
		fmt.Fprintf(out, "*3\r\n$5\r\nRPUSH\r\n$%d\r\n%s\r\n$%d\r\n%s\r\n", len(load.RangedList), load.RangedList, size, value)
	}
	return out.Flush()
}

// ClearPushed removes what LPUSH has pushed, so that the server does not grow from run to run.
func ClearPushed(server *servers.Node) error {
	conn, err := dial(local(server.Port))
	if err != nil {
		return err
	}
	defer conn.Close()
	if _, err := fmt.Fprintf(conn, "DEL %s\r\n", load.PushedList); err != nil {
		return err
	}
	_, err = bufio.NewReader(conn).ReadString('\n')
	return err
}

// Executed is how many commands of these names the server has executed since it started, by its own count.
func Executed(server *servers.Node, commands []string) (int64, error) {
	conn, err := dial(local(server.Port))
	if err != nil {
		return 0, err
	}
	defer conn.Close()
	if _, err := io.WriteString(conn, "INFO commandstats\r\n"); err != nil {
		return 0, err
	}
	in := bufio.NewReader(conn)
	var n int
	if _, err := fmt.Fscanf(in, "$%d\r\n", &n); err != nil {
		return 0, fmt.Errorf("INFO commandstats: %w", err)
	}
	text := make([]byte, n)
	if _, err := io.ReadFull(in, text); err != nil {
		return 0, fmt.Errorf("INFO commandstats: %w", err)
	}
	var sum int64
	for _, command := range commands {
		calls, err := parseCalls(string(text), command)
		if err != nil {
			return 0, err
		}
		sum += calls
	}
	return sum, nil
}

// parseCalls finds cmdstat_get:calls=N,... ; 0 when the command has not been called yet.
func parseCalls(info, command string) (int64, error) {
	_, rest, ok := strings.Cut(info, "cmdstat_"+strings.ToLower(command)+":calls=")
	if !ok {
		return 0, nil
	}
	digits, _, _ := strings.Cut(rest, ",")
	n, err := strconv.ParseInt(digits, 10, 64)
	if err != nil {
		return 0, fmt.Errorf("INFO commandstats: calls of %s: %w", command, err)
	}
	return n, nil
}
