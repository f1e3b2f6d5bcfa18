package servers

import (
	"fmt"
	"os/exec"
)

// packages maps a program to the Debian package that holds it.
var packages = map[string]string{
	"redis-server":    "redis-server",
	"redis-cli":       "redis-tools",
	"redis-benchmark": "redis-tools",
	"haproxy":         "haproxy",
	"nutcracker":      "nutcracker",
}

// MissingError says that a program is not installed and which Debian package holds it.
type MissingError struct {
	Program string
	Package string // empty when no Debian package is known
}

func (e *MissingError) Error() string {
	if e.Package == "" {
		return fmt.Sprintf("%s is not installed", e.Program)
	}
	return fmt.Sprintf("%s is not installed: apt-get install %s", e.Program, e.Package)
}

// Find returns the path of program, or a *MissingError.
func Find(program string) (string, error) {
	path, err := exec.LookPath(program)
	if err != nil {
		return "", &MissingError{Program: program, Package: packages[program]}
	}
	return path, nil
}
