// SPDX-License-Identifier: Apache-2.0

//go:build kernel && linux

package trial_test

import (
	"context"
	"crypto/tls"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"

	"github.com/bulkhead-iac/bulkhead/policy/segmentation"
	"github.com/bulkhead-iac/bulkhead/policy/segmentation/intent"
	"github.com/bulkhead-iac/bulkhead/policy/segmentation/model"
	"github.com/bulkhead-iac/bulkhead/policy/segmentation/scenes"
	"github.com/bulkhead-iac/bulkhead/policy/segmentation/twin"
	"github.com/bulkhead-iac/bulkhead/policy/segmentation/twin/balancer"
	"github.com/bulkhead-iac/bulkhead/policy/segmentation/twin/machine"
	"github.com/bulkhead-iac/bulkhead/policy/segmentation/twin/trial"
)

func TestMain(m *testing.M) {
	within, code, err := twin.Enter(context.Background())
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
	if within {
		code = m.Run()
	}
	os.Exit(code)
}

const table = `
segments:
  - {name: edge, tier: public, what: web}
  - {name: operators, tier: public, what: web2}
  - {name: app, tier: app, what: app}
  - {name: other, tier: app, what: app2}
  - {name: database, tier: data, what: db}
connections:
  - {from: internet, to: edge, ports: "tcp/80, tcp/443", why: the site}
  - {from: edge, to: app, ports: tcp/8443, why: requests}
  - {from: operators, to: app, ports: "tcp/22, icmp/8", why: maintenance}
  - {from: app, to: database, ports: tcp/5432, why: data}
  - {from: app, to: internet, ports: tcp/443, why: updates}
  - {from: app, to: "aws:s3", ports: tcp/443, why: packages}
`

// shop is a load balancer, a group of hosts behind it that reaches the internet by NAT and by IPv6, a database that may be
// in one of two subnets, and a gateway endpoint.
func shop() scenes.Scene {
	s := scenes.Open()
	for i := range s.Groups {
		s.Groups[i].Ingress, s.Groups[i].Egress = nil, nil
	}
	open := func(from, to string, port int) {
		s.Group(from).Egress = append(s.Group(from).Egress, scenes.TCP(port, to))
		s.Group(to).Ingress = append(s.Group(to).Ingress, scenes.TCP(port, from))
	}
	open("sg-web", "sg-app", 8443)
	open("sg-web2", "sg-app", 22)
	ping := model.Rule{Protocol: 1, From: 8, To: model.Any, Group: "sg-app"}
	s.Group("sg-web2").Egress = append(s.Group("sg-web2").Egress, ping)
	ping.Group = "sg-web2"
	s.Group("sg-app").Ingress = append(s.Group("sg-app").Ingress, ping)
	open("sg-app", "sg-db", 5432)
	s.Group("sg-web").Ingress = append(s.Group("sg-web").Ingress, scenes.TCP(80, "0.0.0.0/0"), scenes.TCP(443, "0.0.0.0/0"))
	s.Group("sg-app").Egress = append(s.Group("sg-app").Egress, scenes.TCP(443, "0.0.0.0/0"), scenes.TCP(443, "::/0"))
	web, app, db := s.Interface("web"), s.Interface("app"), s.Interface("db")
	web.Kind, web.Owner = model.Balancer, "lb"
	app.Owner, app.Many, app.Addresses = "app", true, []model.Address{{}, {V6: true}}
	db.Kind, db.Subnets, db.Addresses = model.Database, []string{"data", "private"}, []model.Address{{}}
	s.LoadBalancers = []model.LoadBalancer{{ID: "lb", Name: "shop", Listeners: []model.Listener{
		{ID: "https", Protocol: 6, Port: 443, Targets: []model.TargetGroup{{ID: "tg", Members: []model.Member{{Target: "app", Protocol: 6, Port: 8443}}}}},
		{ID: "http", Protocol: 6, Port: 80},
	}}}
	s.Lists = []model.PrefixList{{ID: "pl-s3", Name: "com.amazonaws.eu-central-1.s3", Service: true, Entries: []netip.Prefix{scenes.Prefix("52.216.0.0/15")}}}
	s.Table("rt-private").Routes = append(s.Table("rt-private").Routes, model.Route{List: "pl-s3", Target: model.GatewayEndpoint, To: "vpce-s3"})
	return s
}

