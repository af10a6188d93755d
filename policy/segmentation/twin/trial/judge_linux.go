// SPDX-License-Identifier: Apache-2.0

package trial

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/bulkhead-iac/bulkhead/policy/segmentation"
	"github.com/bulkhead-iac/bulkhead/policy/segmentation/flow"
	"github.com/bulkhead-iac/bulkhead/policy/segmentation/model"
	"github.com/bulkhead-iac/bulkhead/policy/segmentation/reach"
	"github.com/bulkhead-iac/bulkhead/policy/segmentation/twin"
)

// cell gathers what was seen of an ordered pair of segments.
type cell struct {
	passed  flow.Set
	missing flow.Set // what has to pass and did not
	tried   bool
	unknown bool
	wrong   bool
	through []string
	beside  bool // what a load balancer hands on with the client's address is not in the table
}

// Run tries everything in a twin that is up.
func (t *Trial) Run() (*Outcome, error) {
	start := time.Now()
	o := &Outcome{Seen: &segmentation.Proof{Segments: t.proof.Segments}, Namespaces: len(t.Plan.Spaces), Assumed: t.net.Assumed,
		Agreeing: []string{}, Disagreeing: []string{}, Unknown: []string{}, Untried: []string{}, Disagreements: []string{}}
	cells := map[[2]string]*cell{}
	at := func(from, to string) *cell {
		key := [2]string{from, to}
		if cells[key] == nil {
			cells[key] = &cell{}
		}
		return cells[key]
	}
	all := t.questions()
	if err := t.try(all); err != nil {
		return nil, err
	}
	for _, q := range all {
		o.Packets += len(q.probes)
		o.judge(q, at(q.from.segment, q.to.segment))
	}
	if err := t.mediate(o, at); err != nil {
		return nil, err
	}
	for i := range t.proof.Cells {
		c := &t.proof.Cells[i]
		t.compare(o, c, at(c.From, c.To))
	}
	t.check(o)
	o.NotShown = t.notShown()
	o.Took = time.Since(start)
	return o, nil
}

func (o *Outcome) disagree(format string, args ...any) {
	o.Disagreements = append(o.Disagreements, fmt.Sprintf(format, args...))
}

// judge adds one question to its cell.
func (o *Outcome) judge(q *question, c *cell) {
	c.tried = true
	if q.passed() {
		c.passed = c.passed.Or(q.set())
	}
	if !q.works() {
		c.missing = c.missing.Or(q.set())
	}
	switch q.verdict {
	case reach.MustPass:
		o.Must++
		if !q.works() {
			c.wrong = true
			o.disagree("%s -> %s, %s: the proof says that it must pass, and it did not: %v", q.from, q.to, q.port, q.probes[0].Err)
		}
	case reach.Cannot:
		o.Cannot++
		if q.passed() {
			c.wrong = true
			o.disagree("%s -> %s, %s: the proof says that it cannot pass, and it did", q.from, q.to, q.port)
		}
	case reach.MayPass:
		o.Either++
	default:
		c.unknown = true
	}
}

// compare turns what was seen of a cell into a status as the proof has them, by the table, and compares the two.
func (t *Trial) compare(o *Outcome, c *segmentation.Cell, seen *cell) {
	name := c.From + " -> " + c.To
	if !seen.tried {
		o.Untried = append(o.Untried, name)
		return
	}
	out := segmentation.Cell{From: c.From, To: c.To, Status: t.status(c, seen), Intended: c.Intended, Through: seen.through}
	if !seen.passed.Empty() {
		out.May = flow.Describe(seen.passed)
	}
	o.Seen.Cells = append(o.Seen.Cells, out)
	switch {
	case out.Status == segmentation.Unknown:
		o.Unknown = append(o.Unknown, name)
	case seen.wrong:
		o.Disagreeing = append(o.Disagreeing, name)
	case out.Status != c.Status:
		o.Disagreeing = append(o.Disagreeing, name)
		o.disagree("%s: the proof says %s, the packets %s (passed: %s)", name, c.Status, out.Status, flow.Describe(seen.passed))
	default:
		o.Agreeing = append(o.Agreeing, name)
	}
}

// status is that of a cell by what was seen and by the table.
func (t *Trial) status(c *segmentation.Cell, seen *cell) segmentation.Status {
	var intended, rows flow.Set
	if x, y := t.table.Find(c.From), t.table.Find(c.To); x != nil && y != nil {
		intended = t.table.Admitted(x, y)
		for _, r := range t.table.Rows(x, y) {
			rows = rows.Or(r.Ports.Set())
		}
	}
	switch {
	case c.Status == segmentation.Unknown || seen.unknown:
		return segmentation.Unknown
	case seen.beside || !seen.passed.Minus(intended).Empty():
		return segmentation.Violation
	case !seen.missing.And(rows).Empty():
		return segmentation.Blocked
	case !intended.Empty():
		return segmentation.Allowed
	case len(seen.through) > 0:
		return segmentation.Mediated
	}
	return segmentation.Closed
}

// mediated is a client, and its connections by load balancer.
type mediated struct {
	from   *end
	probes map[string][]*twin.Probe
	// heard are the load balancers through which a target has answered, by its space.
	heard map[string][]string
}

// listen notes who has answered.
func (t *Trial) listen(m *mediated) {
	for owner, probes := range m.probes {
		for _, p := range probes {
			by := t.space(p.Heard)
			if by != "" && !slices.Contains(m.heard[by], owner) {
				m.heard[by] = append(m.heard[by], owner)
			}
		}
	}
}

