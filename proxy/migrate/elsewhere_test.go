package migrate

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// TestUnderWayElsewhere: a proxy that carries out a switchover of the group says so to who asks for another one; not about itself, nor about
// what changes nothing, is over, or is of another group.
func TestUnderWayElsewhere(t *testing.T) {
	const under = `a switchover of "m" (%s) is under way there`
	for _, tc := range []struct{ name, answer, want string }{
		{"none yet", "", ""},
		{"a switchover", `{"id":"other","order":"switch","master":"m","outcome":"running"}`, fmt.Sprintf(under, "switch")},
		{"a repair", `{"id":"other","order":"repair","master":"m","outcome":"running"}`, fmt.Sprintf(under, "repair")},
		{"this one", `{"id":"own","order":"switch","master":"m","outcome":"running"}`, ""},
		{"a dry run", `{"id":"other","order":"dry-run","master":"m","outcome":"running"}`, ""},
		{"of another group", `{"id":"other","order":"switch","master":"n","outcome":"running"}`, ""},
		{"over", `{"id":"other","order":"switch","master":"m","outcome":"in doubt"}`, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var asked []string
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				asked = append(asked, r.URL.Path)
				if r.URL.Path != "/api/v1/switch" || tc.answer == "" {
					http.NotFound(w, r)
					return
				}
				_, _ = fmt.Fprint(w, tc.answer)
			}))
			defer server.Close()
			for _, o := range []Options{{DryRun: true}, {Repair: true}, {}} {
				asked = nil
				o.ID, o.Master, o.Limits = "own", "m", DefaultLimits()
				o.Admins = []string{server.Listener.Addr().String()}
				r, err := Run(context.Background(), o)
				want := tc.want
				if want == "" {
					want = "no majority" // it has no Sentinels: that is where it ends when nothing is under way
				}
				fails(t, r.Order, err, want)
				if len(asked) != 1 {
					t.Errorf("%s: asked for %q", r.Order, asked)
				}
			}
		})
	}
	o := Options{Master: "m", Admins: []string{"127.0.0.1:1"}, Repair: true, Limits: DefaultLimits()}
	if _, err := Run(context.Background(), o); err == nil || !strings.Contains(err.Error(), "no majority") {
		t.Errorf("a proxy that is gone keeps nobody from putting things back: %v", err)
	}
}
