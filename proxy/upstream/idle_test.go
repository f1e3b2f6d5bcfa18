package upstream

import "testing"

// TestIdleLinkKeepsNoMemory: the memory of an idle link's queue goes if that was long, or if the link has carried nothing
// between one Trim and the next; that of any other stays.
func TestIdleLinkKeepsNoMemory(t *testing.T) {
	var l Link
	push := func(n int) {
		for range n {
			l.out.append([]byte("x"))
			l.pending.push().end = l.out.end()
			l.out.sent = l.out.end()
		}
	}
	answer := func(n int) {
		for range n {
			l.out.answered(l.pending.pop().end)
		}
	}
	push(keepSlots + 1)
	answer(keepSlots)
	for range 3 {
		l.trim()
	}
	if len(l.pending.slots) <= keepSlots || l.out.buf == nil {
		t.Error("trimmed with something in it")
	}
	push(1)
	answer(2)
	if l.trim(); len(l.pending.slots) > 0 {
		t.Errorf("%d slots are kept", len(l.pending.slots))
	}
	push(3)
	answer(2)
	if l.trim(); l.pending.n != 1 || l.pending.at(0).end != l.out.end() {
		t.Error("what is in it was lost")
	}
	answer(1)
	for cap(l.out.buf) <= keepIdle {
		l.out.append(make([]byte, ownMemory-1))
	}
	l.out.sent = l.out.end()
	l.out.answered(l.out.end())
	if l.out.buf == nil {
		t.Error("a large buffer is not kept for the next moment")
	}
	if l.trim(); l.out.buf != nil {
		t.Errorf("%d bytes are kept", cap(l.out.buf))
	}
	push(1)
	answer(1)
	if l.trim(); len(l.pending.slots) == 0 || cap(l.out.buf) == 0 {
		t.Error("a link in use was trimmed")
	}
	if l.trim(); l.pending.slots != nil || l.out.buf != nil {
		t.Error("one that was not used has kept memory")
	}
	l.out.append([]byte("y"))
	if string(l.out.unsent()) != "y" {
		t.Errorf("%q to be sent afterwards", l.out.unsent())
	}
}
