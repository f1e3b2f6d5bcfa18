package topology

import (
	"strings"
	"testing"
	"unicode/utf8"
)

const runID = "7ae098a26580fbee92594c4a362fc71c1af7be07"

func TestMessages(t *testing.T) {
	const (
		m  = "10.0.0.1:6379" // the master
		n  = "10.0.0.2:6380" // a replica
		at = " @ mymaster 10.0.0.1 6379"
	)
	master, replica, sentinel := "master mymaster 10.0.0.1 6379", "slave 10.0.0.2:6380 10.0.0.2 6380"+at, "sentinel "+runID+" 10.0.0.3 5000"+at
	for _, c := range []struct {
		channel, payload string
		want             Event
	}{
		{"+new-epoch", "17", Event{Kind: NewEpoch, Epoch: 17}},
		{"+sdown", master, Event{Kind: SubjectivelyDown, Node: m}},
		{"-sdown", master, Event{Kind: SubjectivelyUp, Node: m}},
		{"+sdown", replica, Event{Kind: SubjectivelyDown, Node: n, Master: m}},
		{"+sdown", sentinel, Event{Kind: SubjectivelyDown, Node: "10.0.0.3:5000", Master: m}},
		{"+odown", master + " #quorum 2/2", Event{Kind: ObjectivelyDown, Node: m, Master: m}},
		{"-odown", master, Event{Kind: ObjectivelyUp, Node: m, Master: m}},
		{"+try-failover", master, Event{Kind: TryFailover, Master: m}},
		{"+vote-for-leader", runID + " 17", Event{Kind: FailoverState}},
		{"+elected-leader", master, Event{Kind: FailoverState, Master: m}},
		{"+failover-state-select-slave", master, Event{Kind: FailoverState, Master: m}},
		{"+selected-slave", replica, Event{Kind: SelectedReplica, Node: n, Master: m}},
		{"+failover-state-send-slaveof-noone", replica, Event{Kind: FailoverState, Node: n, Master: m}},
		{"+failover-state-wait-promotion", replica, Event{Kind: FailoverState, Node: n, Master: m}},
		{"+promoted-slave", replica, Event{Kind: PromotedReplica, Node: n, Master: m}},
		{"+failover-state-reconf-slaves", master, Event{Kind: FailoverState, Master: m}},
		{"+config-update-from", sentinel, Event{Kind: Other}},
		{"+switch-master", "mymaster 10.0.0.1 6379 10.0.0.2 6380", Event{Kind: SwitchMaster, Master: m, Node: n}},
		{"+slave-reconf-sent", replica, Event{Kind: Other}},
		{"+slave-reconf-inprog", replica, Event{Kind: Other}},
		{"+slave-reconf-done", replica, Event{Kind: Other}},
		{"+failover-end", master, Event{Kind: FailoverEnd, Master: m}},
		{"+failover-end-for-timeout", master, Event{Kind: FailoverEnd, Master: m}},
		{"+convert-to-slave", replica, Event{Kind: ConvertToReplica, Node: n, Master: m}},
		{"+fix-slave-config", replica, Event{Kind: Other}},
		{"-failover-abort-not-elected", master, Event{Kind: FailoverAbort, Master: m}},
		{"-failover-abort-no-good-slave", master, Event{Kind: FailoverAbort, Master: m}},
		{"-failover-abort-slave-timeout", master, Event{Kind: FailoverAbort, Master: m}},
		{"-failover-abort-of-the-future", replica, Event{Kind: FailoverAbort, Node: n, Master: m}},
		{"+sentinel", sentinel, Event{Kind: Other}},
		{"+slave", replica, Event{Kind: Other}},
		{"+reboot", master, Event{Kind: Other}},
		{"+set", master + " quorum 3", Event{Kind: Other}},
		{"+role-change", replica + " new reported role is master", Event{Kind: Other}},
		{"+tilt", "#tilt mode entered", Event{Kind: Other}},
		{"a channel nobody knows", "any words", Event{Kind: Other}},

		// names and IPv6, as announced
		{"+switch-master", "mymaster ::1 6379 fe80::2%eth0 6380", Event{Kind: SwitchMaster, Master: "[::1]:6379", Node: "[fe80::2%eth0]:6380"}},
		{"+selected-slave", "slave [fd00::2]:6380 fd00::2 6380 @ mymaster redis-0.redis.svc 6379", Event{Kind: SelectedReplica, Node: "[fd00::2]:6380", Master: "redis-0.redis.svc:6379"}},

		// not as it should be
		{"+switch-master", "mymaster 10.0.0.1 6379 10.0.0.2", Event{Kind: Other}},
		{"+switch-master", "mymaster 10.0.0.1 6379 10.0.0.2 0", Event{Kind: Other}},
		{"+switch-master", "mymaster 10.0.0.1 6379 10.0.0.2 65536", Event{Kind: Other}},
		{"+switch-master", "mymaster 10.0.0.1 6379 10.0.0.2 6380 more", Event{Kind: Other}},
		{"+switch-master", "mymaster ", Event{Kind: Other}},
		{"+selected-slave", master, Event{Kind: Other}},
		{"+selected-slave", "slave 10.0.0.2:6380 10.0.0.2 @ mymaster 10.0.0.1 6379", Event{Kind: Other}},
		{"+selected-slave", "slave", Event{Kind: Other}},
		{"+try-failover", replica, Event{Kind: Other}},
		{"+try-failover", "", Event{Kind: Other}},
		{"+new-epoch", "-1", Event{Kind: Other}},
		{"+new-epoch", "", Event{Kind: Other}},
		{"+sdown", "master mymaster  6379", Event{Kind: Other}},
		{"", "", Event{Kind: Other}},
	} {
		got, ours := parseMessage("mymaster", c.channel, c.payload)
		c.want.Text = c.channel + " " + c.payload
		if !ours || got != c.want {
			t.Errorf("%s %s\n got %+v, ours %v\nwant %+v", c.channel, c.payload, got, ours, c.want)
		}
	}
}

