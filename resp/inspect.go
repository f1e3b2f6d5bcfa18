package resp

import "bytes"

// IsError tells whether a framed reply is an error, "-" or "!". An attribute before it is not skipped.
func IsError(reply []byte) bool {
	return len(reply) > 0 && (reply[0] == '-' || reply[0] == '!')
}

// ErrorPrefix gives the first word of an error reply, such as READONLY, aliasing it; nil for any other reply.
func ErrorPrefix(reply []byte) []byte {
	if !IsError(reply) {
		return nil
	}
	text := reply[1:]
	if reply[0] == '!' {
		text = text[bytes.IndexByte(text, '\n')+1:]
	}
	for i, c := range text {
		if c == ' ' || c == '\r' || c == '\n' {
			return text[:i:i]
		}
	}
	return text
}
