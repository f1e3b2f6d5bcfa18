package proxy

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
)

// The kinds of values an Option can have: how each is read, written and checked. A constructor binds
// one to its field.

func text(name, help string, check func(string) error, field func(*Group) *string) Option {
	o := Option{
		Name: name, Help: help, Kind: Text, Group: true,
		Set: func(_ *Config, g *Group, v []string) error { *field(g) = v[0]; return nil },
		Get: func(_ *Config, g *Group) []string { return []string{*field(g)} },
	}
	if check != nil {
		o.check = func(_ *Config, g *Group) error { return check(*field(g)) }
	}
	return o
}

func secret(name, help string, field func(*Group) *string) Option {
	o := text(name, help, notRedacted, field)
	o.Kind = Secret
	return o
}

func addresses(name, help string, check func(string) error, field func(*Group) *[]string) Option {
	return Option{
		Name: name, Help: help, Kind: List, Group: true,
		Set: func(_ *Config, g *Group, v []string) error { *field(g) = slices.Clone(v); return nil },
		Get: func(_ *Config, g *Group) []string { return *field(g) },
		check: func(_ *Config, g *Group) error {
			seen := map[string]bool{}
			for _, addr := range *field(g) {
				if err := check(addr); err != nil {
					return err
				}
				if seen[addr] {
					return fmt.Errorf("%s is given twice", addr)
				}
				seen[addr] = true
			}
			if len(seen) == 0 {
				return ErrMissing
			}
			return nil
		},
	}
}

func adminAddress(name, help string, field func(*Config) *string) Option {
	return Option{
		Name: name, Help: help, Kind: Text,
		Set: func(c *Config, _ *Group, v []string) error { *field(c) = v[0]; return nil },
		Get: func(c *Config, _ *Group) []string { return []string{*field(c)} },
		check: func(c *Config, _ *Group) error {
			if *field(c) == "" {
				return nil
			}
			return checkBindable(*field(c))
		},
	}
}

func count(name, help string, lowest, highest int, field func(*Config) *int) Option {
	return Option{
		Name: name, Help: help, Kind: Text,
		Set: func(c *Config, _ *Group, v []string) (err error) {
			*field(c), err = parseCount(v[0], lowest, highest)
			return err
		},
		Get: func(c *Config, _ *Group) []string { return []string{strconv.Itoa(*field(c))} },
		check: func(c *Config, _ *Group) error {
			if n := *field(c); n < lowest || n > highest {
				return notWithin(strconv.Itoa(n), lowest, highest)
			}
			return nil
		},
	}
}

func notWithin(n string, lowest, highest int) error {
	return fmt.Errorf("%s is not within %d and %d", n, lowest, highest)
}

func size[T int | int64](name, help string, lowest T, field func(*Config) *T) Option {
	return Option{
		Name: name, Help: help, Kind: Text,
		Set: func(c *Config, _ *Group, v []string) error {
			n, err := parseSize(v[0])
			if err == nil && n > largest[T]() {
				err = fmt.Errorf("%q is too large", v[0])
			}
			if err != nil {
				return fmt.Errorf("%w (%d to %d bytes)", err, lowest, largest[T]())
			}
			*field(c) = T(n)
			return nil
		},
		Get: func(c *Config, _ *Group) []string { return []string{formatSize(int64(*field(c)))} },
		check: func(c *Config, _ *Group) error {
			if *field(c) < lowest {
				return fmt.Errorf("%d bytes is below the least, %d", *field(c), lowest)
			}
			return nil
		},
	}
}

// largest is the largest T.
func largest[T int | int64]() int64 {
	if _, isInt := any(T(0)).(int); isInt {
		return math.MaxInt
	}
	return math.MaxInt64
}

func duration(name, help string, lowest time.Duration, field func(*Config) *time.Duration) Option {
	return Option{
		Name: name, Help: help, Kind: Text,
		Set: func(c *Config, _ *Group, v []string) (err error) {
			*field(c), err = ParseDuration(v[0])
			return err
		},
		Get: func(c *Config, _ *Group) []string { return []string{formatDuration(*field(c))} },
		check: func(c *Config, _ *Group) error {
			allowed := "0 or more"
			if lowest > 0 {
				allowed = "more than 0"
			}
			switch d := *field(c); {
			case d < 0:
				return fmt.Errorf("%s is negative: it must be %s", d, allowed)
			case d < lowest:
				return fmt.Errorf("%s is too short: it must be %s", d, allowed)
			}
			return nil
		},
	}
}

func choice[T ~string](name, help string, choices []T, field func(*Config) *T) Option {
	return Option{
		Name: name, Help: help, Kind: Text,
		Set:   func(c *Config, _ *Group, v []string) error { *field(c) = T(v[0]); return nil },
		Get:   func(c *Config, _ *Group) []string { return []string{string(*field(c))} },
		check: func(c *Config, _ *Group) error { return oneOf(choices, *field(c)) },
	}
}