// around is what the load balancer of shop does, and the service that our production stack runs on the hosts behind it.
func around(t *testing.T) *trial.Surroundings {
	t.Helper()
	hsts := elb.ListenerAttribute{Key: aws.String("routing.http.response.strict_transport_security.header_value"), Value: aws.String("max-age=63072000")}
	rules := []elb.Rule{
		{RuleArn: aws.String("site"), Priority: aws.String("1"), Conditions: []elb.RuleCondition{{Field: aws.String("host-header"), Values: []string{"shop.example"}}},
			Actions: []elb.Action{{Type: elb.ActionTypeEnumForward, TargetGroupArn: aws.String("tg")}}},
		{RuleArn: aws.String("rest"), IsDefault: aws.Bool(true), Actions: []elb.Action{{Type: elb.ActionTypeEnumFixedResponse, FixedResponseConfig: &elb.FixedResponseActionConfig{StatusCode: aws.String("404")}}}},
	}
	https := &balancer.Listener{Listener: elb.Listener{ListenerArn: aws.String("https"), Protocol: elb.ProtocolEnumHttps, Port: aws.Int32(443), SslPolicy: aws.String("ELBSecurityPolicy-TLS13-1-2-Res-PQ-2025-09")},
		Names: [][]string{{"shop.example"}}, Keys: []string{"RSA_2048"}, Least: tls.VersionTLS12, Most: tls.VersionTLS13,
		Suites: []uint16{tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, tls.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256, tls.TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384}, Unsaid: []string{"without ECDHE-RSA-AES256-SHA384"}, Attributes: []elb.ListenerAttribute{hsts}, Rules: rules}
	http := &balancer.Listener{Listener: elb.Listener{ListenerArn: aws.String("http"), Protocol: elb.ProtocolEnumHttp, Port: aws.Int32(80)}, Rules: []elb.Rule{
		{RuleArn: aws.String("up"), IsDefault: aws.Bool(true), Actions: []elb.Action{{Type: elb.ActionTypeEnumRedirect,
			RedirectConfig: &elb.RedirectActionConfig{Protocol: aws.String("HTTPS"), Port: aws.String("443"), StatusCode: elb.RedirectActionStatusCodeEnumHttp301}}}}}}
	group := &elb.TargetGroup{TargetGroupArn: aws.String("tg"), Protocol: elb.ProtocolEnumHttps, HealthCheckPath: aws.String("/healthz")}
	return &trial.Surroundings{
		Balancers: balancer.Known{Listeners: map[string]*balancer.Listener{"https": https, "http": http}, Groups: map[string]*elb.TargetGroup{"tg": group}},
		Services:  map[string][]*machine.Service{"app": placeholder(t)},
	}
}

// placeholder is the service in the user data of our production stack.
func placeholder(t *testing.T) []*machine.Service {
	t.Helper()
	text, err := os.ReadFile("../../../hardening/testdata/production.json")
	if err != nil {
		t.Fatal(err)
	}
	var doc struct {
		Deployment struct {
			Resources []struct{ Inputs map[string]any }
		}
	}
	if err := json.Unmarshal(text, &doc); err != nil {
		t.Fatal(err)
	}
	for _, r := range doc.Deployment.Resources {
		encoded, _ := r.Inputs["userData"].(string)
		decoded, err := base64.StdEncoding.DecodeString(encoded)
		if err != nil {
			t.Fatal(err)
		}
		services, err := machine.Read(decoded)
		if err != nil {
			t.Fatal(err)
		}
		if len(services) > 0 && services[0].Port() == 8443 {
			return services
		}
	}
	t.Fatal("no service of production serves at port 8443")
	return nil
}

// made is the twin of a network, changed before it is made.
func made(t *testing.T, change func(*trial.Trial)) *trial.Trial {
	t.Helper()
	return madeWith(t, around(t), change)
}

func madeWith(t *testing.T, around *trial.Surroundings, change func(*trial.Trial)) *trial.Trial {
	t.Helper()
	return madeOf(t, shop(), around, change)
}

