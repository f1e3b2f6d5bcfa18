package proxy

import (
	"math"

	"go.uber.org/zap"
	"golang.org/x/sys/unix"

	"sentinelproxy/proxy/admin"
)

// limitValues are the configured limits as the metrics show them: seconds, bytes or a count.
func (c *Config) limitValues() (v admin.LimitValues) {
	v[admin.LimitHoldTimeout] = c.HoldTimeout.Seconds()
	v[admin.LimitHoldBytes] = float64(c.HoldBytes)
	v[admin.LimitHoldCommands] = float64(c.HoldCommands)
	v[admin.LimitClients] = float64(c.MaxClients)
	v[admin.LimitRequestBytes] = float64(c.MaxRequestBytes)
	v[admin.LimitLargeRequest] = float64(c.LargeRequestBytes)
	v[admin.LimitRequestArgs] = float64(c.MaxRequestArgs)
	v[admin.LimitInlineBytes] = float64(c.MaxInlineBytes)
	v[admin.LimitClientOutput] = float64(c.ClientOutputBytes)
	v[admin.LimitClientOutputPubSub] = float64(c.ClientOutputBytesPubSub)
	v[admin.LimitScriptBytes] = float64(c.ScriptBytes)
	v[admin.LimitIdleTimeout] = c.IdleTimeout.Seconds()
	v[admin.LimitShutdownTimeout] = c.ShutdownTimeout.Seconds()
	v[admin.LimitReplyWindow] = float64(c.ReplyWindowBytes)
	if files, ok := descriptors(); ok {
		v[admin.LimitDescriptors] = float64(files)
	}
	return v
}

// descriptors is how many the process may have. Go's runtime has raised that as far as the system lets it.
func descriptors() (n int, ok bool) {
	var files unix.Rlimit
	err := unix.Getrlimit(unix.RLIMIT_NOFILE, &files)
	return int(min(files.Cur, math.MaxInt32)), err == nil // on macOS there may be no limit
}

// otherDescriptors is how many are needed beside those of clients and of their pinned links, as docs/sizing.md has it.
func (c *Config) otherDescriptors() int {
	n := 100
	for i := range c.Groups {
		n += 2*len(c.Groups[i].Sentinels) + 5
	}
	return n
}

// fitClients lowers the limit of clients to what the limit of descriptors has room for, as Redis does: else clients would take those that links
// and probes need, and everybody's commands would fail instead of the last one's connect.
func (c *Config) fitClients(log *zap.Logger) {
	files, ok := descriptors()
	needed := c.MaxClients + c.otherDescriptors()
	if !ok || files >= needed {
		return
	}
	c.MaxClients = max(1, files-c.otherDescriptors())
	log.Warn("the limit of descriptors (ulimit -n, LimitNOFILE) is too low for --max-clients, which is lowered",
		zap.Int("limit", files), zap.Int("needed", needed), zap.Int("max_clients", c.MaxClients))
}
