package servers

import (
	"context"
	"fmt"
	"strings"
	"time"
)

// ReplicaOf makes the node follow addr ("host:port"); "" makes it a master.
func (n *Node) ReplicaOf(addr string) error {
	host, port := "NO", "ONE"
	if addr != "" {
		host, port, _ = strings.Cut(hostAndPort(addr), " ")
	}
	ctx, cancel := quick()
	defer cancel()
	if _, err := n.Do(ctx, "REPLICAOF", host, port); err != nil {
		return fmt.Errorf("%s: REPLICAOF: %w", n.name, err)
	}
	return nil
}

// Role is the first element of ROLE: "master", "slave" or "replica".
func (n *Node) Role() (string, error) {
	ctx, cancel := quick()
	defer cancel()
	reply, err := n.Do(ctx, "ROLE")
	if err != nil {
		return "", fmt.Errorf("%s: ROLE: %w", n.name, err)
	}
	fields, _ := reply.([]any)
	if len(fields) == 0 {
		return "", fmt.Errorf("%s: ROLE answered %v", n.name, reply)
	}
	role, _ := fields[0].(string)
	return role, nil
}

// Info returns the fields of INFO section.
func (n *Node) Info(section string) (map[string]string, error) {
	ctx, cancel := quick()
	defer cancel()
	reply, err := n.Do(ctx, "INFO", section)
	if err != nil {
		return nil, fmt.Errorf("%s: INFO %s: %w", n.name, section, err)
	}
	text, _ := reply.(string)
	fields := map[string]string{}
	for line := range strings.Lines(text) {
		if key, value, found := strings.Cut(strings.TrimSpace(line), ":"); found {
			fields[key] = value
		}
	}
	return fields, nil
}

// WaitSynced waits until the node is a replica in sync with its master.
func (n *Node) WaitSynced(ctx context.Context) error {
	return until(ctx, n.name+" in sync", func() error {
		fields, err := n.Info("replication")
		if err != nil {
			return err
		}
		// slave_repl_offset: Dragonfly claims "up" before it has begun, but shows the offset only when in sync.
		if fields["master_link_status"] != "up" || fields["master_sync_in_progress"] != "0" || fields["slave_repl_offset"] == "" {
			return fmt.Errorf("role %q, link %q", fields["role"], fields["master_link_status"])
		}
		return nil
	})
}

// until asks every 10 ms until ok returns nil. The error at the end holds ok's last one.
func until(ctx context.Context, what string, ok func() error) error {
	for {
		err := ok()
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("waiting for %s: %w (last: %v)", what, ctx.Err(), err)
		case <-time.After(10 * time.Millisecond):
		}
	}
}
