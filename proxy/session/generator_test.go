package session

import (
	"math/rand/v2"
	"slices"
	"strings"

	"sentinelproxy/proxy/command"
)

// generator makes random conversations of the vocabulary.
type generator struct {
	*rand.Rand
	alone     bool // nobody else is on the server
	switched  bool // the master changes meanwhile
	cut       bool // links are lost meanwhile
	dragonfly bool // it has to be what Dragonfly knows
	selects   bool // of Dragonfly: this conversation chooses databases, and does not authenticate
}

// unfollowed says why a session does not follow this command here, "" if it does. All are in docs/compatibility.md.
func (g *generator) unfollowed(f *follower, l line) string {
	subscribes := l.info().Pin == command.PinSubscribe
	replies := l.is("client", "reply")
	switch {
	case f.multi && (subscribes || replies):
		return "inside MULTI it is not set up again by a switch if it is for several channels; CLIENT REPLY is not at all"
	case (f.silent || f.skip || f.skipNext) && l.is("client", "tracking"):
		return "no reply says when the invalidation is due"
	case subscribes && (f.silent || f.skip || f.skipNext), replies && f.subscriptions() > 0:
		return "confirmations come even to a client that wants no replies"
	case f.multi && (normalised(l) || replicated[l.info().Name] != nil):
		return "replies that are compared in a form of their own are not looked for in that of EXEC"
	}
	return ""
}

// unfit says why this command can't be compared in such a test.
func (g *generator) unfit(f *follower, l line) string {
	switch {
	case len(l.args) == 2 && (l.is("spop") || l.is("srandmember") || l.is("hrandfield") || l.is("zrandmember")):
		return "it is a matter of luck"
	case g.cut && (l.is("client", "reply", "off") || l.is("client", "reply", "skip")):
		return "nobody is told what has become of a write without a reply"
	case l.is("hello") && slices.ContainsFunc(l.args, func(a string) bool { return strings.EqualFold(a, "auth") }) && l.args[len(l.args)-1] == "extra":
		return "Redis 7.0 has logged in when it finds the mistake; later ones, and the proxy, read all first"
	case g.cut && f.multi && l.is("select"):
		return "when the outcome of EXEC is unknown, so is the database; docs/compatibility.md says which it is"
	case g.cut && l.is("publish") && f.subscriptions() > 0, g.cut && l.is("client", "tracking", "on"):
		return "messages are lost with the link"
	case l.is("command") && len(l.args) == 1:
		return "a server lists its commands in an order that changes while it rehashes them"
	case g.dragonfly && !l.info().Dragonfly && l.info().Redis:
		return "Dragonfly does not have it"
	case g.dragonfly && g.selects == (l.is("auth") || l.is("hello") && len(l.args) > 2) && (g.selects || l.is("select")):
		return "AUTH goes back to database 0 there; the proxy keeps it, as Redis does"
	case g.dragonfly && (l.is("auth") && len(l.args) < 3 || l.is("hello") && len(l.args) == 1):
		return "any password is right there, and HELLO alone goes back to RESP2"
	case g.dragonfly && l.is("exec") && len(l.args) > 1:
		return "it does not end the transaction there"
	case g.dragonfly && f.refusesMost() && l.info().Pin != command.PinSubscribe && !l.is("ping") && !l.is("reset"):
		return "a subscriber of RESP2 may do more there"
	case g.dragonfly && g.switched && f.multi:
		return unlikeInMulti(l)
	}
	return ""
}

// unlikeInMulti says what Dragonfly does differently with a command inside MULTI.
func unlikeInMulti(l line) string {
	switch n, arity := len(l.args), l.info().Arity; {
	case l.is("select"):
		return "it can't be executed within a transaction"
	case l.is("watch"), l.info() == command.NotListed(), arity > 0 && n != arity, n < -arity:
		return "what follows a refusal is executed at once"
	case n > 1 && l.args[1] == "NOSUCH":
		return "it is refused by EXEC"
	}
	return ""
}

