// SPDX-License-Identifier: Apache-2.0

package segmentation_test

import (
	"encoding/json"
	"flag"
	"maps"
	"math/rand/v2"
	"net/netip"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bulkhead-iac/bulkhead/policy/export"
	"github.com/bulkhead-iac/bulkhead/policy/glob"
	"github.com/bulkhead-iac/bulkhead/policy/segmentation"
	"github.com/bulkhead-iac/bulkhead/policy/segmentation/flow"
	"github.com/bulkhead-iac/bulkhead/policy/segmentation/intent"
	"github.com/bulkhead-iac/bulkhead/policy/segmentation/model"
	"github.com/bulkhead-iac/bulkhead/policy/segmentation/simulate"
	"github.com/bulkhead-iac/bulkhead/policy/segmentation/stack"
	"github.com/bulkhead-iac/bulkhead/policy/segmentation/twin"
)

// mutations is how many are tried, chosen by a seed that stays the same; 0 are all.
var mutations = flag.Int("mutations", 60, "how many mutations of the production stack are tried; 0: all")

// resource is one of the production stack.
type resource struct {
	Type, URN, ID   string
	Inputs, Outputs map[string]any
}

func (r *resource) name() string { return r.URN[strings.LastIndex(r.URN, ":")+1:] }

// is compares the type's name, such as "Route".
func (r *resource) is(kinds ...string) bool {
	return slices.Contains(kinds, r.Type[strings.LastIndex(r.Type, ":")+1:])
}

func (r *resource) text(key string) string { s, _ := r.Inputs[key].(string); return s }

// production are the resources of the reference environment.
func production(t *testing.T) []*resource {
	t.Helper()
	text, err := os.ReadFile("../hardening/testdata/production.json")
	require.NoError(t, err)
	var doc struct {
		Deployment struct{ Resources []*resource }
	}
	require.NoError(t, json.Unmarshal(text, &doc))
	return doc.Deployment.Resources
}

// with are resources with one in the place of another that has its URN; without inputs it is gone.
func with(resources []*resource, others ...*resource) []*resource {
	var out []*resource
	for _, r := range resources {
		at := slices.IndexFunc(others, func(o *resource) bool { return o.URN == r.URN })
		switch {
		case at < 0:
			out = append(out, r)
		case others[at].Inputs != nil:
			out = append(out, others[at])
		}
	}
	return out
}

// but is a resource with other inputs; nil takes one away.
func (r *resource) but(inputs map[string]any) *resource {
	out := *r
	out.Inputs = maps.Clone(r.Inputs)
	maps.Copy(out.Inputs, inputs)
	maps.DeleteFunc(out.Inputs, func(_ string, v any) bool { return v == nil })
	return &out
}

func (r *resource) gone() *resource { return &resource{Type: r.Type, URN: r.URN} }

// network reads resources as a network in which everything is known: the addresses of Amazon S3 are some that it has.
func network(t *testing.T, resources []*resource) (*model.Network, *intent.Table) {
	t.Helper()
	var list []map[string]any
	for _, r := range resources {
		list = append(list, map[string]any{"urn": r.URN, "type": r.Type, "id": r.ID, "custom": r.ID != "", "inputs": r.Inputs, "outputs": r.Outputs})
	}
	text, err := json.Marshal(map[string]any{"version": 3, "deployment": map[string]any{"resources": list}})
	require.NoError(t, err)
	d, err := export.Read(strings.NewReader(string(text)))
	require.NoError(t, err)
	table, err := stack.Table(d.Inputs)
	require.NoError(t, err)
	require.NotNil(t, table)
	net := stack.Of(d, nil)
	for i := range net.Lists {
		if l := &net.Lists[i]; l.Service {
			l.Entries, l.Doubt = []netip.Prefix{netip.MustParsePrefix("3.5.0.0/19")}, ""
		}
	}
	return net, table
}

// cells are the ports that pass in each ordered pair of segments.
type cells map[[2]string]map[int]bool

func (c cells) add(from, to string, port int) {
	if c[[2]string{from, to}] == nil {
		c[[2]string{from, to}] = map[int]bool{}
	}
	c[[2]string{from, to}][port] = true
}

// without are the ports that others do not have.
func (c cells) without(o cells) cells {
	out := cells{}
	for pair, ports := range c {
		for port := range ports {
			if !o[pair][port] {
				out.add(pair[0], pair[1], port)
			}
		}
	}
	return out
}

