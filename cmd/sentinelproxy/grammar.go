package main

import (
	"reflect"
	"strconv"
	"strings"

	"github.com/alecthomas/kong"

	"sentinelproxy/proxy"
)

// grammar is the command line as kong reads it.
type grammar struct {
	Run    runCommand `cmd:"" help:"Run the proxy until SIGTERM or SIGINT."`
	Config struct {
		Check checkCommand `cmd:"" help:"Check the configuration without touching the network."`
		Show  showCommand  `cmd:"" help:"Print the effective configuration, secrets redacted, and where each value came from."`
	} `cmd:"" help:"Check or show the configuration."`
	Status  statusCommand  `cmd:"" help:"Ask a running proxy how it is."`
	Switch  switchCommand  `cmd:"" help:"Switch to another master without losing or refusing a write."`
	Version versionCommand `cmd:"" help:"Print the version."`
}

func newGrammar() *grammar {
	g := &grammar{}
	g.Run.Settings = newSettings()
	g.Config.Check.Settings = newSettings()
	g.Config.Show.Settings = newSettings()
	return g
}

// settings are --config and one flag for each of proxy.Options. kong wants structs, so one is made from
// the list: written by hand it would be a second list to keep in step.
type settings struct {
	kong.Plugins `embed:""`
}

type configFlag struct {
	Config *string `placeholder:"FILE" help:"YAML file with settings. Each flag below is also a key there and a variable, --hold-timeout for one SENTINELPROXY_HOLD_TIMEOUT; a flag stands before a variable, a variable before the file."`
}

var flagTypes = map[proxy.OptionKind]reflect.Type{
	proxy.Text:   reflect.TypeFor[*string](),
	proxy.Secret: reflect.TypeFor[*string](),
	proxy.List:   reflect.TypeFor[[]string](),
	proxy.Switch: reflect.TypeFor[*bool](),
}

func newSettings() settings {
	c, g := proxy.DefaultConfig(), proxy.DefaultGroup()
	var fields []reflect.StructField
	for i, o := range proxy.Options() {
		// sep: commas are split later, the same way as in a variable.
		tag := ` name:` + strconv.Quote(o.Name) + ` help:` + strconv.Quote(o.Help) + ` sep:"none"`
		if o.Kind != proxy.Switch {
			tag += ` placeholder:` + strconv.Quote(placeholder(o, &c, &g))
		}
		fields = append(fields, reflect.StructField{
			Name: "Flag" + strconv.Itoa(i), Type: flagTypes[o.Kind], Tag: reflect.StructTag(tag),
		})
	}
	return settings{kong.Plugins{&configFlag{}, reflect.New(reflect.StructOf(fields)).Interface()}}
}

// placeholder shows the default, or where there is none what is wanted.
func placeholder(o proxy.Option, c *proxy.Config, g *proxy.Group) string {
	if def := strings.Join(o.Get(c, g), ","); def != "" {
		return def
	}
	words := strings.Split(o.Name, "-")
	return strings.ToUpper(words[len(words)-1])
}

// config is the value of --config; nil when it was not given.
func (s settings) config() *string { return s.Plugins[0].(*configFlag).Config }

// given are the flags that were on the command line, by option name.
func (s settings) given() map[string][]string {
	m := map[string][]string{}
	v := reflect.ValueOf(s.Plugins[1]).Elem()
	for i, o := range proxy.Options() {
		switch f := v.Field(i).Interface().(type) {
		case *string:
			if f != nil {
				m[o.Name] = []string{*f}
			}
		case *bool:
			if f != nil {
				m[o.Name] = []string{strconv.FormatBool(*f)}
			}
		case []string:
			if f != nil {
				m[o.Name] = f
			}
		}
	}
	return m
}
