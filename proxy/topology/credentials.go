package topology

import (
	"errors"

	"github.com/redis/go-redis/v9"
)

// AboutCredentials tells whether an error reply ("NOAUTH Authentication required.") says that the asker is not let in
// or may not ask, so that asking again changes nothing until somebody changes a configuration.
func AboutCredentials(reply string) bool {
	switch causeOf(reply) {
	case CauseAuthRequired, CauseWrongPassword, CauseNoPermission:
		return true
	}
	return false
}

// aboutCredentials is the same for what go-redis returns.
func aboutCredentials(err error) bool {
	var reply redis.Error
	return errors.As(err, &reply) && AboutCredentials(reply.Error())
}
