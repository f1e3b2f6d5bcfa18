package session

import (
	"crypto/sha1"
	"encoding/hex"
	"fmt"
	"strings"
	"unicode/utf8"

	"sentinelproxy/proxy/command"
	"sentinelproxy/resp"
)

// line is one command of a conversation. In its arguments § stands for what tells one conversation from others on
// the same server, so that many can be held at once and none finds what another has left.
type line struct {
	args   []string
	inline bool
}

// conversation is what one client sends, and then RESET and QUIT.
type conversation []line

// said makes a conversation of lines as they are typed, quotes and all; one that begins with "> " is sent inline.
func said(lines ...string) conversation {
	var c conversation
	for _, text := range lines {
		text, inline := strings.CutPrefix(text, "> ")
		words, err := resp.SplitInline([]byte(text))
		if err != nil {
			panic(fmt.Sprintf("BUG: %q: %v", text, err))
		}
		l := line{inline: inline}
		for _, w := range words {
			l.args = append(l.args, string(w))
		}
		c = append(c, l)
	}
	return c
}

// String is the line as said takes it.
func (l line) String() string {
	words := make([]string, len(l.args))
	for i, a := range l.args {
		if words[i] = a; a == "" || !utf8.ValidString(a) || strings.ContainsAny(a, " \"'\\\r\n\x00") {
			words[i] = strings.ReplaceAll(fmt.Sprintf("%q", a), `\u00a7`, "§")
		}
	}
	if text := strings.Join(words, " "); !l.inline {
		return text
	}
	return "> " + strings.Join(words, " ")
}

// String is Go source: the arguments of said, for a test that keeps the case.
func (c conversation) String() string {
	var b strings.Builder
	for _, l := range c {
		fmt.Fprintf(&b, "\t%s,\n", "`"+l.String()+"`")
	}
	return b.String()
}

// raw is the line as it is sent.
func (l line) raw() string {
	if l.inline {
		return strings.TrimPrefix(l.String(), "> ") + "\r\n"
	}
	args := make([][]byte, len(l.args))
	for i, a := range l.args {
		args[i] = []byte(a)
	}
	return string(resp.AppendCommand(nil, args...))
}

// info is what the table says of the line.
func (l line) info() *command.Info {
	info := command.Lookup([]byte(l.args[0]))
	if info == nil {
		return command.NotListed()
	}
	if info.Dependent(len(l.args)) {
		args := make([][]byte, len(l.args))
		for i, a := range l.args {
			args[i] = []byte(a)
		}
		return info.Resolve(args)
	}
	return info
}

// is compares the beginning of the line, in lower case, with words.
func (l line) is(words ...string) bool {
	for i, w := range words {
		if i >= len(l.args) || !strings.EqualFold(l.args[i], w) {
			return false
		}
	}
	return true
}

// scripts that conversations load and call by their SHA, which is "§sha0" and so on.
var scripts = []string{
	"return redis.call('incr', KEYS[1]) -- §",
	"return {KEYS[1], ARGV[1], redis.call('exists', KEYS[1])} -- §",
	"return {err='MINE of §'}",
}

func sha(script int, own string) string {
	sum := sha1.Sum([]byte(strings.ReplaceAll(scripts[script], "§", own)))
	return hex.EncodeToString(sum[:])
}

// own is the conversation with own for §. Of different ones with the same length the replies are as long.
func (c conversation) own(own string) conversation {
	names := []string{}
	for i := range scripts {
		names = append(names, fmt.Sprintf("§sha%d", i), sha(i, own))
	}
	r := strings.NewReplacer(append(names, "§", own)...)
	out := make(conversation, len(c))
	for i, l := range c {
		out[i] = line{inline: l.inline}
		for _, a := range l.args {
			out[i].args = append(out[i].args, r.Replace(a))
		}
	}
	return out
}

// common is a reply with § again for own.
func common(reply, own string) string {
	for i := range scripts {
		reply = strings.ReplaceAll(reply, sha(i, own), fmt.Sprintf("§sha%d", i))
	}
	return strings.ReplaceAll(reply, own, "§")
}

// ending is what closes each conversation, whatever state it is in: all output can be read then.
var ending = said("RESET", "QUIT")

// follower knows from what a client sends in which state its connection is, and how many frames answer a command.
type follower struct {
	multi, watching  bool
	silent           bool // CLIENT REPLY OFF
	skipNext, skip   bool // CLIENT REPLY SKIP: for the next command, for this one
	proto3, tracking bool
	subscribed       [3]map[string]bool
}

// due follows one command, and says how many frames answer it, unless one of them is an error.
func (f *follower) due(l line) int {
	n := f.frames(l)
	f.skip, f.skipNext = f.skipNext, false
	return n
}

func (f *follower) frames(l line) int {
	quiet := f.silent || f.skip
	one := 1
	if quiet {
		one = 0
	}
	if l.is("reset") && len(l.args) == 1 {
		skip := f.skip
		*f = follower{}
		if skip {
			return 0
		}
		return 1
	}
	if f.multi {
		switch {
		case l.is("exec") && len(l.args) == 1, l.is("discard") && len(l.args) == 1:
			f.multi, f.watching = false, false
		}
		return one
	}
	switch {
	case l.is("multi") && len(l.args) == 1 && !f.refusesMost():
		f.multi = true
	case l.is("watch") && len(l.args) > 1 && !f.refusesMost():
		f.watching = true
	case l.is("unwatch") && len(l.args) == 1 && !f.refusesMost():
		f.watching = false
	case l.is("hello", "3") && !f.refusesMost():
		f.proto3 = true
	case l.is("hello", "2") && !f.refusesMost():
		f.proto3 = false
	case l.is("client", "tracking", "on"):
		f.tracking = true
	case l.is("client", "reply") && len(l.args) == 3 && !f.refusesMost():
		return f.reply(l, one)
	default:
		if n := f.confirmations(l); n > 0 && !quiet {
			return n
		}
	}
	return one
}

// refusesMost: a subscriber of RESP2 gets errors but for a few commands.
func (f *follower) refusesMost() bool { return !f.proto3 && f.subscriptions() > 0 }

func (f *follower) subscriptions() int {
	return len(f.subscribed[0]) + len(f.subscribed[1]) + len(f.subscribed[2])
}

// reply is CLIENT REPLY.
func (f *follower) reply(l line, one int) int {
	switch {
	case l.is("client", "reply", "on"):
		f.silent, f.skip = false, false
		return 1
	case l.is("client", "reply", "off"):
		f.silent = true
		return 0
	case l.is("client", "reply", "skip"):
		f.skipNext = !f.silent
		return 0
	}
	return one
}

// confirmations of a subscribing command; 0 if it is none.
func (f *follower) confirmations(l line) int {
	for kind, word := range []string{"subscribe", "psubscribe", "ssubscribe"} {
		set := &f.subscribed[kind]
		if *set == nil {
			*set = map[string]bool{}
		}
		switch un := word[:len(word)-len("subscribe")] + "unsubscribe"; {
		case l.is(word):
			for _, name := range l.args[1:] {
				(*set)[name] = true
			}
			return len(l.args) - 1
		case l.is(un) && len(l.args) == 1:
			n := max(1, len(*set))
			clear(*set)
			return n
		case l.is(un):
			for _, name := range l.args[1:] {
				delete(*set, name)
			}
			return len(l.args) - 1
		}
	}
	return 0
}