// against are the pairs in which more passes than a table admits, and those in which less does than its rows say, or of which there is none.
func (r *reached) against(table *intent.Table) (more, less []string) {
	for pair := range r.pairs {
		x, y := table.Find(pair[0]), table.Find(pair[1])
		var admitted, rows flow.Set
		if x != nil && y != nil {
			admitted = table.Admitted(x, y)
			for _, row := range table.Rows(x, y) {
				rows = rows.Or(row.Ports.Set())
			}
		}
		name := pair[0] + " -> " + pair[1]
		if slices.ContainsFunc(tried, func(port int) bool {
			return r.some[pair][port] && !flow.Has(admitted, flow.TCP, flow.Number(port), 40000)
		}) { //nolint:gosec // ports
			more = append(more, name)
		}
		if slices.ContainsFunc(tried, func(port int) bool { return !r.every[pair][port] && flow.Has(rows, flow.TCP, flow.Number(port), 40000) }) {
			less = append(less, name)
		}
	}
	for _, x := range table.Ends() {
		for _, y := range table.Ends() {
			unserved := slices.ContainsFunc(y.Segments, func(s intent.Segment) bool {
				return s.Service != "" && !slices.ContainsFunc(r.services, func(name string) bool { return glob.Match(s.Service, name) })
			})
			if pair := [2]string{x.Name, y.Name}; len(table.Rows(&x, &y)) > 0 && (unserved || !r.pairs[pair]) {
				less = append(less, x.Name+" -> "+y.Name) // nothing stands at one end
			}
		}
	}
	return more, less
}

// host is an interface of a segment, or an address outside.
type host struct {
	segment string
	of      string
	iface   *model.Interface
	outside netip.Addr
}

func (h *host) is(kind model.Kind) bool { return h.iface != nil && h.iface.Kind == kind }

// reached is what the simulator says that passes: from any host of a segment to any of another, and from every one to every one.
type reached struct {
	some, every cells
	pairs       map[[2]string]bool // of which there is a pair of hosts
	services    []string           // of AWS that have an endpoint or a list
}

// tried are the ports of the stack's rules, and neighbours of them.
var tried = []int{22, 23, 53, 80, 443, 444, 5432, 5433, 8443, 8444}

// clients are the ends of the range that a host's client ports are in, and of those of load balancers, functions and NAT gateways.
var clients = map[bool][]int{false: {32768, 60999}, true: {1024, 65535}}

// simulated follows a packet between all hosts of a network. It is given who is in which segment, and shares nothing else with the proof.
func simulated(t *testing.T, net *model.Network, table *intent.Table) reached {
	t.Helper()
	placed, err := twin.Place(net, func(a netip.Addr) bool {
		return slices.ContainsFunc(table.Known(), func(p netip.Prefix) bool { return p.Contains(a) })
	})
	require.NoError(t, err)
	hosts := hostsOf(t, net, placed, table)
	failed := cells{}
	out := reached{some: cells{}, pairs: map[[2]string]bool{}}
	for _, l := range net.Lists {
		out.services = append(out.services, l.Name)
	}
	for _, a := range hosts {
		if a.iface != nil {
			out.services = append(out.services, a.iface.Service)
		}
		for _, b := range hosts {
			if a.iface == nil && b.iface == nil || a == b || a.is(model.VPCEndpoint) {
				continue
			}
			out.pairs[[2]string{a.segment, b.segment}] = true
			for _, port := range tried {
				if b.is(model.Balancer) && !listens(net, b.iface.Owner, port) {
					continue // it answers where it listens
				}
				some, every := passes(placed.Network, a, b, port)
				if some {
					out.some.add(a.segment, b.segment, port)
				}
				if !every {
					failed.add(a.segment, b.segment, port)
				}
			}
		}
	}
	out.every = out.some.without(failed)
	return out
}

func hostsOf(t *testing.T, net *model.Network, placed *twin.Placed, table *intent.Table) (hosts []*host) {
	t.Helper()
	n, err := segmentation.Open(net, table)
	require.NoError(t, err)
	for _, segment := range n.Proof().Segments {
		ends, err := n.Ends(segment)
		if err != nil {
			continue // it has no members
		}
		for _, e := range ends {
			if e.Class < 0 {
				for _, span := range e.Addresses() {
					if a := span.Lo.Next(); a.Is4() && (segment != intent.Internet || len(hosts) == 0) {
						hosts = append(hosts, &host{segment: segment, outside: map[bool]netip.Addr{true: netip.MustParseAddr("8.8.8.8"), false: a}[segment == intent.Internet]})
					}
				}
				continue
			}
			for _, f := range e.Members() {
				for i := range placed.Interfaces {
					if p := &placed.Interfaces[i]; placed.Of[p.ID] == f.ID {
						hosts = append(hosts, &host{segment: segment, of: f.ID, iface: p})
					}
				}
			}
		}
	}
	return hosts
}

