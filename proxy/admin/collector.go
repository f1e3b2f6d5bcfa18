package admin

import (
	"runtime"
	"strconv"

	"github.com/prometheus/client_golang/prometheus"
)

// collector reads the Source when Prometheus asks. Nothing is counted for it in between.
type collector struct {
	source Source
	limits LimitValues
	build  Build
	lanes  []*prometheus.Desc // as laneMetrics
	limit  []*prometheus.Desc // as LimitNames
}

// Build is what /metrics and the status page call the running binary.
type Build struct{ Version, Commit string }

func newCollector(source Source, limits LimitValues, build Build) *collector {
	c := &collector{source: source, limits: limits, build: build}
	for _, m := range laneMetrics {
		c.lanes = append(c.lanes, desc(m.name, m.help, "group", "lane"))
	}
	for i, name := range LimitNames {
		// The descriptors are not limited by a setting, but by the system.
		if Limit(i) != LimitDescriptors {
			c.limit = append(c.limit, desc("limit_"+name, "Configured limit "+name+"; 0 = off."))
		} else {
			c.limit = append(c.limit, desc("limit_"+name, "Open files that the system allows the process."))
		}
	}
	return c
}

func desc(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc(prefix+"_"+name, help, labels, nil)
}

var (
	closedDesc = desc("clients_closed_total", "Clients closed, by reason.", "group", "lane", "reason")
	linksDesc  = desc("links", "Open links to a master, by kind.", "group", "lane", "kind")
	pinnedDesc = desc("sessions_pinned", "Sessions that have a link of their own, by reason.", "group", "lane", "reason")
	hitsDesc   = desc("limit_hits_total", "Times that a limit was met.", "group", "lane", "limit")

	busyDesc      = desc("lane_busy_seconds_total", "Time that the lane had something to do, of all groups. It is full when this grows by a second in a second.", "lane")
	largeDesc     = desc("large_request_bytes", "Memory that requests larger than 1 MiB take now.")
	stateDesc     = desc("state", "1 for the state that the group is in, 0 for the others.", "group", "state")
	masterDesc    = desc("master_info", "1; the label addr is the adopted master.", "group", "addr")
	epochDesc     = desc("config_epoch", "Sentinel's config-epoch of the adopted master.", "group")
	termDesc      = desc("adoptions_total", "Masters adopted, the same one after a hold included.", "group")
	knownDesc     = desc("sentinels_known", "Sentinels known.", "group")
	upDesc        = desc("sentinels_up", "Sentinels subscribed to and answering.", "group")
	listeningDesc = desc("listening", "1 when all listeners of the group are open.", "group")
	buildDesc     = desc("build_info", "1; the labels say what is running.", "version", "commit", "go_version")
)

var otherDescs = []*prometheus.Desc{
	closedDesc, linksDesc, pinnedDesc, hitsDesc, busyDesc, largeDesc, stateDesc, masterDesc, epochDesc, termDesc, knownDesc, upDesc, listeningDesc, buildDesc,
}

// Describe implements prometheus.Collector.
func (c *collector) Describe(ch chan<- *prometheus.Desc) {
	for _, descs := range [][]*prometheus.Desc{c.lanes, c.limit, otherDescs} {
		for _, d := range descs {
			ch <- d
		}
	}
}

// Collect implements prometheus.Collector.
func (c *collector) Collect(ch chan<- prometheus.Metric) {
	e := emitter(ch)
	e.emit(buildDesc, gauge, 1, c.build.Version, c.build.Commit, runtime.Version())
	e.emit(largeDesc, gauge, float64(c.source.LargeRequestBytes()))
	for i, d := range c.limit {
		e.emit(d, gauge, c.limits[i])
	}
	status := c.source.Status()
	for i := range status.Groups {
		e.group(&status.Groups[i])
	}
	lanes := c.source.Lanes()
	for i := range lanes {
		c.lane(e, &lanes[i])
		if l := &lanes[i]; l.Group == lanes[0].Group { // the others have the same lanes
			e.emit(busyDesc, counter, l.BusySeconds, strconv.Itoa(l.Lane))
		}
	}
}

type emitter chan<- prometheus.Metric

func (e emitter) emit(d *prometheus.Desc, kind prometheus.ValueType, v float64, labels ...string) {
	e <- prometheus.MustNewConstMetric(d, kind, v, labels...)
}

func (e emitter) group(g *GroupStatus) {
	for _, s := range States {
		e.emit(stateDesc, gauge, truth(g.State == s), g.Group, string(s))
	}
	if g.Master != "" {
		e.emit(masterDesc, gauge, 1, g.Group, g.Master)
	}
	up := 0
	for _, s := range g.Sentinels {
		if s.Up {
			up++
		}
	}
	e.emit(epochDesc, gauge, float64(g.Epoch), g.Group)
	e.emit(termDesc, counter, float64(g.Term), g.Group)
	e.emit(knownDesc, gauge, float64(len(g.Sentinels)), g.Group)
	e.emit(upDesc, gauge, float64(up), g.Group)
	e.emit(listeningDesc, gauge, truth(g.Listening), g.Group)
}

func (c *collector) lane(e emitter, l *LaneCounters) {
	lane := strconv.Itoa(l.Lane)
	for i, m := range laneMetrics {
		e.emit(c.lanes[i], m.kind, m.value(l), l.Group, lane)
	}
	for r, n := range l.Closed {
		e.emit(closedDesc, counter, float64(n), l.Group, lane, CloseReasons[r])
	}
	for i, n := range l.LimitHits {
		e.emit(hitsDesc, counter, float64(n), l.Group, lane, LimitNames[i])
	}
	e.emit(linksDesc, gauge, float64(l.SharedLinks), l.Group, lane, "shared")
	e.emit(linksDesc, gauge, float64(l.PinnedLinks), l.Group, lane, "pinned")
	for reason, n := range l.Pinned {
		e.emit(pinnedDesc, gauge, float64(n), l.Group, lane, reason)
	}
}

func truth(b bool) float64 {
	if b {
		return 1
	}
	return 0
}
