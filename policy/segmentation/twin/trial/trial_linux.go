// SPDX-License-Identifier: Apache-2.0

package trial

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"time"

	"github.com/bulkhead-iac/bulkhead/policy/segmentation"
	"github.com/bulkhead-iac/bulkhead/policy/segmentation/flow"
	"github.com/bulkhead-iac/bulkhead/policy/segmentation/intent"
	"github.com/bulkhead-iac/bulkhead/policy/segmentation/model"
	"github.com/bulkhead-iac/bulkhead/policy/segmentation/reach"
	"github.com/bulkhead-iac/bulkhead/policy/segmentation/twin"
	"github.com/bulkhead-iac/bulkhead/policy/segmentation/twin/balancer"
	"github.com/bulkhead-iac/bulkhead/policy/segmentation/twin/machine"
)

const (
	// quick is how long the first try of a connection waits. A packet of the twin takes microseconds.
	quick = time.Second
	// slow is how long what has to pass is waited for, should the machine be under load.
	slow = 30 * time.Second
)

// end is one host of a segment, or outside.
type end struct {
	segment, space string
	of             string // the interface's id in the network that is proved
	balancer       string
	addresses      []model.Address
	reach          *reach.End
}

func (e *end) String() string {
	return fmt.Sprintf("%s (%s, %s)", e.segment, cmp.Or(e.of, e.space), e.addresses[0].IP)
}

// Trial is a twin of a network, and what is tried in it.
type Trial struct {
	Plan    *twin.Plan
	Servers *twin.Servers
	net     *twin.Placed
	table   *intent.Table
	proof   *segmentation.Proof
	asked   *segmentation.Network
	ends    []*end
	around  *Surroundings
	asks    map[string]map[uint16][]ask // of each listener of each load balancer
	between map[[2]*reach.End]*reach.Result
	shown   map[string]bool // services and databases that run, by what they are called
}

// ask is what a client says to a load balancer to be led to some targets, of which there are that many.
type ask struct {
	network    string // tcp or udp
	host, path string
	plain      bool
	targets    int
}

// Surroundings are what a network's hosts and load balancers do with what arrives. The zero value is a network of hosts that answer
// TLS, without load balancers of applications.
type Surroundings struct {
	// Balancers are the listeners of application load balancers.
	Balancers balancer.Known
	// Services are what the instances of an owner run, such as those of an auto scaling group.
	Services map[string][]*machine.Service
	// Databases are real servers.
	Databases []Database
}

// Database is a real PostgreSQL server that stands for the instance with an id.
type Database struct {
	Instance string `json:"instance"`
	Port     uint16 `json:"port"`
	// Socket is the one in the file system whose connections end at the server's own port.
	Socket string `json:"socket"`
	// Host is the name in its certificate, and Roots the certificate of the authority that has issued that, in PEM.
	Host  string `json:"host"`
	Roots string `json:"roots"`
	// User and Password let somebody into Database.
	User     string `json:"user"`
	Password string `json:"password"`
	Database string `json:"database"`
	// WithoutTLS is how it answers a login without TLS; empty if it lets him in.
	WithoutTLS string `json:"withoutTLS"`
}

// New plans the twin of a network, which has the segments of a table.
func New(net *model.Network, table *intent.Table, around *Surroundings) (*Trial, error) {
	t := &Trial{table: table, around: around, asks: map[string]map[uint16][]ask{}, between: map[[2]*reach.End]*reach.Result{}, shown: map[string]bool{}}
	var err error
	if t.Servers, err = twin.NewServers(); err != nil {
		return nil, err
	}
	if t.proof, err = segmentation.Prove(net, table); err != nil {
		return nil, err
	}
	if t.asked, err = segmentation.Open(net, table); err != nil {
		return nil, err
	}
	named := flow.PrefixAddrs(table.Known()...)
	for _, l := range net.Lists {
		named = named.Or(flow.PrefixAddrs(l.Entries...))
	}
	if t.net, err = twin.Place(net, func(a netip.Addr) bool { return within(a, named) }); err != nil {
		return nil, err
	}
	var outside []netip.Addr
	for _, segment := range t.proof.Segments {
		members, err := t.asked.Ends(segment)
		if err != nil {
			continue // a segment without members
		}
		for _, m := range members {
			outside = append(outside, t.add(segment, m, named)...)
		}
	}
	t.Plan, err = t.net.Compile(outside)
	if err != nil {
		return nil, err
	}
	for _, e := range t.ends {
		if e.space != twin.Internet {
			e.space = t.Plan.End(e.space)
		}
	}
	return t, nil
}

func within(a netip.Addr, set flow.Addrs) bool { return flow.Addr(a).Minus(set).Empty() }

// strangers are addresses on the internet that stand for all of it, unless the network or the table names them.
var strangers = []netip.Addr{netip.MustParseAddr("8.8.8.8"), netip.MustParseAddr("2a00::1"), netip.MustParseAddr("192.0.2.7"), netip.MustParseAddr("2001:db8:ffff::7")}

