package resp

import (
	"math"
	"strconv"
	"testing"
)

// TestLengths: every way to read a length agrees, at the end of the buffer and before other bytes.
func TestLengths(t *testing.T) {
	for _, text := range []string{
		"0", "1", "9", "10", "64", "99", "100", "12345", "999999999", "1000000000", "2147483647", "", "00", "01", "010", "-1", "+1", "a", "1a", "12a", ":", "/", "1:", "1/",
	} {
		want, ok := refNumber(text)
		for _, after := range []string{"", "x", "xxxxxxxxxxxx"} {
			buf := []byte("before$" + text + "\r\n" + after)
			p := len("before")
			usual := ok && want >= 0 && len(text) <= 9
			n, at := length(buf, p)
			if usual != (at > 0) || usual && (int64(n) != want || at != len(buf)-len(after)) {
				t.Errorf("length of %q: %d, %d", buf, n, at)
			}
			if n, at = checkedLength(buf, p); ok && (int64(n) != want || at != len(buf)-len(after)) {
				t.Errorf("checkedLength of %q: %d, %d", buf, n, at)
			}
		}
		for _, end := range []string{"", "\r", "\n", "\rx", "\n\r", " \r\n"} {
			if n, at := length([]byte("$"+text+end), 0); at != 0 {
				t.Errorf("length of %q: %d, %d", text+end, n, at)
			}
		}
	}
}

func TestParseInt(t *testing.T) {
	for _, text := range []string{
		strconv.Itoa(math.MaxInt32), "9223372036854775807", "9223372036854775808", "-9223372036854775807", "-9223372036854775808",
		"-9223372036854775809", "9999999999999999999", "10000000000000000000", "99999999999999999999", "-", "-0", "--1", "1-", "0", "-5", "",
	} {
		n, ok := parseInt([]byte(text))
		if want, valid := refNumber(text); ok != valid || ok && n != want {
			t.Errorf("%q: %d, %v", text, n, ok)
		}
	}
}