func listens(net *model.Network, balancer string, port int) bool {
	return slices.ContainsFunc(net.LoadBalancers, func(b model.LoadBalancer) bool {
		return b.ID == balancer && slices.ContainsFunc(b.Listeners, func(l model.Listener) bool { return l.Port == port })
	})
}

// passes reports whether a connection of one host to another is answered by any client port and address, and by every client port.
func passes(net *model.Network, a, b *host, port int) (some, every bool) {
	from, targets, at := a.outside, []netip.Addr{b.outside}, "outside"
	if a.iface != nil {
		from = a.iface.Addresses[0].IP
	}
	if b.iface != nil {
		targets, at = []netip.Addr{b.iface.Addresses[0].IP}, b.iface.ID
		if p := b.iface.Addresses[0].Public; p.IsValid() {
			targets = append(targets, p)
		}
	}
	every = true
	for _, client := range clients[a.is(model.Balancer) || a.is(model.Function)] {
		for _, nat := range clients[true] {
			here := slices.ContainsFunc(targets, func(to netip.Addr) bool {
				r := simulate.World{Net: net, NATPort: nat}.Send(a.iface, simulate.Packet{From: from, To: to, Protocol: 6, Port: port, Client: client})
				return r.At == at && r.Answered
			})
			some, every = some || here, every && here
		}
	}
	return some, every
}

// mutation is one thing changed in the stack.
type mutation struct {
	what string
	of   *resource
	made []*resource
}

// mutator lists mutations of a resource of the stack.
type mutator struct {
	all []*resource
	out []mutation
	of  *resource
}

func (m *mutator) id(kind, name string) string {
	return m.all[slices.IndexFunc(m.all, func(r *resource) bool { return r.is(kind) && r.name() == name })].ID
}

func (m *mutator) add(what string, made ...*resource) {
	m.out = append(m.out, mutation{m.of.name() + ": " + what, m.of, with(m.all, made...)})
}

func (m *mutator) change(what string, inputs map[string]any) { m.add(what, m.of.but(inputs)) }

// mutate lists all mutations of a stack: each rule, route, ACL entry, attachment and address is widened or broken.
func mutate(all []*resource) []mutation {
	m := &mutator{all: all}
	for _, m.of = range all {
		switch {
		case m.of.is("SecurityGroupIngressRule", "SecurityGroupEgressRule"):
			m.rule()
		case m.of.is("NetworkAclRule"):
			m.entry()
		case m.of.is("Route", "RouteTableAssociation", "NetworkAclAssociation", "VpcEndpointRouteTableAssociation", "InternetGateway", "NatGateway"):
			m.way()
		case m.of.is("VpcEndpoint", "Listener", "ListenerRule", "TargetGroup", "LoadBalancer"):
			m.service()
		case m.of.is("LaunchTemplate"):
			m.template()
		case m.of.Type == "aws:rds/instance:Instance":
			m.change("public", map[string]any{"publiclyAccessible": true})
			m.change("another group", map[string]any{"vpcSecurityGroupIds": []any{m.stray()}})
		}
	}
	slices.SortFunc(m.out, func(a, b mutation) int { return strings.Compare(a.of.URN+a.what, b.of.URN+b.what) })
	return m.out
}

// everyone is the widest range.
const everyone = "0.0.0.0/0"

// stray is a group that the resource has nothing to do with.
func (m *mutator) stray() string { return m.id("SecurityGroup", "production-endpoint-kms-group") }

func (m *mutator) rule() {
	why, both := m.of.text("description"), []*resource(nil)
	for _, half := range m.all {
		if half.is("SecurityGroupIngressRule", "SecurityGroupEgressRule") && half.text("description") == why {
			both = append(both, half.but(map[string]any{"toPort": half.Inputs["toPort"].(float64) + 1}))
		}
	}
	m.add("gone", m.of.gone())
	m.change("every protocol", map[string]any{"ipProtocol": "-1", "fromPort": nil, "toPort": nil})
	m.change("everybody", map[string]any{"cidrIpv4": everyone, "cidrIpv6": nil, "referencedSecurityGroupId": nil, "prefixListId": nil})
	m.change("another protocol", map[string]any{"ipProtocol": "udp"})
	m.add("both halves by a port", both...)
}

