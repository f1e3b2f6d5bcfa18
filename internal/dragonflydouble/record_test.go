package dragonflydouble

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"
	"time"

	"sentinelproxy/internal/servers"
	"sentinelproxy/resp"
)

// TestRecord repeats, with redis-cli, what was recorded of a Dragonfly 1.40.1, and compares what is printed line by line.
func TestRecord(t *testing.T) {
	t.Parallel()
	record := readRecord(t)
	pool := servers.NewT(t)
	double := pool.DragonflyDouble(servers.DragonflyOptions{Args: []string{"--proactor_threads=2", "--maxmemory=1GiB"}})
	repeat(t, double, record["Dragonfly 1.40.1 as master"])

	// The record's master waited, as Redis does by default, before it began to send.
	slow := pool.Redis(servers.RedisOptions{Config: []string{"repl-diskless-sync-delay 5"}})
	for key, section := range record { // port and all
		record[key] = strings.ReplaceAll(section, "17103", fmt.Sprint(slow.Port))
	}
	repeat(t, double, record["Dragonfly 1.40.1 as replica of Redis 7.0.15 (port 17103)"])
	asMaster := record["Redis 7.0.15 as its master"]
	asMaster, _, _ = strings.Cut(asMaster, "> ROLE") // the offset, which the diskless delay has no part in
	repeatAt(t, slow, double, asMaster)
	repeat(t, double, record["the same Dragonfly after REPLICAOF NO ONE"])

	quick := pool.Redis(servers.RedisOptions{})
	do(t, quick, "SET", "a", "1")
	do(t, double, "CONFIG", "SET", "replica_priority", "100")
	if err := double.ReplicaOf(quick.Addr()); err != nil {
		t.Fatal(err)
	}
	if err := double.WaitSynced(t.Context()); err != nil {
		t.Fatal(err)
	}
	synced := strings.ReplaceAll(record["Dragonfly 1.40.1 as replica, synced"], fmt.Sprint(slow.Port), fmt.Sprint(quick.Port))
	repeat(t, double, synced)
	time.Sleep(200 * time.Millisecond) // its acknowledgement
	repeatAt(t, quick, double, record["its master"])
}

// TestRecordCanFail: the comparison sees a changed word.
func TestRecordCanFail(t *testing.T) {
	want := "> ROLE\n1) \"master\"\n2) (empty array)\n"
	if err := compare("ROLE", "1) \"master\"\n2) (empty array)\n", recorded(want)[0].printed); err != nil {
		t.Errorf("the same: %v", err)
	}
	for _, got := range []string{"1) \"slave\"\n2) (empty array)\n", "1) \"master\"\n", ""} {
		if compare("ROLE", got, recorded(want)[0].printed) == nil {
			t.Errorf("%q passed for %q", got, want)
		}
	}
}

// readRecord splits the file at its headings.
func readRecord(t *testing.T) map[string]string {
	t.Helper()
	file, err := os.ReadFile("testdata/replies-1.40.1.txt")
	if err != nil {
		t.Fatal(err)
	}
	sections, heading := map[string]string{}, ""
	for line := range strings.Lines(string(file)) {
		if title, is := strings.CutPrefix(line, "# "); is && !strings.HasSuffix(title, "\r\n") { // else of INFO
			heading = strings.TrimSpace(title)
			continue
		}
		sections[heading] += line
	}
	if len(sections) != 6 {
		t.Fatalf("%d sections: %q", len(sections), sections)
	}
	return sections
}

type exchange struct{ command, printed string }

func recorded(section string) (list []exchange) {
	// A reply without a line end is followed by the next command on its line.
	section = strings.ReplaceAll(section, "sub=0> ", "sub=0\n> ")
	for _, part := range strings.Split("\n"+section, "\n> ")[1:] {
		command, printed, _ := strings.Cut(part, "\n")
		list = append(list, exchange{command, printed})
	}
	return list
}

// unrepeatable commands turn redis-cli itself into something else.
var unrepeatable = map[string]bool{"PSYNC ? -1": true, "REPLCONF ack 1": true}

