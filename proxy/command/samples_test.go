package command

// sample is a command to be applied twice after each of its setups (commands separated by "; ", "" for
// an empty server). probe is asked too when states are compared, for what is not in the data set.
type sample struct {
	command string
	setups  []string
	probe   string
}

const (
	str    = "SET k old"
	strTTL = "SET k old EX 100000"
	strs   = "SET a abc; SET b xyzzy; SET d old"
	lists  = "RPUSH k a b c d e f"
	sets   = "SADD a 1 2 3 4; SADD b 3 4 5; SADD d 9 3"
	zsets  = "ZADD a 1 x 2 y 3 z; ZADD b 5 y 6 z; ZADD d 7 old 8 x"
	hash   = "HSET k f old g other"
	geo    = "GEOADD a 13.361389 38.115556 Palermo 15.087269 37.502669 Catania; GEOADD d 1 1 old"
	stream = "XADD k 1-1 f v; XADD k 2-1 f v; XADD k 3-1 f v; XGROUP CREATE k g 0; XREADGROUP GROUP g c COUNT 2 STREAMS k >"
	hll    = "PFADD a 1 2 3; PFADD b 3 4 5; PFADD d 9"
	wrong  = "SADD k member" // another type: WRONGTYPE both times
)

// idempotent has at least one sample for every form that is flagged so; in one of its setups it must
// really change something, or be among the unchanging below.
var idempotent = []sample{
	{"SET k v", []string{"", str, strTTL, wrong}, ""},
	{"SET k v EX 100000", []string{"", str, strTTL}, ""},
	{"SET k v px 100000000", []string{"", str, strTTL}, ""},
	{"SET k v EXAT 4102444800", []string{"", str, strTTL}, ""},
	{"SET k v EXAT 1", []string{"", str, strTTL}, ""},
	{"SET k v PXAT 4102444800000", []string{"", str}, ""},
	{"SETEX k 100000 v", []string{"", str, strTTL}, ""},
	{"PSETEX k 100000000 v", []string{"", str, strTTL, wrong}, ""},
	{"MSET a 1 b 2 a 3", []string{"", strs}, ""},
	{"SETRANGE k 2 xy", []string{"", str, strTTL, wrong}, ""},
	{"SETRANGE k 20 xy", []string{"", str}, ""},
	{"GETEX k", []string{"", str, strTTL, wrong}, ""},
	{"GETEX k PERSIST", []string{"", str, strTTL}, ""},
	{"GETEX k EX 100000", []string{"", str, strTTL}, ""},
	{"GETEX k PXAT 4102444800000", []string{"", str, strTTL}, ""},
	{"BITFIELD k GET u8 0 GET i5 3", []string{"", str, wrong}, ""},
	{"BITFIELD k OVERFLOW SAT GET u8 0", []string{"", str}, ""},
	{"BITOP AND d a b", []string{"", strs}, ""},
	{"BITOP XOR d a b", []string{"", strs}, ""},
	{"BITOP NOT d a", []string{"", strs}, ""},

	{"COPY a d REPLACE", []string{"", strs, sets, "SET d old"}, ""},
	{"COPY a d DB 1 REPLACE", []string{"", strs}, ""},
	{"EXPIRE k 100000", []string{"", str, strTTL, hash}, ""},
	{"EXPIREAT k 4102444800", []string{"", str, strTTL, hash}, ""},
	{"PEXPIRE k 100000000", []string{"", str, strTTL, hash}, ""},
	{"PEXPIREAT k 4102444800000", []string{"", str, strTTL, hash}, ""},
	{"RESTORE k 0 $DUMP REPLACE", []string{"", str, strTTL, hash}, ""},
	{"RESTORE k 100000000 $DUMP REPLACE", []string{"", str, strTTL}, ""},
	{"RESTORE k 1 $DUMP REPLACE ABSTTL", []string{"", str, strTTL}, ""},
	{"SORT k", []string{"", lists, wrong}, ""},
	{"SORT k BY w_* LIMIT 0 2 GET # DESC ALPHA", []string{"", lists}, ""},

	{"LSET k 1 v", []string{"", lists, wrong}, ""},
	{"LSET k -1 v", []string{"", lists}, ""},
	{"LTRIM k 0 2", []string{"", lists, wrong}, ""},
	{"LTRIM k -3 -1", []string{"", lists}, ""},
	{"LTRIM k 0 -1", []string{lists}, ""},

	{"SDIFFSTORE d a b", []string{"", sets}, ""},
	{"SINTERSTORE d a b", []string{"", sets}, ""},
	{"SUNIONSTORE d a b", []string{"", sets}, ""},

	{"ZADD a XX 9 x 8 nobody", []string{"", zsets}, ""},
	{"ZADD a XX GT 9 x", []string{"", zsets}, ""},
	{"ZADD a LT XX 0 x", []string{"", zsets}, ""},
	{"ZDIFFSTORE d 2 a b", []string{"", zsets}, ""},
	{"ZINTERSTORE d 2 a b WEIGHTS 2 3", []string{"", zsets}, ""},
	{"ZUNIONSTORE d 2 a b AGGREGATE MAX", []string{"", zsets}, ""},
	{"ZRANGESTORE d a 0 1", []string{"", zsets}, ""},
	{"GEOSEARCHSTORE d a FROMLONLAT 15 37 BYRADIUS 200 km", []string{"", geo}, ""},
	{"GEORADIUS a 15 37 200 km", []string{"", geo}, ""},
	{"GEORADIUSBYMEMBER a Palermo 200 km", []string{"", geo}, ""},

	{"HMSET k f 1 n 2", []string{"", hash, wrong}, ""},
	{"PFMERGE d a b", []string{"", hll, "PFADD a 1 2 3"}, ""},
	{"XGROUP SETID k g 1", []string{"", stream}, ""},
	{"XGROUP SETID k g $", []string{"", stream}, ""},
	{"XSETID k 9-9", []string{"", stream}, ""},
	{"XSETID k 9-9 ENTRIESADDED 7 MAXDELETEDID 2-1", []string{"", stream}, ""},

	{"CONFIG SET maxmemory-samples 7", []string{"CONFIG SET maxmemory-samples 5"}, "CONFIG GET maxmemory-samples"},
	{"SCRIPT LOAD $SCRIPT", []string{"SCRIPT FLUSH"}, "SCRIPT EXISTS e0e1f9fabfc9d4800c877a703b823ac0578ff8db"},
	{"FUNCTION LOAD REPLACE $LIBRARY", []string{"FUNCTION FLUSH", "FUNCTION LOAD $LIBRARY"}, "FUNCTION LIST WITHCODE"},
}

