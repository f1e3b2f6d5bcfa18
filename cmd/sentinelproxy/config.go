package main

import (
	"fmt"
	"os"
)

// checkCommand is `config check`.
type checkCommand struct {
	Settings settings `embed:""`
}

// Run says OK, or what is wrong.
func (c *checkCommand) Run() error {
	if _, err := c.Settings.resolve(); err != nil {
		return err
	}
	for _, name := range unknownVariables() {
		fmt.Fprintf(os.Stderr, "sentinelproxy: warning: the variable %s means nothing\n", name)
	}
	fmt.Println("OK")
	return nil
}

// showCommand is `config show`.
type showCommand struct {
	Settings settings `embed:""`
}

// Run prints YAML that --config takes back, but for the secrets.
func (c *showCommand) Run() error {
	e, err := c.Settings.resolve()
	if err != nil {
		return err
	}
	_, err = os.Stdout.Write(e.yaml())
	return err
}

func (s settings) resolve() (*effective, error) {
	src, err := loadSources(s.given(), s.config())
	if err != nil {
		return nil, err
	}
	return src.resolve()
}
