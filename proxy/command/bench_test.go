package command

import "testing"

var (
	benchNames = [][]byte{
		[]byte("GET"), []byte("SET"), []byte("get"), []byte("INCR"), []byte("LPUSH"), []byte("HGETALL"),
		[]byte("ZRANGEBYSCORE"), []byte("ZREMRANGEBYSCORE"), []byte("GEORADIUSBYMEMBER_RO"),
	}
	sink *Info
)

func BenchmarkLookup(b *testing.B) {
	for _, name := range benchNames {
		b.Run(string(name), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				sink = Lookup(name)
			}
		})
	}
}

// BenchmarkMap is the rival: fold into an array on the stack, then a map.
func BenchmarkMap(b *testing.B) {
	byName := map[string]*Info{}
	for _, i := range All() {
		if i.Variant == "" {
			byName[i.Name] = i
		}
	}
	for _, name := range benchNames {
		b.Run(string(name), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				var folded [24]byte
				n := copy(folded[:], name)
				for at, c := range folded[:n] {
					if 'A' <= c && c <= 'Z' {
						folded[at] = c | 0x20
					}
				}
				sink = byName[string(folded[:n])]
			}
		})
	}
}

func BenchmarkResolve(b *testing.B) {
	for _, line := range []string{"SET k v EX 10", "CLIENT SETINFO lib-name x", "EXPIREAT k 4102444800", "SUNIONSTORE d a b c"} {
		args := split(line)
		info := Lookup(args[0])
		b.Run(string(args[0]), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				sink = info.Resolve(args)
			}
		})
	}
}
