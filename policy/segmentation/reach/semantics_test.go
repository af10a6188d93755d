// SPDX-License-Identifier: Apache-2.0

package reach_test

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/bulkhead-iac/bulkhead/policy/segmentation/flow"
	"github.com/bulkhead-iac/bulkhead/policy/segmentation/model"
	"github.com/bulkhead-iac/bulkhead/policy/segmentation/reach"
	"github.com/bulkhead-iac/bulkhead/policy/segmentation/scenes"
)

// rule is one documented behaviour of AWS. The scene is open but for what change does; each line of asks is a source,
// a destination, a protocol and port, and the verdict.
type rule struct {
	name   string
	source string
	change func(s scenes.Scene)
	asks   string
}

func end(t *testing.T, e *reach.Engine, name string) *reach.End {
	t.Helper()
	switch {
	case name == "internet":
		return e.InternetEnd()
	case strings.HasPrefix(name, "pl-"):
		return e.Service(name)
	}
	if x := e.Interface(name); x != nil {
		return x
	}
	if a, err := netip.ParseAddr(name); err == nil {
		return e.Outside(flow.Addr(a))
	}
	p, err := netip.ParsePrefix(name)
	if err != nil {
		t.Fatalf("no end %q", name)
	}
	return e.Outside(flow.PrefixAddrs(p))
}

// ask compares an engine with lines such as "web app tcp/443 must".
func ask(t *testing.T, e *reach.Engine, lines string) {
	t.Helper()
	for _, line := range strings.FieldsFunc(lines, func(r rune) bool { return r == ';' || r == '\n' }) {
		words := strings.Fields(line)
		if len(words) == 0 {
			continue
		}
		if len(words) != 4 {
			t.Fatalf("%q is no question", line)
		}
		a, b := end(t, e, words[0]), end(t, e, words[1])
		q, err := flow.Parse(words[2])
		if err != nil {
			t.Fatal(err)
		}
		r := e.Between(a, b)
		if got := r.Ask(q, a.Clients()); string(got) != words[3] {
			t.Errorf("%s is %s (must %s; may %s; open %s)", strings.TrimSpace(line), got, flow.Describe(r.Must), flow.Describe(r.May), flow.Describe(r.Open))
		}
		if !r.Must.Minus(r.May).Empty() || !r.May.Minus(r.Open).Empty() {
			t.Errorf("%s: what must pass exceeds what may (must %s; may %s; open %s)", line, flow.Describe(r.Must), flow.Describe(r.May), flow.Describe(r.Open))
		}
	}
}

func only(s scenes.Scene, group string, ingress ...model.Rule) { s.Group(group).Ingress = ingress }

const (
	docGroups  = "https://docs.aws.amazon.com/vpc/latest/userguide/vpc-security-groups.html"
	docRules   = "https://docs.aws.amazon.com/vpc/latest/userguide/security-group-rules.html"
	docACL     = "https://docs.aws.amazon.com/vpc/latest/userguide/vpc-network-acls.html"
	docRoutes  = "https://docs.aws.amazon.com/vpc/latest/userguide/route-tables-priority.html"
	docIGW     = "https://docs.aws.amazon.com/vpc/latest/userguide/VPC_Internet_Gateway.html"
	docNAT     = "https://docs.aws.amazon.com/vpc/latest/userguide/nat-gateway-basics.html"
	docCodes   = "https://docs.aws.amazon.com/vpc/latest/reachability/explanation-codes.html"
	docPeering = "https://docs.aws.amazon.com/vpc/latest/peering/invalid-peering-configurations.html"
	docBlock   = "https://docs.aws.amazon.com/vpc/latest/userguide/security-vpc-bpa.html"
	docELB     = "https://docs.aws.amazon.com/elasticloadbalancing/latest/"
)

