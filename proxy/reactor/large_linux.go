package reactor

import "golang.org/x/sys/unix"

// grow moves the pages of b, not their bytes.
func (f *largeList) grow(b []byte, size int) []byte {
	grown, err := unix.Mremap(b[:cap(b)], pages(size), unix.MREMAP_MAYMOVE)
	if err != nil {
		return f.copyTo(b, size)
	}
	return grown[:len(b)]
}
