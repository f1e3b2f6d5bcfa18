package upstream

// Relay takes what a server sends on a link that is no conversation of commands and replies any more.
type Relay interface {
	Owner
	// Relayed hands over bytes as they come; they are only lent.
	Relayed(data []byte)
}

// AppendRelay queues a command, PSYNC or SYNC, after which both ways of a link of one session carry bytes as they are:
// the replication stream and its acknowledgements. The link ends with it.
func (l *Link) AppendRelay(r Relay, raw []byte) {
	l.AppendOwn(r, raw, 1, 0)
	l.relay = r
}

// AppendBytes queues bytes on a link that relays.
func (l *Link) AppendBytes(b []byte) {
	l.out.append(b)
	l.conn.MarkDirty()
}

// relays: everything before the command that began it has been answered.
func (l *Link) relays() bool { return l.relay != nil && l.state == ready && l.pending.len() == 1 }
