// rueidis's own integration tests, in a module of their own: sentinelproxy does not depend on rueidis.
module sentinelproxy/e2e/clients/rueidis

go 1.26

require github.com/redis/rueidis v1.0.79

require golang.org/x/sys v0.47.0 // indirect
