package proxy

import (
	"testing"

	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"sentinelproxy/internal/servers"
)

// TestLiftWithoutConfig: where CONFIG is renamed the proxy can't have put a fence on, and none may be left.
func TestLiftWithoutConfig(t *testing.T) {
	n := servers.NewT(t).Redis(servers.RedisOptions{Config: []string{`rename-command CONFIG ""`}})
	core, logs := observer.New(zap.InfoLevel)
	err := fences{&group{log: zap.New(core)}}.Lift(t.Context(), n.Addr())
	if err == nil {
		t.Error("it is lifted without CONFIG")
	}
	for _, l := range logs.All() {
		t.Errorf("%v: logged: %s", err, l.Message)
	}
}
