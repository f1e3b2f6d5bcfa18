package resp

import "strings"

// Seeds of the fuzz targets, which run as ordinary tests too.

var commandSeeds = []string{
	"*1\r\n$4\r\nPING\r\n",
	"*2\r\n$3\r\nGET\r\n$1\r\nk\r\n*1\r\n$0\r\n\r\n",
	"*3\r\n$3\r\nSET\r\n$10\r\n\r\n$1\r\n*1\r\n\r\n$23\r\nabcdefghijklmnopqrstuvw\r\nPING\r\n",
	"*12\r\n" + strings.Repeat("$1\r\na\r\n", 12), "*13\r\n",
	"*0\r\n*-1\r\n*-9223372036854775808\r\n\r\n\n",
	"PING\r\nset \"a\\x41\" 'b\\'' c\r\n", "a\"b\"c\r\n", "'a", "a\x00b\r\nPING\r\n",
	"*1\n\r\n", "*1\rx", "*1\r\n$1\rx", "*1\r\n$1\r\naXY", "*1\r\n$1\r\na\r\r", "*1\r\nx", "*1\r\n\r\n", "*1\r\n\x00",
	"*\r\n", "*+1\r\n", "*01\r\n", "*-0\r\n", "* 1\r\n", "*00\r\n", "*9999999999\r\n", "*99999999999999999999\r\n",
	"*1\r\n$\r\n", "*1\r\n$-1\r\n", "*1\r\n$+1\r\n", "*1\r\n$01\r\n", "*1\r\n$101\r\n", "*1\r\n$00\r\n", "*1\r\n$5000000000\r\n",
	"*3\r\n$90\r\n" + strings.Repeat("x", 90) + "\r\n$90\r\n", "*2\r\n$100\r\n" + strings.Repeat("x", 100) + "\r\n$41\r\n",
	strings.Repeat("a", 40) + "\n", strings.Repeat("a", 41) + "\n", strings.Repeat("a", 41), strings.Repeat("\x00", 42),
	"*" + strings.Repeat("1", 40), "*" + strings.Repeat("1", 39) + "\r\n", "*1\r\n$" + strings.Repeat("1", 40),
}

var replySeeds = []string{
	"+OK\r\n-ERR no\r\n:-12\r\n$-1\r\n*-1\r\n_\r\n#t\r\n,inf\r\n(1234567890123456789012\r\n",
	"$0\r\n\r\n$12\r\nhello\r\nworld\r\n!5\r\nERR x\r\n=7\r\ntxt:abc\r\n*0\r\n%0\r\n~0\r\n>0\r\n",
	"*3\r\n$1\r\na\r\n*2\r\n:1\r\n%1\r\n+k\r\n~1\r\n_\r\n$2\r\nbc\r\n+OK\r\n",
	"|1\r\n+ttl\r\n:3600\r\n*2\r\n|0\r\n:1\r\n|1\r\n*1\r\n:1\r\n:2\r\n$1\r\nx\r\n:3\r\n",
	"*2\r\n>3\r\n$10\r\npsubscribe\r\n$1\r\na\r\n:1\r\n>3\r\n$7\r\nmessage\r\n$1\r\na\r\n$1\r\nb\r\n:2\r\n",
	"*2\r\n>2\r\n+invalidate\r\n*1\r\n$1\r\nk\r\n:1\r\n:2\r\n>2\r\n+message\r\n+x\r\n",
	"|1\r\n+a\r\n+b\r\n>1\r\n+c\r\n:1\r\n",
	strings.Repeat("*1\r\n", 6) + ":1\r\n", strings.Repeat("*1\r\n", 7) + ":1\r\n", strings.Repeat("*1\r\n", 6) + "*0\r\n",
	strings.Repeat("*2\r\n", 6) + strings.Repeat(":1\r\n", 12), strings.Repeat("|0\r\n", 20) + ":1\r\n",
	"$?\r\n", "*?\r\n", "%?\r\n", ".\r\n", ";4\r\n", "$\r\n", "$-2\r\n", "%-1\r\n", "!-1\r\n", "$01\r\n", "$+1\r\n", "*x\r\n", "x",
	"$1\r\naXY", "$1\r\na\r\r", "$9223372036854775807\r\n", "*9223372036854775807\r\n", "%4611686018427387903\r\n", "*2305843009213693951\r\n",
	"$" + strings.Repeat("1", 32), "*1\n" + strings.Repeat("\n", 40), "+a\rb\nc\n\r\n\r\n", "+" + strings.Repeat("long ", 20) + "\r\n:1\r\n",
	"\r\n", "", ":\r\n", "*5\r\n$1\r\na\r\n$1\r\nb\r\n$01\r\n",
}

var inlineSeeds = []string{
	"", " ", "a", " a  b\t", `"a b" 'c d'`, `a"b"`, `"a"b`, `"a`, `'a`, `"\x41\x4g\n\r\t\b\a\q\\\""`, `'\'\\'`, `'a\'`, `"\`, `"a\"`,
	"a\vb \v\fc", "\va", "\"a\"\vb", "a\x00b", "\"a\x00\"", "\"a\"\x00b", `""`, `'' ""`, `\x41`, `a\"b c"`, `"\x"`, `"\x4"`,
}
