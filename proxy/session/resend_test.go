package session

import (
	"testing"

	"sentinelproxy/proxy/internal/scripted"
)

// TestTransactionRejectedInside: a transaction of which the server has refused to queue a command, because it is no master any more, is
// executed by the next master as a whole. EXEC's own error says only that nothing was executed.
func TestTransactionRejectedInside(t *testing.T) {
	for name, replies := range map[string]string{
		"first":  "+OK\r\n-READONLY You can't write against a read only replica.\r\n-READONLY You can't write against a read only replica.\r\n",
		"second": "+OK\r\n+QUEUED\r\n-READONLY You can't write against a read only replica.\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			first, second := scripted.Listen(t), scripted.Listen(t)
			l := newLane(t, nil)
			l.serve(first.Addr().String())
			c := l.client()
			commands := []string{"MULTI", "INCR a", "INCR b", "EXEC"}
			c.do(commands...)
			p := first.AcceptReady()
			p.Expect(commands...)
			p.Send(replies + "-EXECABORT Transaction discarded because of previous errors.\r\n")
			l.until("the hold", func() bool { return l.lost > 0 })
			l.adopt(second.Addr().String())
			p = second.AcceptReady()
			p.Expect(commands...)
			p.Send("+OK\r\n+QUEUED\r\n+QUEUED\r\n*2\r\n:1\r\n:1\r\n")
			c.expect("+OK\r\n+QUEUED\r\n+QUEUED\r\n*2\r\n:1\r\n:1\r\n")
			c.close()
		})
	}
}