func madeOf(t *testing.T, s scenes.Scene, around *trial.Surroundings, change func(*trial.Trial)) *trial.Trial {
	t.Helper()
	rows, err := intent.Read(strings.NewReader(table))
	if err != nil {
		t.Fatal(err)
	}
	x, err := trial.New(s.Network, rows, around)
	if err != nil {
		t.Fatal(err)
	}
	if change != nil {
		change(x)
	}
	t.Cleanup(x.Servers.Close)
	t.Cleanup(func() {
		if err := x.Plan.Down(); err != nil {
			t.Error(err)
		}
	})
	if err := x.Up(); err != nil {
		t.Fatal(err)
	}
	return x
}

// tried is the outcome of such a twin.
func tried(t *testing.T, change func(*trial.Trial)) *trial.Outcome {
	t.Helper()
	o, err := made(t, change).Run()
	if err != nil {
		t.Fatal(err)
	}
	return o
}

func TestEveryCellOfANetworkWithALoadBalancerNATAndEndpointsAgrees(t *testing.T) {
	o := tried(t, nil)
	var page strings.Builder
	o.Text(&page)
	if !o.Agrees() {
		t.Fatal(page.String())
	}
	for _, c := range []segmentation.Cell{
		{From: "internet", To: "edge", Status: segmentation.Allowed, May: "tcp 80, 443"},
		{From: "internet", To: "app", Status: segmentation.Mediated, Through: []string{"shop"}},
		{From: "internet", To: "database", Status: segmentation.Closed},
		{From: "edge", To: "app", Status: segmentation.Allowed, May: "tcp 8443"},
		{From: "app", To: "app", Status: segmentation.Mediated, Through: []string{"shop"}}, // by its way to the internet
		{From: "app", To: "database", Status: segmentation.Allowed, May: "tcp 5432"},
		{From: "app", To: "internet", Status: segmentation.Allowed, May: "tcp 443"},
		{From: "app", To: "aws:s3", Status: segmentation.Allowed, May: "tcp 443"},
		{From: "operators", To: "app", Status: segmentation.Allowed, May: "icmp type 8 code 0; tcp 22"},
		{From: "operators", To: "aws:s3", Status: segmentation.Closed},
	} {
		seen := o.Seen.Cell(c.From, c.To)
		if seen == nil || seen.Status != c.Status || seen.May != c.May || !slices.Equal(seen.Through, c.Through) {
			t.Errorf("%s -> %s: %+v, want %+v", c.From, c.To, seen, c)
		}
	}
	for _, want := range []string{
		`shop.example/: 200 "production-app" from 10.0.1.`, "HTTPS by TLS 1.3, certificate for shop.example; Strict-Transport-Security: max-age=63072000",
		"the hop to app port 8443 is encrypted anew; plain HTTP there: no answer", "shop port 443, from internet: a stranger's host name: 404",
		"of TLS 1.2 it speaks ECDHE-RSA-AES128-GCM-SHA256, ECDHE-RSA-AES256-GCM-SHA384, as ELBSecurityPolicy-TLS13-1-2-Res-PQ-2025-09 says with a key of RSA_2048, and refuses 20 other suites",
		"the key exchange X25519MLKEM768, which ELBSecurityPolicy-TLS13-1-2-Res-PQ-2025-09 offers: true", "TLS of shop port 443: which cipher suite it prefers; crypto/tls speaks it, without ECDHE-RSA-AES256-SHA384",
		"TLS 1.0 is refused: ", "TLS 1.1 is refused: ", "shop port 80, from internet: a stranger's host name: 301 to https://stranger.invalid:443/?a=b",
		"what listens: bulkhead-placeholder, as deployed",
	} {
		if !strings.Contains(page.String(), want) {
			t.Errorf("the page does not say: %s\n%s", want, &page)
		}
	}
	for line := range strings.Lines(page.String()[:strings.Index(page.String(), "\nSeen besides")]) {
		if len([]rune(strings.TrimSpace(line))) > 100 {
			t.Errorf("a line is longer than 100 columns: %s", line)
		}
	}
}

