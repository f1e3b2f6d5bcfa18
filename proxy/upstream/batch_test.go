package upstream

import (
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"sentinelproxy/resp"
)

// batching notes what it is handed, reply by reply.
type batching struct {
	t       *testing.T
	name    string
	log     *[]string
	batches int
}

func (b *batching) Reply(e *Entry, reply []byte, _ bool) {
	*b.log = append(*b.log, fmt.Sprintf("%s %d %q", b.name, e.Tag, reply))
}

func (b *batching) Replies(n int, replies []byte) {
	b.batches++
	var r resp.ReplyReader
	for range n {
		size, err := r.Next(replies)
		if size == 0 || err != nil || size > batchReply || resp.IsError(replies) {
			b.t.Fatalf("%d replies are %q: %v", n, replies, err)
		}
		*b.log = append(*b.log, fmt.Sprintf("%s 0 %q", b.name, replies[:size]))
		replies = replies[size:]
	}
	if len(replies) > 0 {
		b.t.Fatalf("%q is left", replies)
	}
}

// transactionReplies draws those to a transaction, that to EXEC at the end, and how they come: with pushes in between, or not.
func transactionReplies(t *rapid.T, others []string) (replies []string, pushed string) {
	for range rapid.IntRange(1, 4).Draw(t, "queued") {
		replies = append(replies, rapid.SampledFrom([]string{"+OK\r\n", "+QUEUED\r\n", "-ERR no\r\n"}).Draw(t, "early"))
	}
	replies = append(replies, rapid.SampledFrom(append([]string{"-EXECABORT no\r\n"}, others...)).Draw(t, "exec"))
	if i := len(replies) - 1; replies[0][0] != '-' && replies[i] == "-ERR no\r\n" {
		replies[i] = "-EXECABORT because\r\n" // else it may be open still, and its link is closed
	}
	for _, reply := range replies {
		if rapid.IntRange(0, 5).Draw(t, "push") == 0 {
			pushed += ">2\r\n+invalidate\r\n_\r\n"
		}
		pushed += reply
	}
	return replies, pushed
}

func (*batching) Broken(*Entry) {}
func (*batching) Gone() bool    { return false }

// TestBatch: whatever is in flight, of whom, and wherever the bytes are cut, each reply goes to who has asked, in order, and is counted.
func TestBatch(t *testing.T) {
	r, l := connected(t)
	var got []string
	owners := []*batching{{t: t, name: "a", log: &got}, {t: t, name: "b", log: &got}}
	replies := []string{
		"$-1\r\n", "+OK\r\n", ":1\r\n", "$3\r\nabc\r\n", "*2\r\n$1\r\na\r\n:2\r\n", "-ERR no\r\n", "_\r\n", "*0\r\n", "%1\r\n+k\r\n*1\r\n#t\r\n",
		fmt.Sprintf("$%d\r\n%0*d\r\n", batchReply-9, batchReply-9, 7), // the longest
		fmt.Sprintf("$%d\r\n%0*d\r\n", batchReply-8, batchReply-8, 7), // one more
		fmt.Sprintf("$%d\r\n%0*d\r\n", 9*batchReply, 9*batchReply, 7),
	}
	rapid.Check(t, func(t *rapid.T) {
		var want []string
		var wire []byte
		r.in(func() {
			got = nil
			count := rapid.IntRange(1, 40).Draw(t, "commands")
			for range count {
				o := owners[rapid.IntRange(0, 9).Draw(t, "owner")/7]
				tag := uint16(max(0, rapid.IntRange(-8, 2).Draw(t, "tag")))
				reply := replies[rapid.IntRange(0, len(replies)-1).Draw(t, "reply")]
				switch rapid.IntRange(1, 13).Draw(t, "kind") {
				case 13:
					replies, pushed := transactionReplies(t, replies)
					l.AppendTransaction(o, []byte("MULTI;EXEC"), len(replies), Write)
					wire = append(wire, pushed...)
					want = append(want, fmt.Sprintf("%s 0 %q", o.name, strings.Join(replies, "")))
					continue
				case 1:
					l.AnswerInTurn(o, []byte("+canned\r\n"), tag)
					reply = "+canned\r\n"
				case 2:
					l.Append(o, raw("SET k v"), Overwrite, tag)
					wire = append(wire, reply...)
				case 3:
					wire = append(wire, ">2\r\n+invalidate\r\n_\r\n"...) // goes to nobody
					fallthrough
				default:
					l.Append(o, raw("GET k"), Read, tag)
					wire = append(wire, reply...)
				}
				want = append(want, fmt.Sprintf("%s %d %q", o.name, tag, reply))
			}
			l.out.sent = l.out.end()
			l.settleHead()
			for kept := 0; kept < len(wire); {
				kept = min(len(wire), kept+rapid.IntRange(1, 1500).Draw(t, "read"))
				n := l.Data(wire[:kept])
				wire, kept = wire[n:], kept-n
			}
			if fmt.Sprint(got) != fmt.Sprint(want) {
				t.Fatalf("handed over\n%q\nwant\n%q", got, want)
			}
			if l.pending.len() > 0 || len(wire) > 0 {
				t.Fatalf("%d commands are in flight, %d bytes are left", l.pending.len(), len(wire))
			}
		})
	})
	if owners[0].batches == 0 || owners[1].batches == 0 {
		t.Error("nothing was handed over together")
	}
}
