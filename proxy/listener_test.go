package proxy

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A file in the place of the socket is left alone, and named.
func TestListenOverAFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "notes")
	if err := os.WriteFile(path, []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	ln, err := listen("unix://" + path)
	if err == nil {
		ln.Close()
	}
	if err == nil || !strings.HasPrefix(err.Error(), "--listen unix://"+path+": ") || !strings.Contains(err.Error(), "not a socket") {
		t.Errorf("%v", err)
	}
	if text, _ := os.ReadFile(path); string(text) != "mine" {
		t.Errorf("the file holds %q", text)
	}
}
