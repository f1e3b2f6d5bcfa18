package upstream

// keepBusy is the capacity in bytes that a link may keep from one moment to the next: what pipelines of many clients need, so
// that it does not grow anew for each turn. keepIdle is how much it may keep beyond a Trim that finds it idle.
const (
	keepBusy = 2 << 20
	keepIdle = 256 << 10
)

// keepSlots is how many slots an idle queue may keep beyond one Trim: about as many bytes as keepIdle.
const keepSlots = 4096

// trim gives back what an idle link does not need: what is more than keepIdle and keepSlots, and all of its memory if it has
// carried nothing since the last time. Not as soon as it is idle: a link that carries deep pipelines is so again and again.
func (l *Link) trim() {
	unused := l.trimmed == l.out.end()
	l.trimmed = l.out.end()
	if l.pending.n > 0 {
		return
	}
	if unused || len(l.pending.slots) > keepSlots {
		l.pending = ring{}
	}
	if l.out.size() == 0 && (unused || cap(l.out.buf) > keepIdle) {
		l.out.buf = nil
	}
}
