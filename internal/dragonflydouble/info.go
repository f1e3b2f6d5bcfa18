package dragonflydouble

import (
	"fmt"
	"strings"
	"time"
)

// info is INFO: the sections SERVER and REPLICATION are Dragonfly's, with neither run_id nor master_link_down_since_seconds
// nor replica_announced; the others are those of the private redis-server.
func (c *session) info(raw [][]byte) plan {
	sections := words(raw[1:])
	return plan{local: func() []byte {
		if len(sections) == 0 {
			sections = []string{"DEFAULT"}
		}
		var out []string
		for _, section := range sections {
			out = append(out, c.server.section(strings.ToUpper(section))...)
		}
		text := strings.Join(out, "\r\n")
		if c.proto.Load() == 3 {
			return fmt.Appendf(nil, "=%d\r\ntxt:%s\r\n", len(text)+len("txt:"), text)
		}
		return bulk(text)
	}}
}

// section gives one section, or all.
func (s *server) section(name string) []string {
	switch name {
	case "SERVER":
		return []string{s.infoServer()}
	case "REPLICATION":
		return []string{s.infoReplication()}
	}
	reply, err := s.backend.admin.ask("INFO", name)
	if err != nil {
		return nil
	}
	if name != "DEFAULT" && name != "ALL" && name != "EVERYTHING" {
		return []string{text(reply)}
	}
	out := []string{s.infoServer()}
	for _, section := range strings.Split(text(reply), "\r\n\r\n") {
		section = strings.TrimPrefix(section, "\r\n")
		switch {
		case strings.HasPrefix(section, "# Server"):
		case strings.HasPrefix(section, "# Replication"):
			out = append(out, s.infoReplication())
		default:
			out = append(out, strings.TrimSuffix(section, "\r\n")+"\r\n")
		}
	}
	return out
}

func (s *server) infoServer() string {
	up := int(time.Since(s.started).Seconds())
	return infoLines("# Server",
		"redis_version:"+redisVersion, "dragonfly_version:"+ownVersion, "redis_mode:standalone", "arch_bits:64",
		// The only line that ends with a line feed alone.
		fmt.Sprintf("os:Linux x86_64\nthread_count:%d", s.options.Threads), "multiplexing_api:iouring",
		fmt.Sprintf("tcp_port:%d", s.options.Port), fmt.Sprintf("uptime_in_seconds:%d", up),
		fmt.Sprintf("uptime_in_days:%d", up/86400), "hz:100", "config_file:")
}

func (s *server) infoReplication() string {
	r := s.replication.now()
	if !r.following {
		lines := append([]string{"# Replication", "role:master"}, infoReplicas(s.replicas())...)
		return infoLines(append(lines, "master_replid:"+s.replid)...)
	}
	link, syncing := "down", 0
	if r.phase > connecting {
		link = "up"
	}
	if r.phase == fullSync {
		syncing = 1
	}
	lines := []string{
		"# Replication", "role:slave", "master_host:" + r.host, "master_port:" + r.port, "master_link_status:" + link,
		fmt.Sprintf("master_last_io_seconds_ago:%d", int(r.quiet.Seconds())), fmt.Sprintf("master_sync_in_progress:%d", syncing),
		"master_replid:" + r.replid,
	}
	if r.phase == online {
		lines = append(lines, "slave_repl_offset:"+r.offset)
	}
	return infoLines(append(lines, "slave_priority:"+s.config.get("replica_priority"), "slave_read_only:1",
		"psync_attempts:0", "psync_successes:0")...)
}

func infoLines(lines ...string) string { return strings.Join(lines, "\r\n") + "\r\n" }
