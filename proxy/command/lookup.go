package command

import "encoding/binary"

// The index is an open-addressed table over the first and last eight bytes of the name, folded to lower
// case eight bytes at a time. A map[string]*Info needs a folded copy of the name first, and was five
// times slower in BenchmarkMap. A perfect hash would save the probing, at the price of a search for
// it whenever a command is added.

const (
	slotBits = 11 // about 600 names: a third full or less, so a probe rarely sees a second slot
	slots    = 1 << slotBits
	fold     = 0x2020202020202020
)

// word is a name of up to 16 bytes, or the ends of a longer one.
type word struct{ head, tail uint64 }

// slot: 40 bytes. letters masks the bytes of key that are letters: only they may come in either case
// (0x0d is not a hyphen, although folding makes it one).
type slot struct {
	key     word
	letters word
	info    *Info
}

var index = buildIndex()

// Lookup finds a command by its name in any case: nil if the table lacks it. Subcommands are found by
// Resolve. It does not allocate and does not keep name.
func Lookup(name []byte) *Info {
	w, ok := load(name)
	if !ok {
		return nil
	}
	for at := w.slot(len(name)); ; at = (at + 1) % slots {
		s := &index[at]
		if s.info == nil {
			return nil
		}
		if w.head|s.letters.head == s.key.head && w.tail|s.letters.tail == s.key.tail &&
			len(name) == len(s.info.Name) && (len(name) <= 16 || is(name, s.info.Name)) {
			return s.info
		}
	}
}

// load reads a name's ends; short names leave zero bytes, which no name contains.
func load(name []byte) (w word, ok bool) {
	n := len(name)
	switch {
	case n >= 8:
		w.head = binary.LittleEndian.Uint64(name)
		w.tail = binary.LittleEndian.Uint64(name[n-8:])
	case n >= 4:
		w.head = uint64(binary.LittleEndian.Uint32(name)) | uint64(binary.LittleEndian.Uint32(name[n-4:]))<<32
	case n == 3:
		w.head = uint64(name[0]) | uint64(name[1])<<8 | uint64(name[2])<<16
	case n == 2:
		w.head = uint64(name[0]) | uint64(name[1])<<8
	default:
		return w, false // no command has a name of one byte or none
	}
	return w, true
}

// slot hashes the folded word; folding both ends here and not in load keeps the exact bytes for the
// comparison.
func (w word) slot(length int) uint64 {
	h := (w.head | fold) * 0x9e3779b97f4a7c15
	h ^= (w.tail|fold)*0xc2b2ae3d27d4eb4f + uint64(length)
	return (h ^ h>>32) * 0x9e3779b97f4a7c15 >> (64 - slotBits)
}

func buildIndex() *[slots]slot {
	var built [slots]slot
	for n := range table[1:] {
		info := &table[n+1]
		key, ok := load([]byte(info.Name))
		if !ok || info.isSubcommand() {
			continue
		}
		at := key.slot(len(info.Name))
		for built[at].info != nil {
			at = (at + 1) % slots
		}
		built[at] = slot{key, word{letters(key.head), letters(key.tail)}, info}
	}
	return &built
}

// letters gives 0x20 for every byte of folded that is a lower-case letter, so that or-ing it folds
// exactly these.
func letters(folded uint64) uint64 {
	var mask uint64
	for shift := 0; shift < 64; shift += 8 {
		if c := byte(folded >> shift); 'a' <= c && c <= 'z' {
			mask |= 0x20 << shift
		}
	}
	return mask
}