func TestMessagesAboutOtherGroups(t *testing.T) {
	for _, c := range [][2]string{
		{"+sdown", "master other 10.0.0.1 6379"},
		{"+sdown", "master mymaster2 10.0.0.1 6379"},
		{"+try-failover", "master My 10.0.0.1 6379"},
		{"+selected-slave", "slave mymaster 10.0.0.2 6380 @ other 10.0.0.1 6379"},
		{"+sentinel", "sentinel " + runID + " 10.0.0.3 5000 @ other 10.0.0.1 6379"},
		{"+switch-master", "other 10.0.0.1 6379 10.0.0.2 6380"},
		{"+monitor", "master other 10.0.0.1 6379 quorum 2"},
	} {
		if e, ours := parseMessage("mymaster", c[0], c[1]); ours {
			t.Errorf("%v: %+v", c, e)
		}
	}
}

// TestOddNames: Sentinel takes nearly any name, and quotes none.
func TestOddNames(t *testing.T) {
	for _, name := range []string{"a b", "a @ b", "a @ b 10.9.9.9 1", " ", "master", "#1 [x]", "é*?", "10.0.0.1 6379"} {
		for _, c := range []struct {
			channel, payload string
			want             Event
		}{
			{"+switch-master", name + " 10.0.0.1 6379 10.0.0.2 6380", Event{Kind: SwitchMaster, Master: "10.0.0.1:6379", Node: "10.0.0.2:6380"}},
			{"+try-failover", "master " + name + " 10.0.0.1 6379", Event{Kind: TryFailover, Master: "10.0.0.1:6379"}},
			{"+promoted-slave", "slave x:1 10.0.0.2 6380 @ " + name + " 10.0.0.1 6379", Event{Kind: PromotedReplica, Master: "10.0.0.1:6379", Node: "10.0.0.2:6380"}},
		} {
			c.want.Text = c.channel + " " + c.payload
			if got, ours := parseMessage(name, c.channel, c.payload); !ours || got != c.want {
				t.Errorf("group %q: %s %s\n got %+v, ours %v\nwant %+v", name, c.channel, c.payload, got, ours, c.want)
			}
		}
	}
}

func TestLongMessageIsClipped(t *testing.T) {
	e, _ := parseMessage("mymaster", "+tilts", strings.Repeat("é", 1<<20))
	if len(e.Text) > maxText || !utf8.ValidString(e.Text) {
		t.Errorf("%d bytes are kept, valid %v", len(e.Text), utf8.ValidString(e.Text))
	}
}

// FuzzMessage: no panic; and an event of a failover never comes without the addresses that its Kind promises.
func FuzzMessage(f *testing.F) {
	f.Add("mymaster", "+switch-master", "mymaster 10.0.0.1 6379 10.0.0.2 6380")
	f.Add("a @ b", "+selected-slave", "slave [fd00::2]:6380 fd00::2 6380 @ a @ b 10.0.0.1 6379")
	f.Add("m", "+odown", "master m 10.0.0.1 6379 #quorum 2/2")
	f.Add("m", "-failover-abort-", "slave")
	f.Fuzz(func(t *testing.T, group, channel, payload string) {
		e, ours := parseMessage(group, channel, payload)
		if !ours && e != (Event{}) {
			t.Errorf("another group's event has content: %+v", e)
		}
		if !ours {
			return
		}
		switch e.Kind {
		case SelectedReplica, PromotedReplica, SwitchMaster, ConvertToReplica, ObjectivelyDown, ObjectivelyUp:
			if e.Node == "" || e.Master == "" {
				t.Errorf("incomplete %+v", e)
			}
		case TryFailover, FailoverEnd, FailoverAbort:
			if e.Master == "" {
				t.Errorf("incomplete %+v", e)
			}
		case Other, NewEpoch:
			if e.Node != "" || e.Master != "" {
				t.Errorf("addresses in %+v", e)
			}
		}
		if len(e.Text) > maxText {
			t.Errorf("Text has %d bytes", len(e.Text))
		}
	})
}
