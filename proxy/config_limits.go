package proxy

import (
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
	var files unix.Rlimit
	if unix.Getrlimit(unix.RLIMIT_NOFILE, &files) == nil {
		v[admin.LimitDescriptors] = float64(files.Cur)
	}
	return v
}
