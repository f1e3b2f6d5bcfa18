package topology

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"

	"github.com/redis/go-redis/v9"
)

// askOpinion asks a Sentinel whom it holds for the master: an Opinion, or a NoOpinion when it does not
// know the group.
//
// Two questions make one opinion. SENTINEL MASTER has the config-epoch and the flags; but while a Sentinel
// leads a failover that has come as far as the promotion, it shows the *new* epoch beside the *old*
// address there, for up to failover-timeout, and only SENTINEL GET-MASTER-ADDR-BY-NAME names the new one
// (sentinelGetCurrentMasterAddress in Redis's sentinel.c). The address is asked second, so that a change
// between the two can't pair the old address with the new epoch; when the answers differ, MASTER is
// asked once more, so that the epoch is not older than the address either.
func askOpinion(ctx context.Context, client *redis.SentinelClient, group string) (Event, error) {
	state, err := client.Master(ctx, group).Result()
	if err != nil {
		return noOpinion(err)
	}
	addr, err := client.GetMasterAddrByName(ctx, group).Result()
	if err != nil {
		return noOpinion(err)
	}
	if len(addr) != 2 {
		return Event{}, fmt.Errorf("SENTINEL GET-MASTER-ADDR-BY-NAME answered %d elements, want 2", len(addr))
	}
	if addr[0] != state["ip"] || addr[1] != state["port"] {
		if state, err = client.Master(ctx, group).Result(); err != nil {
			return noOpinion(err)
		}
	}
	return opinionOf(state, addr[0], addr[1])
}

// failoverInProgress is the flag of a Sentinel that runs a failover of the master in its answer to SENTINEL MASTER.
const failoverInProgress = "failover_in_progress"

// opinionOf makes the Opinion of the fields of SENTINEL MASTER and the address. When they are not of one node, the failover is past the
// promotion, and its flag is about the former master: with the new one's address it would announce another failover.
func opinionOf(state map[string]string, host, port string) (Event, error) {
	master, ok := joinAddr(host, port)
	if !ok {
		return Event{}, fmt.Errorf("SENTINEL GET-MASTER-ADDR-BY-NAME answered %q %q", host, port)
	}
	epoch, err := strconv.ParseUint(state["config-epoch"], 10, 64)
	if err != nil {
		return Event{}, fmt.Errorf("SENTINEL MASTER answered config-epoch %q", state["config-epoch"])
	}
	others, err := strconv.ParseUint(state["num-other-sentinels"], 10, 31)
	if err != nil {
		return Event{}, fmt.Errorf("SENTINEL MASTER answered num-other-sentinels %q", state["num-other-sentinels"])
	}
	flags := strings.Split(state["flags"], ",")
	if host != state["ip"] || port != state["port"] {
		flags = slices.DeleteFunc(flags, func(f string) bool { return f == failoverInProgress })
	}
	return Event{Kind: Opinion, Master: master, Epoch: epoch, Known: int(others) + 1, Flags: strings.Join(flags, ",")}, nil
}

// noOpinion: not knowing the group is an answer, everything else is an error.
func noOpinion(err error) (Event, error) {
	if isUnknownGroup(err) {
		return Event{Kind: NoOpinion, Text: err.Error()}, nil
	}
	return Event{}, err
}

// isUnknownGroup: "-ERR No such master with that name", or the null of GET-MASTER-ADDR-BY-NAME.
func isUnknownGroup(err error) bool {
	return errors.Is(err, redis.Nil) || redis.HasErrorPrefix(err, "No such master")
}

// joinAddr makes "host:port" of what a Sentinel writes, or says that it is no address.
func joinAddr(host, port string) (string, bool) {
	n, err := strconv.ParseUint(port, 10, 16)
	if err != nil || n == 0 || host == "" || strings.ContainsAny(host, " \t\r\n") {
		return "", false
	}
	return net.JoinHostPort(host, port), true
}
