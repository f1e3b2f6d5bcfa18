package main

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"sentinelproxy/proxy"
)

// envPrefix begins the variable of every option.
const envPrefix = "SENTINELPROXY_"

// envName is the variable of an option.
func envName(option string) string {
	return envPrefix + strings.ToUpper(strings.ReplaceAll(option, "-", "_"))
}

// setting is one option's value as it was written, and where.
type setting struct {
	values []string
	from   string // as `config show` says it: a flag, a variable, FILE:LINE or "default"
	label  string // as an error begins: the same, with the key after FILE:LINE
}

func (s setting) isDefault() bool { return s.from == fromDefault }
func (s setting) isEmpty() bool   { return len(s.values) == 0 || len(s.values) == 1 && s.values[0] == "" }

const fromDefault = "default"

// sources are the places that a value can come from, in order of precedence. kong could read variables and
// a file by itself, but lets the file win over the variable.
type sources struct {
	flags map[string][]string
	env   func(string) (string, bool)
	file  *configFile // nil without --config
}

// loadSources reads the file that --config or SENTINELPROXY_CONFIG names.
func loadSources(flags map[string][]string, configFlag *string) (*sources, error) {
	src := &sources{flags: flags, env: os.LookupEnv}
	label, path := envName("config"), os.Getenv(envName("config"))
	if configFlag != nil {
		label, path = "--config", *configFlag
	} else if path == "" {
		return src, nil
	}
	var err error
	if src.file, err = readConfigFile(path); err != nil {
		var inFile *fileError
		if errors.As(err, &inFile) {
			return nil, &usageError{err}
		}
		return nil, usagef("%s: %w", label, err)
	}
	return src, nil
}

// top is the value of an option outside the file's groups.
func (s *sources) top(o *proxy.Option) setting {
	if v, ok := s.flags[o.Name]; ok {
		return setting{splitList(o, v), "--" + o.Name, "--" + o.Name}
	}
	if v, ok := s.env(envName(o.Name)); ok {
		return setting{splitList(o, []string{v}), envName(o.Name), envName(o.Name)}
	}
	if s.file != nil {
		if e, ok := s.file.top[o.Name]; ok {
			return s.file.setting(e)
		}
	}
	c, g := proxy.DefaultConfig(), proxy.DefaultGroup()
	return setting{o.Get(&c, &g), fromDefault, "--" + o.Name}
}

// splitList takes the commas of a List apart; an empty list is no element, not an empty one.
func splitList(o *proxy.Option, values []string) (out []string) {
	if o.Kind != proxy.List {
		return values
	}
	for _, v := range values {
		if v != "" {
			out = append(out, strings.Split(v, ",")...)
		}
	}
	return out
}

// effective is the configuration that holds, with the origin of each of its values.
type effective struct {
	cfg    proxy.Config
	top    map[string]setting
	groups []map[string]setting // group options only; nil when there are no groups in the file
	file   *configFile
}

// resolve puts the sources together and checks the whole. Password files are read.
func (s *sources) resolve() (*effective, error) {
	e := &effective{cfg: proxy.DefaultConfig(), top: map[string]setting{}, file: s.file}
	group := proxy.DefaultGroup()
	for _, o := range proxy.Options() {
		set := s.top(&o)
		e.top[o.Name] = set
		if err := apply(&o, &e.cfg, &group, set); err != nil {
			return nil, err
		}
	}
	if err := checkSecrets(e.top); err != nil {
		return nil, err
	}
	if s.file == nil || s.file.groups == nil {
		e.cfg.Groups = []proxy.Group{group}
	} else if err := e.addGroups(); err != nil {
		return nil, err
	}
	if err := e.cfg.Check(); err != nil {
		return nil, e.locate(err)
	}
	if err := e.cfg.LoadSecrets(); err != nil {
		return nil, e.locate(err)
	}
	return e, nil
}

func apply(o *proxy.Option, c *proxy.Config, g *proxy.Group, set setting) error {
	if err := o.Set(c, g, set.values); err != nil {
		return usagef("%s: %w", set.label, err)
	}
	return nil
}

// notInherited are the group options that each of the file's groups must have for itself: with two
// groups, neither a listener nor a master can be everyone's.
var notInherited = []string{"listen", "master"}

// addGroups makes the file's groups. What a group does not say is taken from the top level, wherever
// that came from; a group's own value stands before a flag's, since a flag can't name a group.
func (e *effective) addGroups() error {
	for _, name := range notInherited {
		if set := e.top[name]; !set.isDefault() {
			return usagef("%s: %s has groups: give each of them its own %s", set.label, e.file.at(e.file.groupsLine), name)
		}
	}
	for _, own := range e.file.groups {
		var g proxy.Group
		all := map[string]setting{}
		for _, o := range proxy.Options() {
			if !o.Group {
				continue
			}
			set, inherited := e.inherit(own, o.Name)
			if inherited && slices.Contains(notInherited, o.Name) {
				return usagef("%s: the group has no %s", e.file.at(own.line), o.Name)
			}
			all[o.Name] = set
			if err := apply(&o, &e.cfg, &g, set); err != nil {
				return err
			}
		}
		if err := checkSecrets(all); err != nil {
			return err
		}
		e.groups = append(e.groups, all)
		e.cfg.Groups = append(e.cfg.Groups, g)
	}
	return nil
}

// inherit is an option of one group. A password and its file are one thing: a group that has
// either inherits neither.
func (e *effective) inherit(own fileGroup, name string) (_ setting, inherited bool) {
	if entry, ok := own.entries[name]; ok {
		return e.file.setting(entry), false
	}
	if partner, ok := secretPartner[name]; ok {
		if entry, ok := own.entries[partner]; ok {
			return setting{[]string{""}, fromDefault, e.file.setting(entry).label}, false
		}
	}
	return e.top[name], true
}

var secretPartner = map[string]string{
	"password": "password-file", "password-file": "password",
	"admin-token": "admin-token-file", "admin-token-file": "admin-token",
	"sentinel-password": "sentinel-password-file", "sentinel-password-file": "sentinel-password",
}

// checkSecrets refuses a secret given both ways, also when one of them would win by precedence: a
// rotated file that is never read is found out too late.
func checkSecrets(all map[string]setting) error {
	for _, name := range []string{"password", "sentinel-password", "admin-token"} {
		secret, file := all[name], all[secretPartner[name]]
		if !secret.isEmpty() && !file.isEmpty() {
			return usagef("%s and %s are both given; which one is meant?", secret.label, file.label)
		}
	}
	return nil
}

// locate puts the place of the value in front of what Check found wrong with it.
func (e *effective) locate(err error) error {
	var ce *proxy.ConfigError
	if !errors.As(err, &ce) {
		return err
	}
	set := e.top[ce.Option]
	if e.groups != nil && ce.Group >= 0 {
		set = e.groups[ce.Group][ce.Option]
	}
	if errors.Is(err, proxy.ErrMissing) && set.isDefault() {
		return usagef("--%s is missing; it can also be %s, or %s in the file of --config", ce.Option, envName(ce.Option), ce.Option)
	}
	return &usageError{fmt.Errorf("%s: %w", set.label, ce.Err)}
}