// unchanging are the idempotent forms that change nothing at all.
var unchanging = map[string]bool{
	"bitfield+get": true, "sort+nostore": true, "georadius+nostore": true, "georadiusbymember+nostore": true,
}

// differing has at least one sample for every other write form of Redis 7.0: applied twice, state or
// reply differ after one of the setups.
var differing = []sample{
	{"SET k v NX", []string{""}, ""},
	{"SET k v GET", []string{str}, ""},
	{"APPEND k v", []string{str}, ""},
	{"BITFIELD k INCRBY u8 0 1", []string{""}, ""},
	{"BITFIELD k GET u8 0 SET u8 0 7", []string{""}, ""},
	{"BITOP NOT a a", []string{strs}, ""},
	{"BITOP XOR a a b", []string{strs}, ""},
	{"DECR k", []string{""}, ""},
	{"DECRBY k 2", []string{""}, ""},
	{"GETDEL k", []string{str}, ""},
	{"GETEX k EXAT 1", []string{str}, ""},
	{"GETSET k v", []string{str}, ""},
	{"INCR k", []string{""}, ""},
	{"INCRBY k 2", []string{""}, ""},
	{"INCRBYFLOAT k 1.5", []string{""}, ""},
	{"MSETNX a 1 b 2", []string{""}, ""},
	{"SETBIT k 3 1", []string{""}, ""},
	{"SETNX k v", []string{""}, ""},

	{"COPY a b", []string{"SET a 1"}, ""},
	{"DEL k", []string{str}, ""},
	{"EXPIRE k 0", []string{str}, ""},
	{"EXPIRE k 100000 NX", []string{str}, ""},
	{"EXPIREAT k 1", []string{str}, ""},
	{"EXPIREAT k 4102444800 GT", []string{strTTL}, ""},
	{"PEXPIRE k -1", []string{str}, ""},
	{"PEXPIREAT k 1", []string{str}, ""},
	{"PEXPIREAT k 1893456000000 LT", []string{str}, ""},
	{"MOVE k 1", []string{str}, ""},
	{"PERSIST k", []string{strTTL}, ""},
	{"RENAME k d", []string{str}, ""},
	{"RENAMENX k d", []string{str}, ""},
	{"RESTORE k 0 $DUMP", []string{""}, ""},
	{"RESTORE-ASKING k 0 $DUMP", []string{""}, ""},
	{"SORT k ALPHA BY w_* STORE w_a", []string{"SADD k a b; SET w_a z; SET w_b b"}, ""},
	{"SWAPDB 0 1", []string{str}, ""},
	{"UNLINK k", []string{str}, ""},

	{"BLMOVE k d LEFT RIGHT 1", []string{lists}, ""},
	{"BLMPOP 1 1 k LEFT", []string{lists}, ""},
	{"BLPOP k 1", []string{lists}, ""},
	{"BRPOP k 1", []string{lists}, ""},
	{"BRPOPLPUSH k d 1", []string{lists}, ""},
	{"LINSERT k BEFORE b x", []string{lists}, ""},
	{"LMOVE k k LEFT RIGHT", []string{lists}, ""},
	{"LMPOP 1 k LEFT", []string{lists}, ""},
	{"LPOP k", []string{lists}, ""},
	{"LPUSH k v", []string{""}, ""},
	{"LPUSHX k v", []string{lists}, ""},
	{"LREM k 1 a", []string{lists}, ""},
	{"LTRIM k 1 -1", []string{lists}, ""},
	{"LTRIM k 0 -2", []string{lists}, ""},
	{"RPOP k", []string{lists}, ""},
	{"RPOPLPUSH k d", []string{lists}, ""},
	{"RPUSH k v", []string{""}, ""},
	{"RPUSHX k v", []string{lists}, ""},

	{"SADD k v", []string{""}, ""},
	{"SDIFFSTORE a b a", []string{sets}, ""},
	{"SMOVE a b 1", []string{sets}, ""},
	{"SPOP a", []string{sets}, ""},
	{"SREM a 1", []string{sets}, ""},

	{"BZMPOP 1 1 a MIN", []string{zsets}, ""},
	{"BZPOPMAX a 1", []string{zsets}, ""},
	{"BZPOPMIN a 1", []string{zsets}, ""},
	{"GEOADD k 1 1 x", []string{""}, ""},
	{"GEORADIUS a 15 37 200 km STOREDIST a", []string{geo}, ""},
	{"GEORADIUSBYMEMBER a Palermo 200 km STOREDIST a", []string{geo}, ""},
	{"GEOSEARCHSTORE a a FROMLONLAT 15 37 BYRADIUS 200 km STOREDIST", []string{geo}, ""},
	{"ZADD a 1 new", []string{zsets}, ""},
	{"ZADD a XX CH 9 x", []string{zsets}, ""},
	{"ZADD a XX INCR 1 x", []string{zsets}, ""},
	{"ZDIFFSTORE b 2 a b", []string{zsets}, ""},
	{"ZINCRBY a 1 x", []string{zsets}, ""},
	{"ZINTERSTORE a 2 a b", []string{zsets}, ""},
	{"ZMPOP 1 a MIN", []string{zsets}, ""},
	{"ZPOPMAX a", []string{zsets}, ""},
	{"ZPOPMIN a", []string{zsets}, ""},
	{"ZRANGESTORE a a 1 -1", []string{zsets}, ""},
	{"ZREM a x", []string{zsets}, ""},
	{"ZREMRANGEBYLEX a [x [y", []string{zsets}, ""},
	{"ZREMRANGEBYRANK a 0 0", []string{zsets}, ""},
	{"ZREMRANGEBYSCORE a 1 2", []string{zsets}, ""},
	{"ZUNIONSTORE a 2 a b", []string{zsets}, ""},

	{"HDEL k f", []string{hash}, ""},
	{"HINCRBY k n 1", []string{""}, ""},
	{"HINCRBYFLOAT k n 1.5", []string{""}, ""},
	{"HSET k f v", []string{""}, ""},
	{"HSETNX k f v", []string{""}, ""},
	{"PFADD k v", []string{""}, ""},

	{"XACK k g 1-1", []string{stream}, ""},
	{"XADD k * f v", []string{stream}, ""},
	{"XADD k 9-1 f v", []string{stream}, ""},
	{"XAUTOCLAIM k g c2 0 0 COUNT 1", []string{stream}, ""},
	{"XCLAIM k g c2 0 1-1", []string{stream}, ""},
	{"XDEL k 1-1", []string{stream}, ""},
	{"XGROUP CREATE k new 0", []string{stream}, ""},
	{"XGROUP CREATECONSUMER k g new", []string{stream}, ""},
	{"XGROUP DELCONSUMER k g c", []string{stream}, ""},
	{"XGROUP DESTROY k g", []string{stream}, ""},
	{"XREADGROUP GROUP g c COUNT 1 STREAMS k >", []string{"XADD k 1-1 f v; XADD k 2-1 f v; XGROUP CREATE k g 0"}, ""},
	{"XREADGROUP GROUP g c STREAMS k 0", []string{stream}, ""},
	{"XREADGROUP GROUP g c COUNT 1 BLOCK 1 STREAMS k >", []string{"XADD k 1-1 f v; XGROUP CREATE k g 0"}, ""},
	{"XTRIM k MAXLEN 1", []string{stream}, ""},

	{"ACL DELUSER bob", []string{"ACL SETUSER bob"}, ""},
	{"ACL SETUSER bob <pw", []string{"ACL SETUSER bob >pw"}, ""},
	{"EVAL $INCR 0", []string{""}, ""},
	{"FUNCTION DELETE lib", []string{"FUNCTION LOAD $LIBRARY"}, ""},
	{"FUNCTION LOAD $LIBRARY", []string{"FUNCTION FLUSH"}, ""},
	{"FCALL f 0", []string{"FUNCTION FLUSH; FUNCTION LOAD $LIBRARY"}, ""},
}

// judged are the forms of commands flagged write that no sample shows to differ, with why they are not
// flagged idempotent all the same.
var judged = map[string]string{
	"sinterstore":      "differs in no case, but so does an SDIFFSTORE onto its own source look",
	"sunionstore":      "differs in no case, but so does an SDIFFSTORE onto its own source look",
	"flushall":         "would flush what others have written in between",
	"flushdb":          "would flush what others have written in between",
	"function|flush":   "would flush what others have loaded in between",
	"function|restore": "depends on its policy",
	"migrate":          "needs a second server",
	"pfdebug":          "a debugging command",
}
