package resp

import (
	"bytes"
	"slices"
	"strings"
	"testing"
)

// fuzzLimits are small, so that inputs reach them.
var fuzzLimits = Limits{Bulk: 100, Args: 12, Inline: 40, Frame: 160}

// offsets makes of steps where the input is cut: each cut is that many bytes after the one before.
func offsets(size int, steps []byte) (cuts []int) {
	at := 0
	for _, s := range steps {
		if at += int(s); at > size {
			break
		}
		cuts = append(cuts, at)
	}
	return cuts
}

func each(size int) []byte { return bytes.Repeat([]byte{1}, size) }

// FuzzCommands: for any cut of any input the frames, what is left of it, and the error are those of the reference;
// nothing is looked at twice, and no limit is passed.
func FuzzCommands(f *testing.F) {
	for _, in := range commandSeeds {
		f.Add([]byte(in), []byte{1, 1, 7}, false)
		f.Add([]byte(in), each(len(in)), true)
	}
	f.Fuzz(func(t *testing.T, input, steps []byte, unauthenticated bool) {
		l := fuzzLimits
		l.Unauthenticated = unauthenticated
		frames, rest, err := readCommands(t, l, string(input), offsets(len(input), steps)...)
		in := string(input)
		var problem string
		for i := 0; ; i++ {
			var size int
			var args []string
			var inline bool
			if size, args, inline, problem = refCommand(in, l); size == 0 {
				if i != len(frames) {
					t.Fatalf("%d frames, want %d: %+v", len(frames), i, frames)
				}
				break
			}
			if i >= len(frames) {
				t.Fatalf("%d frames, missing %q", len(frames), in[:size])
			}
			got := frames[i]
			if got.raw != in[:size] || got.inline != inline || !slices.Equal(got.args, args) ||
				len(args) > 0 && got.name != args[0] {
				t.Fatalf("frame %d is %+v, want %q %q", i, got, in[:size], args)
			}
			in = in[size:]
		}
		checkEnd(t, err, problem, rest, in)
	})
}

func checkEnd(t *testing.T, err error, problem, rest, want string) {
	t.Helper()
	if problem != "" && !strings.HasPrefix(problem, "Protocol error: ") {
		problem = "Protocol error: " + problem
	}
	if text(err) != problem {
		t.Fatalf("error %q, want %q", text(err), problem)
	}
	if err == nil && rest != want {
		t.Fatalf("left %q, want %q", rest, want)
	}
}

// FuzzReplies: as FuzzCommands, also when the parts of unfinished replies are taken away.
func FuzzReplies(f *testing.F) {
	for _, in := range replySeeds {
		f.Add([]byte(in), []byte{1, 1, 7}, false)
		f.Add([]byte(in), each(len(in)), true)
	}
	const depth = 6
	f.Fuzz(func(t *testing.T, input, steps []byte, stream bool) {
		r := &ReplyReader{MaxDepth: depth}
		frames, rest, err := readReplies(t, r, string(input), stream, offsets(len(input), steps)...)
		if cap(r.nest.deeper) > 2*depth {
			t.Fatalf("room for %d levels", cap(r.nest.deeper))
		}
		in := string(input)
		var problem string
		for i := 0; ; i++ {
			var size int
			if size, problem = refReply(in, true, depth); problem != "" {
				if i != len(frames) {
					t.Fatalf("%d frames, want %d: %q", len(frames), i, frames)
				}
				break
			}
			if i >= len(frames) || frames[i] != in[:size] {
				t.Fatalf("%q, missing %q", frames, in[:size])
			}
			in = in[size:]
		}
		if problem == more {
			problem = ""
		}
		checkEnd(t, err, problem, rest, in)
	})
}

// FuzzAppendCommand: what is written is read back.
func FuzzAppendCommand(f *testing.F) {
	f.Add([]byte("SET"), []byte("k"), []byte("v\r\n"), uint8(3))
	f.Add([]byte(""), []byte("$1\r\n"), bytes.Repeat([]byte("x"), 12), uint8(20))
	f.Fuzz(func(t *testing.T, a, b, c []byte, n uint8) {
		args := make([][]byte, 0, n)
		for i := range int(n) {
			args = append(args, [][]byte{a, b, c}[i%3])
		}
		out := AppendCommand([]byte("before"), args...)[len("before"):]
		frames, rest, err := readCommands(t, Limits{}, string(out), len(out)/2)
		if err != nil || rest != "" || len(frames) != 1 || !slices.Equal(frames[0].args, texts(args)) {
			t.Fatalf("%q: %v, rest %q, %+v", out, err, rest, frames)
		}
	})
}

// FuzzSplitInline: arguments are those of the reference.
func FuzzSplitInline(f *testing.F) {
	for _, line := range inlineSeeds {
		f.Add([]byte(line))
	}
	f.Fuzz(func(t *testing.T, line []byte) {
		args, err := SplitInline(line)
		text, _, _ := strings.Cut(string(line), "\x00")
		want, ok := refSplit(text)
		if (err == nil) != ok || ok && !slices.Equal(texts(args), want) {
			t.Fatalf("%q: %q %v, want %q %v", line, args, err, want, ok)
		}
	})
}