// groupChoice: a Group made by hand may leave it out.
func groupChoice[T ~string](name, help string, choices []T, field func(*Group) *T) Option {
	return Option{
		Name: name, Help: help, Kind: Text, Group: true,
		Set: func(_ *Config, g *Group, v []string) error { *field(g) = T(v[0]); return oneOf(choices, T(v[0])) },
		Get: func(_ *Config, g *Group) []string { return []string{string(*field(g))} },
		check: func(_ *Config, g *Group) error {
			if *field(g) == "" {
				return nil
			}
			return oneOf(choices, *field(g))
		},
	}
}

func oneOf[T ~string](choices []T, value T) error {
	if slices.Contains(choices, value) {
		return nil
	}
	var all []string
	for _, choice := range choices {
		all = append(all, string(choice))
	}
	return fmt.Errorf("%q is not one of %s", value, strings.Join(all, ", "))
}

// processText is any text, or a secret, of the process.
func processText(name, help string, kind OptionKind, field func(*Config) *string) Option {
	o := Option{
		Name: name, Help: help, Kind: kind,
		Set: func(c *Config, _ *Group, v []string) error { *field(c) = v[0]; return nil },
		Get: func(c *Config, _ *Group) []string { return []string{*field(c)} },
	}
	if kind == Secret {
		o.check = func(c *Config, _ *Group) error { return notRedacted(*field(c)) }
	}
	return o
}

func notRedacted(v string) error {
	if v == Redacted {
		return errors.New("this is what `config show` puts in place of a secret, not the secret")
	}
	return nil
}

func boolean(name, help string, field func(*Config) *bool) Option {
	return Option{
		Name: name, Help: help, Kind: Switch,
		Set: func(c *Config, _ *Group, v []string) (err error) {
			if *field(c), err = strconv.ParseBool(v[0]); err != nil {
				return fmt.Errorf("%q is neither true nor false", v[0])
			}
			return nil
		},
		Get: func(c *Config, _ *Group) []string { return []string{strconv.FormatBool(*field(c))} },
	}
}

// parseCount reads a whole number. Its errors name the range that is allowed, but whether the number is within it is looked at later.
func parseCount(s string, lowest, highest int) (int, error) {
	n, err := strconv.Atoi(s)
	switch {
	case errors.Is(err, strconv.ErrRange):
		return 0, notWithin(s, lowest, highest)
	case err != nil:
		return 0, fmt.Errorf("%q is not a whole number from %d to %d", s, lowest, highest)
	}
	return n, nil
}

var sizeUnits = []struct {
	suffix string
	bytes  int64
}{{"GiB", 1 << 30}, {"MiB", 1 << 20}, {"KiB", 1 << 10}}

// parseSize reads bytes: "1048576", "1024KiB", "1MiB". MB and M are refused rather than guessed: Redis
// reads mb as 2^20 and m as 10^6.
func parseSize(s string) (int64, error) {
	digits, unit := s, int64(1)
	for _, u := range sizeUnits {
		if rest, ok := strings.CutSuffix(s, u.suffix); ok {
			digits, unit = rest, u.bytes
			break
		}
	}
	n, err := strconv.ParseUint(digits, 10, 63)
	switch {
	case errors.Is(err, strconv.ErrRange) || err == nil && int64(n) > math.MaxInt64/unit:
		return 0, fmt.Errorf("%q is too large", s)
	case err != nil:
		return 0, fmt.Errorf("%q is not a size: give bytes, or a number with KiB, MiB or GiB", s)
	}
	return int64(n) * unit, nil
}

func formatSize(n int64) string {
	for _, u := range sizeUnits {
		if n >= u.bytes && n%u.bytes == 0 {
			return strconv.FormatInt(n/u.bytes, 10) + u.suffix
		}
	}
	return strconv.FormatInt(n, 10)
}

// longestDuration is what fits time.Duration, in whole hours.
const longestDuration = math.MaxInt64 / time.Hour

// ParseDuration reads a duration as all flags take it, like 500ms, 60s or 2m. Its error tells what was given, and what is wanted.
func ParseDuration(s string) (time.Duration, error) {
	d, err := time.ParseDuration(s)
	if err == nil {
		return d, nil
	}
	if _, err := strconv.ParseFloat(s, 64); err == nil {
		return 0, fmt.Errorf("%q needs a unit: %ss or %sms", s, s, s)
	}
	return 0, fmt.Errorf("%q is not a duration up to %dh: give one such as 500ms, 60s or 2m", s, longestDuration)
}

// formatDuration writes 60s and 2m where Duration.String has 1m0s and 2m0s.
func formatDuration(d time.Duration) string {
	switch {
	case d == 0:
		return "0"
	case d%time.Minute == 0 && d >= 2*time.Minute:
		return strconv.FormatInt(int64(d/time.Minute), 10) + "m"
	case d%time.Second == 0:
		return strconv.FormatInt(int64(d/time.Second), 10) + "s"
	}
	return d.String()
}
