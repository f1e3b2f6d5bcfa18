package proxy

import (
	"strings"
	"testing"
)

func TestParseAcknowledge(t *testing.T) {
	for text, want := range map[string]string{
		"master":                                 "master",
		"replicas=1":                             "replicas=1,timeout=2s,on-timeout=answer,reads=now",
		"replicas=2,timeout=500ms":               "replicas=2,timeout=500ms,on-timeout=answer,reads=now",
		"on-timeout=error,replicas=1":            "replicas=1,timeout=2s,on-timeout=error,reads=now",
		"replicas=1,reads=replicated,timeout=1s": "replicas=1,timeout=1s,on-timeout=answer,reads=replicated",
	} {
		a, err := ParseAcknowledge(text)
		if err != nil || a.String() != want {
			t.Errorf("%s: %s %v", text, a, err)
		}
		if again, err := ParseAcknowledge(a.String()); err != nil || again != a {
			t.Errorf("%s is read as %s: %v", a, again, err)
		}
	}
	for text, want := range map[string]string{
		"":                             `"": expected master, or replicas=N`,
		"slave":                        `"slave": expected master, or replicas=N`,
		"master,replicas=1":            `"master": expected`,
		"replicas=0":                   "replicas=0: must be a number from 1 to 1000",
		"replicas=x":                   "replicas=x: must be a number",
		"replicas=1001":                "replicas=1001: must be",
		"timeout=1s":                   "replicas=N is missing",
		"replicas=1,replicas=2":        "replicas is given twice",
		"replicas=1,timeout=0s":        "timeout=0s: must be a duration of at least 1ms",
		"replicas=1,timeout=5":         "timeout=5: must be a duration",
		"replicas=1,on-timeout=panic":  "on-timeout=panic: must be answer or error",
		"replicas=1,reads=never":       "reads=never: must be now or replicated",
		"replicas=1,durable=very":      "durable=very: expected replicas, timeout, on-timeout or reads",
		"replicas=1, on-timeout=error": " on-timeout=error: expected",
	} {
		if a, err := ParseAcknowledge(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %s %v, want %s", text, a, err, want)
		}
	}
}
