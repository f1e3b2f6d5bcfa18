package admin

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// SwitchOrder is what POST /api/v1/switch asks for. A zero value stands for a parameter that was not given.
type SwitchOrder struct {
	Group        string   // "" where there is one only
	To           string   // host:port
	Admins       []string // host:port, of the group's other proxies
	WithoutFence bool
	DryRun       bool
	Repair       bool
	Rehearse     time.Duration
	HoldLimit    time.Duration
}

// Switchover is one that was ordered: it is under way, or over.
type Switchover interface {
	// Done is closed when it is over.
	Done() <-chan struct{}
	// Report is the JSON that tells how far it is, and Failed whether it has ended otherwise than ordered.
	Report() any
	Failed() bool
}

// startSwitch is POST /api/v1/switch. It answers with the report when all is over. It goes on if the client does not wait.
func (s *Server) startSwitch(w http.ResponseWriter, r *http.Request) {
	if !s.allowed(w, r) {
		return
	}
	order, err := switchOrder(r)
	if err != nil {
		refuse(w, http.StatusBadRequest, "%v", err)
		return
	}
	run, refused := s.source.Switch(order)
	if refused != nil {
		refuse(w, refused.Code, "%s", refused.Text)
		return
	}
	// It may take longer than the server allows for a request: Sentinel asks for priorities every 10 s, and demotes after 10 s.
	wait := http.NewResponseController(w)
	_ = wait.SetReadDeadline(time.Time{}) // else the client seems to have gone when it has passed
	_ = wait.SetWriteDeadline(time.Time{})
	select {
	case <-run.Done():
	case <-r.Context().Done():
		return
	}
	code := http.StatusOK
	if run.Failed() {
		code = http.StatusConflict
	}
	s.json(w, code, run.Report())
}

// lastSwitch is GET /api/v1/switch.
func (s *Server) lastSwitch(w http.ResponseWriter, _ *http.Request) {
	run := s.source.LastSwitch()
	if run == nil {
		refuse(w, http.StatusNotFound, "no switchover was ordered of this proxy since it has started")
		return
	}
	s.json(w, http.StatusOK, run.Report())
}

// switchOrder reads the parameters. What is misspelt must not be taken for absent: the switchover would be another one.
func switchOrder(r *http.Request) (o SwitchOrder, err error) {
	if kind := r.Header.Get("Content-Type"); r.ContentLength != 0 && !strings.HasPrefix(kind, "application/x-www-form-urlencoded") {
		return o, fmt.Errorf("Content-Type %q: parameters stand in the URL, or in a body of application/x-www-form-urlencoded", kind)
	}
	if err := r.ParseForm(); err != nil {
		return o, err
	}
	for name, values := range r.Form {
		if name != "admin" && len(values) > 1 {
			return o, fmt.Errorf("%s: it is given more than once", name)
		}
		if err := o.set(name, values); err != nil {
			return o, fmt.Errorf("%s: %w", name, err)
		}
	}
	return o, nil
}

func (o *SwitchOrder) set(name string, values []string) (err error) {
	value := values[0]
	switch name {
	case "group":
		o.Group = value
	case "to":
		if o.To = value; value == "" {
			err = errors.New("it is empty")
		}
	case "admin":
		o.Admins = strings.Split(strings.Join(values, ","), ",")
	case "without-fence":
		o.WithoutFence, err = yes(value)
	case "dry-run":
		o.DryRun, err = yes(value)
	case "repair":
		o.Repair, err = yes(value)
	case "rehearse":
		o.Rehearse, err = positive(value)
	case "hold-limit":
		o.HoldLimit, err = positive(value)
	default:
		err = errors.New("there is no such parameter; there are group, to, admin, dry-run, rehearse, repair, hold-limit, without-fence")
	}
	return err
}

// yes reads a parameter that may stand there without a value.
func yes(value string) (bool, error) {
	if value == "" {
		return true, nil
	}
	b, err := strconv.ParseBool(value)
	if err != nil {
		return false, fmt.Errorf("%q is neither true nor false", value)
	}
	return b, nil
}

func positive(value string) (time.Duration, error) {
	d, err := time.ParseDuration(value)
	if err != nil || d <= 0 {
		return 0, fmt.Errorf("%q is not a duration of more than 0, such as 500ms or 10s", value)
	}
	return d, nil
}
