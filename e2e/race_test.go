//go:build race

package e2e

// When the tests are built with the race detector, so is the program.
func init() { raceByDefault = true }
