package migrate

import (
	"context"
	"fmt"
	"net"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Guard is what a proxy does about a failover that somebody else has begun: there is no time for a switchover's steps, Sentinel
// promotes a replica within 0.2 s. The master is fenced at once, by the setting alone (nobody waits for a pause), and the replicas
// are watched. Several proxies may do so at the same time: each sets the same value.
type Guard struct {
	Addr string // the master
	Auth Credentials
	// Candidate is who is named to be the next master, "" while nobody is.
	Candidate func() string
	// Adopted gets the address of the next master, once.
	Adopted <-chan string
	// Tell is given a line for each thing that is seen.
	Tell func(text string)

	offset int64  // of the master after it was fenced
	id     string // of the history that this is an offset in
	wg     sync.WaitGroup
	ctx    context.Context // of those who look; ends with end
	stop   context.CancelFunc
	mu     struct {
		sync.Mutex
		followers map[string]*follower
	}
}

// follower is a replica that is watched. Guarded by the Guard's mu but for node.
type follower struct {
	node *node
	has  bool  // everything
	why  error // not, as of the last look
}

// Seen is what a Guard has to say in the end.
type Seen struct {
	Failed string // why the master was not fenced
	Lifted bool   // there was no switch: the fence is to be taken off
	Unseen string // why the next master may lack something that was acknowledged; "": it has all
}

const (
	lookEvery  = 2 * time.Millisecond
	lookSeldom = 20 * time.Millisecond // at one that has not caught up in the first second
	// lastLook is how long the next master is asked afterwards.
	lastLook = time.Second
)

// Run returns when the next master is known, or ctx ends.
func (g *Guard) Run(ctx context.Context) Seen {
	began := time.Now()
	replicas, err := g.fence(ctx)
	if err != nil {
		return Seen{Failed: err.Error()}
	}
	g.Tell(fmt.Sprintf("takes no more writes, after %.1f ms; its offset is %d", float64(time.Since(began).Microseconds())/1000, g.offset))
	g.mu.followers = map[string]*follower{}
	g.ctx, g.stop = context.WithCancel(context.Background())
	defer g.end()
	for _, addr := range replicas {
		g.watch(addr)
	}
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return Seen{Lifted: true}
		case next := <-g.Adopted:
			return Seen{Unseen: g.conclude(next)}
		case <-tick.C:
			if next := g.Candidate(); next != "" {
				g.watch(next) // the Sentinels may know it by another name than its master does
			}
		}
	}
}

// fence sets it, after a look over the same connection whether this is a master still, and notes its offset. It returns the
// replicas.
func (g *Guard) fence(ctx context.Context) ([]string, error) {
	n := oneConnection(g.Addr, g.Auth)
	defer n.close()
	role, err := n.role(ctx)
	if err != nil {
		return nil, err
	}
	if role != "master" {
		return nil, fmt.Errorf("%s says that it is a %s", g.Addr, role)
	}
	name, value, why, err := n.fenceable(ctx)
	if err != nil {
		return nil, err
	}
	if why != "" {
		return nil, fmt.Errorf("%s can't be fenced: %s", n.addr, why)
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if err := n.set(ctx, name, value%marker+marker); err != nil {
		return nil, err
	}
	info, err := n.sections(ctx, "replication")
	if err != nil {
		return nil, err
	}
	g.id = info["master_replid"]
	g.offset, err = offsetOf(n, info)
	return replicasOf(info), err
}

// replicasOf is the addresses in INFO's lines of slave0 and so on.
func replicasOf(info map[string]string) (addrs []string) {
	for i := 0; ; i++ {
		line, ok := info["slave"+strconv.Itoa(i)]
		if !ok {
			return addrs
		}
		fields := map[string]string{}
		for _, f := range strings.Split(line, ",") {
			if key, value, ok := strings.Cut(f, "="); ok {
				fields[key] = value
			}
		}
		addrs = append(addrs, net.JoinHostPort(fields["ip"], fields["port"]))
	}
}

// watch begins to look at a replica, if that has not begun.
func (g *Guard) watch(addr string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.mu.followers[addr] != nil {
		return
	}
	f := &follower{node: newNode(addr, g.Auth), why: fmt.Errorf("%s has not answered", addr)}
	g.mu.followers[addr] = f
	g.wg.Go(func() { g.look(f) })
}

// look goes on until the replica has everything, or the guard ends.
func (g *Guard) look(f *follower) {
	for i := 0; ; i++ {
		info, err := f.node.sections(g.ctx, "replication")
		if err == nil {
			err = g.lacks(f.node, info)
		}
		g.mu.Lock()
		closed := g.mu.followers == nil
		f.has, f.why = err == nil, err
		g.mu.Unlock()
		switch {
		case closed:
			return
		case err == nil:
			g.Tell(fmt.Sprintf("%s has everything", f.node.addr))
			return
		case i < int(time.Second/lookEvery):
			time.Sleep(lookEvery)
		default:
			time.Sleep(lookSeldom)
		}
	}
}

// lacks says why a node does not have everything; nil: it has. One that is promoted tells until where it has followed.
func (g *Guard) lacks(n *node, info map[string]string) error {
	if info["role"] != "master" {
		if err := behind(info, g.offset); err != nil {
			return fmt.Errorf("%s: %w", n.addr, err)
		}
		return nil
	}
	next, err := strconv.ParseInt(info["second_repl_offset"], 10, 64)
	switch {
	case err != nil, info["master_replid2"] != g.id:
		return fmt.Errorf("%s was promoted, and does not tell at which offset", n.addr)
	case next <= g.offset:
		return fmt.Errorf("%s was promoted at offset %d of %d", n.addr, next-1, g.offset)
	}
	return nil
}

// conclude says why the next master may lack something, "" if it does not.
func (g *Guard) conclude(next string) string {
	g.watch(next)
	for deadline := time.Now().Add(lastLook); ; time.Sleep(lookEvery) {
		g.mu.Lock()
		f := *g.mu.followers[next]
		g.mu.Unlock()
		switch {
		case f.has:
			return ""
		case time.Now().After(deadline):
			return f.why.Error()
		}
	}
}

// end waits until nothing looks any more.
func (g *Guard) end() {
	g.stop() // breaks off what dials; what waits for an answer is broken off by the client's end
	g.mu.Lock()
	for _, f := range g.mu.followers {
		f.node.close()
	}
	g.mu.followers = nil
	g.mu.Unlock()
	g.wg.Wait()
}

const (
	demotionEvery = 250 * time.Millisecond
	// lastChance is how long a former master is asked when there is no time left.
	lastChance = time.Second
)

// Unfence takes the fence off as soon as the node is no master any more, and says what was set; "" if there was none. When ctx
// ends it looks once more.
func Unfence(ctx context.Context, addr string, c Credentials) (string, error) {
	for ctx.Err() == nil {
		if err := stillMaster(ctx, addr, c); err == nil {
			return Lift(ctx, addr, c)
		}
		select {
		case <-time.After(demotionEvery):
		case <-ctx.Done():
		}
	}
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), lastChance)
	defer cancel()
	if err := stillMaster(last, addr, c); err != nil {
		return "", err
	}
	return Lift(last, addr, c)
}

// stillMaster says why a node is not known to be a replica; nil: it is. It keeps no connection: the node may be away for long.
func stillMaster(ctx context.Context, addr string, c Credentials) error {
	n := newNode(addr, c)
	defer n.close()
	role, err := n.role(ctx)
	if err == nil && role == "master" {
		err = fmt.Errorf("%s still calls itself master", addr)
	}
	return err
}