func (m *mutator) entry() {
	m.add("gone", m.of.gone())
	m.change("turned", map[string]any{"ruleAction": map[string]string{"allow": "deny", "deny": "allow"}[m.of.text("ruleAction")]})
	m.change("everybody", map[string]any{"cidrBlock": everyone, "ipv6CidrBlock": nil})
	m.change("every protocol", map[string]any{"protocol": "-1", "fromPort": 0, "toPort": 0})
	m.change("first", map[string]any{"ruleNumber": 1})
}

func (m *mutator) way() {
	m.add("gone", m.of.gone())
	switch {
	case m.of.is("Route"):
		m.change("everywhere", map[string]any{"destinationCidrBlock": everyone})
		m.change("to the internet gateway", map[string]any{"natGatewayId": nil, "gatewayId": m.id("InternetGateway", "production-internet")})
	case m.of.is("RouteTableAssociation"):
		m.change("public", map[string]any{"routeTableId": m.id("RouteTable", "production-public")})
	case m.of.is("NetworkAclAssociation"):
		m.change("another", map[string]any{"networkAclId": m.id("NetworkAcl", "production-data")})
	}
}

func (m *mutator) service() {
	switch {
	case m.of.is("LoadBalancer"):
		m.change("internal", map[string]any{"internal": true})
		m.change("another group", map[string]any{"securityGroups": []any{m.stray()}})
		return
	case m.of.is("Listener"):
		m.change("another port", map[string]any{"port": 444})
	case m.of.Inputs["securityGroupIds"] != nil: // of an interface endpoint
		m.change("another group", map[string]any{"securityGroupIds": []any{m.id("SecurityGroup", "production-bastion-group")}})
	}
	m.add("gone", m.of.gone())
}

func (m *mutator) template() {
	first := m.of.Inputs["networkInterfaces"].([]any)[0].(map[string]any)
	turned := map[any]string{"true": "false", "false": "true"}[first["associatePublicIpAddress"]]
	for what, set := range map[string]map[string]any{
		"address turned": {"associatePublicIpAddress": turned}, "another group": {"securityGroups": []any{m.stray()}},
		"another group too": {"securityGroups": append(slices.Clone(first["securityGroups"].([]any)), m.stray())},
	} {
		young := maps.Clone(first)
		maps.Copy(young, set)
		m.change(what, map[string]any{"networkInterfaces": []any{young}})
	}
}

// outcome of a mutation: what the simulator finds changed, and what the proof reports.
type outcome struct {
	more, less []string
	reported   map[segmentation.Status][]string
	page       string
	refuses    bool // the policy pack refuses it
	refused    error
	dangling   []string // what names something that is gone, so that nobody can follow a packet there
}

func observe(t *testing.T, m *mutation) (o outcome) {
	t.Helper()
	net, table := network(t, m.made)
	p, err := segmentation.Prove(net, table)
	if err != nil {
		return outcome{refused: err}
	}
	o.reported = map[segmentation.Status][]string{}
	for i := range p.Cells {
		for j := range p.Cells[i].Findings {
			f := &p.Cells[i].Findings[j]
			o.reported[f.Status] = append(o.reported[f.Status], p.Cells[i].From+" -> "+p.Cells[i].To)
			o.page += f.Page(&p.Cells[i])
			o.refuses = o.refuses || f.Certain()
		}
	}
	if o.dangling = net.Check(); len(o.dangling) == 0 {
		now := simulated(t, net, table)
		o.more, o.less = now.against(table)
	}
	return o
}