func TestATwinThatDiffersFromTheProofDisagrees(t *testing.T) {
	space := func(x *trial.Trial, name string) *twin.Space {
		i := slices.IndexFunc(x.Plan.Spaces, func(s *twin.Space) bool { return s.Name == name })
		return x.Plan.Spaces[i]
	}
	for _, c := range []struct {
		name   string
		change func(*trial.Trial)
		cell   string
	}{
		{"without the filter of a host", func(x *trial.Trial) { space(x, x.Plan.End("app2")).Filter = "" }, "other -> internet"},
		{"without the filter of a load balancer's target", func(x *trial.Trial) { space(x, x.Plan.End("app#1")).Filter = "" }, "app -> internet"},
		{"with a gateway endpoint that is closed", func(x *trial.Trial) {
			space(x, "gwe0").Filter = "add table inet twin\nadd chain inet twin shut { type filter hook forward priority 0; policy drop; }\n"
		}, "app -> aws:s3"},
	} {
		t.Run(c.name, func(t *testing.T) {
			o := tried(t, c.change)
			if o.Agrees() || !slices.Contains(o.Disagreeing, c.cell) {
				t.Errorf("disagreeing: %q, want %s", o.Disagreeing, c.cell)
			}
		})
	}
}

// disagrees wants a twin in which something is not as the account says, and its outcome to say what.
func disagrees(t *testing.T, x *trial.Trial, wrong string) {
	t.Helper()
	o, err := x.Run()
	if err != nil {
		t.Fatal(err)
	}
	var page strings.Builder
	o.Text(&page)
	if o.Agrees() || !strings.Contains(page.String(), wrong) {
		t.Errorf("it does not say %q:\n%s", wrong, &page)
	}
}

func TestABalancerThatDoesOtherThanTheAccountSaysIsFound(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*trial.Surroundings)
		wrong  string
	}{
		"nobody serves":        {func(a *trial.Surroundings) { a.Balancers.Groups["tg"].HealthCheckPath = aws.String("/nowhere") }, "through a load balancer: the proof says that it must be answered, and it was not"},
		"a target without TLS": {func(a *trial.Surroundings) { a.Balancers.Groups["tg"].Protocol = elb.ProtocolEnumHttp }, "nobody behind it serves"},
	} {
		t.Run(name, func(t *testing.T) {
			a := around(t)
			c.change(a)
			disagrees(t, madeWith(t, a, nil), c.wrong)
		})
	}
}

func TestABalancerThatSpeaksOtherTLSThanItsPolicyIsFound(t *testing.T) {
	for name, c := range map[string]struct {
		policy func(*balancer.Listener) // as the account says after the twin was made
		wrong  string
	}{
		"a suite more":      {func(l *balancer.Listener) { l.Suites = l.Suites[:2] }, "ECDHE-RSA-AES256-GCM-SHA384: is spoken: true"},
		"a suite less":      {func(l *balancer.Listener) { l.Suites = append(l.Suites, tls.TLS_RSA_WITH_AES_128_CBC_SHA) }, "AES128-SHA: is spoken: false"},
		"a version more":    {func(l *balancer.Listener) { l.Least = tls.VersionTLS13 }, "TLS 1.2: it is spoken"},
		"a key exchange":    {func(l *balancer.Listener) { l.SslPolicy = aws.String("ELBSecurityPolicy-TLS13-1-2-Res-2021-06") }, "offers: false: it is agreed on: true"},
		"another algorithm": {func(l *balancer.Listener) { l.Keys[0] = "EC_prime256v1" }, "ECDHE-ECDSA-AES128-GCM-SHA256: is spoken: false"},
	} {
		t.Run(name, func(t *testing.T) {
			a := around(t)
			x := madeWith(t, a, nil)
			c.policy(a.Balancers.Listeners["https"])
			disagrees(t, x, c.wrong)
		})
	}
}

func TestATargetWhoseImageBringsTheServiceIsServedByAServerOfTheTwins(t *testing.T) {
	a := around(t)
	a.Services = nil
	o, err := madeWith(t, a, nil).Run()
	if err != nil {
		t.Fatal(err)
	}
	if !o.Agrees() {
		t.Errorf("disagreeing: %q", o.Disagreements)
	}
	if seen := o.Seen.Cell("internet", "app"); seen.Status != segmentation.Mediated {
		t.Errorf("internet -> app: %+v", seen)
	}
}