var rules = []rule{
	{"0 the scene is open except by routes and addresses", "", nil, `
		web app tcp/443 must; app web tcp/443 must; app app2 udp/53 must; internet web tcp/22 must; web internet udp/53 must
		app internet tcp/443 must; internet app tcp/443 cannot; db internet tcp/443 cannot; internet db tcp/5432 cannot`},
	{"1 groups filter the interface, not the subnet", docGroups, func(s scenes.Scene) { only(s, "sg-app", scenes.TCP(443, "10.0.0.0/16")) }, `
		web app tcp/443 must; web app tcp/22 cannot; web app2 tcp/22 must`},
	{"2 without the source/destination check an interface sends from any address", docCodes + " ENI_SOURCE_DEST_CHECK_RESTRICTION", func(s scenes.Scene) {
		s.Interface("app2").Forwards = true
		only(s, "sg-db", scenes.TCP(5432, "10.0.1.10/32"))
	}, `app db tcp/5432 must; app2 db tcp/5432 unknown; app2 db tcp/22 cannot; web db tcp/5432 cannot`},
	{"2 from behind such an interface come packets without answers", docCodes + " ENI_SOURCE_DEST_CHECK_RESTRICTION", func(s scenes.Scene) {
		s.Interface("app2").Forwards = true
		udp := func(from string) model.Rule {
			return model.Rule{ID: from, Protocol: 17, From: 53, To: 53, CIDR: scenes.Prefix(from)}
		}
		only(s, "sg-db", udp("192.168.0.0/16"), udp("203.0.113.0/24"), scenes.TCP(5432, "192.168.0.0/16"))
	}, `192.168.7.7 db udp/53 unknown; 192.168.7.7 db udp/54 cannot; 10.77.0.1 db udp/53 cannot; 203.0.113.7 db udp/53 cannot; 192.168.7.7 db tcp/5432 cannot`},
	{"2 a route to a forwarder leads nobody knows where", docCodes + " ENI_SOURCE_DEST_CHECK_RESTRICTION", func(s scenes.Scene) {
		s.Table("rt-private").Routes[0] = model.Route{CIDR: scenes.Prefix("0.0.0.0/0"), Target: model.Other, To: "eni-appliance"}
	}, `app internet tcp/443 unknown; app web tcp/443 must; web app tcp/443 must`},
	{"3 no group at all is no filter", docGroups, func(s scenes.Scene) { s.Interface("app").Groups = nil }, `web app tcp/22 must; app db tcp/1 must`},
	{"4 a planned address may be any usable one of its subnet", "https://docs.aws.amazon.com/vpc/latest/userguide/subnet-sizing.html", func(s scenes.Scene) {
		s.Interface("app").Addresses = []model.Address{{}}
		s.Interface("app2").Addresses = []model.Address{{}}
		only(s, "sg-db", scenes.TCP(5432, "10.0.1.0/25"), scenes.TCP(22, "10.0.1.0/24"), scenes.TCP(80, "10.0.1.0/30"))
	}, `app db tcp/5432 may; app db tcp/22 must; app db tcp/80 cannot; web db tcp/22 cannot`},
	{"4 a delegated prefix belongs to its interface, address by address", "https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ec2-prefix-eni.html", func(s scenes.Scene) {
		s.Interface("app").Addresses = append(s.Interface("app").Addresses, model.Address{Prefix: scenes.Prefix("10.0.1.32/28")})
		only(s, "sg-db", scenes.TCP(5432, "10.0.1.32/28"), scenes.TCP(22, "10.0.1.40/32"), scenes.TCP(80, "10.0.1.48/28"))
	}, `app db tcp/5432 must; app db tcp/22 may; app db tcp/80 cannot; app2 db tcp/5432 cannot`},
	{"5 a database may be in any subnet of its group", "https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_VPC.WorkingWithRDSInstanceinaVPC.html", func(s scenes.Scene) {
		s.Interface("db").Subnets = []string{"data", "private"}
		s.Interface("db").Addresses = []model.Address{{}}
		s.ACL("acl-data").Ingress = []model.Entry{scenes.Allow(1, 6, 5432, 5432, "10.0.0.0/16")}
	}, `web db tcp/5432 must; web db tcp/22 may; db internet tcp/443 may`},
	{"6 rules only allow, and add up", docRules, func(s scenes.Scene) {
		s.Interface("app").Groups = []string{"sg-app", "sg-app2"}
		only(s, "sg-app", scenes.TCP(443, "10.0.0.0/16"))
		only(s, "sg-app2", scenes.TCP(22, "10.0.0.10/32"))
	}, `web app tcp/443 must; web app tcp/22 must; web2 app tcp/22 cannot; web app tcp/80 cannot`},
	{"7 groups are stateful: answers need no rule", docGroups, func(s scenes.Scene) {
		s.Group("sg-app").Egress, s.Group("sg-web").Ingress = nil, nil
	}, `web app tcp/443 must; app web tcp/443 cannot; web internet tcp/443 must`},
	{"8 the destination port counts, and for ICMP the type", docRules, func(s scenes.Scene) {
		only(s, "sg-app", scenes.TCP(443, "10.0.0.0/16"), model.Rule{Protocol: 1, From: 8, To: 0, CIDR: scenes.Prefix("10.0.0.0/16")})
	}, `web app tcp/443 must; web app tcp/444 cannot; web app icmp/8 may; web app icmp/13 cannot; web app udp/443 cannot`},
	{"9 -1 is all protocols, and others than TCP, UDP and ICMP have no ports", docRules, func(s scenes.Scene) {
		only(s, "sg-app", model.Rule{Protocol: 50, From: 0, To: 0, CIDR: scenes.Prefix("10.0.0.0/16")})
		only(s, "sg-app2", model.Rule{Protocol: model.Any, From: 0, To: 0, CIDR: scenes.Prefix("10.0.0.0/16")})
		only(s, "sg-db", model.Rule{Protocol: 1, From: model.Any, To: 3, CIDR: scenes.Prefix("10.0.0.0/16")})
	}, `web app esp must; web app ah cannot; web app2 tcp/9 must; web app2 gre must; web db icmp/3 unknown; web db tcp/3 cannot`},
	{"9 port 0 is a port", docRules, func(s scenes.Scene) { only(s, "sg-app", scenes.TCP(0, "10.0.0.0/16")) }, `web app tcp/0 must; web app tcp/1 cannot`},
	{"10 a group reference admits its members' private addresses", docRules, func(s scenes.Scene) {
		only(s, "sg-app", scenes.TCP(443, "sg-web"))
	}, `web app tcp/443 must; web2 app tcp/443 cannot`},
	{"10 a group reference admits no public address", docRules, func(s scenes.Scene) {
		only(s, "sg-web2", scenes.TCP(443, "sg-app"), scenes.TCP(80, "52.1.0.99/32"))
		s.Group("sg-app").Egress = []model.Rule{scenes.TCP(443, "52.1.0.0/16"), scenes.TCP(80, "52.1.0.0/16")}
	}, `app web2 tcp/443 cannot; app web2 tcp/80 must`},
	{"11 members of a group do not trust each other by themselves", docRules, func(s scenes.Scene) {
		s.Interface("app2").Groups = []string{"sg-app"}
		only(s, "sg-app", scenes.TCP(443, "sg-web"), scenes.TCP(8080, "sg-app"))
	}, `app app2 tcp/443 cannot; app app2 tcp/8080 must`},
	{"12 a reference to a group that nobody carries admits nobody", docRules, func(s scenes.Scene) { only(s, "sg-app", scenes.TCP(443, "sg-of-another-vpc")) }, `web app tcp/443 cannot`},
	{"13 references are lost by address translation", docCodes + " SG_REFERENCES_NOT_PRESERVED", func(s scenes.Scene) {
		only(s, "sg-web", scenes.TCP(443, "sg-app"))
		s.Group("sg-app").Egress = []model.Rule{scenes.TCP(443, "52.0.0.0/8")}
	}, `app web tcp/443 cannot`},
	{"14 a prefix list is the union of its entries", "https://docs.aws.amazon.com/vpc/latest/userguide/managed-prefix-lists.html", func(s scenes.Scene) {
		s.Lists = []model.PrefixList{{ID: "pl-admins", Entries: []netip.Prefix{scenes.Prefix("203.0.113.0/24"), scenes.Prefix("192.0.2.7/32")}}, {ID: "pl-cut", Doubt: "it could not be read"}}
		only(s, "sg-web", model.Rule{Protocol: 6, From: 22, To: 22, List: "pl-admins"}, model.Rule{Protocol: 6, From: 80, To: 80, List: "pl-cut"}, model.Rule{Protocol: 6, From: 81, To: 81, List: "pl-missing"})
	}, `203.0.113.0/24 web tcp/22 must; 192.0.2.7 web tcp/22 must; 192.0.2.8 web tcp/22 cannot; 192.0.2.6/31 web tcp/22 may; internet web tcp/80 unknown; internet web tcp/81 unknown`},
	{"15 rules of one family say nothing of the other", docACL, func(s scenes.Scene) {
		s.Interface("web").Addresses = []model.Address{{IP: scenes.IP("2600:1f14:1:ff00::10")}}
		only(s, "sg-web", scenes.TCP(443, "0.0.0.0/0"))
	}, `internet web tcp/443 cannot; web internet tcp/443 must`},
	{"18 rules judge packets between interfaces, never those to AWS's own resolver", docACL, func(s scenes.Scene) { s.Group("sg-app").Egress = nil }, `app web udp/53 cannot`},
	{"20 a load balancer without groups is open on its listeners", docELB + "network/load-balancer-security-groups.html", func(s scenes.Scene) {
		f := s.Interface("web")
		f.Kind, f.Owner, f.Groups = model.Balancer, "nlb", nil
		s.LoadBalancers = []model.LoadBalancer{{ID: "nlb", Network: true, Listeners: []model.Listener{{Protocol: 6, Port: 443}}}}
	}, `internet web tcp/443 must; internet web tcp/80 cannot`},
	{"21 the lowest number wins, whatever the order of the list", docACL, func(s scenes.Scene) {
		s.ACL("acl-private").Ingress = []model.Entry{
			scenes.Allow(300, -1, -1, -1, "0.0.0.0/0"), scenes.Deny(200, 6, 0, 1023, "0.0.0.0/0"), scenes.Allow(100, 6, 443, 443, "10.0.0.10/32"),
		}
	}, `web app tcp/443 must; web2 app tcp/443 cannot; web app tcp/22 cannot; web app tcp/8080 must`},
	{"21 what no entry matches is denied", docACL, func(s scenes.Scene) {
		s.ACL("acl-private").Ingress = []model.Entry{scenes.Allow(1, 6, 443, 443, "10.0.0.0/24"), scenes.Allow(2, 6, 1024, 65535, "0.0.0.0/0")}
	}, `web app tcp/443 must; web app tcp/22 cannot; web app udp/443 cannot`},
	{"22 a subnet without an ACL has the default one of its VPC", docACL, func(s scenes.Scene) {
		s.Subnet("private").ACL = ""
		s.ACL("acl-default").Ingress = []model.Entry{scenes.Allow(1, 6, 443, 443, "0.0.0.0/0")}
	}, `web app tcp/443 must; web app tcp/22 cannot`},
	{"23 an ACL judges nothing inside its subnet", docACL, func(s scenes.Scene) {
		s.ACL("acl-private").Ingress, s.ACL("acl-private").Egress = nil, nil
	}, `app app2 tcp/22 must; web app tcp/22 cannot; app web tcp/22 cannot`},
	{"24 an ACL judges all four crossings: out of the server's subnet for the answer", docACL, func(s scenes.Scene) {
		s.ACL("acl-private").Egress = []model.Entry{scenes.Deny(1, 6, 1024, 65535, "10.0.0.10/32"), scenes.Deny(2, 6, 0, 65535, "10.0.0.11/32"), scenes.Allow(3, 6, 0, 65535, "0.0.0.0/0")}
	}, `web app tcp/443 may; web2 app tcp/443 cannot; app web tcp/443 must; db app tcp/443 must; web2 app udp/53 may`},
	{"24 an ACL judges all four crossings: into the client's subnet for the answer", docACL, func(s scenes.Scene) {
		s.ACL("acl-public").Ingress = []model.Entry{scenes.Deny(1, 6, 0, 65535, "10.0.1.10/32"), scenes.Deny(2, 6, 1024, 65535, "10.0.1.11/32"), scenes.Allow(3, 6, 0, 65535, "0.0.0.0/0")}
	}, `web app tcp/443 cannot; web app2 tcp/443 may; app2 web tcp/443 must; web db tcp/443 must`},
	{"25 the client's port is part of the answer", "https://docs.aws.amazon.com/vpc/latest/userguide/custom-network-acl.html#nacl-ephemeral-ports", func(s scenes.Scene) {
		s.ACL("acl-private").Egress = []model.Entry{scenes.Allow(1, 6, 32768, 60999, "0.0.0.0/0")}
		s.ACL("acl-data").Egress = []model.Entry{scenes.Allow(1, 6, 49152, 65535, "0.0.0.0/0")}
	}, `web app tcp/443 must; web db tcp/5432 may; app2 db tcp/5432 cannot`},
	{"26 at the gateway an ACL sees the client and the private address", docACL, func(s scenes.Scene) {
		s.ACL("acl-public").Ingress = []model.Entry{scenes.Allow(1, 6, 443, 443, "203.0.113.0/24")}
	}, `203.0.113.5 web tcp/443 must; 192.0.2.1 web tcp/443 cannot; app web tcp/443 cannot`},
	{"27 the ACL of a NAT gateway's subnet judges what comes to it", docNAT, func(s scenes.Scene) {
		s.ACL("acl-public").Ingress = []model.Entry{scenes.Allow(1, 6, 1024, 65535, "0.0.0.0/0")}
	}, `app internet tcp/443 cannot; app internet tcp/8443 must`},
	{"27 the ACL of a NAT gateway's subnet judges what leaves it", docNAT, func(s scenes.Scene) {
		s.ACL("acl-public").Egress = []model.Entry{scenes.Allow(1, 6, 443, 443, "0.0.0.0/0"), scenes.Allow(2, 6, 1024, 65535, "10.0.0.0/16")}
	}, `app internet tcp/443 must; app internet tcp/8443 cannot`},
	{"27 a NAT gateway asks from any port above 1023", docNAT, func(s scenes.Scene) {
		s.ACL("acl-public").Ingress = []model.Entry{scenes.Allow(1, 6, 0, 1023, "10.0.0.0/16"), scenes.Allow(2, 6, 32768, 60999, "0.0.0.0/0")}
	}, `app internet tcp/443 may`},
	{"27 answers leave a NAT gateway's subnet by the client's own port", docNAT, func(s scenes.Scene) {
		s.ACL("acl-public").Egress = []model.Entry{scenes.Allow(1, 6, 443, 443, "0.0.0.0/0")}
	}, `app internet tcp/443 may; app internet tcp/80 cannot`},
	{"28 a datagram that arrives is reach, though its answer does not come back", docCodes, func(s scenes.Scene) {
		s.ACL("acl-private").Egress = nil
	}, `web app udp/53 may; web app tcp/53 cannot; web app icmp/8 may; web app icmp/3 must`},
	{"29 a subnet without a table has the main one", docRoutes, func(s scenes.Scene) {
		s.Table("rt-main").Routes = []model.Route{{CIDR: scenes.Prefix("0.0.0.0/0"), Target: model.NATGateway, To: "nat"}}
	}, `db internet tcp/443 must`},
	{"30 the longest prefix wins", docRoutes, func(s scenes.Scene) {
		s.Table("rt-private").Routes = append(s.Table("rt-private").Routes, model.Route{CIDR: scenes.Prefix("52.2.0.0/16"), Target: model.Blackhole}, model.Route{CIDR: scenes.Prefix("52.2.3.0/24"), Target: model.NATGateway, To: "nat"})
	}, `app 52.2.4.4 tcp/443 cannot; app 52.2.3.4 tcp/443 must; app 52.3.0.1 tcp/443 must; app internet tcp/443 may`},
	{"30 a route more specific than local can lead a subnet's packets away", docCodes + " MORE_SPECIFIC_ROUTE", func(s scenes.Scene) {
		s.Table("rt-public").Routes = append(s.Table("rt-public").Routes, model.Route{CIDR: scenes.Prefix("10.0.2.0/24"), Target: model.Other, To: "eni-firewall"})
	}, `web db tcp/5432 unknown; web app tcp/443 must; app db tcp/5432 must; db web tcp/443 unknown`},
	{"31 static comes before propagated", docRoutes, func(s scenes.Scene) {
		s.Table("rt-private").Routes = append(s.Table("rt-private").Routes, model.Route{CIDR: scenes.Prefix("0.0.0.0/0"), Target: model.Other, To: "vgw", Propagated: true},
			model.Route{CIDR: scenes.Prefix("52.2.0.0/16"), Target: model.Other, To: "vgw", Propagated: true})
	}, `app 52.3.0.1 tcp/443 must; app 52.2.0.1 tcp/443 unknown`},
	{"31 a CIDR comes before a prefix list, and two lists may both win", docRoutes, func(s scenes.Scene) {
		s.Lists = []model.PrefixList{{ID: "l1", Entries: []netip.Prefix{scenes.Prefix("52.2.0.0/16")}}, {ID: "l2", Entries: []netip.Prefix{scenes.Prefix("52.2.0.0/16"), scenes.Prefix("52.3.0.0/16")}}}
		s.Table("rt-private").Routes = append(s.Table("rt-private").Routes, model.Route{List: "l1", Target: model.Blackhole}, model.Route{List: "l2", Target: model.NATGateway, To: "nat"},
			model.Route{CIDR: scenes.Prefix("52.3.0.0/16"), Target: model.Blackhole})
	}, `app 52.2.0.1 tcp/443 may; app 52.3.0.1 tcp/443 cannot`},
	{"32 a blackhole shadows what is shorter", docRoutes, func(s scenes.Scene) {
		s.Table("rt-public").Routes = append(s.Table("rt-public").Routes, model.Route{CIDR: scenes.Prefix("52.9.0.0/16"), Target: model.Blackhole})
	}, `web 52.9.0.1 tcp/443 cannot; web 52.8.0.1 tcp/443 must`},
	{"33 inside a subnet no table counts", docRoutes, func(s scenes.Scene) {
		s.Table("rt-private").Routes = append(s.Table("rt-private").Routes, model.Route{CIDR: scenes.Prefix("10.0.1.0/24"), Target: model.Blackhole})
	}, `app app2 tcp/22 must`},
	{"34 the sender's table counts, and for the answer that of the server", docRoutes, func(s scenes.Scene) { s.Table("rt-public").Routes = nil }, `
		internet web tcp/443 cannot; internet web udp/53 may; web internet tcp/443 cannot; app internet tcp/443 cannot`},
	{"36 an internet gateway carries out only what has a public address", docIGW, func(s scenes.Scene) { s.Interface("web2").Addresses[0] = model.Address{IP: scenes.IP("10.0.0.11")} }, `
		web2 internet tcp/443 cannot; web internet tcp/443 must`},
	{"37 an internet gateway carries in only to a public address", docIGW, func(s scenes.Scene) { s.Interface("web2").Addresses[0] = model.Address{IP: scenes.IP("10.0.0.11")} }, `
		internet web2 tcp/443 cannot; internet web tcp/443 must`},
	{"38 an internet gateway drops private sources and destinations", docCodes + " IGW_SOURCE_ADDRESS_NOT_IN_RFC1918_INGRESS", func(s scenes.Scene) {
		only(s, "sg-web", scenes.TCP(22, "10.0.0.0/8"), scenes.TCP(23, "100.64.0.0/10"))
	}, `internet web tcp/22 cannot; 10.9.0.0/16 web tcp/22 cannot; 100.64.1.1 web tcp/23 cannot; web 10.9.9.9 tcp/22 cannot; web 192.168.0.1 tcp/22 cannot; app 172.16.0.1 tcp/22 cannot; app web tcp/22 must`},
	{"39 exposure needs a public address and a route, and is uncertain while the address is", docIGW, func(s scenes.Scene) {
		s.Interface("web2").Addresses[0] = model.Address{IP: scenes.IP("10.0.0.11"), HasPublic: model.Maybe}
		s.Interface("app").Addresses[0] = model.Address{IP: scenes.IP("10.0.1.10"), HasPublic: model.Yes, Public: scenes.IP("52.1.0.77")}
	}, `internet web2 tcp/443 may; internet app tcp/443 cannot`},
	{"40 a NAT gateway carries TCP, UDP and ICMP, one way", docNAT, nil, `
		app internet tcp/443 must; app internet udp/53 must; app internet icmp/8 must; app internet esp cannot; web internet esp must; internet app tcp/443 cannot`},
	{"40 a NAT gateway serves no packets of its own subnet, and needs a way out itself", docNAT, func(s scenes.Scene) {
		s.Table("rt-public").Routes[0] = model.Route{CIDR: scenes.Prefix("0.0.0.0/0"), Target: model.NATGateway, To: "nat"}
	}, `web internet tcp/443 cannot; app internet tcp/443 cannot`},
	{"40 a private NAT gateway leads to no internet", docNAT, func(s scenes.Scene) { s.NATs[0].Private = true }, `app internet tcp/443 cannot`},
	{"41 a NAT gateway serves its own VPC only", docCodes + " NGW_REQUIRES_SOURCE_IN_VPC", func(s scenes.Scene) { s.NATs[0].VPC, s.NATs[0].Subnet = "other", "elsewhere" }, `app internet tcp/443 cannot`},
	{"42 IPv6 has no translation: an internet gateway is open both ways, an egress-only one is not", docIGW, func(s scenes.Scene) {
		s.Interface("web").Addresses = []model.Address{{IP: scenes.IP("2600:1f14:1:ff00::10")}}
		s.Interface("app").Addresses = []model.Address{{IP: scenes.IP("2600:1f14:1:ff01::10")}}
		s.Interface("db").Addresses = []model.Address{{IP: scenes.IP("2600:1f14:1:ff02::10")}}
	}, `internet web tcp/443 must; web internet tcp/443 must; internet app tcp/443 cannot; app internet tcp/443 must; internet app udp/53 may; db internet tcp/443 cannot; internet db tcp/5432 cannot; web app tcp/443 must; app2 app tcp/22 cannot`},
	{"42 private addresses of IPv6 pass no gateway to the internet", "https://docs.aws.amazon.com/vpc/latest/userguide/vpc-ip-addressing.html", func(s scenes.Scene) {
		s.Interface("web").Addresses = []model.Address{{IP: scenes.IP("fd00:1:1:ff00::10")}}
		s.Interface("app").Addresses = []model.Address{{IP: scenes.IP("fd00:1:1:ff01::10")}}
		s.VPCs[0].CIDRs = append(s.VPCs[0].CIDRs, scenes.Prefix("fd00:1:1:ff00::/56"))
	}, `internet web tcp/443 cannot; web internet tcp/443 cannot; app internet tcp/443 cannot; web app tcp/443 must`},
	{"43 a bidirectional block stops both ways", docBlock, func(s scenes.Scene) { s.VPCs[0].Block = model.BlockBidirectional }, `
		internet web tcp/443 cannot; web internet tcp/443 cannot; app internet tcp/443 cannot; web app tcp/443 must`},
	{"43 an ingress block leaves NAT and egress-only gateways", docBlock, func(s scenes.Scene) {
		s.VPCs[0].Block = model.BlockIngress
		s.Interface("app2").Addresses = []model.Address{{IP: scenes.IP("2600:1f14:1:ff01::11")}}
	}, `internet web tcp/443 cannot; web internet tcp/443 cannot; app internet tcp/443 must; app2 internet tcp/443 must`},
	{"43 a subnet can be excluded from the block", docBlock, func(s scenes.Scene) {
		s.VPCs[0].Block = model.BlockBidirectional
		s.Subnet("public").Exclusion = model.AllowBidirectional
	}, `internet web tcp/443 must; web internet tcp/443 must; app internet tcp/443 may`},
	{"43 an exclusion may be for the way out alone", docBlock, func(s scenes.Scene) {
		s.VPCs[0].Block = model.BlockBidirectional
		s.Subnet("public").Exclusion = model.AllowEgress
	}, `internet web tcp/443 cannot; web internet tcp/443 must`},
	{"44 who calls a neighbour by its public address comes back in with a public one", docCodes + " IGW_NAT_REFLECTION", func(s scenes.Scene) {
		only(s, "sg-web", scenes.TCP(443, "52.1.0.99/32"), scenes.TCP(444, "52.1.0.11/32"))
	}, `app web tcp/443 must; web2 web tcp/443 cannot; web2 web tcp/444 must; app web tcp/444 cannot; db web tcp/443 cannot`},
	{"53 a web ACL changes no reachability", docELB + "application/", func(s scenes.Scene) {
		f := s.Interface("web")
		f.Kind, f.Owner = model.Balancer, "alb"
		s.LoadBalancers = []model.LoadBalancer{{ID: "alb", Protected: true, Listeners: []model.Listener{{Protocol: 6, Port: 443}}}}
	}, `internet web tcp/443 must; internet web tcp/22 cannot`},
	{"54 a public database needs a route as well", "https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_CreateDBInstance.html", func(s scenes.Scene) {
		f := s.Interface("db")
		f.Kind, f.Addresses = model.Database, []model.Address{{HasPublic: model.Yes}}
		g := s.Interface("web2")
		g.Kind, g.Addresses = model.Database, []model.Address{{HasPublic: model.Yes}}
	}, `internet db tcp/5432 cannot; internet web2 tcp/5432 must`},
	{"55 a function asks and is never asked, and has no public address", "https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html", func(s scenes.Scene) {
		s.Interface("web2").Kind = model.Function
	}, `web web2 tcp/443 cannot; internet web2 tcp/443 cannot; web2 app tcp/443 must; web2 internet tcp/443 cannot`},
	{"56 a detached gateway carries nothing", docCodes + " BAD_STATE", func(s scenes.Scene) { s.Gateways[0].VPC = "" }, `internet web tcp/443 cannot; web internet tcp/443 cannot; app internet tcp/443 cannot`},
	{"56 a deleted NAT gateway carries nothing", docCodes + " BAD_STATE", func(s scenes.Scene) { s.NATs[0].Down = true }, `app internet tcp/443 cannot`},
	{"unmodelled parts leave nothing certain in their VPC", "", func(s scenes.Scene) {
		s.Unmodelled = []model.Unmodelled{{ID: "tgw", What: "aws_ec2_transit_gateway_vpc_attachment", VPC: "vpc"}}
		only(s, "sg-db", scenes.TCP(5432, "10.0.1.10/32"))
	}, `internet db tcp/5432 unknown; internet db tcp/22 cannot; internet app tcp/443 unknown; db internet tcp/443 unknown; app db tcp/5432 must`},
	{"what is missing from the model is unknown", "", func(s scenes.Scene) {
		s.Subnet("private").Table, s.Subnet("data").ACL = "rt-gone", "acl-gone"
		s.Interface("web2").Groups = []string{"sg-gone"}
	}, `app internet tcp/443 unknown; web db tcp/5432 unknown; web web2 tcp/22 unknown`},
	{"a doubtful rule may count, a doubtful denial may not", "", func(s scenes.Scene) {
		r := scenes.TCP(443, "10.0.0.0/16")
		r.Doubt = "its CIDR is known after the deployment"
		only(s, "sg-app", r, model.Rule{Protocol: 6, From: 80, To: 80, Doubt: "its peer is not known"})
		e := scenes.Deny(1, 6, 5432, 5432, "10.0.0.0/16")
		e.Doubt = "known after the deployment"
		s.ACL("acl-data").Ingress = append(s.ACL("acl-data").Ingress, e)
	}, `web app tcp/443 may; web app tcp/80 may; web app tcp/22 cannot; web db tcp/5432 may; web db tcp/22 must`},
	{"a doubtful route may win or not", "", func(s scenes.Scene) {
		s.Table("rt-private").Routes = append(s.Table("rt-private").Routes, model.Route{CIDR: scenes.Prefix("52.2.0.0/16"), Target: model.Blackhole, Doubt: "its target is not known"})
		s.Table("rt-main").Routes = append(s.Table("rt-main").Routes, model.Route{CIDR: scenes.Prefix("0.0.0.0/0"), Target: model.NATGateway, To: "nat", Doubt: "not known"})
	}, `app 52.2.0.1 tcp/443 may; app 52.3.0.1 tcp/443 must; db 52.3.0.1 tcp/443 may`},
}

