package main

import (
	"bytes"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"sentinelproxy/proxy"
)

// yaml prints the configuration the way a file would say it, each line with its origin.
func (e *effective) yaml() []byte {
	var b bytes.Buffer
	if e.groups != nil {
		b.WriteString("groups:\n")
		for i := range e.groups {
			e.writeOptions(&b, "  - ", &e.cfg.Groups[i], e.groups[i], true)
		}
	} else {
		e.writeOptions(&b, "", &e.cfg.Groups[0], e.top, true)
	}
	e.writeOptions(&b, "", nil, e.top, false)
	return b.Bytes()
}

// writeOptions writes one group's options, or those of the process. dash begins the first line.
func (e *effective) writeOptions(b *bytes.Buffer, dash string, g *proxy.Group, from map[string]setting, group bool) {
	for _, o := range proxy.Options() {
		if o.Group != group {
			continue
		}
		set := from[o.Name]
		entry := dash + o.Name + ": " + e.value(&o, g, set)
		fmt.Fprintf(b, "%-50s # %s\n", entry, set.from)
		dash = strings.Repeat(" ", len(dash))
	}
}

func (e *effective) value(o *proxy.Option, g *proxy.Group, set setting) string {
	switch values := o.Get(&e.cfg, g); {
	case o.Kind == proxy.Secret && set.isEmpty():
		return `""` // also when a file gave it: the next key names the file
	case o.Kind == proxy.Secret:
		return scalar(proxy.Redacted)
	case o.Kind == proxy.List:
		quoted := make([]string, len(values))
		for i, v := range values {
			quoted[i] = scalar(v)
		}
		return "[" + strings.Join(quoted, ", ") + "]"
	default:
		return scalar(values[0])
	}
}

// What YAML reads as it stands, whatever is around it. Anything else is quoted, also what need not be.
var plainScalar = regexp.MustCompile(`^[A-Za-z0-9/]([A-Za-z0-9_./:-]*[A-Za-z0-9_/-])?$`)

func scalar(s string) string {
	if plainScalar.MatchString(s) && !strings.EqualFold(s, "null") {
		return s
	}
	return strconv.Quote(s) // Go's escapes are among those of YAML's double quotes
}
