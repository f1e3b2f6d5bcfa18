package servers

import (
	"os"
	"path/filepath"
)

// memoryDir is, on Linux, a file system in memory that everybody may write to.
const memoryDir = "/dev/shm"

// newConfigDir makes the directory for configuration files, in memory if it can. Redis and Sentinel write theirs anew at every step of
// a failover, and stand still until it is on the disk (fsync): up to 1.1 s while a compiler wrote beside them, 4 ms in memory. A
// Sentinel that has stood still for two seconds takes no decisions for 30 (TILT), and nothing of that is what is tested here.
func newConfigDir() (string, error) {
	const pattern = "sentinelproxy-configs-"
	if dir, err := os.MkdirTemp(memoryDir, pattern); err == nil {
		return dir, nil
	}
	return os.MkdirTemp("", pattern)
}

// writeConfig writes the file that proc is started with and may rewrite.
func (p *Pool) writeConfig(proc *Process, name, text string) error {
	dir := filepath.Join(p.configs, filepath.Base(proc.dir))
	if err := os.Mkdir(dir, 0o700); err != nil {
		return err
	}
	proc.config = filepath.Join(dir, name)
	return os.WriteFile(proc.config, []byte(text), 0o600)
}
