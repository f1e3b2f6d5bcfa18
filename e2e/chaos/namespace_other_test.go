//go:build !linux

package chaos

import "errors"

func inNamespace() bool { return false }

func runInNamespace(string) (int, error) { return 0, errors.New("needs Linux's network namespaces") }

func enterNamespace() error { return nil }
