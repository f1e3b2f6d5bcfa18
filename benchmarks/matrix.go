package main

import (
	"errors"
	"flag"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"sentinelproxy/benchmarks/load"
)

// matrix is the flags that name values of the factors. When any is given, the product of all is measured instead of the
// star.
type matrix struct {
	commands, sizes, conns, depths, protocols, rates string
	names                                            []string
}

func (m *matrix) add(fs *flag.FlagSet, value *string, name, otherwise, usage string) {
	fs.StringVar(value, name, otherwise, usage+"; with any of these flags the product of all is measured")
	m.names = append(m.names, name)
}

func (m *matrix) given(given map[string]bool) bool {
	return slices.ContainsFunc(m.names, func(name string) bool { return given[name] })
}

func (m *matrix) product() ([]load.Case, error) {
	names := list(m.commands)
	for _, name := range names {
		if !slices.Contains(load.Commands(), strings.ToUpper(name)) {
			return nil, fmt.Errorf("-commands: %q is none of %s", name, strings.ToLower(strings.Join(load.Commands(), ", ")))
		}
	}
	s, err1 := numbers("-sizes", m.sizes, 1)
	c, err2 := numbers("-conns", m.conns, 1)
	d, err3 := numbers("-depths", m.depths, 1)
	p, err4 := numbers("-protocols", m.protocols, 2)
	r, err5 := numbers("-rates", m.rates, 0)
	if slices.ContainsFunc(p, func(n int) bool { return n > 3 }) {
		err4 = errors.New("-protocols: there are 2 and 3")
	}
	return load.Matrix(names, s, c, d, p, r), errors.Join(err1, err2, err3, err4, err5)
}

// list splits at commas; nil when s is empty.
func list(s string) []string {
	if strings.TrimSpace(s) == "" {
		return nil
	}
	parts := strings.Split(s, ",")
	for i := range parts {
		parts[i] = strings.TrimSpace(parts[i])
	}
	return parts
}

func numbers(name, s string, least int) ([]int, error) {
	var ns []int
	for _, part := range list(s) {
		n, err := strconv.Atoi(part)
		if err != nil || n < least {
			return nil, fmt.Errorf("%s: %q is no number from %d on", name, part, least)
		}
		ns = append(ns, n)
	}
	if len(ns) == 0 {
		return nil, fmt.Errorf("%s: empty", name)
	}
	return ns, nil
}
