package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"sentinelproxy/internal/servers"
)

const (
	// promotion usually takes 5.5 to 6.5 s: down-after, the election, the promotion.
	promotion = 12 * time.Second
	// settle is how long an unknown outcome can be on its way to a client after service is back.
	settle = time.Second
)

// stopMaster stops the master in the friendly way and follows until next has taken over and the clients
// are served again.
func (d *demo) stopMaster(ctx context.Context, old, next *servers.Node) error {
	d.stopping.Store(true)
	defer d.stopping.Store(false)
	begin := time.Now()
	d.story.say("SHUTDOWN NOSAVE to the master, %s", old.Addr())
	if err := shutdown(ctx, old); err != nil {
		return err
	}
	d.story.say("it has stopped after %v; the Sentinels will take %v to believe it", time.Since(begin).Round(time.Millisecond), downAfter)
	if err := d.awaitPromotion(ctx, next); err != nil {
		return err
	}
	promoted := time.Now()
	d.story.say("%s says that it is master, %.2f s after the stop", next.Addr(), promoted.Sub(begin).Seconds())
	d.tellService(ctx, begin, promoted)
	if _, err := d.cluster.WaitMasterOtherThan(ctx, old); err != nil {
		return err
	}
	d.story.say("the majority of the Sentinels says so too, %.2f s after the stop", time.Since(begin).Seconds())
	return sleep(ctx, settle)
}

// shutdown is `redis-cli shutdown nosave`. Redis 7 stops writes and waits until its replicas have all of
// them, so nothing that it has acknowledged is lost.
func shutdown(ctx context.Context, n *servers.Node) error {
	if _, err := n.Do(ctx, "SHUTDOWN", "NOSAVE"); err == nil {
		return fmt.Errorf("%s did not obey SHUTDOWN", n.Addr())
	} // else the connection has ended with the server
	select {
	case <-n.Exited():
		return nil
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(15 * time.Second):
		return fmt.Errorf("%s still runs 15 s after SHUTDOWN", n.Addr())
	}
}

// awaitPromotion waits until n says that it is master. When the Sentinels' election ended in a draw, which
// happens when all vote for themselves at the same moment, they would try again after twice the
// failover-timeout only; then it is asked for.
func (d *demo) awaitPromotion(ctx context.Context, n *servers.Node) error {
	err := awaitMaster(ctx, n, promotion)
	if err == nil || ctx.Err() != nil {
		return err
	}
	d.story.say("no promotion yet: the Sentinels' vote was split. Asking one with SENTINEL FAILOVER, as an operator would")
	for d.cluster.StartFailover() != nil { // refused until the failed attempt is over
		if err := sleep(ctx, 500*time.Millisecond); err != nil {
			return err
		}
	}
	return awaitMaster(ctx, n, promotion)
}

func awaitMaster(ctx context.Context, n *servers.Node, limit time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	for {
		if role, err := n.Role(); err == nil && role == "master" {
			return nil
		}
		if err := sleep(ctx, 20*time.Millisecond); err != nil {
			return errors.Join(fmt.Errorf("%s was not promoted within %v", n.Addr(), limit), err)
		}
	}
}

// tellService says how the proxied clients go on. That they do not is found out in the end.
func (d *demo) tellService(ctx context.Context, begin, promoted time.Time) {
	limit := 10 * time.Second
	if d.withoutProxy {
		limit = 0 // they can't
	}
	if err := d.proxied.awaitService(ctx, promoted, limit); err != nil {
		d.story.say("the clients are NOT all served again")
		d.story.more("so far they saw: %s", d.proxied.describe())
		return
	}
	d.story.say("all clients behind the proxy are served again, %.2f s after the stop", time.Since(begin).Seconds())
	d.story.more("so far they saw: %s", d.proxied.describe())
	d.story.more("direct clients:  %s", d.direct.describe())
}
