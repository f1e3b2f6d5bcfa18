package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"unicode/utf8"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"

	"sentinelproxy/proxy"
)

// configFile is the file of --config, read but not yet interpreted: values are still text, so that they
// go through the same parsers as flags and variables, and each has its line.
type configFile struct {
	path       string
	top        map[string]fileEntry
	groups     []fileGroup // nil without the key `groups`
	groupsLine int
}

type fileGroup struct {
	line    int
	entries map[string]fileEntry
}

type fileEntry struct {
	name   string
	values []string
	line   int
}

// fileError is something wrong in the file, rather than with reaching it.
type fileError struct{ text string }

func (e *fileError) Error() string { return e.text }

func (f *configFile) at(line int) string { return f.path + ":" + strconv.Itoa(line) }

func (f *configFile) errorf(line int, format string, args ...any) error {
	return &fileError{f.at(line) + ": " + fmt.Sprintf(format, args...)}
}

func (f *configFile) setting(e fileEntry) setting {
	return setting{e.values, f.at(e.line), f.at(e.line) + ": " + e.name}
}

func readConfigFile(path string) (*configFile, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		var pe *fs.PathError
		if errors.As(err, &pe) {
			err = pe.Err
		}
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return parseConfigFile(path, b)
}

// parseConfigFile walks the syntax tree instead of decoding into a struct: a decoder has the line of
// what it can't decode, but not of a value that turns out wrong later.
func parseConfigFile(path string, b []byte) (*configFile, error) {
	f := &configFile{path: path}
	if !utf8.Valid(b) {
		return nil, &fileError{path + ": not UTF-8"}
	}
	tree, err := parser.ParseBytes(b, 0)
	if err != nil {
		return nil, f.syntaxError(err)
	}
	var root ast.Node
	for _, doc := range tree.Docs {
		if doc.Body == nil {
			continue
		}
		if root != nil {
			return nil, f.errorf(line(doc.Body), "a second document; one file holds one configuration")
		}
		root = doc.Body
	}
	if root == nil {
		f.top = map[string]fileEntry{}
		return f, nil // an empty file says nothing, which is not wrong
	}
	f.top, err = f.mapping(root, func(o proxy.Option) bool { return true }, f.readGroups)
	return f, err
}

func (f *configFile) syntaxError(err error) error {
	var ye yaml.Error
	if errors.As(err, &ye) && ye.GetToken() != nil {
		return f.errorf(ye.GetToken().Position.Line, "%s", ye.GetMessage())
	}
	return &fileError{f.path + ": " + err.Error()}
}

// mapping reads keys that are options for which allowed holds; the key `groups` goes to groups, where
// that is not nil.
func (f *configFile) mapping(n ast.Node, allowed func(proxy.Option) bool, groups func(ast.Node) error) (map[string]fileEntry, error) {
	m, ok := n.(*ast.MappingNode)
	if !ok {
		return nil, f.errorf(line(n), "expected `key: value` lines")
	}
	entries := map[string]fileEntry{}
	for _, kv := range m.Values {
		key := kv.Key.GetToken().Value
		if key == "groups" && groups != nil {
			if err := groups(kv.Value); err != nil {
				return nil, err
			}
			f.groupsLine = line(kv.Key)
			continue
		}
		o, ok := option(key)
		if !ok {
			return nil, f.errorf(line(kv.Key), "%s: no such key%s", key, didYouMean(key))
		}
		if !allowed(o) {
			return nil, f.errorf(line(kv.Key), "%s: belongs to the whole proxy, not to a group", key)
		}
		values, err := f.values(o, kv.Value)
		if err != nil {
			return nil, err
		}
		entries[key] = fileEntry{key, values, line(kv.Key)}
	}
	return entries, nil
}

func (f *configFile) readGroups(n ast.Node) error {
	seq, ok := n.(*ast.SequenceNode)
	if !ok || len(seq.Values) == 0 {
		return f.errorf(line(n), "groups: expected a list with at least one group")
	}
	for _, item := range seq.Values {
		entries, err := f.mapping(item, func(o proxy.Option) bool { return o.Group }, nil)
		if err != nil {
			return err
		}
		f.groups = append(f.groups, fileGroup{line(item), entries})
	}
	return nil
}

// values reads one scalar, or for a List also a sequence of them. The elements of a sequence are not
// split at commas: it is how a path with a comma can be given.
func (f *configFile) values(o proxy.Option, n ast.Node) ([]string, error) {
	seq, isSeq := n.(*ast.SequenceNode)
	if !isSeq {
		v, err := f.scalar(o.Name, n)
		return splitList(&o, []string{v}), err
	}
	if o.Kind != proxy.List {
		return nil, f.errorf(line(n), "%s: takes one value, not a list", o.Name)
	}
	var all []string
	for _, item := range seq.Values {
		v, err := f.scalar(o.Name, item)
		if err != nil {
			return nil, err
		}
		all = append(all, v)
	}
	return all, nil
}

// scalar gives a value's text as it stands in the file: 0123 is a password of four digits, not 83.
func (f *configFile) scalar(name string, n ast.Node) (string, error) {
	switch v := n.(type) {
	case *ast.StringNode:
		return v.Value, nil
	case *ast.LiteralNode:
		return v.Value.Value, nil
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode:
		return n.GetToken().Value, nil
	case *ast.NullNode:
		return "", f.errorf(line(n), `%s: has no value; write "" for an empty one`, name)
	case *ast.AnchorNode, *ast.AliasNode, *ast.TagNode:
		return "", f.errorf(line(n), "%s: anchors, aliases and tags are not supported; quote a value that begins with &, * or !", name)
	}
	return "", f.errorf(line(n), "%s: expected a plain value", name)
}

func line(n ast.Node) int {
	// A mapping's own token is the colon of its first key, which is on the key's line.
	if tk := n.GetToken(); tk != nil && tk.Position != nil {
		return tk.Position.Line
	}
	return 1
}

func option(name string) (proxy.Option, bool) {
	for _, o := range proxy.Options() {
		if o.Name == name {
			return o, true
		}
	}
	return proxy.Option{}, false
}
