// SPDX-License-Identifier: Apache-2.0

package reach_test

import (
	"testing"

	"github.com/bulkhead-iac/bulkhead/policy/segmentation/model"
	"github.com/bulkhead-iac/bulkhead/policy/segmentation/reach"
	"github.com/bulkhead-iac/bulkhead/policy/segmentation/scenes"
)

// balanced puts a load balancer in the public subnet that listens on 443 and forwards to app on 8443.
func balanced(network, clients bool) scenes.Scene {
	s := scenes.Open()
	f := s.Interface("web")
	f.Kind, f.Owner = model.Balancer, "lb"
	s.LoadBalancers = []model.LoadBalancer{{ID: "lb", Network: network, Listeners: []model.Listener{
		{Protocol: 6, Port: 443, Targets: []model.TargetGroup{{ID: "tg", Clients: clients, Members: []model.Member{{Target: "app", Protocol: 6, Port: 8443}}}}},
		{Protocol: 6, Port: 80},
	}}}
	only(s, "sg-app", scenes.TCP(8443, "sg-web"))
	return s
}

func TestLoadBalancers(t *testing.T) {
	all := model.Rule{Protocol: model.Any, CIDR: scenes.Prefix("0.0.0.0/0")}
	for _, c := range []struct {
		name             string
		network, clients bool
		change           func(s scenes.Scene)
		internet         string // mediated verdict from the internet to app
		direct           string
	}{
		{"50 an ALB makes two connections of its own", false, false, nil, "must", "internet app tcp/8443 cannot; web app tcp/8443 must; internet web tcp/443 must; internet web tcp/8443 cannot"},
		{"50 the second connection needs the target's group", false, false, func(s scenes.Scene) { only(s, "sg-app", scenes.TCP(8443, "sg-web2")) }, "cannot", "web app tcp/8443 cannot"},
		{"50 the second connection needs the load balancer's egress", false, false, func(s scenes.Scene) { s.Group("sg-web").Egress = []model.Rule{scenes.TCP(443, "0.0.0.0/0")} }, "cannot", "web app tcp/8443 cannot"},
		{"50 a load balancer asks from any port above 1023", false, false, func(s scenes.Scene) {
			s.ACL("acl-private").Egress = []model.Entry{scenes.Allow(1, 6, 32768, 60999, "0.0.0.0/0")}
		}, "may", "web app tcp/8443 may; web2 app2 tcp/8443 must"},
		{"50 the first connection needs a client port that comes back", false, false, func(s scenes.Scene) {
			s.ACL("acl-public").Egress = []model.Entry{scenes.Allow(1, -1, 0, 0, "10.0.0.0/8")}
		}, "cannot", "internet web tcp/443 cannot"},
		{"50 a load balancer may stand behind another", false, false, func(s scenes.Scene) {
			s.Interface("web").Addresses[0].HasPublic = model.No
			f := s.Interface("web2")
			f.Kind, f.Owner = model.Balancer, "nlb"
			s.LoadBalancers = append(s.LoadBalancers, model.LoadBalancer{ID: "nlb", Network: true, Listeners: []model.Listener{
				{Protocol: 6, Port: 443, Targets: []model.TargetGroup{{ID: "alb", Members: []model.Member{{Target: "lb", Protocol: 6, Port: 443}}}}}}})
		}, "must", "internet web tcp/443 cannot; internet web2 tcp/443 must"},
		{"51 a listener that forwards nowhere reaches no target", false, false, func(s scenes.Scene) { s.LoadBalancers[0].Listeners[0].Targets = nil }, "cannot", "internet web tcp/443 must"},
		{"51 a load balancer without a public address is internal", false, false, func(s scenes.Scene) { s.Interface("web").Addresses[0].HasPublic = model.No }, "cannot", "internet web tcp/443 cannot"},
		{"51 a target that is not registered is not reached", false, false, func(s scenes.Scene) { s.LoadBalancers[0].Listeners[0].Targets[0].Members[0].Target = "app2" }, "cannot", ""},
		{"51 targets that are not known leave it unknown", false, false, func(s scenes.Scene) {
			s.LoadBalancers[0].Listeners[0].Targets[0] = model.TargetGroup{ID: "tg", Doubt: "its targets are known after the deployment"}
		}, "unknown", ""},
		{"52 an NLB that translates is judged by its own address", true, false, func(s scenes.Scene) { only(s, "sg-app", scenes.TCP(8443, "10.0.0.10/32")) }, "must", ""},
		{"52 an NLB that keeps the client's address is judged by that", true, true, func(s scenes.Scene) { only(s, "sg-app", scenes.TCP(8443, "10.0.0.10/32")) }, "cannot", ""},
		{"52 a target behind an NLB that keeps addresses admits the clients", true, true, func(s scenes.Scene) { only(s, "sg-app", scenes.TCP(8443, "0.0.0.0/0")) }, "must", "internet app tcp/8443 cannot"},
		{"52 a target may name the NLB's group though addresses are kept", true, true, nil, "must", ""},
		{"52 the target's ACL sees the client", true, true, func(s scenes.Scene) {
			s.ACL("acl-private").Ingress = []model.Entry{scenes.Allow(1, -1, 0, 0, "10.0.0.0/8")}
		}, "cannot", ""},
		{"52 an NLB that keeps addresses without groups of its own", true, true, func(s scenes.Scene) {
			s.Interface("web").Groups = nil
			s.Group("sg-app").Ingress = []model.Rule{all}
		}, "must", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := balanced(c.network, c.clients)
			if c.change != nil {
				c.change(s)
			}
			e := reach.New(s.Network)
			got := reach.Cannot
			for _, m := range e.Mediated(e.InternetEnd(), e.Interface("app")) {
				got = m.Verdict
			}
			if string(got) != c.internet {
				t.Errorf("internet to app through the load balancer: %s, want %s", got, c.internet)
			}
			ask(t, e, c.direct)
		})
	}
}

