// Package rueidis makes the tests of github.com/redis/rueidis part of this module, so that go.mod and go.sum
// pin them and `go test -c github.com/redis/rueidis` builds them here. Nothing of ours is in it:
// ../rueidis_test.go runs the tests.
package rueidis

import (
	_ "github.com/redis/rueidis"
	_ "github.com/redis/rueidis/rueidislock"
)
