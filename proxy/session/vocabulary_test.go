package session

// family is a part of the vocabulary: phrases of one command or several, with ";" between. A word that begins with $
// is chosen anew for each phrase, the same one within it: see words and keys in generator_test.go.
type family struct {
	name    string
	phrases []string
	// sticky: the commands set up the connection, or take their own way; such are more often among the others.
	sticky bool
	// alone: the commands are about what all clients of a server share, so nobody else may be there.
	alone bool
	// unlike: Dragonfly does this differently, and why.
	unlike string
}

// No command of the vocabulary blocks for ever or asks for a random element, the time, or what is measured.
var vocabulary = []family{
	{name: "strings", phrases: []string{
		"GET $s", "SET $s $v", "SET $s $v NX", "SET $s $v XX GET", "SET $s $v EX 100000", "SET $s $v KEEPTTL", "SETNX $s $v", "GETSET $s $v", "GETDEL $s",
		"SETEX $s 100000 $v", "PSETEX $s 100000000 $v", "SETEX $s 0 $v", "MSET $s $v $t $w", "MSETNX $s $v $t $w", "MGET $s $t $k", "MSET $s",
		"INCR $s", "DECR $s", "INCRBY $s $n", "DECRBY $s $n", "INCRBYFLOAT $s $f", "APPEND $s $v", "STRLEN $s", "GETRANGE $s $n -1", "SUBSTR $s 0 $n",
		"SETRANGE $s $n $v", "SETRANGE $s -1 $v", "GETEX $s PERSIST", "GETEX $s EX 100000", "GETEX $s", "SETRANGE $s 90000 $v; GET $s; STRLEN $s",
	}},
	{name: "longest common substring", unlike: "is unknown there", phrases: []string{"LCS $s $t", "LCS $s $t LEN", "LCS $s $t IDX"}},
	{name: "lists", phrases: []string{
		"LPUSH $l $v $w", "RPUSH $l $v", "LPUSHX $l $v", "RPUSHX $l $v $w", "LPOP $l", "RPOP $l", "LPOP $l 2", "RPOP $l 0", "LLEN $l", "LRANGE $l 0 -1", "LINDEX $l $n",
		"LSET $l $n $v", "LINSERT $l BEFORE $v $w", "LREM $l 0 $v", "LTRIM $l 0 2", "LTRIM $l 1 -1", "LMOVE $l $m LEFT RIGHT", "RPOPLPUSH $l $m",
		"LPOS $l $v", "LPOS $l $v RANK -1 COUNT 0", "LMPOP 2 $l $m LEFT", "LMPOP 1 $l RIGHT COUNT 2",
	}},
	{name: "sets", phrases: []string{
		"SADD $e $a $b", "SADD $e $n", "SREM $e $a", "SCARD $e", "SISMEMBER $e $a", "SMISMEMBER $e $a $b", "SMEMBERS $e", "SMOVE $e $i $a", "SUNION $e $i",
		"SINTER $e $i", "SDIFF $e $i", "SINTERSTORE $e $e $i", "SUNIONSTORE $i $e $i", "SDIFFSTORE $e $e $i", "SINTERCARD 2 $e $i", "SPOP $e 100", "SRANDMEMBER $e 0",
	}},
	{name: "sorted sets", phrases: []string{
		"ZADD $z $n $a $f $b", "ZADD $z NX $n $a", "ZADD $z XX CH $n $a", "ZADD $z GT $n $a", "ZADD $z INCR $n $a", "ZADD $z x $a", "ZINCRBY $z $n $a", "ZREM $z $a",
		"ZSCORE $z $a", "ZMSCORE $z $a $b", "ZCARD $z", "ZCOUNT $z -inf ($n", "ZRANK $z $a", "ZREVRANK $z $a", "ZRANGE $z 0 -1 WITHSCORES", "ZRANGE $z -inf +inf BYSCORE LIMIT 0 2",
		"ZREVRANGE $z 0 1", "ZRANGEBYSCORE $z 0 (10 WITHSCORES", "ZREVRANGEBYSCORE $z +inf -inf", "ZRANGEBYLEX $z - +", "ZLEXCOUNT $z - [$b", "ZREMRANGEBYRANK $z 0 0",
		"ZREMRANGEBYSCORE $z 100 +inf", "ZREMRANGEBYLEX $z [y [z", "ZPOPMIN $z", "ZPOPMAX $z 2", "ZMPOP 1 $z MIN", "ZUNION 2 $z $y WITHSCORES", "ZINTER 2 $z $y", "ZDIFF 2 $z $y",
		"ZUNIONSTORE $y 2 $z $y WEIGHTS 2 1", "ZINTERSTORE $y 2 $z $y AGGREGATE MAX", "ZDIFFSTORE $y 2 $z $y", "ZRANGESTORE $y $z 0 -1", "ZINTERCARD 2 $z $y", "ZRANDMEMBER $z 0",
	}},
	{name: "hashes", phrases: []string{
		"HSET $h $a $v $b $w", "HSET $h $a", "HSETNX $h $a $v", "HMSET $h $a $v", "HGET $h $a", "HMGET $h $a $b", "HDEL $h $a", "HLEN $h", "HSTRLEN $h $a", "HEXISTS $h $a",
		"HKEYS $h", "HVALS $h", "HGETALL $h", "HINCRBY $h $a $n", "HINCRBYFLOAT $h $a $f", "HRANDFIELD $h 0",
	}},
	{name: "streams", phrases: []string{
		"XADD $x $q-1 $a $v", "XADD $x $q-2 $a $v $b $w", "XADD $x NOMKSTREAM $q-3 $a $v", "XADD $x MAXLEN 3 9$q-1 $a $v", "XADD $x 0-0 $a $v", "XLEN $x", "XRANGE $x - +",
		"XREVRANGE $x + - COUNT 1", "XDEL $x $q-1", "XTRIM $x MAXLEN 2", "XREAD COUNT 2 STREAMS $x 0", "XREAD STREAMS $x $u 0 0", "XREAD STREAMS $x",
		"XSETID $x 999-0", "XINFO STREAM $x",
	}},
	{name: "groups of streams", phrases: []string{
		"XADD $x $q-1 $a $v; XGROUP CREATE $x group 0; XREADGROUP GROUP group $a COUNT 1 STREAMS $x >", "XGROUP CREATE $x group 0 MKSTREAM",
		"XREADGROUP GROUP group $a STREAMS $x >", "XREADGROUP GROUP group $a STREAMS $x 0", "XACK $x group $q-1", "XPENDING $x group", "XGROUP SETID $x group 0",
		"XGROUP CREATECONSUMER $x group $b", "XGROUP DELCONSUMER $x group $b", "XGROUP DESTROY $x group", "XCLAIM $x group $b 0 $q-1 JUSTID", "XAUTOCLAIM $x group $a 0 0 COUNT 5",
		"XINFO GROUPS $x", "XGROUP NOSUCH $x",
	}},
	{name: "geo", phrases: []string{
		"GEOADD $g 13.36 38.11 $a 15.08 37.50 $b", "GEOADD $g 200 0 $a", "GEOPOS $g $a $b", "GEODIST $g $a $b km", "GEOHASH $g $a", "GEORADIUS $g 15 37 200 km ASC",
		"GEOSEARCH $g FROMMEMBER $a BYRADIUS 300 km ASC WITHDIST", "GEOSEARCH $g FROMLONLAT 15 37 BYBOX 400 400 km DESC", "GEORADIUSBYMEMBER $g $a 300 km ASC",
	}},
	{name: "storing of geo", unlike: "GEOSEARCHSTORE is unknown there", phrases: []string{"GEOSEARCHSTORE $z $g FROMLONLAT 15 37 BYRADIUS 300 km", "GEORADIUS $g 15 37 300 km STORE $z"}},
	{name: "HyperLogLog", phrases: []string{"PFADD $p $v $w", "PFCOUNT $p", "PFCOUNT $p $o", "PFMERGE $p $o", "PFADD $s $v"}},
	{name: "bitmaps", phrases: []string{
		"SETBIT $s $n 1", "SETBIT $s 70 0", "GETBIT $s $n", "BITCOUNT $s", "BITCOUNT $s 0 $n BIT", "BITPOS $s 1", "BITOP AND $s $s $t", "BITOP NOT $s $t",
		"BITFIELD $s SET u8 0 $n INCRBY i5 3 1", "BITFIELD $s GET u4 0", "BITFIELD_RO $s GET u4 0", "BITFIELD $s OVERFLOW FAIL INCRBY u2 0 2", "SETBIT $s x 1",
	}},
	{name: "keys", phrases: []string{
		"DEL $k", "DEL $s $l $e", "UNLINK $k", "EXISTS $k $k", "TYPE $k", "TOUCH $k", "RENAME $s $t", "RENAMENX $l $m", "COPY $s $t REPLACE", "COPY $k $k",
		"EXPIRE $k 100000", "EXPIRE $k 100000 NX", "PEXPIRE $k 100000000 GT", "EXPIREAT $k 4102444800", "PEXPIREAT $k 4102444800000", "TTL $k", "PTTL $k", "PERSIST $k",
		"EXPIRE $k -1", "EXPIRE $k x", "EXPIRETIME $k", "SORT $l ALPHA", "SORT $l", "SORT $e ALPHA LIMIT 0 2 DESC", "SORT $l BY nosort STORE $m", "SORT_RO $l ALPHA",
		"KEYS §*", "SCAN 0 MATCH §* COUNT 100000", "SSCAN $e 0 COUNT 100", "HSCAN $h 0 COUNT 100", "ZSCAN $z 0 COUNT 100", "SCAN x", "SCAN 0 NOSUCH x",
	}},
	{name: "insides", unlike: "OBJECT and the bytes of DUMP are its own", phrases: []string{"OBJECT ENCODING $k", "OBJECT REFCOUNT $k", "OBJECT NOSUCH $k", "DUMP $s", "RESTORE $t 0 x", "OBJECT HELP"}},
	{name: "all keys", alone: true, phrases: []string{"DBSIZE", "FLUSHDB", "FLUSHALL", "FLUSHALL ASYNC", "SWAPDB 0 1", "KEYS *", "SCAN 0 COUNT 100000", "SCAN 0 TYPE string COUNT 100000", "SET $s 1; MOVE $s 2"}},
	{name: "transactions", sticky: true, phrases: []string{
		"MULTI", "MULTI", "EXEC", "EXEC", "DISCARD", "WATCH $s", "WATCH $s $l", "UNWATCH", "MULTI x", "EXEC x", "WATCH", "DISCARD x", "UNWATCH x",
		"MULTI; INCR $s; GET $s; EXEC", "WATCH $s; GET $s; MULTI; INCR $s; EXEC", "WATCH $s; SET $s $v; MULTI; GET $s; EXEC", "MULTI; LPUSH $l $v; BLPOP $l 0.05; EXEC",
		"WATCH $l; MULTI; RPUSH $l $v; DISCARD; LLEN $l", "MULTI; SET $s; EXEC", "MULTI; MULTI; WATCH $s; EXEC", "MULTI; SELECT 1; SET $s $v; EXEC; GET $s", "MULTI; SET $s x; LPUSH $s 1; EXEC",
	}},
	{name: "subscriptions", sticky: true, phrases: []string{
		"SUBSCRIBE $c", "SUBSCRIBE $c $d", "PSUBSCRIBE §*", "SSUBSCRIBE $c", "UNSUBSCRIBE $c", "UNSUBSCRIBE", "PUNSUBSCRIBE", "SUNSUBSCRIBE", "SUBSCRIBE", "PUBLISH §nobody $v",
		"HELLO 3; SUBSCRIBE $c; PUBLISH $c $v; GET $s; UNSUBSCRIBE", "HELLO 3; PSUBSCRIBE §* x*; PUBLISH $c $v", "SUBSCRIBE $c; PING; PING $v; UNSUBSCRIBE $c", "SPUBLISH $c $v",
		"PUBSUB NUMSUB §nobody", "PUBSUB NOSUCH",
	}},
	{name: "blocking", sticky: true, phrases: []string{
		"BLPOP $l 0.002", "BRPOP $l $m 0.002", "LPUSH $l $v; BLPOP $l 0.05", "BLPOP $l x", "BLPOP $l -1", "BZPOPMIN $z $y 0.002", "ZADD $z 1 $a; BZPOPMAX $z 0.05",
		"XREAD BLOCK 2 STREAMS $x $", "RPUSH $l $v; BRPOP $m $l 0.05", "BLPOP $l 0.002; BLPOP $m 0.002",
	}},
	{name: "blocking with another null", unlike: "a null bulk and not a null array is its answer to a time that is over", phrases: []string{
		"BLMOVE $l $m LEFT LEFT 0.002", "BRPOPLPUSH $l $m 0.002", "BLMPOP 0.002 1 $l LEFT", "BZMPOP 0.002 1 $z MIN", "RPUSH $l $v; BLMOVE $l $m LEFT LEFT 0.05; LRANGE $m 0 -1",
	}},
	{name: "scripts", sticky: true, phrases: []string{
		"EVAL \"return {KEYS[1],ARGV[1]}\" 1 $s $v", "EVAL \"return redis.call('set',KEYS[1],ARGV[1])\" 1 $s $v", "EVAL \"return 1\" 1", "EVAL",
		"SCRIPT LOAD $sha; EVALSHA $sha 1 $s $v", "EVALSHA $sha 1 $s $v", "SCRIPT EXISTS $sha", "EVAL_RO \"return redis.call('get',KEYS[1])\" 1 $s", "SCRIPT NOSUCH", "EVALSHA 0 0",
	}},
	{name: "errors of scripts", unlike: "they name the script and its line in another way", phrases: []string{
		"EVAL \"return redis.call('incr',KEYS[1])\" 1 $s", "EVAL \"return redis.call('nosuch')\" 0", "EVAL \"return {err='MINE'}\" 0", "EVAL \"x\" 0", "EVAL_RO \"return redis.call('set',KEYS[1],1)\" 1 $s",
		"EVAL \"#!lua flags=no-writes\nreturn redis.call('get',KEYS[1])\" 1 $s", "EVALSHA_RO $sha 1 $s $v",
	}},
	{name: "all scripts", alone: true, unlike: "SCRIPT KILL is unknown there", phrases: []string{"SCRIPT FLUSH", "SCRIPT KILL"}},
	{name: "functions", unlike: "there are none", phrases: []string{
		"FUNCTION LOAD \"#!lua name=§\nredis.register_function('§f', function(k,a) return redis.call('incr',k[1]) end)\"; FCALL §f 1 $s",
		"FCALL §f 1 $s", "FCALL_RO §f 1 $s", "FUNCTION DELETE §", "FUNCTION LIST LIBRARYNAME §", "FUNCTION NOSUCH", "FCALL §f x",
		"FUNCTION LOAD REPLACE \"#!lua name=§\nredis.register_function{function_name='§f', callback=function(k,a) return redis.call('exists',k[1]) end, flags={'no-writes'}}\"",
	}},
	{name: "identity", sticky: true, phrases: []string{
		"SELECT 0", "SELECT 1", "SELECT 2", "SELECT 99", "SELECT x", "SELECT", "AUTH user pw", "AUTH user pw", "HELLO 3", "HELLO 3", "HELLO 2", "RESET", "HELLO 3 AUTH user pw SETNAME n",
		"SELECT 1; SET $s $v; SELECT 0; GET $s", "PING", "PING $v", "ECHO $v", "PING a b",
	}},
	{name: "refused identity", unlike: "AUTH has no wrong password where there is none, HELLO 4 is unknown, HELLO alone goes back to RESP2", phrases: []string{
		"AUTH nobody x", "AUTH", "AUTH a b c", "HELLO", "HELLO 4", "HELLO x", "HELLO 3 NOSUCH", "HELLO 2 AUTH nobody x", "HELLO 3 AUTH x",
	}},
	{name: "CLIENT", phrases: []string{
		"CLIENT SETNAME $a", "CLIENT SETNAME \"a b\"", "CLIENT ID", "CLIENT NOSUCH", "CLIENT", "CLIENT GETNAME; CLIENT SETNAME n; CLIENT GETNAME",
	}},
	{name: "CLIENT of Redis", sticky: true, unlike: "most subcommands are unknown there", phrases: []string{
		"CLIENT INFO", "CLIENT LIST ID 1", "CLIENT LIST TYPE nosuch", "CLIENT NO-EVICT ON", "CLIENT NO-EVICT OFF", "CLIENT NO-EVICT x", "CLIENT KILL ID 999999999", "CLIENT UNBLOCK 999999999",
		"CLIENT TRACKINGINFO", "CLIENT GETREDIR", "CLIENT CACHING YES", "CLIENT TRACKING x", "HELLO 3; CLIENT TRACKING ON; GET $s; SET $s $v; CLIENT TRACKING OFF", "READONLY", "READWRITE", "ASKING",
	}},
	{name: "CLIENT REPLY", sticky: true, unlike: "it is unknown there", phrases: []string{
		"CLIENT REPLY SKIP", "CLIENT REPLY ON", "CLIENT REPLY OFF", "CLIENT REPLY NOSUCH", "CLIENT REPLY", "CLIENT REPLY OFF; INCR $s; SELECT 1; SET $s $v; CLIENT REPLY ON; GET $s",
		"CLIENT REPLY SKIP; INCR $s; GET $s",
	}},
	{name: "server", unlike: "configuration, users and the table of commands are its own", phrases: []string{
		"ACL WHOAMI", "ACL CAT", "ACL USERS", "ACL GETUSER user", "ACL DRYRUN user GET $s", "ACL NOSUCH", "CONFIG GET maxmemory", "CONFIG GET hz*", "CONFIG GET nosuch", "CONFIG NOSUCH",
		"COMMAND COUNT", "COMMAND INFO get nosuch", "COMMAND DOCS get", "COMMAND GETKEYS GET $s", "COMMAND GETKEYS PING", "COMMAND NOSUCH", "COMMAND LIST FILTERBY PATTERN *get", "MEMORY HELP",
		"WAIT 0 0", "WAIT x 0", "DEBUG NOSUCH", "LATENCY NOSUCH", "SLOWLOG NOSUCH",
	}},
	{name: "unknown commands", phrases: []string{"NOSUCH", "NOSUCH $v", "NO\\r\\nSUCH $s", "\"\" $v", "GET.X $s"}},
}
