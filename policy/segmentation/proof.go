// SPDX-License-Identifier: Apache-2.0

// Package segmentation proves that a network has the segments and connections that a table says, before it exists: every
// connection of the table must be possible, and nothing else may be. What cannot be told is said, never passed over.
package segmentation

import (
	"fmt"
	"slices"
	"strings"

	"github.com/bulkhead-iac/bulkhead/policy/segmentation/flow"
	"github.com/bulkhead-iac/bulkhead/policy/segmentation/intent"
	"github.com/bulkhead-iac/bulkhead/policy/segmentation/model"
	"github.com/bulkhead-iac/bulkhead/policy/segmentation/reach"
)

// The interfaces that no segment of the table has.
const (
	// Unassigned holds those to and from which the table forbids everything.
	Unassigned = "(unassigned)"
	// Elsewhere holds those in VPCs of which a limited table says nothing: for it they are outside.
	Elsewhere = "(other VPCs)"
)

// Status is what a cell of the matrix comes to, from good to bad.
type Status string

// The statuses.
const (
	Closed    Status = "closed"    // nothing is intended, and nothing can pass
	Mediated  Status = "mediated"  // the same, but for ways through a load balancer that the table admits
	Allowed   Status = "allowed"   // what is intended must pass, and nothing else can
	Unknown   Status = "unknown"   // nobody knows whether more passes, or whether what is intended does
	Empty     Status = "empty"     // something is intended, and nothing stands at one end
	Blocked   Status = "blocked"   // what is intended cannot pass
	Violation Status = "violation" // more may pass than is intended
)

// ranks orders the statuses, so that the worst of a cell counts.
var ranks = []Status{Closed, Mediated, Allowed, Unknown, Empty, Blocked, Violation}

// Proof is a network compared with a table.
type Proof struct {
	Segments []string `json:"segments"`
	Cells    []Cell   `json:"cells"`
	// Assumptions are what the proof takes for granted, and what it could not read.
	Assumptions []string `json:"assumptions,omitempty"`
	// Residual are channels that no network setting closes.
	Residual []string `json:"residual"`
	// Falls says what follows if a segment falls.
	Falls   []Fall `json:"falls"`
	net     *model.Network
	table   *intent.Table
	engine  *reach.Engine
	members map[string][]*reach.End
	of      map[string]string    // the segments of interfaces, by their ids
	absent  map[string][]absence // what should stand in a segment and does not
	usually map[string]flow.Set
}

// Cell is an ordered pair of segments.
type Cell struct {
	From     string    `json:"from"`
	To       string    `json:"to"`
	Status   Status    `json:"status"`
	Intended string    `json:"intended,omitempty"`
	Must     string    `json:"must,omitempty"`
	May      string    `json:"may,omitempty"`
	Through  []string  `json:"through,omitempty"` // load balancers
	Findings []Finding `json:"findings,omitempty"`
}

// Finding is one thing that is not as the table says.
type Finding struct {
	Status Status      `json:"status"`
	Code   string      `json:"code"`
	What   string      `json:"what"`
	Path   *reach.Path `json:"path,omitempty"`
	row    string      // the reason of the connection of the table that fails; empty for what is in none
}

// Certain reports whether the finding stands however what is not known yet turns out: a preview leaves some doubts that
// the deployment settles.
func (f *Finding) Certain() bool {
	return f.Status == Blocked || f.Status == Empty || f.Status == Violation && f.Path != nil && f.Path.Sure
}

// Holds reports whether the network is as the table says, for certain.
func (p *Proof) Holds() bool {
	return !slices.ContainsFunc(p.Cells, func(c Cell) bool { return slices.Index(ranks, c.Status) >= slices.Index(ranks, Unknown) })
}

// Filled reports whether the network is as the table says, for certain, once something stands in the segments that something else may fill.
func (p *Proof) Filled() bool {
	return !slices.ContainsFunc(p.Cells, func(c Cell) bool {
		return slices.ContainsFunc(c.Findings, func(f Finding) bool { return f.Status != Unknown || f.Code != NoMembers })
	})
}

// Open are the cells that are not as the table says only because of what is not known yet. A preview may have some, a
// deployed network may not.
func (p *Proof) Open() []Cell {
	return slices.DeleteFunc(slices.Clone(p.Cells), func(c Cell) bool {
		return len(c.Findings) == 0 || slices.ContainsFunc(c.Findings, func(f Finding) bool { return f.Certain() })
	})
}

