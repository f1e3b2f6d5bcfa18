package main

import "testing"

func TestOnlyElectable(t *testing.T) {
	replica := func(port, flags, priority, link string) map[string]string {
		return map[string]string{"ip": "127.0.0.1", "port": port, "flags": flags, "slave-priority": priority, "master-link-status": link}
	}
	good := replica("6000", "slave", "100", "ok")
	stopped := replica("6379", "s_down,slave,disconnected", "100", "err")
	for name, test := range map[string]struct {
		replicas []map[string]string
		want     bool
	}{
		"not known yet":                   {nil, false},
		"only the stopped one":            {[]map[string]string{stopped}, false},
		"with the old priority":           {[]map[string]string{replica("6000", "slave", "0", "ok")}, false},
		"with its link down":              {[]map[string]string{replica("6000", "slave", "100", "err")}, false},
		"down":                            {[]map[string]string{replica("6000", "s_down,slave", "100", "ok")}, false},
		"alone":                           {[]map[string]string{good}, true},
		"beside a stopped one":            {[]map[string]string{stopped, good}, true},
		"beside one that can't be":        {[]map[string]string{replica("6379", "slave", "0", "ok"), good}, true},
		"beside another that can be":      {[]map[string]string{replica("6379", "slave", "100", "ok"), good}, false},
		"another one instead":             {[]map[string]string{replica("6379", "slave", "100", "ok")}, false},
		"beside one of lower priority":    {[]map[string]string{replica("6379", "slave", "200", "err"), good}, false},
		"known twice, by another port":    {[]map[string]string{good, replica("6001", "slave", "100", "ok")}, false},
		"master link not yet ascertained": {[]map[string]string{replica("6000", "slave", "100", "?")}, false},
	} {
		if got := onlyElectable(test.replicas, "127.0.0.1:6000"); got != test.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}
