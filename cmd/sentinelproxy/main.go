// Command sentinelproxy stands in front of Redis nodes under Sentinel as if it were one ordinary Redis.
//
// Exit codes: 0 done or gracefully stopped, 1 a failure at run time, 2 wrong input. Both kinds of
// failure are one line on stderr that names the flag, the variable or the file's line.
package main

import (
	"errors"
	"fmt"
	"os"
	"reflect"
	"strings"

	"github.com/alecthomas/kong"
)

const (
	exitFailure = 1
	exitUsage   = 2
)

// usageError is wrong input: exit code 2.
type usageError struct{ err error }

func (e *usageError) Error() string { return e.err.Error() }
func (e *usageError) Unwrap() error { return e.err }

func usagef(format string, args ...any) error { return &usageError{fmt.Errorf(format, args...)} }

func main() { os.Exit(command(os.Args[1:])) }

// command runs one command line and returns the exit code.
func command(args []string) int {
	err := parseAndRun(args)
	if err == nil {
		return 0
	}
	// One line, whatever a library put into its text.
	fmt.Fprintln(os.Stderr, "sentinelproxy: "+strings.Join(strings.Fields(err.Error()), " "))
	if usage := (*usageError)(nil); errors.As(err, &usage) {
		return exitUsage
	}
	return exitFailure
}

func parseAndRun(args []string) error {
	parser, err := kong.New(newGrammar(),
		kong.Name("sentinelproxy"),
		kong.Description("One ordinary Redis to its clients; the master that Redis Sentinel names behind it."),
		kong.ConfigureHelp(kong.HelpOptions{NoExpandSubcommands: true}),
		kong.KindMapper(reflect.String, kong.MapperFunc(decodeText)),
		kong.TypeMapper(reflect.TypeFor[[]string](), kong.MapperFunc(decodeList)),
	)
	if err != nil {
		return fmt.Errorf("BUG: command line: %w", err)
	}
	parsed, err := parser.Parse(args)
	if err != nil {
		return &usageError{err}
	}
	return parsed.Run()
}
