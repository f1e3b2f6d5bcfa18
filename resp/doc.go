// Package resp is the wire format of Redis, RESP2 and RESP3, for a program in the middle: it finds where commands and
// replies begin and end in bytes that belong to the caller, and takes them apart no further than asked.
//
// Map of the folder:
//
//	command.go   CommandReader and Command: what clients send as "*N\r\n$len\r\n..."
//	inline.go    commands typed as a line, with the quoting of redis-cli
//	limits.go    Limits: how much a client may announce
//	reply.go     ReplyReader: one whole reply, any type, any nesting
//	replystate.go  ReplyReader: what is kept while a reply is incomplete, streaming of large ones
//	nesting.go   the stack of open aggregates
//	number.go    lengths as Redis reads them
//	errors.go    ProtocolError, with Redis's own texts
//	inspect.go   questions about a framed reply: is it an error, which
//	write.go     commands, and what RESP3 adds to the headers of replies
//
// Rules that hold everywhere:
//
//   - Nothing is copied or allocated for a command or reply of usual shape; results alias the caller's buffer and are
//     valid as long as it is. A length that is merely announced never makes this package allocate.
//   - Readers keep where they stopped. The work for a frame is in proportion to its bytes, however they are cut up.
//   - For any way the input is cut up the frames, and the errors, are the same ones.
//   - Readers are not safe for concurrent use; each connection has its own. A zero reader is ready for use.
//
// What is accepted from clients is what Redis 7.0 accepts, but in one respect: Redis skips the two bytes after an
// argument and the one after "\r" unseen, here they must be "\r\n" and "\n". Frames of many clients travel to the server
// on one link, so what one server skips and another refuses would be an error of somebody else's.
package resp