func TestALoadBalancerIsNoClientOfItself(t *testing.T) {
	s := balanced(true, true)
	s.Interface("web").Groups = nil
	only(s, "sg-app", scenes.TCP(8443, "0.0.0.0/0"))
	e := reach.New(s.Network)
	if found := e.Mediated(e.Interface("web"), e.Interface("app")); len(found) > 0 {
		t.Errorf("its own address leads it through itself: %+v", found)
	}
}

func TestLateralReachFollowsWhatMayPass(t *testing.T) {
	s := balanced(false, false)
	only(s, "sg-db", scenes.TCP(5432, "sg-app"))
	only(s, "sg-web2")
	only(s, "sg-app2")
	e := reach.New(s.Network)
	far := e.Lateral(e.InternetEnd(), true)
	for id, want := range map[string]int{"web": 1, "app": 1, "db": 2, "web2": 0, "app2": 0} {
		if got := far[e.Interface(id).Class]; got != want {
			t.Errorf("%s is %d steps away, want %d", id, got, want)
		}
	}
}

func TestDoubtNeverMakesAnAnswerMoreCertain(t *testing.T) {
	for seed := range uint64(60) {
		src := scenes.NewSource(seed)
		known := scenes.Random(src)
		src = scenes.NewSource(seed)
		doubtful := scenes.Random(src)
		unsure(doubtful, src)
		moreDoubtful(t, seed, known, doubtful)
	}
}

// unsure makes some of the network doubtful, in such a way that it may turn out to be as it was.
func unsure(doubtful *model.Network, src scenes.Source) {
	for i := range doubtful.Groups {
		for j := range doubtful.Groups[i].Ingress {
			if src.IntN(3) == 0 {
				doubtful.Groups[i].Ingress[j].Doubt = "known later"
			}
		}
	}
	for i := range doubtful.ACLs {
		for j := range doubtful.ACLs[i].Ingress {
			if src.IntN(3) == 0 {
				doubtful.ACLs[i].Ingress[j].Doubt = "known later"
			}
		}
	}
	for i := range doubtful.Tables {
		for j := range doubtful.Tables[i].Routes {
			if src.IntN(3) == 0 {
				doubtful.Tables[i].Routes[j].Doubt = "known later"
			}
		}
	}
	for i := range doubtful.Interfaces {
		a := &doubtful.Interfaces[i].Addresses[0]
		switch src.IntN(4) {
		case 0:
			*a = model.Address{V6: a.IP.Is6(), HasPublic: a.HasPublic, Public: a.Public}
		case 1:
			a.HasPublic = model.Maybe
		case 2:
			doubtful.Interfaces[i].Subnets = []string{doubtful.Interfaces[i].Subnets[0], doubtful.Subnets[0].ID}
			*a = model.Address{V6: a.IP.Is6(), HasPublic: model.Maybe}
		}
	}
}

func moreDoubtful(t *testing.T, seed uint64, known, doubtful *model.Network) {
	t.Helper()
	e1, e2 := reach.New(known), reach.New(doubtful)
	ends := append([]model.Interface{{}}, known.Interfaces...)
	for _, x := range ends {
		for _, y := range ends {
			a1, b1, a2, b2 := e1.InternetEnd(), e1.InternetEnd(), e2.InternetEnd(), e2.InternetEnd()
			if x.ID != "" {
				a1, a2 = e1.Interface(x.ID), e2.Interface(x.ID)
			}
			if y.ID != "" {
				b1, b2 = e1.Interface(y.ID), e2.Interface(y.ID)
			}
			if x.ID == y.ID {
				continue
			}
			r1, r2 := e1.Between(a1, b1), e2.Between(a2, b2)
			if !r2.Must.Minus(r1.Must).Empty() || !r1.May.Minus(r2.May).Empty() || !r1.Open.Minus(r2.Open).Empty() {
				t.Fatalf("seed %d, %q -> %q: with doubts %+v, without %+v", seed, x.ID, y.ID, r2, r1)
			}
		}
	}
}
