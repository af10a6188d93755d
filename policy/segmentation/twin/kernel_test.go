// SPDX-License-Identifier: Apache-2.0

//go:build kernel && linux

package twin_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/bulkhead-iac/bulkhead/policy/segmentation/flow"
	"github.com/bulkhead-iac/bulkhead/policy/segmentation/model"
	"github.com/bulkhead-iac/bulkhead/policy/segmentation/reach"
	"github.com/bulkhead-iac/bulkhead/policy/segmentation/scenes"
	"github.com/bulkhead-iac/bulkhead/policy/segmentation/twin"
)

var (
	networks = flag.Int("networks", 15, "how many random networks")
	flows    = flag.Int("flows", 30, "how many random flows are tried in each")
	first    = flag.Uint64("first", 0, "the seed of the first network")
)

func TestMain(m *testing.M) {
	flag.Parse()
	if !twin.Within() && os.Geteuid() == 0 {
		if err := asNobody(); err != nil {
			fmt.Fprintln(os.Stderr, "a user who is not root makes no twin:", err)
			os.Exit(1)
		}
	}
	within, code, err := twin.Enter(context.Background())
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
	if within {
		code = m.Run()
	}
	os.Exit(code)
}

// asNobody tries two networks as a user without any privilege, who cannot run the program where go test has put it.
func asNobody() error {
	const nobody = 65534
	folder, err := os.MkdirTemp("", "bulkhead-twin-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(folder) //nolint:errcheck // a copy
	text, err := os.ReadFile(os.Args[0])
	program := filepath.Join(folder, "twin.test")
	if err := errors.Join(err, os.Chmod(folder, 0o755), os.WriteFile(program, text, 0o755)); err != nil {
		return err
	}
	c := exec.Command(program, "-networks", "2", "-first", "7", "-test.v")
	c.Dir, c.Env, c.Stdout, c.Stderr = folder, []string{"PATH=" + os.Getenv("PATH")}, os.Stdout, os.Stderr
	c.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	return c.Run()
}

// outsiders answer on the internet.
var outsiders = []netip.Addr{scenes.IP("52.200.1.1"), scenes.IP("203.0.113.1"), scenes.IP("203.0.113.200"), scenes.IP("8.8.8.8"), scenes.IP("2001:db8::1"), scenes.IP("2a00::1"), scenes.IP("10.0.1.200")}

// clients are ports at which the random ACLs cut.
var clients = []int{22, 443, 1023, 1024, 1025, 5432, 5433, 32767, 32768, 49152, 60999, 61000, 65535}

// question is a flow: a connection to each of the addresses by which the other end is known.
type question struct {
	from, to     *model.Interface
	outside      netip.Addr
	protocol     int
	port, client int
	probes       []*twin.Probe
}

func (q *question) String() string {
	return fmt.Sprintf("protocol %d from %s port %d to %s port %d", q.protocol, q.name(q.from), q.client, q.name(q.to), q.port)
}

func (q *question) name(f *model.Interface) string {
	if f == nil {
		return q.outside.String()
	}
	return fmt.Sprintf("%s (%s)", f.ID, f.Addresses[0].IP)
}

func pick[T any](s scenes.Source, list []T) T { return list[s.IntN(len(list))] }

// ask makes a random question, or nil where the two ends speak different families.
func ask(s scenes.Source, net *model.Network, plan *twin.Plan) *question {
	q := &question{outside: pick(s, outsiders), protocol: pick(s, []int{6, 6, 6, 6, 17, 17, 1}), port: pick(s, scenes.Ports[1:]), client: 1 + s.IntN(65535)}
	if s.IntN(2) == 0 {
		q.client = pick(s, clients)
	}
	i, j := s.IntN(len(net.Interfaces)+2), s.IntN(len(net.Interfaces)+2)
	if q.protocol == 1 {
		q.port, q.client = pick(s, []int{8, 8, 13}), 0
	}
	if i < len(net.Interfaces) {
		q.from = &net.Interfaces[i]
	}
	if j < len(net.Interfaces) {
		q.to = &net.Interfaces[j]
	}
	if !q.aim(plan) {
		return nil
	}
	return q
}

// aim makes the probes of a question in a twin. It reports false where the two ends are one or speak different families.
func (q *question) aim(plan *twin.Plan) bool {
	p := twin.Probe{From: twin.Internet, To: twin.Internet, Source: q.outside, Listen: q.outside}
	if q.from != nil {
		p.From, p.Source = plan.End(q.from.ID), q.from.Addresses[0].IP
	}
	targets := []netip.Addr{q.outside}
	if q.to != nil {
		p.To, p.Listen = plan.End(q.to.ID), q.to.Addresses[0].IP
		if targets[0] = p.Listen; q.to.Addresses[0].Public.IsValid() {
			targets = append(targets, q.to.Addresses[0].Public)
		}
	}
	if q.from == q.to || p.Source.Is4() != p.Listen.Is4() {
		return false
	}
	if q.protocol == 1 && p.Source.Is6() {
		q.protocol, q.port = 58, 128
	}
	p.Network = map[int]string{1: "icmp", 58: "icmp", 6: "tcp", 17: "udp"}[q.protocol]
	p.Port, p.Client = uint16(q.port), uint16(q.client) //nolint:gosec // ports
	q.probes = nil
	for _, target := range targets {
		probe := p
		probe.Target = target
		q.probes = append(q.probes, &probe)
	}
	return true
}

// fresh reports whether a question disturbs none before it: a port that one end has used as a client may belong to a
// connection that a group remembers, which lets packets pass that would open another.
func (q *question) fresh(seen map[string]bool) bool {
	client, server := fmt.Sprint(q.protocol, q.name(q.from), q.client), fmt.Sprint(q.protocol, q.name(q.to), q.port)
	if q.client == 0 { // a request of ICMP has a number of its own
		return true
	}
	if seen[client] || seen["client "+server] {
		return false
	}
	seen[client], seen["client "+client], seen[server] = true, true, true
	return true
}

// judged is what the engine says and what became of the packets.
type judged struct{ may, arrives, must, arrived, works bool }

func (q *question) judge(e *reach.Engine) judged {
	a, b := e.Outside(flow.Addr(q.outside)), e.Outside(flow.Addr(q.outside))
	if q.from != nil {
		a = e.Interface(q.from.ID)
	}
	if q.to != nil {
		b = e.Interface(q.to.ID)
	}
	r := e.Between(a, b)
	in := func(s flow.Set) bool {
		if q.client == 0 {
			return flow.Has(s, flow.Number(q.protocol), flow.Number(q.port<<8), 0) //nolint:gosec // a type
		}
		return flow.Has(s, flow.Number(q.protocol), flow.Number(q.port), flow.Number(q.client)) //nolint:gosec // ports
	}
	j := judged{may: in(r.May), arrives: in(r.May) || in(r.OneWay), must: in(r.Must)}
	for _, p := range q.probes {
		j.arrived, j.works = j.arrived || p.Arrived, j.works || p.Answered
	}
	return j
}

// wrong says in which way the engine and the kernel disagree; empty if they do not.
func (j judged) wrong() string {
	switch {
	case j.must && !j.works:
		return "the engine says that it must pass, and it did not"
	case j.works && !j.may:
		return "the engine says that it cannot pass, and it did"
	case j.arrived && !j.arrives:
		return "the engine says that it cannot arrive, and it did"
	}
	return ""
}

// count of the verdicts that were compared.
type count struct{ networks, flows, must, cannot, oneWay, open, pings int }

// gather makes random questions. Most random packets cannot pass, so that the first half of a network's flows may.
func gather(s scenes.Source, net *model.Network, plan *twin.Plan, e *reach.Engine) []*question {
	var asked []*question
	seen := map[string]bool{}
	for try := range 100 * *flows {
		q := ask(s, net, plan)
		if q == nil || len(asked) == *flows || len(asked) < *flows/2 && try < 90**flows && !q.judge(e).may || !q.fresh(seen) {
			continue
		}
		asked = append(asked, q)
	}
	return asked
}

// compare tries a random network, and returns the flows about which engine and kernel disagree.
func compare(t *testing.T, seed uint64, n *count) (found []*kept) {
	t.Helper()
	s := scenes.NewSource(seed)
	net := scenes.Random(s)
	plan, err := twin.Compile(net, outsiders)
	if err != nil {
		t.Fatal(err)
	}
	if err := plan.Up(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := plan.Down(); err != nil {
			t.Error(err)
		}
	}()
	e := reach.New(net)
	asked := gather(s, net, plan, e)
	var probes []*twin.Probe
	for _, q := range asked {
		probes = append(probes, q.probes...)
	}
	servers, err := twin.NewServers()
	if err != nil {
		t.Fatal(err)
	}
	defer servers.Close()
	if err := servers.Try(probes, 400*time.Millisecond); err != nil {
		t.Fatal(err)
	}
	n.networks++
	for _, q := range asked {
		j := q.judge(e)
		if j.must && !j.works { // a machine under load may have been slow
			if err := servers.Try(q.probes, 5*time.Second); err != nil {
				t.Fatal(err)
			}
			j = q.judge(e)
		}
		n.add(j)
		if q.client == 0 && j.must {
			n.pings++
		}
		if wrong := j.wrong(); wrong != "" {
			t.Errorf("seed %d: %s: %s (%+v; %v)", seed, q, wrong, j, q.probes[0].Err)
			found = append(found, keep(net, q))
		}
	}
	return found
}

func (n *count) add(j judged) {
	n.flows++
	switch {
	case j.must:
		n.must++
	case j.may:
		n.open++
	case j.arrives:
		n.oneWay++
	default:
		n.cannot++
	}
}

func TestPacketsOnAKernelAgreeWithTheEngineOnRandomNetworks(t *testing.T) {
	var n count
	for i := range *networks {
		seed := *first + uint64(i) //nolint:gosec // not negative
		if found := compare(t, seed, &n); len(found) > 0 {
			small := found[0].shrink(found[0].wrong(nil), nil)
			t.Errorf("seed %d: shrunk, and kept: %s", seed, small.write(t, fmt.Sprintf("testdata/disagreements/seed-%d.json", seed)))
		}
	}
	t.Logf("%d flows over %d networks: %d must pass and did, of which %d are of ICMP; %d cannot and did not; of %d only packets of one direction arrive; %d depend on a port that a NAT gateway chooses, or are UDP or ICMP without an answer", n.flows, n.networks, n.must, n.pings, n.cannot, n.oneWay, n.open)
	if n.must == 0 || n.cannot == 0 || n.pings == 0 && *networks > 10 {
		t.Errorf("nothing is compared: %+v", n)
	}
}