// Differs says in which cell another proof comes to something else; it is empty where none does. Witnesses and what
// nobody reads may differ.
func (p *Proof) Differs(o *Proof) string {
	for _, side := range [][2]*Proof{{p, o}, {o, p}} {
		for _, c := range side[0].Cells {
			switch other := side[1].Cell(c.From, c.To); {
			case other == nil:
				return fmt.Sprintf("only one of them has %s -> %s", c.From, c.To)
			case c.Status != other.Status:
				return fmt.Sprintf("%s -> %s is %s, and %s", c.From, c.To, p.Cell(c.From, c.To).Status, o.Cell(c.From, c.To).Status)
			case len(c.Through) != len(other.Through):
				return fmt.Sprintf("%s -> %s leads through other load balancers", c.From, c.To)
			}
		}
	}
	return ""
}

// Worst is the worst status of any cell.
func (p *Proof) Worst() Status {
	worst := Closed
	for _, c := range p.Cells {
		worst = worse(worst, c.Status)
	}
	return worst
}

func worse(a, b Status) Status { return ranks[max(slices.Index(ranks, a), slices.Index(ranks, b))] }

// Prove compares a network with a table.
func Prove(net *model.Network, table *intent.Table) (*Proof, error) {
	known := *net
	known.Elsewhere = append(slices.Clone(net.Elsewhere), table.Known()...)
	p := &Proof{net: net, table: table, engine: reach.New(&known), members: map[string][]*reach.End{}, absent: map[string][]absence{}, usually: map[string]flow.Set{}, Assumptions: slices.Concat(net.Notes, net.Check())}
	for _, u := range net.Unmodelled {
		p.Assumptions = append(p.Assumptions, fmt.Sprintf("%s (%s) is not modelled: what it can carry is unknown", u.ID, u.What))
	}
	if err := p.assign(); err != nil {
		return nil, err
	}
	for _, from := range p.Segments {
		for _, to := range p.Segments {
			if len(p.members[from]) > 0 && len(p.members[to]) > 0 && (!p.outside(from) || !p.outside(to)) {
				p.Cells = append(p.Cells, p.cell(from, to))
			}
		}
	}
	p.mediate()
	p.fall()
	p.empty()
	p.Residual = residual(p)
	return p, nil
}

// listed are the ends of the table that two segments are, if they are in it: some hold what no segment of the table has.
func (p *Proof) listed(from, to string) (x, y *intent.End, both bool) {
	x, y = p.table.Find(from), p.table.Find(to)
	return x, y, x != nil && y != nil
}

// cell judges an ordered pair of segments.
func (p *Proof) cell(from, to string) Cell {
	var intended flow.Set
	var rows []intent.Connection
	if x, y, listed := p.listed(from, to); listed {
		intended, rows = p.table.Admitted(x, y), p.table.Rows(x, y)
	}
	c := Cell{From: from, To: to, Status: Closed}
	if !intended.Empty() {
		c.Status, c.Intended = Allowed, flow.Describe(intended)
	}
	var may, must flow.Set
	first := true
	for _, a := range p.members[from] {
		for _, b := range p.members[to] {
			if a.Class == b.Class && a.Class >= 0 && !a.Plural() {
				continue
			}
			r := p.engine.Between(a, b)
			may = may.Or(r.May)
			if must = must.And(r.Must); first {
				must, first = r.Must, false
			}
			p.judge(&c, a, b, &r, intended, rows)
		}
	}
	if !may.Empty() {
		c.May, c.Must = flow.Describe(may), flow.Describe(must)
	}
	return c
}

// judge adds what is wrong between two classes: first what is too much, by what may be, then what is missing, by what
// must be.
func (p *Proof) judge(c *Cell, a, b *reach.End, r *reach.Result, intended flow.Set, rows []intent.Connection) {
	if more := r.May.Minus(intended); !more.Empty() {
		c.find(Violation, "NOT_INTENDED", flow.Describe(more)+" may pass and is not in the table", p.engine.Witness(a, b, more))
	}
	if more := r.Open.Minus(intended.Or(r.May)); !more.Empty() {
		c.find(Unknown, string(reach.NotModelled), flow.Describe(more)+" is not in the table, and nobody knows whether it passes", p.engine.Witness(a, b, more))
	}
	for _, x := range rows {
		q := x.Ports.Set()
		if dead := r.Dead(q); !dead.Empty() { // of several ports some may be closed for certain
			p.lacks(c, a, b, dead, Blocked, x.Why)
			q = q.Minus(dead)
		}
		switch r.Ask(q, a.Clients()) {
		case reach.MustPass:
		case reach.Cannot:
			p.lacks(c, a, b, q, Blocked, x.Why)
		default:
			p.lacks(c, a, b, q, Unknown, x.Why)
		}
	}
}