// space is the one of an address and port; a name is one already.
func (t *Trial) space(heard string) string {
	at, err := netip.ParseAddrPort(heard)
	if err != nil {
		return heard
	}
	for _, e := range t.ends {
		if slices.ContainsFunc(e.addresses, func(a model.Address) bool { return a.IP == at.Addr() }) {
			return e.space
		}
	}
	return ""
}

// through are connections of a client to a port of a load balancer, as many as there are targets to which they may lead.
func (t *Trial) through(a, b *end, number uint16, k ask) []*twin.Probe {
	var out []*twin.Probe
	for range k.targets {
		for _, p := range t.probes(a, b, port{k.network, number}) {
			p.Host, p.Path, p.Plain, p.Node = k.host, k.path, k.plain, false
			out = append(out, p)
		}
	}
	return out
}

// rounds is how often a client asks for a target that has to answer: a load balancer chooses by chance.
const rounds = 12

// ask opens the connections of clients, and notes who answers.
func (t *Trial) ask(o *Outcome, clients []*mediated) error {
	var probes []*twin.Probe
	for _, m := range clients {
		for _, some := range m.probes {
			probes = append(probes, some...)
		}
	}
	o.Packets += len(probes)
	err := t.Servers.Try(probes, 2*quick)
	for _, m := range clients {
		t.listen(m)
	}
	return err
}

// throughTo is what the proof says of a client and a target.
func (t *Trial) throughTo(m *mediated, b *end) reach.Verdict {
	verdict := reach.Cannot
	for _, x := range t.asked.Mediated(m.from.reach, b.reach) {
		verdict = stronger(verdict, x.Verdict)
	}
	return verdict
}

// judged reports whether a client and a target are a pair of the matrix.
func (t *Trial) judged(m *mediated, b *end) bool {
	return b.space != m.from.space && t.proof.Cell(m.from.segment, b.segment) != nil && (b.of != m.from.of || b.reach.Plural()) && b.space != twin.Internet
}

// mediate opens connections to every listener of every load balancer, as often as it has targets, and looks who answers.
func (t *Trial) mediate(o *Outcome, at func(from, to string) *cell) error {
	var all []*mediated
	for _, a := range t.ends {
		m := &mediated{from: a, probes: map[string][]*twin.Probe{}, heard: map[string][]string{}}
		for _, b := range t.ends {
			for number, asks := range t.asks[b.balancer] {
				for _, k := range asks {
					if a.balancer != b.balancer {
						m.probes[b.balancer] = append(m.probes[b.balancer], t.through(a, b, number, k)...)
					}
				}
			}
		}
		all = append(all, m)
	}
	missing := func(m *mediated) bool {
		return slices.ContainsFunc(t.ends, func(b *end) bool {
			return t.judged(m, b) && len(m.heard[b.space]) == 0 && t.throughTo(m, b) == reach.MustPass
		})
	}
	for round, some := 0, all; round < rounds && len(some) > 0; round++ {
		if err := t.ask(o, some); err != nil {
			return err
		}
		some = slices.DeleteFunc(slices.Clone(some), func(m *mediated) bool { return !missing(m) })
	}
	for _, m := range all {
		for _, b := range t.ends {
			if t.judged(m, b) {
				t.throughBalancer(o, m, b, at(m.from.segment, b.segment))
			}
		}
	}
	return nil
}

// throughBalancer judges whether a target has answered a client.
func (t *Trial) throughBalancer(o *Outcome, m *mediated, b *end, c *cell) {
	verdict, heard := t.throughTo(m, b), m.heard[b.space]
	for _, owner := range heard {
		if name := t.titled(owner); !slices.Contains(c.through, name) {
			c.through = append(c.through, name)
		}
		c.beside = c.beside || t.beside(owner, b)
	}
	o.Mediated++
	switch {
	case verdict == reach.Unknown:
		c.unknown = true
	case verdict == reach.MustPass && len(heard) == 0:
		c.wrong = true
		o.disagree("%s -> %s through a load balancer: the proof says that it must be answered, and it was not", m.from, b)
	case verdict == reach.Cannot && len(heard) > 0:
		c.wrong = true
		o.disagree("%s -> %s through %s: the proof says that it cannot be answered, and it was", m.from, b, strings.Join(heard, ", "))
	}
}

// beside reports whether a load balancer hands on to a host, with the addresses of clients, what the table does not admit from its own
// segment: no other cell has those packets.
func (t *Trial) beside(owner string, b *end) bool {
	var handed, admitted flow.Set
	for _, l := range t.net.LoadBalancers {
		for _, x := range l.Listeners {
			for _, g := range x.Targets {
				for _, m := range g.Members {
					if l.ID != owner || !l.Network || !g.Clients || !t.means(m.Target, b) {
						continue
					}
					for _, network := range twin.Transports(m.Protocol) {
						handed = handed.Or(port{network, uint16(m.Port)}.set()) //nolint:gosec // a port
					}
				}
			}
		}
	}
	for _, e := range t.ends {
		if from, to := t.table.Find(e.segment), t.table.Find(b.segment); e.balancer == owner && from != nil && to != nil {
			admitted = admitted.Or(t.table.Admitted(from, to))
		}
	}
	return !handed.Minus(admitted).Empty()
}

// means reports whether a target of a load balancer is a host, by its interface or by its owner.
func (t *Trial) means(target string, b *end) bool {
	return target == b.of || slices.ContainsFunc(t.net.Interfaces, func(f model.Interface) bool { return t.net.Of[f.ID] == b.of && f.Owner == target })
}

var strength = []reach.Verdict{reach.Cannot, reach.Unknown, reach.MayPass, reach.MustPass}

func stronger(a, b reach.Verdict) reach.Verdict {
	return strength[max(slices.Index(strength, a), slices.Index(strength, b))]
}