func TestSemantics(t *testing.T) {
	for _, r := range rules {
		t.Run(r.name, func(t *testing.T) {
			s := scenes.Open()
			if r.change != nil {
				r.change(s)
			}
			ask(t, reach.New(s.Network), r.asks)
			if t.Failed() {
				t.Log("see " + r.source)
			}
		})
	}
}

// twoVPCs adds a peered VPC with the host far.
func twoVPCs(s scenes.Scene) {
	s.VPCs = append(s.VPCs, model.VPC{ID: "vpc2", CIDRs: []netip.Prefix{scenes.Prefix("10.1.0.0/16")}, MainTable: "rt2", DefaultACL: "acl2"})
	s.Subnets = append(s.Subnets, model.Subnet{ID: "far-subnet", VPC: "vpc2", CIDRs: []netip.Prefix{scenes.Prefix("10.1.0.0/24")}})
	acl := *s.ACL("acl-default")
	acl.ID = "acl2"
	s.ACLs = append(s.ACLs, acl)
	s.Tables = append(s.Tables, model.Table{ID: "rt2", VPC: "vpc2", Routes: []model.Route{{CIDR: scenes.Prefix("10.0.0.0/16"), Target: model.PeeringLink, To: "pcx"}, {CIDR: scenes.Prefix("0.0.0.0/0"), Target: model.PeeringLink, To: "pcx"}}})
	g := *s.Group("sg-app")
	g.ID, g.VPC = "sg-far", "vpc2"
	s.Groups = append(s.Groups, g)
	s.Interfaces = append(s.Interfaces, model.Interface{ID: "far", Subnets: []string{"far-subnet"}, Addresses: []model.Address{{IP: scenes.IP("10.1.0.10")}}, Groups: []string{"sg-far"}})
	s.Peerings = []model.Peering{{ID: "pcx", A: "vpc", B: "vpc2", Active: true, References: true}}
	s.Table("rt-private").Routes = append(s.Table("rt-private").Routes, model.Route{CIDR: scenes.Prefix("10.1.0.0/16"), Target: model.PeeringLink, To: "pcx"})
}

