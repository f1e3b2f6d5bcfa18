// Package failover decides, for one group, who is master and whether commands may pass: a pure state machine (Step) and
// the one goroutine that drives it (Driver).
//
// # How it hangs together
//
// topology.Event, LaneReport, results of ROLE probes and timers are Inputs. Step takes one into what is known (learn.go,
// claims.go), weighs it (verdict.go) and, by the state it is in (step_*.go), orders Actions, which the driver carries out in their
// order. What the Sentinels say makes an address eligible; only its own answer to ROLE, asked after the hold began, makes it adopted.
//
// # Who may be adopted
//
// An address is eligible on one of three bases (verdict.go):
//
//   - majority: more than half of the known Sentinels name it, at an epoch not below the floor. Known are those configured and
//     discovered; one that is down still counts as known, and names nobody. Before the first adoption, for Config.Acquaint at most, they have
//     to be more than half of those that they know of themselves, too (acquaint.go).
//   - followed: it is the candidate (+selected-slave and stronger) of a failover of the present master that was
//     seen from its announcement, or the present master is lost; and it answered ROLE slave after it was named. So the release comes some ms
//     after the promotion, up to a second before the first Sentinel says so.
//   - undisputed: it is the present master, no majority can be had, and no Sentinel that answers names another at a higher epoch.
//     So Sentinels that are restarted do not stop the service. It is no basis any more when fewer than a majority have been in
//     reach for Config.MinorityGrace (minority.go): then writes are held until a majority is back, and refused when the limit passes; reads go on.
//
// The master of a failover that a Sentinel claims to run is not eligible while the claim is believed: until it is
// withdrawn (-failover-abort-*), the Sentinel is in TILT, or it made no progress for Config.Patience. One that has named its candidate is also believed
// without progress for as long as the Sentinel answers failover_in_progress: a candidate that hangs may be promoted yet. After that all Sentinels are asked anew before
// their opinions count again, because what they said before can be from before the promotion.
//
// The floor is the highest config-epoch that a majority vouched for. An adoption by following raises it in advance by one,
// so that opinions from before the promotion can't undo it; when no majority has confirmed it within Config.Confirm, or that
// very failover is aborted, the advance is taken back. A set of Sentinels that was created anew, with epochs from zero, is therefore
// not believed by a proxy that has adopted a higher one: the old master goes on being undisputed, and another is only adopted after a restart of the proxy.
//
// # In place or anew
//
// When a hold ends at the same master and nothing happened to the lanes (an aborted failover, a slow ROLE), Release is given again in
// the old term: links stay, and what is in flight on them is answered. After LinkLost, Rejected, a change of role or a refusal the same address is adopted anew,
// when what is in flight on the links that are left has been answered (drain.go). Those are dropped then all the same: whether they lead to the process
// that answers ROLE now, and with the same data, is not known. One on which nothing is asked, a subscriber's, would say nothing for ever when they
// don't. Only INFO's run_id would tell, which Dragonfly has not, and the proxy's user may not ask for.
//
// # Fences
//
// A failover of the present master that somebody else has begun leaves it acknowledging writes until Sentinel demotes it, seconds after
// the promotion. So it is fenced at the announcement (fence.go): ActFence. The fence comes off before anything is let go to that
// master again; after an adoption of another when the former one is demoted. NOREPLICAS while serving can be
// the fence of somebody whose order or announcement has not come here, or the master's own: writes are held until that is
// known, and then for as long as the fence is there, at most for Config.FenceLimit.
//
// From the moment on that another node may be taking writes (seal.go) no reply of the former master is passed on: ActSeal.
//
// # Invariants
//
// Asserted at every step of the exploration (explore_test.go), for every order of inputs, true, stale or invented:
//
//	I1  Adopt is only given while everything is held or refused: never two addresses without a hold in between.
//	I2  Release(t) is only given after Adopt(t) and Restored(t), and t is the last term adopted.
//	I3  Adopt's term is the last one's plus one; its epoch is not below the last one's, but after an unconfirmed advance was taken back.
//	I4  The last probe, in this hold, of an address that is adopted or let go in place was answered with master.
//	I5  Who is adopted was named by a majority at that moment, or followed, or undisputed: recomputed from the raw messages.
//	I6  While Serving nothing is held or refused; in every other state something is.
//	I7  After Refuse nothing passes until the Release that follows another Adopt.
//	I8  Late results and reports change nothing.
//	I9  Only the changes of state in the table happen.
//	I10 Every hold ends: from every state reached, once the Sentinels agree on a living master, probes are answered truly and
//	    timers run, the machine serves that master within a bounded number of steps.
//	I11 Writes are not let go to a master while a believed claim says that it is being replaced.
//	I12 Writes that are held by an operator's order are not let go before it is taken back, has run out, or more than writes is held.
//	I13 No write passes while fewer than a majority of the known Sentinels have been in reach for the grace, until a majority is, or a
//	    failover that can be followed has made another master.
//	I14 Only the present master is fenced, while it is not lost, its writes are held, a failover of it is claimed, and no operator has ordered
//	    the hold.
//	I15 Nothing is let go in place to, and nothing adopted, that we have fenced, or whoever ordered a hold may have, before the fence is
//	    off, or Config.Lift has passed.
//	I16 Nobody's fence is forgotten: at an adoption, that of every former master is ordered to come off when it is demoted.
//	I17 When a claim says that a replica is being promoted, or a candidate answers that it is master, and everything is held, no more replies
//	    are passed on; and not before another node may have been promoted.
//	I18 Writes that are held because somebody else's fence is on the master are not let go before it is off, or the limit has passed.
//	I19 Reads go on beyond the limit only where writes were held because fewer than a majority of the Sentinels have been in reach for the
//	    grace, and no failover of the master is claimed.
//
// The default depth takes seconds; "go test ./proxy/failover -depth 4 -walks 5000" takes minutes. bugs_test.go switches mistakes on
// and demands that the exploration finds each. An address is compared as written (Config.Same is the hook): a node that
// the Sentinels name now by IP and now by host name is two nodes to this package.
package failover
