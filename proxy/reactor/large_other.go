//go:build !linux

package reactor

func (f *largeList) grow(b []byte, size int) []byte { return f.copyTo(b, size) }