func TestPeering(t *testing.T) {
	for _, r := range []rule{
		{"45 routes on both sides", docPeering, nil, `app far tcp/443 must; far app tcp/443 must; web far tcp/443 cannot; far web tcp/443 cannot; far web udp/53 may; db far tcp/443 cannot`},
		{"45 no use of the other side's gateways", docPeering, nil, `far internet tcp/443 cannot; far 52.3.3.3 tcp/443 cannot`},
		{"45 only while active", docPeering, func(s scenes.Scene) { s.Peerings[0].Active = false }, `app far tcp/443 cannot`},
		{"45 not transitive", docPeering, func(s scenes.Scene) {
			s.VPCs = append(s.VPCs, model.VPC{ID: "vpc3", CIDRs: []netip.Prefix{scenes.Prefix("10.2.0.0/16")}, MainTable: "rt3", DefaultACL: "acl2"})
			s.Subnets = append(s.Subnets, model.Subnet{ID: "third", VPC: "vpc3", CIDRs: []netip.Prefix{scenes.Prefix("10.2.0.0/24")}})
			s.Tables = append(s.Tables, model.Table{ID: "rt3", VPC: "vpc3", Routes: []model.Route{{CIDR: scenes.Prefix("10.0.0.0/8"), Target: model.PeeringLink, To: "pcx3"}}})
			s.Interfaces = append(s.Interfaces, model.Interface{ID: "third", Subnets: []string{"third"}, Addresses: []model.Address{{IP: scenes.IP("10.2.0.10")}}})
			s.Peerings = append(s.Peerings, model.Peering{ID: "pcx3", A: "vpc3", B: "vpc2", Active: true})
			s.Table("rt2").Routes = append(s.Table("rt2").Routes, model.Route{CIDR: scenes.Prefix("10.2.0.0/16"), Target: model.PeeringLink, To: "pcx3"})
			s.Table("rt-private").Routes = append(s.Table("rt-private").Routes, model.Route{CIDR: scenes.Prefix("10.2.0.0/16"), Target: model.PeeringLink, To: "pcx"})
		}, `far third tcp/443 must; app third tcp/443 cannot; third app tcp/443 cannot`},
		{"12 groups of the other side count in one region", docCodes + " SG_REFERENCING_SUPPORT", func(s scenes.Scene) { only(s, "sg-far", scenes.TCP(443, "sg-app")) }, `app far tcp/443 must; app2 far tcp/443 cannot`},
		{"12 groups of the other side do not count across regions", docCodes + " UNKNOWN_PEERED_SGS", func(s scenes.Scene) {
			only(s, "sg-far", scenes.TCP(443, "sg-app"))
			s.Peerings[0].References = false
		}, `app far tcp/443 cannot`},
	} {
		t.Run(r.name, func(t *testing.T) {
			s := scenes.Open()
			twoVPCs(s)
			if r.change != nil {
				r.change(s)
			}
			ask(t, reach.New(s.Network), r.asks)
		})
	}
}