func TestATargetWithoutTLSWhoseImageBringsTheServiceIsServedWithoutTLS(t *testing.T) {
	a := around(t)
	a.Services = nil
	g := a.Balancers.Groups["tg"]
	g.Protocol, g.HealthCheckPort, g.HealthCheckProtocol, g.Matcher = elb.ProtocolEnumHttp, aws.String("9000"), elb.ProtocolEnumHttps, &elb.Matcher{HttpCode: aws.String("204")}
	s := shop()
	for _, rules := range []*[]model.Rule{&s.Group("sg-web").Egress, &s.Group("sg-app").Ingress} {
		r := (*rules)[0]
		r.From, r.To = 9000, 9000
		*rules = append(*rules, r)
	}
	o, err := madeOf(t, s, a, nil).Run()
	if err != nil {
		t.Fatal(err)
	}
	if !o.Agrees() {
		t.Errorf("disagreeing: %q, %q", o.Disagreements, o.Checks)
	}
	if seen := o.Seen.Cell("internet", "app"); seen.Status != segmentation.Mediated {
		t.Errorf("internet -> app: %+v", seen)
	}
}

// passing makes the load balancer of shop a network load balancer.
func passing(s scenes.Scene, clients bool) {
	lb := &s.LoadBalancers[0]
	lb.Network = true
	lb.Listeners[0].Targets[0].Clients = clients
}

func TestNetworkLoadBalancersThatKeepAddressesAndThoseThatDoNot(t *testing.T) {
	from := func(s scenes.Scene, peer string) { s.Group("sg-app").Ingress[0] = scenes.TCP(8443, peer) }
	for _, c := range []struct {
		name    string
		clients bool
		change  func(s scenes.Scene)
		cell    string
		through bool
	}{
		{"one that translates is seen by its own group", false, nil, "internet", true},
		{"one that translates is seen by its own address", false, func(s scenes.Scene) { from(s, "10.0.0.10/32") }, "internet", true},
		{"one that translates is not seen by the client's address", false, func(s scenes.Scene) { from(s, "8.8.8.0/24") }, "internet", false},
		{"behind one that keeps addresses its group may be named", true, nil, "internet", true},
		{"behind one that keeps addresses the client's is seen", true, func(s scenes.Scene) { from(s, "0.0.0.0/0") }, "internet", true},
		{"behind one that keeps addresses its own is not", true, func(s scenes.Scene) { from(s, "10.0.0.10/32") }, "internet", false},
		{"without groups of its own it hands on too", true, func(s scenes.Scene) {
			s.Interface("web").Groups = nil
			from(s, "0.0.0.0/0")
		}, "internet", true},
		{"it needs a rule out to its targets", true, func(s scenes.Scene) { s.Group("sg-web").Egress = nil }, "internet", false},
		{"it needs a rule in from its clients", true, func(s scenes.Scene) { s.Group("sg-web").Ingress = s.Group("sg-web").Ingress[:1] }, "internet", false},
		{"the ACL of its targets sees the client", true, func(s scenes.Scene) {
			s.ACL("acl-private").Ingress = []model.Entry{scenes.Allow(1, -1, 0, 0, "10.0.0.0/8")}
		}, "internet", false},
		{"the ACL of its targets sees answers to the client", true, func(s scenes.Scene) {
			s.ACL("acl-private").Egress = []model.Entry{scenes.Allow(1, -1, 0, 0, "10.0.0.0/8")}
		}, "internet", false},
		{"answers come back through its own subnet", true, func(s scenes.Scene) {
			s.ACL("acl-public").Ingress = append([]model.Entry{scenes.Deny(1, -1, 0, 0, "10.0.1.0/24")}, s.ACL("acl-public").Ingress...)
		}, "internet", false},
		{"a client of the VPC is served", true, func(s scenes.Scene) {
			s.Group("sg-web2").Egress = append(s.Group("sg-web2").Egress, scenes.TCP(443, "sg-web"))
		}, "operators", true},
		{"a client in the subnet of the targets is served", true, func(s scenes.Scene) {
			s.Group("sg-app2").Egress = append(s.Group("sg-app2").Egress, scenes.TCP(443, "sg-web"))
		}, "other", true},
		{"the group of a client is not seen, though its address is", true, func(s scenes.Scene) {
			s.Group("sg-web2").Egress = append(s.Group("sg-web2").Egress, scenes.TCP(443, "sg-web"))
			from(s, "sg-web2")
		}, "operators", false},
		{"datagrams are handed on", true, func(s scenes.Scene) {
			x := &s.LoadBalancers[0].Listeners[0]
			x.Protocol, x.Port, x.Targets[0].Members[0].Protocol, x.Targets[0].Members[0].Port = 17, 514, 17, 5140
			for _, rule := range []*model.Rule{&s.Group("sg-web").Ingress[1], &s.Group("sg-web").Egress[0], &s.Group("sg-app").Ingress[0]} {
				rule.Protocol, rule.From, rule.To = 17, 5140, 5140
			}
			s.Group("sg-web").Ingress[1].From, s.Group("sg-web").Ingress[1].To = 514, 514
		}, "internet", true},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := shop()
			passing(s, c.clients)
			if c.change != nil {
				c.change(s)
			}
			o, err := madeOf(t, s, &trial.Surroundings{Balancers: balancer.Known{Passed: map[string]bool{"https": true}}}, nil).Run()
			if err != nil {
				t.Fatal(err)
			}
			if !o.Agrees() {
				var page strings.Builder
				o.Text(&page)
				t.Error(page.String())
			}
			if !slices.ContainsFunc(o.NotShown, func(s string) bool { return strings.Contains(s, "connections are passed on as they come") }) {
				t.Errorf("that TLS is not ended is not among %q", o.NotShown)
			}
			if seen := o.Seen.Cell(c.cell, "app"); (len(seen.Through) > 0) != c.through {
				t.Errorf("%s -> app: %+v", c.cell, seen)
			}
		})
	}
}