func repeat(t *testing.T, node *servers.Node, section string) {
	t.Helper()
	repeatAt(t, node, nil, section)
}

// repeatAt: replica is the double where the section is of its master, whose lines about the replica count.
func repeatAt(t *testing.T, node, replica *servers.Node, section string) {
	t.Helper()
	exchanges := recorded(section)
	if len(exchanges) == 0 {
		t.Fatal("an empty section of the record")
	}
	for _, e := range exchanges {
		if unrepeatable[e.command] {
			continue
		}
		want := e.printed
		if replica != nil {
			want = strings.ReplaceAll(want, "port=17102", fmt.Sprintf("port=%d", replica.Port))
		}
		err := compare(e.command, commandLine(t, node, e.command), want)
		for deadline := time.Now().Add(5 * time.Second); err != nil && e.command == "CLIENT LIST" && time.Now().Before(deadline); {
			time.Sleep(10 * time.Millisecond) // for the connection of the command before to be gone
			err = compare(e.command, commandLine(t, node, e.command), want)
		}
		if err != nil {
			t.Error(err)
		}
	}
}

// commandLine is what redis-cli prints.
func commandLine(t *testing.T, node *servers.Node, command string) string {
	t.Helper()
	args := []string{"-p", fmt.Sprint(node.Port), "--no-raw"}
	var in string
	if strings.HasPrefix(command, "MULTI ..") { // what Sentinel sends
		in = "MULTI\nSLAVEOF NO ONE\nCONFIG REWRITE\nCLIENT KILL TYPE normal\nCLIENT KILL TYPE pubsub\nEXEC\n"
	} else {
		words, err := resp.SplitInline([]byte(command))
		if err != nil {
			t.Fatal(err)
		}
		for _, w := range words {
			args = append(args, string(w))
		}
	}
	cli := exec.CommandContext(t.Context(), "redis-cli", args...)
	cli.Stdin = strings.NewReader(in)
	var out bytes.Buffer
	cli.Stdout = &out
	_ = cli.Run() // it ends with 1 after some of the errors
	return out.String()
}

// volatile is what no two servers or runs have in common.
var volatile = []struct {
	pattern *regexp.Regexp
	as      string
}{
	{regexp.MustCompile(`127\.0\.0\.1:\d+`), "ADDRESS"},
	{regexp.MustCompile(`((?:^| )(?:id|name|fd|irqmatch|age|idle|tot-[a-z-]+)=)\d+`), "${1}N"},
	{regexp.MustCompile(`(tcp_port|uptime_in_seconds|master_last_io_seconds_ago|slave_repl_offset):\d+`), "$1:N"},
	{regexp.MustCompile(`(master_repl_offset|repl_backlog_histlen):\d+`), "$1:N"},
	{regexp.MustCompile(`offset=\d+,lag=\d`), "offset=N,lag=N"},
	{regexp.MustCompile(`(_replid:)[0-9a-f]{40}`), "${1}ID"},
	{regexp.MustCompile(`("id" => \(integer\)) \d+`), "$1 N"},
}

func compare(command, got, want string) error {
	g, w := normal(got), normal(want)
	if command == "CLIENT ID" && g != "" {
		g, w = g[:len("(integer) ")], w[:len("(integer) ")]
	}
	if g != w {
		return fmt.Errorf("> %s\ngot:\n%q\nwant:\n%q", command, g, w)
	}
	return nil
}

func normal(printed string) string {
	printed = strings.TrimRight(printed, "\r\n")
	for _, v := range volatile {
		printed = v.pattern.ReplaceAllString(printed, v.as)
	}
	return printed
}

// do sends one command on a connection of its own; an error reply fails the test.
func do(t *testing.T, node *servers.Node, args ...any) any {
	t.Helper()
	reply, err := node.Do(t.Context(), args...)
	if err != nil {
		t.Fatalf("%v: %v", args, err)
	}
	return reply
}