// lacks adds what does not pass of a connection of the table.
func (p *Proof) lacks(c *Cell, a, b *reach.End, q flow.Set, status Status, reason string) {
	if q.Empty() {
		return
	}
	path := p.engine.Blocked(a, b, q)
	code := string(reach.NoWay)
	if stops := path.Stops(); len(stops) > 0 {
		code = string(stops[0].Code)
	}
	verb := map[Status]string{Blocked: "cannot pass", Unknown: "does not pass for certain"}[status]
	c.find(status, code, fmt.Sprintf("%s (%s) %s", flow.Describe(q), reason, verb), path).row = reason
}

func (c *Cell) find(status Status, code, what string, path *reach.Path) *Finding {
	c.Status = worse(c.Status, status)
	i := slices.IndexFunc(c.Findings, func(f Finding) bool { return f.What == what })
	if i < 0 {
		i = len(c.Findings)
		c.Findings = append(c.Findings, Finding{Status: status, Code: code, What: what, Path: path})
	}
	return &c.Findings[i]
}

// mediate looks at ways through load balancers. Both connections of one that works are in cells of their own; here it
// is told which segments they join.
func (p *Proof) mediate() {
	for i := range p.Cells {
		c := &p.Cells[i]
		for _, a := range p.members[c.From] {
			for _, b := range p.members[c.To] {
				for _, m := range p.engine.Mediated(a, b) {
					if name := p.through(m); !slices.Contains(c.Through, name) {
						c.Through = append(c.Through, name)
					}
					if m.Group.Clients && m.Balancer.Network {
						p.handedOn(c, a, b, m)
					}
				}
			}
		}
		if len(c.Through) > 0 && c.Status == Closed {
			c.Status = Mediated
		}
	}
}

// handedOn judges packets that keep the client's address, which no pair of connections in other cells stands for.
func (p *Proof) handedOn(c *Cell, a, b *reach.End, m reach.Mediation) {
	for segment, ends := range p.members {
		for _, e := range ends {
			if e.Class < 0 || e.Members()[0].Owner != m.Balancer.ID {
				continue
			}
			if x, y, listed := p.listed(segment, c.To); listed && m.Back.May.Minus(p.table.Admitted(x, y)).Empty() {
				return
			}
		}
	}
	c.find(Violation, "NOT_INTENDED", fmt.Sprintf("%s may pass through %s and is not in the table", flow.Describe(m.Back.May), m.Balancer.Name), p.engine.Witness(a, b, m.Back.May))
}

func (p *Proof) through(m reach.Mediation) string {
	name := m.Balancer.Name
	if name == "" {
		name = m.Balancer.ID
	}
	if m.Balancer.Protected {
		name += " with its web ACL"
	}
	return name
}

// Fall is lateral reach: the segments that follow if one falls, each with how many connections away it is.
type Fall struct {
	Segment string   `json:"segment"`
	Reaches []string `json:"reaches"`
}

// fall follows every connection that may be opened, directly or through a load balancer.
func (p *Proof) fall() {
	for _, from := range p.Segments {
		far := map[string]int{from: 0}
		f := Fall{Segment: from, Reaches: []string{}}
		for queue := []string{from}; len(queue) > 0; queue = queue[1:] {
			for _, c := range p.Cells {
				if _, seen := far[c.To]; seen || c.From != queue[0] || c.May == "" && len(c.Through) == 0 {
					continue
				}
				far[c.To] = far[c.From] + 1
				f.Reaches = append(f.Reaches, fmt.Sprintf("%s (%d)", c.To, far[c.To]))
				if !p.outside(c.To) {
					queue = append(queue, c.To)
				}
			}
		}
		if len(f.Reaches) > 0 {
			p.Falls = append(p.Falls, f)
		}
	}
}

// residual are the channels that no network setting closes, and what limits them.
// https://docs.aws.amazon.com/vpc/latest/userguide/vpc-network-acls.html says which traffic neither groups nor ACLs judge.
func residual(p *Proof) []string {
	out := []string{
		"DNS: every interface reaches the VPC's resolver, so that names can carry data out; Route 53 Resolver DNS Firewall limits it, groups and ACLs do not.",
		"Instance metadata, time and DHCP: every instance reaches them on its own host; IMDSv2 with a hop limit of 1 limits metadata.",
		"Connections that are open: a security group keeps those that it has let in when its rules change, until they end; the proof is about new ones.",
		"Session Manager and EC2 Instance Connect: IAM opens shells where no port is open; IAM policies and endpoint policies limit it.",
	}
	for _, c := range p.Cells {
		if ends := p.members[c.To]; c.May != "" && strings.Contains(ends[0].Label(), "amazonaws") {
			out = append(out, fmt.Sprintf("%s -> %s: copying data into somebody else's account succeeds unless the endpoint's policy admits own accounts only; the network does not tell.", c.From, c.To))
		}
	}
	return out
}