func TestATwinOfABalancerThatCannotBeMadeSaysWhy(t *testing.T) {
	s := shop()
	passing(s, true)
	x := &s.LoadBalancers[0].Listeners[0]
	x.Targets = append(x.Targets, model.TargetGroup{ID: "tg2", Members: x.Targets[0].Members})
	rows, err := intent.Read(strings.NewReader(table))
	if err != nil {
		t.Fatal(err)
	}
	_, err = trial.New(s.Network, rows, &trial.Surroundings{})
	if !errors.Is(err, twin.ErrUnable) || !strings.Contains(err.Error(), "load balancer lb: some targets of its port 443 see the clients' addresses and others do not") {
		t.Error(err)
	}
}

func TestAShellIsInTheSegmentAndKnowsTheOthers(t *testing.T) {
	if err := made(t, nil).Open(); err != nil {
		t.Fatal(err)
	}
	shell := func(segment, command string) (string, error) {
		var guide strings.Builder
		err := trial.Shell(segment, &guide, func(environ []string) error {
			c := exec.Command("sh", "-c", command)
			c.Env, c.Stderr = append(os.Environ(), environ...), os.Stderr
			return c.Run()
		})
		return guide.String(), err
	}
	guide, err := shell("app", `test "$(ip -o -4 address show scope global | wc -l)" = 1 && grep -q "database-1$" /etc/hosts`)
	if err != nil || !strings.HasPrefix(guide, "This is app (app, ") {
		t.Errorf("%v, guided by %s", err, guide)
	}
	if _, err := shell("internet", `test "$(curl -sS https://shop.example/)" = production-app && ! curl -sS https://edge-1-public/`); err != nil {
		t.Errorf("curl: %v", err)
	}
	var exit *exec.ExitError
	if _, err := shell("app", "exit 7"); !errors.As(err, &exit) || exit.ExitCode() != 7 {
		t.Errorf("the command ended with 7, and the shell with %v", err)
	}
	if _, err := shell("nobody", "true"); err == nil || !strings.HasPrefix(err.Error(), `no host of the twin is in the segment "nobody"; it has hosts in internet, edge, `) {
		t.Errorf("a segment that is not: %v", err)
	}
}
