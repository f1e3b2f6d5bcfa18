package resp

import "fmt"

// ProtocolError says that the bytes are not RESP, or exceed a limit. The stream can't be read on: the caller answers
// "-ERR " and Text, as Redis does, and closes.
type ProtocolError struct {
	Text string // Redis's own, without the leading "-ERR "; one line
}

func (e *ProtocolError) Error() string { return e.Text }

// Texts of Redis 7.0, networking.c, but for errFrame: Redis closes without a word when client-query-buffer-limit is
// exceeded, and for errArgumentEnd, see the package comment.
var (
	errMultibulkLength = &ProtocolError{"Protocol error: invalid multibulk length"}
	errMultibulkUnauth = &ProtocolError{"Protocol error: unauthenticated multibulk length"}
	errMultibulkCount  = &ProtocolError{"Protocol error: too big mbulk count string"}
	errBulkLength      = &ProtocolError{"Protocol error: invalid bulk length"}
	errBulkUnauth      = &ProtocolError{"Protocol error: unauthenticated bulk length"}
	errBulkCount       = &ProtocolError{"Protocol error: too big bulk count string"}
	errInline          = &ProtocolError{"Protocol error: too big inline request"}
	errQuotes          = &ProtocolError{"Protocol error: unbalanced quotes in request"}
	errArgumentEnd     = &ProtocolError{"Protocol error: expected CRLF after argument"}
	errFrame           = &ProtocolError{"Protocol error: too big request"}
)

// Errors of replies. Redis has no texts for these; they go to the log, not to clients.
var (
	errReplyLength = &ProtocolError{"Protocol error: invalid length in reply"}
	errReplyEnd    = &ProtocolError{"Protocol error: expected CRLF after bulk in reply"}
	errReplyStream = &ProtocolError{"Protocol error: streamed types are not supported in reply"}
	errReplyDepth  = &ProtocolError{"Protocol error: reply nested too deep"}
)

// expectedDollar is the error for a byte where an argument should begin. Like Redis, it shows line ends as spaces; a
// NUL too, which Redis never comes to show.
func expectedDollar(got byte) *ProtocolError {
	if got == '\r' || got == '\n' || got == 0 {
		got = ' '
	}
	return &ProtocolError{"Protocol error: expected '$', got '" + string([]byte{got}) + "'"}
}

func unknownType(got byte) *ProtocolError {
	return &ProtocolError{fmt.Sprintf("Protocol error: %q begins no type of reply", got)}
}