// TestEveryMutationThatChangesWhatPassesIsReportedAndNoOther breaks and widens one thing of the production stack after the other, as it
// is and with network ACLs that are open, where the groups alone hold the table. The simulator says what then passes.
func TestEveryMutationThatChangesWhatPassesIsReportedAndNoOther(t *testing.T) {
	as := production(t)
	open := slices.Clone(as)
	for i, r := range open {
		if r.is("NetworkAclRule") {
			open[i] = r.but(map[string]any{"ruleAction": "allow", "protocol": "-1", "fromPort": 0, "toPort": 0, "cidrBlock": "0.0.0.0/0", "ipv6CidrBlock": nil})
		}
	}
	type job struct {
		mutation
		base string
	}
	var jobs []job
	for base, resources := range map[string][]*resource{"as it is": as, "with open ACLs": open} {
		net, table := network(t, resources)
		p, err := segmentation.Prove(net, table)
		require.NoError(t, err)
		require.True(t, p.Holds())
		before := simulated(t, net, table)
		more, less := before.against(table)
		require.Empty(t, slices.Concat(more, less), "without a mutation the simulator says the same as the table")
		for _, m := range mutate(resources) {
			jobs = append(jobs, job{m, base})
		}
	}
	slices.SortFunc(jobs, func(a, b job) int { return strings.Compare(a.base+a.of.URN+a.what, b.base+b.of.URN+b.what) })
	total := len(jobs)
	if *mutations > 0 {
		rand.New(rand.NewPCG(8, 8)).Shuffle(total, func(i, j int) { jobs[i], jobs[j] = jobs[j], jobs[i] })
		jobs = jobs[:min(total, *mutations)]
	}
	var mutex sync.Mutex
	count := map[string]int{}
	t.Run("each", func(t *testing.T) {
		for _, j := range jobs {
			t.Run(j.base+"/"+j.what, func(t *testing.T) {
				t.Parallel()
				o := observe(t, &j.mutation)
				judge(t, &j.mutation, o)
				mutex.Lock()
				defer mutex.Unlock()
				switch {
				case o.refused != nil:
					count["contradicts the table"]++
				case len(o.dangling) > 0:
					count["leaves something dangling"]++
				case len(o.reported[segmentation.Empty]) > 0:
					count["leaves a segment or service without members"]++
				case len(o.more)+len(o.less) > 0:
					count["changes what passes"]++
				default:
					count["changes nothing"]++
				}
			})
		}
	})
	t.Logf("%d of %d mutations, by what each does: %v", len(jobs), total, count)
	require.Positive(t, count["changes what passes"])
	require.Positive(t, count["changes nothing"])
}

// judge compares the two.
func judge(t *testing.T, m *mutation, o outcome) {
	t.Helper()
	if o.refused != nil {
		return
	}
	reported := slices.Concat(o.reported[segmentation.Violation], o.reported[segmentation.Blocked], o.reported[segmentation.Empty], o.reported[segmentation.Unknown])
	o.requireReported(t, "more", o.more, segmentation.Violation, segmentation.Unknown)
	o.requireReported(t, "less", o.less, segmentation.Blocked, segmentation.Empty, segmentation.Unknown)
	if len(o.more) > 0 && !o.refuses {
		t.Errorf("%v: more passes, and the policy pack does not refuse it: %v", o.more, o.reported)
	}
	if len(o.dangling) > 0 {
		if len(reported) == 0 {
			t.Errorf("%q dangles, and the proof reports nothing", o.dangling)
		}
		return
	}
	for _, cell := range reported {
		if !slices.Contains(o.more, cell) && !slices.Contains(o.less, cell) {
			t.Errorf("%s: nothing has changed there, and the proof reports %v:\n%s", cell, o.reported, o.page)
		}
	}
	if len(reported) > 0 && !slices.ContainsFunc(known(m), func(name string) bool { return name != "" && strings.Contains(o.page, name) }) {
		t.Errorf("no witness names any of %q:\n%s", known(m), o.page)
	}
}

// requireReported finds a report of one of the statuses in each cell in which more or less passes.
func (o *outcome) requireReported(t *testing.T, amount string, cells []string, as ...segmentation.Status) {
	t.Helper()
	for _, cell := range cells {
		if !slices.ContainsFunc(as, func(s segmentation.Status) bool { return slices.Contains(o.reported[s], cell) }) {
			t.Errorf("%s: %s passes, and the proof reports %v", cell, amount, o.reported)
		}
	}
}

// known are the names by which a witness may call what was changed: its own, its description, and those of what it was attached to, is now
// attached to, or, if it is gone, of what led to it or takes its place.
func known(m *mutation) []string {
	out := []string{m.of.name(), m.of.text("description")}
	texts, _ := json.Marshal(m.of.Inputs)
	at := slices.IndexFunc(m.made, func(r *resource) bool { return r.URN == m.of.URN })
	if at >= 0 {
		now, _ := json.Marshal(m.made[at].Inputs)
		texts = append(texts, now...)
	} else if m.of.is("RouteTableAssociation", "NetworkAclAssociation") {
		out = append(out, "production-default")
	} else {
		if m.of.is("VpcEndpoint") {
			name := m.of.text("serviceName")
			out = append(out, "endpoint of com.amazonaws.*"+name[strings.LastIndex(name, "."):])
		}
		for _, r := range m.made { // what led to it, such as a route
			led, _ := json.Marshal(r.Inputs)
			if strings.Contains(string(led), `"`+m.of.ID+`"`) {
				texts = append(texts, led...)
			}
		}
	}
	for _, r := range m.made {
		if r.ID != "" && !r.is("Vpc", "Subnet") && strings.Contains(string(texts), `"`+r.ID+`"`) {
			out = append(out, strings.TrimSuffix(r.name(), "-group"))
		}
	}
	return out
}