func TestServices(t *testing.T) {
	withS3 := func(s scenes.Scene) {
		s.Lists = []model.PrefixList{{ID: "pl-s3", Name: "com.amazonaws.eu-central-1.s3", Service: true}}
		s.Table("rt-main").Routes = []model.Route{{List: "pl-s3", Target: model.GatewayEndpoint, To: "vpce-s3"}}
	}
	for _, r := range []rule{
		{"47 a gateway endpoint serves the subnets whose table names it", docCodes + " VPCE_GATEWAY", nil, `db pl-s3 tcp/443 must; db pl-s3 udp/53 cannot; db internet tcp/443 cannot; app pl-s3 tcp/443 must`},
		{"47 its route comes before the one to the internet", docCodes + " VPCE_GATEWAY", func(s scenes.Scene) {
			s.Table("rt-private").Routes = append(s.Table("rt-private").Routes, model.Route{List: "pl-s3", Target: model.Blackhole})
		}, `app pl-s3 tcp/443 cannot; app internet tcp/443 must`},
		{"47 group rules may name the list", docRules, func(s scenes.Scene) {
			s.Group("sg-db").Egress = []model.Rule{{Protocol: 6, From: 443, To: 443, List: "pl-s3"}}
		}, `db pl-s3 tcp/443 must; db pl-s3 tcp/80 cannot; db app tcp/443 cannot`},
		{"47 an ACL sees the service's public addresses", docACL, func(s scenes.Scene) {
			s.ACL("acl-data").Egress = []model.Entry{scenes.Allow(1, 6, 443, 443, "10.0.0.0/8"), scenes.Allow(2, 6, 80, 80, "52.0.0.0/8"), scenes.Allow(3, 6, 81, 81, "0.0.0.0/0")}
		}, `db pl-s3 tcp/443 cannot; db pl-s3 tcp/80 may; db pl-s3 tcp/81 must`},
		{"48 an interface endpoint answers and never asks", "https://docs.aws.amazon.com/vpc/latest/privatelink/create-interface-endpoint.html", func(s scenes.Scene) { s.Interface("app2").Kind = model.VPCEndpoint }, `
			web app2 tcp/443 must; app2 web tcp/443 cannot; app2 internet tcp/443 cannot`},
		{"14 a service's list may be a source", "https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/LocationsOfEdgeServers.html", func(s scenes.Scene) {
			s.Lists = append(s.Lists, model.PrefixList{ID: "pl-cf", Name: "com.amazonaws.global.cloudfront.origin-facing", Service: true})
			only(s, "sg-web", model.Rule{Protocol: 6, From: 443, To: 443, List: "pl-cf"})
		}, `pl-cf web tcp/443 must; internet web tcp/443 cannot; pl-s3 web tcp/443 cannot`},
	} {
		t.Run(r.name, func(t *testing.T) {
			s := scenes.Open()
			withS3(s)
			if r.change != nil {
				r.change(s)
			}
			ask(t, reach.New(s.Network), r.asks)
		})
	}
}
