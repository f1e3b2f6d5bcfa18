package topology

import "testing"

// TestOpinionFlags: a Sentinel that has promoted somebody and is busy with the other replicas does not announce a failover of the one that
// it names, however late it is asked.
func TestOpinionFlags(t *testing.T) {
	for _, c := range []struct{ host, want string }{
		{"10.0.0.1", "master,failover_in_progress"},
		{"10.0.0.2", "master"},
	} {
		state := map[string]string{
			"ip": "10.0.0.1", "port": "6379", "config-epoch": "1", "num-other-sentinels": "2", "flags": "master,failover_in_progress",
		}
		e, err := opinionOf(state, c.host, "6379")
		if err != nil || e.Flags != c.want || e.Master != c.host+":6379" {
			t.Errorf("%s: %+v, %v, want the flags %s", c.host, e, err, c.want)
		}
	}
}