// conversation of about n commands.
func (g *generator) conversation(n int) conversation {
	var c conversation
	var f follower
	g.selects = g.IntN(2) == 0
	families := []family{}
	for len(families) < 1+g.IntN(4) { // few at once: then they have to do with each other
		if one := vocabulary[g.IntN(len(vocabulary))]; g.takes(one) && (one.sticky || g.IntN(2) == 0) {
			families = append(families, one)
		}
	}
	for len(c) < n {
		from := vocabulary[g.IntN(len(vocabulary))]
		if g.IntN(4) > 0 {
			from = families[g.IntN(len(families))]
		}
		if !g.takes(from) {
			continue
		}
		for _, l := range g.phrase(from.phrases[g.IntN(len(from.phrases))]) {
			if g.unfollowed(&f, l) == "" && g.unfit(&f, l) == "" {
				f.due(l)
				c = append(c, l)
			}
		}
	}
	return c
}

func (g *generator) takes(f family) bool {
	return (g.alone || !f.alone) && (!g.dragonfly || f.unlike == "")
}

// phrase chooses the words of one; once in a while it makes a mistake.
func (g *generator) phrase(text string) []line {
	chosen := map[string]string{}
	var lines []line
	for _, part := range strings.Split(text, "; ") {
		l := said(part)[0]
		for i, a := range l.args {
			l.args[i] = g.word(a, chosen)
		}
		switch g.IntN(40) {
		case 0:
			if g.dragonfly && g.switched {
				break // its commands do not always need as many arguments
			}
			l.args = l.args[:max(1, len(l.args)-1)]
		case 1:
			l.args = append(l.args, "extra")
		case 2:
			l.args[0] = mixedCase(l.args[0])
		case 3:
			l.inline = !g.dragonfly && !strings.Contains(strings.Join(l.args, ""), "\n")
		}
		if l.is("script", "load") && len(l.args) == 3 && strings.HasPrefix(l.args[2], "§sha") {
			l.args[2] = scripts[l.args[2][len("§sha")]-'0']
		}
		lines = append(lines, l)
	}
	return lines
}

func mixedCase(word string) string {
	b := []byte(strings.ToLower(word))
	for i := 0; i < len(b); i += 2 {
		b[i] = strings.ToUpper(string(b[i]))[0]
	}
	return string(b)
}

// words are what a word of a phrase may become. The keys of each type are two; $k is any.
var words = map[string][]string{
	"$v": {"1", "x", "hello", "10", "a b", "3.5", "", "\x00\r\n\xff", "-7"},
	"$w": {"2", "y", "x", "hello"},
	"$n": {"0", "1", "2", "5", "-1", "10", "x"},
	"$q": {"1", "2", "3", "5"},
	"$f": {"0.5", "3", "-1.25", "1e2", "x"},
	"$a": {"a", "b", "c"}, "$b": {"b", "c", "d"},
	"$c": {"§c", "§d"}, "$d": {"§d", "§e"},
	"$sha": {"§sha0", "§sha1", "§sha2"},
}

var keys = map[string]string{
	"$s": "s", "$t": "s", "$l": "l", "$m": "l", "$e": "e", "$i": "e", "$z": "z", "$y": "z", "$h": "h", "$x": "x", "$u": "x", "$g": "g", "$p": "p", "$o": "p",
}

// keyNames are all keys that conversations use.
var keyNames = func() (names []string) {
	for _, kind := range "slezhxgp" {
		names = append(names, "§"+string(kind)+"1", "§"+string(kind)+"2")
	}
	return names
}()

func (g *generator) word(w string, chosen map[string]string) string {
	at := strings.IndexByte(w, '$')
	if at < 0 || at == len(w)-1 {
		return w
	}
	name := w[at:]
	for end := 2; end <= len(name); end++ { // $q-1, [$b
		if known := name[:end]; words[known] != nil || keys[known] != "" || known == "$k" {
			if strings.HasPrefix(name, "$sha") {
				known = "$sha"
			}
			if chosen[known] == "" {
				chosen[known] = g.choose(known)
			}
			return w[:at] + chosen[known] + name[len(known):]
		}
	}
	return w
}

func (g *generator) choose(name string) string {
	if list := words[name]; list != nil {
		return list[g.IntN(len(list))]
	}
	kind := keys[name]
	if kind == "" || g.IntN(15) == 0 { // of another type
		return keyNames[g.IntN(len(keyNames))]
	}
	n := "1"
	if g.IntN(4) == 0 {
		n = "2"
	}
	return "§" + kind + n
}