// add adds the hosts of a class, or those outside that stand for a set of addresses, and returns the latter.
func (t *Trial) add(segment string, m *reach.End, named flow.Addrs) []netip.Addr {
	if m.Class >= 0 {
		for _, f := range t.net.Interfaces {
			if slices.ContainsFunc(m.Members(), func(x *model.Interface) bool { return x.ID == t.net.Of[f.ID] }) {
				e := &end{segment: segment, space: f.ID, of: t.net.Of[f.ID], addresses: f.Addresses, reach: m}
				if f.Kind == model.Balancer {
					e.balancer = f.Owner
				}
				t.ends = append(t.ends, e)
			}
		}
		return nil
	}
	e := &end{segment: segment, space: twin.Internet, reach: m}
	var out []netip.Addr
	candidates := slices.Clone(strangers)
	for _, span := range m.Addresses() {
		candidates = append(candidates, span.Lo.Next(), span.Lo)
	}
	for _, a := range candidates {
		fits := within(a, m.Addresses()) && (segment != intent.Internet || !within(a, named))
		if fits && !slices.ContainsFunc(out, func(b netip.Addr) bool { return b.Is4() == a.Is4() }) {
			out = append(out, a)
			e.addresses = append(e.addresses, model.Address{IP: a})
		}
	}
	if len(out) > 0 {
		t.ends = append(t.ends, e)
	}
	return out
}

// Up makes the namespaces and starts services, databases and load balancers.
func (t *Trial) Up() error {
	if err := t.Plan.Up(); err != nil {
		return err
	}
	if err := t.serve(); err != nil {
		return err
	}
	for i := range t.net.LoadBalancers {
		b := &t.net.LoadBalancers[i]
		healthy, err := t.Servers.Balance(t.Plan, t.net, b, &t.around.Balancers)
		if err != nil {
			return fmt.Errorf("load balancer %s: %w", b.ID, err)
		}
		t.asks[b.ID] = t.asksOf(b, healthy)
	}
	return nil
}

// asksOf are what leads to each target group behind a listener that has targets that are healthy.
func (t *Trial) asksOf(b *model.LoadBalancer, healthy map[string]int) map[uint16][]ask {
	out := map[uint16][]ask{}
	for _, x := range b.Listeners {
		port := uint16(x.Port) //nolint:gosec // a port
		if rules := t.around.Balancers.Listeners[x.ID]; rules != nil {
			for id, e := range rules.Examples() {
				out[port] = append(out[port], ask{network: "tcp", host: e.Host, path: e.Path, plain: !rules.Secure(), targets: healthy[id]})
			}
			continue
		}
		for network, number := range twin.Behind(t.net, &x) {
			out[port] = append(out[port], ask{network: network, targets: number})
		}
	}
	return out
}

// question is a connection from one host to another, tried by every address.
type question struct {
	from, to *end
	port     port
	verdict  reach.Verdict
	probes   []*twin.Probe
}

func (q *question) passed() bool {
	return slices.ContainsFunc(q.probes, func(p *twin.Probe) bool { return p.Connected || p.Network != "tcp" && p.Arrived })
}

// works reports whether there was an answer, which is what must pass has.
func (q *question) works() bool {
	return slices.ContainsFunc(q.probes, func(p *twin.Probe) bool { return p.Connected || p.Answered })
}

func (q *question) set() flow.Set { return q.port.set() }

// questions are all pairs of hosts and ports.
func (t *Trial) questions() []*question {
	var out []*question
	ports := t.ports()
	for _, a := range t.ends {
		for _, b := range t.ends {
			if t.proof.Cell(a.segment, b.segment) == nil || a == b || a.space == b.space || a.of == b.of && !a.reach.Plural() {
				continue
			}
			for _, p := range ports {
				q := &question{from: a, to: b, port: p}
				if q.probes = t.probes(a, b, p); len(q.probes) == 0 {
					continue
				}
				q.verdict = t.result(a, b).Ask(q.set(), a.reach.Clients())
				out = append(out, q)
			}
		}
	}
	return out
}

func (t *Trial) result(a, b *end) *reach.Result {
	key := [2]*reach.End{a.reach, b.reach}
	if t.between[key] == nil {
		r := t.asked.Between(a.reach, b.reach)
		t.between[key] = &r
	}
	return t.between[key]
}

// probes are connections from the addresses of one host to those of another. A load balancer listens by itself.
func (t *Trial) probes(a, b *end, p port) []*twin.Probe {
	var out []*twin.Probe
	for _, x := range a.addresses {
		for _, y := range b.addresses {
			if x.IP.Is4() != y.IP.Is4() || !p.fits(x.IP) {
				continue
			}
			probe := twin.Probe{Network: p.network, From: a.space, To: b.space, Source: x.IP, Target: y.IP, Port: p.number}
			if b.balancer == "" {
				probe.Listen = y.IP
			}
			probe.Node = b.balancer != "" && y.IP.Is4()
			out = append(out, &probe)
			if y.HasPublic == model.Yes {
				public := probe
				public.Target = y.Public
				out = append(out, &public)
			}
		}
	}
	return out
}

// try sends the probes of questions, and once more those that have to pass and did not.
func (t *Trial) try(all []*question) error {
	var first, again []*twin.Probe
	for _, q := range all {
		first = append(first, q.probes...)
	}
	if err := t.Servers.Try(first, quick); err != nil {
		return err
	}
	for _, q := range all {
		if q.verdict == reach.MustPass && !q.works() {
			again = append(again, q.probes...)
		}
	}
	return t.Servers.Try(again, slow)
}
