package proxy

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
)

// A secret longer than this is a wrong file.
const maxSecretBytes = 64 << 10

// LoadSecrets reads the password files of every group into their passwords, and the admin server's token. The error is a *ConfigError
// that names the option and the path.
func (c *Config) LoadSecrets() error {
	if c.AdminTokenFile != "" {
		token, err := ReadSecret(c.AdminTokenFile)
		if err != nil {
			return &ConfigError{"admin-token-file", -1, err}
		}
		c.AdminToken = token
	}
	for i := range c.Groups {
		g := &c.Groups[i]
		for _, s := range []struct {
			option string
			path   string
			to     *string
		}{
			{"password-file", g.PasswordFile, &g.Password},
			{"sentinel-password-file", g.SentinelPasswordFile, &g.SentinelPassword},
		} {
			if s.path == "" {
				continue
			}
			secret, err := ReadSecret(s.path)
			if err != nil {
				return &ConfigError{s.option, i, err}
			}
			*s.to = secret
		}
	}
	return nil
}

// ReadSecret returns a file's content without the line end that editors and `echo` leave. Other white
// space may be part of the secret and stays.
func ReadSecret(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", fileError(path, err)
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, maxSecretBytes+1))
	if err != nil {
		return "", fileError(path, err)
	}
	if len(b) > maxSecretBytes {
		return "", fmt.Errorf("%s: more than %s is no password", path, formatSize(maxSecretBytes))
	}
	s := strings.TrimSuffix(strings.TrimSuffix(string(b), "\n"), "\r")
	if s == "" {
		return "", fmt.Errorf("%s: the file is empty", path)
	}
	return s, nil
}

// fileError says "path: reason" where os has "open path: reason" or "read path: reason".
func fileError(path string, err error) error {
	var pe *fs.PathError
	if errors.As(err, &pe) {
		err = pe.Err
	}
	return fmt.Errorf("%s: %w", path, err)
}
