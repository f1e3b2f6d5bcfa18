// Package migrate carries out a planned switchover: another master, without a write lost or refused, whatever writes to
// the old one. It is run by `sentinelproxy switch`, beside the proxies, and by a proxy that is asked to (POST /api/v1/switch).
//
//	options.go     what can be asked for, and what is wrong with it
//	switchover.go  the steps in their order, and what is undone on every way out
//	preflight.go   whether it can be done, and who is to be the master
//	candidate.go   priorities, which make Sentinel choose one
//	fence.go       the old master takes no more writes; put back, also after a crash of this program
//	marks.go       what a switchover has changed can be told from what users have set
//	pause.go       writes wait for so long, and no longer if this program dies
//	guard.go       what a proxy does about a failover that somebody else has begun
//	catchup.go     the replicas have what the master has
//	proxies.go     the proxies: hold, release, status
//	sentinels.go   the Sentinels
//	node.go        one data node
//	report.go      what was done, and how long it took
//
// # Why a fence
//
// After SENTINEL FAILOVER the old master goes on acknowledging writes for about ten seconds, until Sentinel makes it a replica
// and they are gone. The proxies hold their clients' writes, but others may write to it directly. So before the failover
// begins no write is in flight, the old master takes none any more (CONFIG SET min-replicas-to-write to a number that it
// can't have), and the replicas have all that it ever acknowledged.
//
// What is set on the nodes tells what was there before: a min-replicas-to-write or replica-priority of a million and
// more is the former one plus a million. So it can be put back by whoever comes next, from the nodes alone.
package migrate
