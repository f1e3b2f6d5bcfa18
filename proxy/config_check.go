package proxy

import (
	"errors"
	"fmt"
	"net"
	"path"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// ConfigError says which option is wrong, and why.
type ConfigError struct {
	Option string // its Name
	Group  int    // index in Config.Groups; -1 when it is not about one
	Err    error
}

func (e *ConfigError) Error() string { return "--" + e.Option + ": " + e.Err.Error() }

// Unwrap gives the reason alone.
func (e *ConfigError) Unwrap() error { return e.Err }

// ErrMissing is the reason of a ConfigError about a value that has no default and was not given.
var ErrMissing = errors.New("is missing")

// Check says what is wrong with c without looking beyond it: no file is read, no name resolved. The
// error is a *ConfigError.
func (c *Config) Check() error {
	if len(c.Groups) == 0 {
		return &ConfigError{"master", -1, ErrMissing}
	}
	for _, o := range Options() {
		if err := o.checkIn(c); err != nil {
			return err
		}
	}
	if err := c.checkPairs(); err != nil {
		return err
	}
	return c.checkAddresses()
}

// checkIn checks the option by itself, in every group if it is a group's.
func (o *Option) checkIn(c *Config) error {
	if o.check == nil {
		return nil
	}
	if !o.Group {
		if err := o.check(c, nil); err != nil {
			return &ConfigError{o.Name, -1, err}
		}
		return nil
	}
	for i := range c.Groups {
		if err := o.check(c, &c.Groups[i]); err != nil {
			return &ConfigError{o.Name, i, err}
		}
	}
	return nil
}

// checkPairs holds values against each other where they can't both be meant.
func (c *Config) checkPairs() error {
	// A group goes by its master's name in metrics and reports, also when the Sentinels differ.
	seen := map[string]bool{}
	for i := range c.Groups {
		if name := c.Groups[i].Name; seen[name] {
			return &ConfigError{"master", i, fmt.Errorf("%s is in two groups; give one of them all the listeners", name)}
		}
		seen[c.Groups[i].Name] = true
	}
	for i := range c.Groups {
		if err := c.checkUsers(i); err != nil {
			return err
		}
	}
	if c.StreamingThreshold > c.ClientOutputBytes {
		return &ConfigError{"streaming-threshold", -1, fmt.Errorf("%s is above --client-output-bytes %s: such a reply would close its client",
			formatSize(c.StreamingThreshold), formatSize(c.ClientOutputBytes))}
	}
	return nil
}

// checkUsers refuses a user without a password: no AUTH would be sent, and it would be the default user's connection.
func (c *Config) checkUsers(group int) error {
	g := &c.Groups[group]
	for _, u := range []struct{ prefix, user, password, file string }{
		{"", g.Username, g.Password, g.PasswordFile},
		{"sentinel-", g.SentinelUsername, g.SentinelPassword, g.SentinelPasswordFile},
	} {
		if u.user != "" && u.password == "" && u.file == "" {
			return &ConfigError{u.prefix + "username", group, fmt.Errorf("it needs --%spassword-file; for a user that is nopass any password will do", u.prefix)}
		}
	}
	return nil
}

// checkAddresses finds an address that two listeners would want. Port 0 is never the same.
func (c *Config) checkAddresses() error {
	taken := map[string]string{}
	for i := range c.Groups {
		for _, addr := range c.Groups[i].Listen {
			if other, ok := taken[addr]; ok {
				return &ConfigError{"listen", i, fmt.Errorf("%s is given twice, for %s and %s", addr, other, c.Groups[i].Name)}
			}
			if !strings.HasSuffix(addr, ":0") {
				taken[addr] = c.Groups[i].Name
			}
		}
	}
	if other, ok := taken[c.Admin]; ok && c.Admin != "" {
		return &ConfigError{"admin", -1, fmt.Errorf("%s is --listen of %s already", c.Admin, other)}
	}
	return nil
}

// checkMaster refuses what would break a Sentinel command or a metric's label. Sentinel itself takes
// names of letters, digits and ".-_" only.
func checkMaster(name string) error {
	if name == "" {
		return ErrMissing
	}
	for _, r := range name {
		if (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && !strings.ContainsRune(".-_", r) {
			return fmt.Errorf("%q: a master's name in Sentinel has letters, digits, '.', '-' and '_' only", name)
		}
	}
	return nil
}

// longestSocketPath is what fits sockaddr_un with its final zero: 107 on Linux, 103 on macOS and BSD.
const longestSocketPath = len(unix.RawSockaddrUnix{}.Path) - 1

// checkListen takes host:port, :port for all interfaces, and unix:///path.
func checkListen(addr string) error {
	p, ok := strings.CutPrefix(addr, "unix://")
	switch {
	case !ok:
		return checkBindable(addr)
	case !path.IsAbs(p) || path.Clean(p) == "/":
		return fmt.Errorf("%q: the path is not absolute: write unix:///path", addr)
	case len(p) > longestSocketPath:
		return fmt.Errorf("%q: the path has %d bytes, more than the %d that a socket's can have", addr, len(p), longestSocketPath)
	}
	return nil
}

// checkBindable takes an address to listen at: the host may be empty and the port 0.
func checkBindable(addr string) error {
	_, err := splitHostPort(addr)
	return err
}

// checkHostPort takes an address to connect to.
func checkHostPort(addr string) error {
	switch port, err := splitHostPort(addr); {
	case err != nil:
		return err
	case strings.HasPrefix(addr, ":"):
		return fmt.Errorf("%q has no host", addr)
	case port == 0:
		return fmt.Errorf("%q: port 0 can't be connected to", addr)
	}
	return nil
}

func splitHostPort(addr string) (port uint16, err error) {
	host, p, err := net.SplitHostPort(addr)
	if err != nil || strings.ContainsAny(host, "/@ \t\r\n") {
		return 0, fmt.Errorf("%q is not host:port", addr)
	}
	n, err := strconv.ParseUint(p, 10, 16)
	if err != nil {
		return 0, fmt.Errorf("%q: the port %q is not a number from 0 to 65535", addr, p)
	}
	return uint16(n), nil
}
