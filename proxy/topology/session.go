package topology

import (
	"context"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"
)

// session holds one connection for the subscription and one for questions until either fails. It is all
// or nothing: a Sentinel that answers but publishes nothing to us is of no use, and neither is one that
// publishes but does not answer.
//
// go-redis's PubSub would reconnect by itself, silently, and miss what is published meanwhile. Here the
// first error of either connection ends the session, and the next one begins by asking.
func (s *sentinel) session(ctx context.Context) error {
	client := redis.NewSentinelClient(s.w.clientOptions(s.addr))
	defer client.Close()
	// Waiting for a reply in go-redis does not heed ctx; closing does.
	defer context.AfterFunc(ctx, func() { client.Close() })()

	runID, err := askRunID(ctx, client)
	if err != nil {
		return err
	}
	sub := client.PSubscribe(ctx, "*")
	defer context.AfterFunc(ctx, func() { sub.Close() })()
	defer sub.Close()
	if _, err := sub.ReceiveTimeout(ctx, s.w.opts.Timeout); err != nil {
		return fmt.Errorf("PSUBSCRIBE: %w", err)
	}
	// Only now: whatever is published from here on is heard, so asking next leaves no gap.
	if !s.w.admit(s, runID) {
		return errTwin
	}

	lost := make(chan error, 1)
	go func() { lost <- s.listen(ctx, sub) }()
	err = s.poll(ctx, client, sub, lost)
	sub.Close() // ends listen
	if end := <-lost; err == nil {
		err = end
	}
	return err
}

// clientOptions: no retries and no pool to speak of, since a session is over with its first error; nothing sent
// but what is asked for.
func (w *Watcher) clientOptions(addr string) *redis.Options {
	return &redis.Options{
		Addr:                  addr,
		Username:              w.opts.Username,
		Password:              w.opts.Password,
		Dialer:                w.opts.Dialer,
		Protocol:              2,
		DialTimeout:           w.opts.Timeout,
		ReadTimeout:           w.opts.Timeout,
		WriteTimeout:          w.opts.Timeout,
		ContextTimeoutEnabled: true,
		MaxRetries:            -1,
		DialerRetries:         1,
		// One is used. As many failed dials as this make go-redis start a goroutine that dials on until a
		// second after Close, so the number must be out of reach.
		PoolSize:                 16,
		DisableIdentity:          true,
		MaintNotificationsConfig: &maintnotifications.Config{Mode: maintnotifications.ModeDisabled},
	}
}

// askRunID asks a Sentinel who it is; "" when it is too old to say (SENTINEL MYID came with Redis 6.2).
func askRunID(ctx context.Context, client *redis.SentinelClient) (string, error) {
	cmd := redis.NewStringCmd(ctx, "sentinel", "myid")
	err := client.Process(ctx, cmd)
	if redis.HasErrorPrefix(err, "Unknown") || redis.HasErrorPrefix(err, "unknown") {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	return cmd.Val(), nil
}

// listen reads the subscription until it fails. It runs in a goroutine of its own, which session ends by
// closing sub, and waits for.
func (s *sentinel) listen(ctx context.Context, sub *redis.PubSub) (err error) {
	defer func() {
		if p := recover(); p != nil { // go-redis asserts the types of what the peer sends
			err = fmt.Errorf("subscription: malformed message: %v", p)
		}
	}()
	// poll sends a PING on this connection every PollInterval: it is never silent for longer unless it is dead.
	silence := s.w.opts.PollInterval + 2*s.w.opts.Timeout
	for {
		got, err := sub.ReceiveTimeout(ctx, silence)
		if err != nil {
			return fmt.Errorf("subscription: %w", err)
		}
		switch m := got.(type) {
		case *redis.Message:
			s.published(m.Channel, m.Payload)
		case *redis.Subscription:
			// PubSub has reconnected behind our back: messages may have been missed.
			s.w.emit(s, Event{Kind: SentinelUp, Text: "subscribed again"})
			wake(s.ask)
		}
	}
}

// published passes on a message, and has the Sentinel asked where its opinion may have changed with it.
func (s *sentinel) published(channel, payload string) {
	if aboutPeers(channel) {
		wake(s.peersDue)
	}
	e, ours := parseMessage(s.w.opts.Group, channel, payload)
	if !ours {
		return
	}
	e.Master, e.Node = s.w.mapAddr(e.Master), s.w.mapAddr(e.Node)
	s.w.emit(s, e)
	if e.Kind != NewEpoch {
		wake(s.ask)
	}
}

func (w *Watcher) mapAddr(addr string) string {
	if addr == "" {
		return ""
	}
	return w.opts.AddrMap(addr)
}

// poll asks for the Sentinel's opinion at once, then every PollInterval and on demand, until an answer
// fails (the error), or the subscription does (nil).
func (s *sentinel) poll(ctx context.Context, client *redis.SentinelClient, sub *redis.PubSub, lost chan error) error {
	tick := time.NewTicker(s.w.opts.PollInterval)
	defer tick.Stop()
	peersAsked := time.Time{}
	for {
		e, err := askOpinion(ctx, client, s.w.opts.Group)
		if err != nil {
			return err
		}
		e.Master = s.w.mapAddr(e.Master)
		s.w.emit(s, e)

		if time.Since(peersAsked) >= peersEvery {
			peersAsked = time.Now()
			peers, err := s.askPeers(ctx, client)
			if err != nil {
				return err
			}
			s.w.named(s, peers)
		}

		select {
		case err := <-lost:
			lost <- err // for session, which waits for it
			return nil
		case <-s.ask:
		case <-s.peersDue:
			peersAsked = time.Time{}
		case <-tick.C:
			if err := sub.Ping(ctx); err != nil {
				return fmt.Errorf("subscription: %w", err)
			}
		}
	}
}
