package servers

import (
	"fmt"
	"os"
	"path/filepath"
)

// Relay is a running proxy of other people.
type Relay struct {
	*Process
	endpoint
}

// Restart runs an ended relay once more on its port.
func (r *Relay) Restart() error { return r.restart(r.Port, r.accepts) }

// HAProxyOptions of an HAProxy in TCP mode.
type HAProxyOptions struct {
	Port    int
	Backend string // host:port of the server
	Threads int    // 0: 1
	// Config replaces the whole configuration; it is given the port to listen on.
	Config func(port int) string
}

// HAProxy starts one and waits until it accepts connections.
func (p *Pool) HAProxy(o HAProxyOptions) (*Relay, error) {
	config := o.Config
	if config == nil {
		config = o.file
	}
	return p.relay("haproxy", o.Port, func(port int, dir string) ([]string, error) {
		file := filepath.Join(dir, "haproxy.cfg")
		return []string{"-db", "-f", file}, os.WriteFile(file, []byte(config(port)), 0o600)
	})
}

// file sets no maxconn: HAProxy then takes what the limit of open files allows.
func (o HAProxyOptions) file(port int) string {
	return fmt.Sprintf(`global
	nbthread %d
defaults
	mode tcp
	timeout connect 1s
	timeout client 1h
	timeout server 1h
listen redis
	bind %s
	server master %s
`, orDefault(o.Threads, 1), localAddr(port), o.Backend)
}

// NutcrackerOptions of a twemproxy with one server.
type NutcrackerOptions struct {
	Port    int
	Backend string // host:port of the server
	// Config replaces the whole configuration; it is given the port to listen on.
	Config func(port int) string
}

// Nutcracker starts a twemproxy and waits until it accepts connections.
func (p *Pool) Nutcracker(o NutcrackerOptions) (*Relay, error) {
	config := o.Config
	if config == nil {
		config = o.file
	}
	return p.relay("nutcracker", o.Port, func(port int, dir string) ([]string, error) {
		stats, err := FreePort() // its statistics can't be turned off, and default to one port on all interfaces
		if err != nil {
			return nil, err
		}
		file := filepath.Join(dir, "nutcracker.yml")
		args := []string{"-c", file, "-s", fmt.Sprint(stats), "-a", "127.0.0.1"}
		return args, os.WriteFile(file, []byte(config(port)), 0o600)
	})
}

func (o NutcrackerOptions) file(port int) string {
	return fmt.Sprintf(`redis:
  listen: %s
  redis: true
  hash: fnv1a_64
  distribution: ketama
  preconnect: true
  servers:
   - %s:1
`, localAddr(port), o.Backend)
}

// relay starts program with the arguments that configure returns for a port and a directory.
func (p *Pool) relay(program string, wished int, configure func(port int, dir string) ([]string, error)) (*Relay, error) {
	path, err := Find(program)
	if err != nil {
		return nil, err
	}
	var r *Relay
	err = onPort(wished, func(port int) error {
		proc, err := newProcess(p.root, fmt.Sprintf("%s %d", program, port), path)
		if err != nil {
			return err
		}
		if proc.args, err = configure(port, proc.dir); err != nil {
			return err
		}
		r = &Relay{Process: proc, endpoint: endpoint{Port: port}}
		return p.start(proc, port, r.accepts)
	})
	if err != nil {
		return nil, err
	}
	return r, nil
}
