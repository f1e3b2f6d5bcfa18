package command

import (
	"math/rand/v2"
	"strings"
	"testing"
)

// grammars make random commands of the families whose class depends on their arguments. Each group of
// alternatives in braces is one choice; few keys, so that sources and destinations meet.
var grammars = []string{
	"SET {a|b} {1|x} {|NX|XX|GET|KEEPTTL|EX 100000|PX 100000000|EXAT 1|EXAT 4102444800} {|GET|NX|KEEPTTL|EX 90000}",
	"GETEX {a|b} {|PERSIST|EX 100000|EX 0|EXAT 1|PXAT 4102444800000}",
	"EXPIRE {a|l} {100000|0|-5|4000} {|NX|XX|GT|LT}",
	"PEXPIREAT {a|z} {1|4102444800000} {|NX|XX|GT|LT}",
	"BITOP {AND|OR|XOR|NOT} {a|b|c} {a|b|c} {|a|b|c}",
	"BITFIELD {a|b} {GET u8 0|SET u8 0 7|INCRBY u4 0 1|OVERFLOW SAT} {|GET u8 0|INCRBY u8 8 1}",
	"SETRANGE {a|b} {0|1|9} {x|yy}",
	"COPY {a|b|l} {a|c|replace} {|DB 1|REPLACE|DB 1 REPLACE}",
	"LTRIM l {0|1|-1|-2|3} {0|1|-1|-2|2|5}",
	"LSET l {0|-1|7} {x|y}",
	"{SDIFFSTORE|SINTERSTORE|SUNIONSTORE} {s|t|u} {s|t|u} {|s|t|u}",
	"{ZDIFFSTORE|ZINTERSTORE|ZUNIONSTORE} {y|z|w} 2 {y|z} {y|z|w}",
	"ZRANGESTORE {y|z|w} {y|z} {0|1} {0|-1} {|REV}",
	"ZADD {y|z} {|XX|NX|GT|LT|CH|XX CH|XX GT|INCR|XX INCR} {|XX|GT} {1|5} {p|q|new}",
	"SORT {l|s} {|ALPHA|BY nosort|ALPHA STORE l|ALPHA DESC STORE u|BY *_w STORE s}",
	"HMSET h f {1|2} {|g 3}",
	"XGROUP SETID x g {0|$|1-1}",
	"XSETID x {9-9|5-5}",
	"MSET a {1|2} {a|b} 3",
	"PFMERGE {p|q|r} {p|q|r} {|p|q}",
	"GEOSEARCHSTORE {m|n} {m|n} FROMLONLAT 15 37 BYRADIUS {200|400} km {|STOREDIST}",
}

const setup = "SET a 12; SET b hello EX 100000; RPUSH l 3 1 2 9; SADD s 1 2 3; SADD t 2 3 4; ZADD y 1 p 2 q; " +
	"ZADD z 3 q 4 r; HSET h f 0; XADD x 1-1 f v; XADD x 2-1 f v; XGROUP CREATE x g 0; PFADD p 1 2; PFADD q 2 3; " +
	"GEOADD m 13.361389 38.115556 Palermo 15.087269 37.502669 Catania"

// TestRandomClaims: whatever Resolve calls idempotent, or a read, is so, for arguments that nobody has
// thought of, and on states that earlier random commands have left.
func TestRandomClaims(t *testing.T) {
	s := newTwice(t)
	random := rand.New(rand.NewPCG(1, 2))
	claimed, refused := 0, 0
	for round := range 1000 {
		before := setup
		for range random.IntN(3) {
			before += "; " + expand(random, grammars[random.IntN(len(grammars))])
		}
		sm := sample{command: expand(random, grammars[round%len(grammars)])}
		info := s.form(sm)
		if !info.Flags.Has(Idempotent) {
			refused++
			continue
		}
		claimed++
		if got := s.apply(sm, before); !got.same {
			t.Errorf("%s is not idempotent after %q: %q", sm.command, before, got.replies)
		}
	}
	if claimed < 200 || refused < 200 {
		t.Errorf("%d claims tested, %d refused: the grammars are one-sided", claimed, refused)
	}
}

// expand replaces each {one|two} by one of its alternatives and leaves single spaces.
func expand(random *rand.Rand, grammar string) string {
	for {
		before, rest, found := strings.Cut(grammar, "{")
		if !found {
			return strings.Join(strings.Fields(grammar), " ")
		}
		choices, after, _ := strings.Cut(rest, "}")
		options := strings.Split(choices, "|")
		grammar = before + options[random.IntN(len(options))] + after
	}
}
